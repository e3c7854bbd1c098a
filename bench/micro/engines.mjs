/** Both engines from dist/, or the TypeScript one alone, said aloud. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIST = new URL('../../dist/', import.meta.url);

/** A module of the built library. */
export async function fromDist(path) {
  const url = new URL(path, DIST);
  if (!existsSync(fileURLToPath(url))) {
    process.stderr.write('dist/ is not there: run `npm run build` first\n');
    process.exit(2);
  }
  return import(url.href);
}

/** `{ native?, ts }`. */
export async function loadEngines() {
  const { createFallbackEngine } = await fromDist('engine/fallback/engine.js');
  const { loadNative } = await fromDist('engine/native.js');
  const ts = createFallbackEngine();
  const loaded = loadNative({ portable: false });
  if ('engine' in loaded) return { native: loaded.engine, ts };
  const why = loaded.causes.map(({ path, reason }) => `${path}: ${reason}`).join('; ');
  process.stderr.write(`the native engine is left out: ${why}\n`);
  return { ts };
}
