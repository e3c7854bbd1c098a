/**
 * `npm run build`: dist/ always, the addon where cargo is. `npm run build:native` also takes over the generated types of
 * the addon into the committed file.
 */
import { copyFileSync } from 'node:fs';
import { buildAddon, committedTypes, generatedTypes } from './lib/addon.mjs';
import { buildTypeScript } from './lib/typescript.mjs';

const compiled = await buildTypeScript({ force: true });
const native = await buildAddon();
if (native.ok && process.argv.includes('--native-types')) copyFileSync(generatedTypes, committedTypes);
process.exitCode = compiled && !native.failed ? 0 : 1;
