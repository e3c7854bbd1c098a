/**
 * The command line in few files, with the packages that it needs. A command's start is mostly the loading of modules: bundled,
 * a dump's first line comes 35 ms sooner (docs/inspector/speed.md). The library stays as the compiler wrote it.
 */
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inProject } from './project.mjs';

const target = inProject('dist', 'cli');
const made = inProject('dist', '.bundle');

/** The command line, and what it starts as worker threads: these need files of their own. */
const entries = {
  main: path.join(target, 'main.js'),
  worker: inProject('dist', 'inspect', 'verify', 'worker.js'),
  'stats-worker': inProject('dist', 'inspect', 'stats', 'stats-worker.js'),
  'cleaner-worker': inProject('dist', 'cleaner', 'cleaner-worker.js'),
  'bench-worker': inProject('dist', 'bench', 'threads', 'bench-worker.js'),
};

/** The licenses of the packages that the modules are of, as these ask for where their code goes along. */
function licenses(modules) {
  const roots = modules.map((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? '');
  return [...new Set(roots)]
    .filter((root) => root !== '')
    .sort()
    .map((root) => {
      const { name, version, license } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
      const file = readdirSync(root).find((entry) => /^(licen[sc]e|copying)/i.test(entry));
      if (file === undefined) throw new Error(`${name} has no license file`);
      return `${name} ${version} (${license})\n\n${readFileSync(path.join(root, file), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** Puts bundles in the place of the compiler's dist/cli. Paths relative to a module hold: all rooms lie at one depth. */
export async function bundleCommandLine() {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ input: entries, external: /^node:|^seglog/, platform: 'node', cwd: inProject() });
  rmSync(made, { recursive: true, force: true });
  const { output } = await bundle.write({ dir: made, entryFileNames: '[name].js', chunkFileNames: '[name]-part.js' });
  await bundle.close();
  writeFileSync(path.join(made, 'LICENSES.txt'), licenses(output.flatMap(({ moduleIds = [] }) => moduleIds)));
  const fresh = new Set(readdirSync(made));
  // The old files go last: a command that is just starting finds what it was built with.
  for (const name of fresh) renameSync(path.join(made, name), path.join(target, name));
  for (const name of readdirSync(target)) if (!fresh.has(name)) rmSync(path.join(target, name), { recursive: true });
  rmSync(made, { recursive: true });
  chmodSync(path.join(target, 'main.js'), 0o755);
}
