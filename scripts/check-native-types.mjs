/** Fails when native/binding/index.d.ts is not what the build of the addon generates. */
import { existsSync, readFileSync } from 'node:fs';
import { buildAddon, committedTypes, generatedTypes } from './lib/addon.mjs';
import { say } from './lib/project.mjs';

const { ok, reason } = await buildAddon();
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
if (!ok) {
  say(`cannot compare: ${reason}`);
  process.exitCode = 1;
} else if (read(generatedTypes) !== read(committedTypes)) {
  say(`native/binding/index.d.ts is stale: take over the generated one with \`npm run build:native\``);
  process.exitCode = 1;
}
