/**
 * `npm run docs:faults`: writes the counts of docs/faults.md, between their marks, from the results in docs/faults/*.json. With
 * `--count` it runs the tests that count first, on both engines; simulations, fuzzers and kills bring theirs by `--result`.
 *
 * A result is `{ name, command, rows, engine, counts: { what: number }, date }`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inProject } from './lib/project.mjs';
import { tool } from './lib/run.mjs';

export const DOCUMENT = path.resolve(fileURLToPath(new URL('../docs/faults.md', import.meta.url)));
const RESULTS = path.resolve(fileURLToPath(new URL('../docs/faults', import.meta.url)));
const BEGIN = '<!-- counts: written by `npm run docs:faults` -->';
const END = '<!-- end of counts -->';

/** @typedef {{ name: string, command: string, rows: string[], engine: string, counts: Record<string, number>, date: string }} Result */

/** All results, by name. @returns {Result[]} */
export function results() {
  const names = readdirSync(RESULTS).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(path.join(RESULTS, name), 'utf8')));
}

/**
 * The table, in Markdown.
 *
 * @param {readonly Result[]} found
 */
export function countsTable(found) {
  const rows = found.map(({ name, command, rows: faults, engine, counts, date }) => {
    const told = Object.entries(counts).map(([what, count]) => `${count.toLocaleString('en-US')} ${what}`);
    return `| ${name} | ${faults.join(', ')} | ${engine} | ${told.join(', ')} | \`${command}\` | ${date} |`;
  });
  return ['| what | rows | engine | counts | by | on |', '|---|---|---|---|---|---|', ...rows].join('\n');
}

/**
 * The document with the table between its marks.
 *
 * @param {string} document
 * @param {string} table
 */
export function withCounts(document, table) {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} lacks its marks:\n${BEGIN}\n${END}`);
  return `${document.slice(0, from + BEGIN.length)}\n\n${table}\n\n${document.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--count')) {
    const vitest = inProject('node_modules', 'vitest', 'vitest.mjs');
    for (const SEGLOG_ENGINE of ['native', 'ts']) {
      const env = { SEGLOG_ENGINE, SEGLOG_FAULT_RESULTS: RESULTS };
      const { code } = await tool(vitest, ['run', 'test/faults'], { env, show: true });
      if (code !== 0) process.exit(code);
    }
  }
  writeFileSync(DOCUMENT, withCounts(readFileSync(DOCUMENT, 'utf8'), countsTable(results())));
}
