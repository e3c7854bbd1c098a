/**
 * `npm run docs:bench`: runs the examples of docs/bench.md and writes down what they print, on this machine, now. Build
 * first, and let nothing else run. test/docs/bench-examples.test.ts runs them too, and compares the form.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const DOCUMENT = path.resolve(fileURLToPath(new URL('../docs/bench.md', import.meta.url)));
const MAIN = path.resolve(fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)));
const BLOCK = /```console\n(.*?)```/gs;

/**
 * The examples in a block of the page: what is run, and what it prints there.
 *
 * @param {string} block
 * @returns {{ command: string, shown: string }[]}
 */
function examplesIn(block) {
  return block
    .split(/^\$ seglog /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...shown] = part.split('\n');
      return { command, shown: shown.join('\n') };
    });
}

/**
 * All examples of the page.
 *
 * @param {string} document
 * @returns {{ command: string, shown: string }[]}
 */
export function examplesOf(document) {
  return [...document.matchAll(BLOCK)].flatMap(([, block = '']) => examplesIn(block));
}

/**
 * Runs an example in a directory: pages that it writes go there.
 *
 * @param {string} command
 * @param {string} cwd
 */
export function runExample(command, cwd) {
  return spawnSync(process.execPath, [MAIN, ...command.split(' ')], { cwd, encoding: 'utf8' });
}

/** The example with what it prints now. */
function renewed({ command }, cwd) {
  const { status, stdout, stderr } = runExample(command, cwd);
  if (status !== 0) throw new Error(`seglog ${command}: ${stderr}`);
  return `$ seglog ${command}\n${stdout}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const cwd = mkdtempSync(path.join(os.tmpdir(), 'seglog-docs-'));
  try {
    const document = readFileSync(DOCUMENT, 'utf8');
    const written = document.replaceAll(BLOCK, (_, block) => {
      const texts = examplesIn(block).map((example) => renewed(example, cwd));
      return `\`\`\`console\n${texts.join('')}\`\`\``;
    });
    writeFileSync(DOCUMENT, written);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
