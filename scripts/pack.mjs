/** `npm run pack -- [DIR]`: writes the tarballs that can be made on this machine into DIR (default: packed/). */
import path from 'node:path';
import { PLATFORMS, packMain, packPlatform } from './lib/packages.mjs';
import { inProject, say } from './lib/project.mjs';
import { setup } from './setup.mjs';

const { ok } = await setup();
if (!ok) process.exit(1);
const to = path.resolve(process.argv[2] ?? inProject('packed'));
process.stdout.write(`${await packMain(to)}\n`);
for (const platform of Object.keys(PLATFORMS)) {
  const tarball = await packPlatform(platform, to);
  if (tarball === undefined) say(`${platform}: no addon built here`);
  else process.stdout.write(`${tarball}\n`);
}
