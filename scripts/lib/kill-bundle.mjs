/**
 * The programs of `npm run kill`, and the library for those that tests kill, each in one file: a process that is killed after a few
 * calls is mostly its own start, and loading the library's modules one by one takes three times as long.
 */
import path from 'node:path';
import { inProject } from './project.mjs';

/** Where they go: as deep as a room, so that the addon is found from there. */
const made = (name) => inProject('.cache', name);

/** Puts bundles of TypeScript modules into a directory. @param {Record<string, string>} input */
async function bundled(dir, input, entryFileNames) {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    // Cleaners are started by a file of this name, which is looked for beside the one that starts them.
    input: { ...input, 'cleaner-worker': inProject('src', 'cleaner', 'cleaner-worker.ts') },
    external: /^node:|^seglog/,
    platform: 'node',
    // `using` is not yet a word of the oldest Node.
    transform: { target: 'node20' },
    cwd: inProject(),
  });
  await bundle.write({ dir, entryFileNames, chunkFileNames: '[name]-part.mjs' });
  await bundle.close();
}

/** @returns the file of each program */
export async function bundleKill(name = 'kill') {
  const dir = made(name);
  const input = { main: inProject('test', 'kill', 'main.ts'), worker: inProject('test', 'kill', 'worker.ts') };
  await bundled(dir, input, ({ name: entry }) => (entry === 'cleaner-worker' ? '[name].js' : '[name].mjs'));
  return { main: path.join(dir, 'main.mjs'), worker: path.join(dir, 'worker.mjs') };
}

/** @returns the file of what test/support/library.ts exports */
export async function bundleLibrary(name) {
  const dir = made(name);
  await bundled(dir, { library: inProject('test', 'support', 'library.ts') }, '[name].js');
  return path.join(dir, 'library.js');
}
