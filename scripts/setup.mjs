/**
 * Makes a fresh clone ready: packages, dist/, and the native engine where cargo is. What is current is left alone, so a
 * second run needs no network and builds nothing.
 */
import { pathToFileURL } from 'node:url';
import { buildAddon } from './lib/addon.mjs';
import { installDependencies } from './lib/dependencies.mjs';
import { buildTypeScript } from './lib/typescript.mjs';

/** `ok` is false when nothing can run; `native` says how it went with the addon, without which everything still runs. */
export async function setup() {
  const ok = (await installDependencies()) && (await buildTypeScript());
  return { ok, native: ok ? await buildAddon() : { ok: false, reason: 'setup failed' } };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { ok } = await setup();
  process.exitCode = ok ? 0 : 1;
}
