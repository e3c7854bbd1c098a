/** src/ to dist/ with the TypeScript compiler, unless dist/ is current. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleCommandLine } from './bundle.mjs';
import { filesUnder, hashOf } from './hash.mjs';
import { bundlePage } from './page.mjs';
import { inProject, say, since } from './project.mjs';
import { tool } from './run.mjs';

const bundlers = ['bundle.mjs', 'page.mjs'].map((name) => inProject('scripts', 'lib', name));
const stampFile = inProject('dist', '.stamp');

function sourcesHash() {
  const inputs = [
    inProject('tsconfig.json'),
    inProject('package-lock.json'),
    ...bundlers,
    ...filesUnder(inProject('src')),
  ];
  return hashOf(inputs);
}

function isCurrent(hash) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash;
}

/** The compiler leaves the outputs of deleted sources behind; the package must not carry them. */
function removeOrphans() {
  for (const file of filesUnder(inProject('dist'))) {
    const source = path.relative(inProject('dist'), file).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (file !== stampFile && !existsSync(inProject('src', source))) rmSync(file);
  }
}

/** Builds dist/; false when a source does not compile. */
export async function buildTypeScript({ force = false } = {}) {
  const hash = sourcesHash();
  if (!force && isCurrent(hash)) return true;
  const start = performance.now();
  say('setup: compiling TypeScript ...');
  rmSync(stampFile, { force: true });
  const { code, output } = await tool(inProject('node_modules', 'typescript', 'bin', 'tsc'), ['-p', 'tsconfig.json']);
  if (code !== 0) {
    say(`setup: TypeScript did not compile:\n${output.trimEnd()}`);
    return false;
  }
  removeOrphans();
  await bundleCommandLine();
  await bundlePage();
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
  say(`setup: dist/ built in ${since(start)}`);
  return true;
}
