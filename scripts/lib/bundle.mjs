/**
 * The command line in few files. A command's start is mostly the loading of modules: bundled, a dump's first line comes
 * 25 ms sooner (docs/inspector.md). The library stays as the compiler wrote it.
 */
import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inProject } from './project.mjs';

const target = inProject('dist', 'cli');
const made = inProject('dist', '.bundle');

/** The command line, and what it starts as worker threads: these need files of their own. */
const entries = {
  main: path.join(target, 'main.js'),
  worker: inProject('dist', 'inspect', 'verify', 'worker.js'),
  'cleaner-worker': inProject('dist', 'cleaner', 'cleaner-worker.js'),
};

/** Puts bundles in the place of the compiler's dist/cli. Paths relative to a module hold: all rooms lie at one depth. */
export async function bundleCommandLine() {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ input: entries, external: /^[^./]/, platform: 'node', cwd: inProject() });
  rmSync(made, { recursive: true, force: true });
  await bundle.write({ dir: made, entryFileNames: '[name].js', chunkFileNames: '[name]-part.js' });
  await bundle.close();
  const fresh = new Set(readdirSync(made));
  // The old files go last: a command that is just starting finds what it was built with.
  for (const name of fresh) renameSync(path.join(made, name), path.join(target, name));
  for (const name of readdirSync(target)) if (!fresh.has(name)) rmSync(path.join(target, name), { recursive: true });
  rmSync(made, { recursive: true });
  chmodSync(path.join(target, 'main.js'), 0o755);
}
