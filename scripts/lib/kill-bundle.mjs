/** The programs of `npm run kill`, each in one file: a process that is killed after a few calls is mostly its own start. */
import path from 'node:path';
import { inProject } from './project.mjs';

/** Where they go: as deep as a room, so that the addon is found from there. */
const made = inProject('.cache', 'kill');

/** @returns the file of each program */
export async function bundleKill(name = 'kill') {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: {
      main: inProject('test', 'kill', 'main.ts'),
      worker: inProject('test', 'kill', 'worker.ts'),
      // Started by a file of this name, which is looked for beside the one that starts it.
      'cleaner-worker': inProject('src', 'cleaner', 'cleaner-worker.ts'),
    },
    external: /^node:|^seglog/,
    platform: 'node',
    // `using` is not yet a word of the oldest Node.
    transform: { target: 'node20' },
    cwd: inProject(),
  });
  const dir = path.join(path.dirname(made), name);
  const entryFileNames = ({ name: entry }) => (entry === 'cleaner-worker' ? '[name].js' : '[name].mjs');
  await bundle.write({ dir, entryFileNames, chunkFileNames: '[name]-part.mjs' });
  await bundle.close();
  return { main: path.join(dir, 'main.mjs'), worker: path.join(dir, 'worker.mjs') };
}
