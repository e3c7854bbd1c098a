/**
 * `npm run docs:faults`: writes the counts of docs/faults.md, between their marks, from the results in docs/faults/*.json
 * (lib/fault-results.mjs). With `--count` it runs the tests that count first, on both engines; simulations, fuzzers, sanitizers
 * and kills bring theirs by `--result`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readResults } from './lib/fault-results.mjs';
import { inProject } from './lib/project.mjs';
import { tool } from './lib/run.mjs';

export const DOCUMENT = path.resolve(fileURLToPath(new URL('../docs/faults.md', import.meta.url)));
const RESULTS = path.resolve(fileURLToPath(new URL('../docs/faults', import.meta.url)));
const BEGIN = '<!-- counts: written by `npm run docs:faults` -->';
const END = '<!-- end of counts -->';

/** @typedef {import('./lib/fault-results.mjs').Result} Result */

/** All results, by the names of their files. @returns {Result[]} */
export function results() {
  const names = readdirSync(RESULTS).filter((name) => name.endsWith('.json'));
  return names.sort().flatMap((name) => readResults(path.join(RESULTS, name)));
}

/** When it was counted, and with which sources. @param {Result} result */
function when({ date, commits = [] }) {
  return commits.length === 0 ? date : `${date}, at ${commits.join(' to ')}`;
}

/**
 * The table, in Markdown.
 *
 * @param {readonly Result[]} found
 */
export function countsTable(found) {
  const rows = found.map(({ name, command, rows: faults, engine, counts, ...rest }) => {
    const told = Object.entries(counts).map(([what, count]) => `${count.toLocaleString('en-US')} ${what}`);
    return `| ${name} | ${faults.join(', ')} | ${engine} | ${told.join(', ')} | \`${command}\` | ${when(rest)} |`;
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
