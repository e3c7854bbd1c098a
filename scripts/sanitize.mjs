/**
 * `npm run sanitize`: memory and resources under those who watch them. Each part says aloud when it is skipped, and why.
 *
 *     miri       native/core's unit tests in Miri, as far as it can run them (nightly Rust)
 *     asan       native/core's tests and the fuzzers' seeds with AddressSanitizer, C libraries included
 *     valgrind   the addon under worker threads that are ended at any moment
 *     leaks      descriptors, mappings and memory behind thousands of openings, on both engines
 *
 *     --only A,B       some of the parts: one that cannot run is a failure then
 *     --minutes M      how long Miri may take; default 10
 *     --rounds N       how many openings; default 8000, and judged by those behind the first 4000
 *     --result FILE    keeps the counts for docs/faults.md
 */
import { parseArgs } from 'node:util';
import { commitNow, replaceResults, today } from './lib/fault-results.mjs';
import { since } from './lib/project.mjs';
import { asan } from './lib/sanitize/asan.mjs';
import { leaks } from './lib/sanitize/leaks.mjs';
import { miri } from './lib/sanitize/miri.mjs';
import { valgrind } from './lib/sanitize/valgrind.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'all' },
    minutes: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '8000' },
    result: { type: 'string' },
  },
});
const [minutes, rounds] = [Number(values.minutes), Number(values.rounds)];

const PARTS = [
  { part: 'miri', engine: 'native', rows: ['F19', 'F20'], work: () => miri({ minutes }) },
  { part: 'asan', engine: 'native', rows: ['F19', 'F20', 'F21'], work: asan },
  { part: 'valgrind', engine: 'native', rows: ['F27'], work: valgrind },
  { part: 'leaks', engine: 'native', rows: ['F17', 'F27'], work: () => leaks({ engine: 'native', rounds }) },
  { part: 'leaks', engine: 'ts', rows: ['F17', 'F27'], work: () => leaks({ engine: 'ts', rounds }) },
];
const names = [...new Set(PARTS.map(({ part }) => part))];
const wanted = values.only === 'all' ? names : values.only.split(',');
if (wanted.some((part) => !names.includes(part)) || !(minutes > 0) || !(rounds >= 50)) {
  console.error(`--only takes some of ${names.join(',')}; --minutes is a number above 0, --rounds one from 50 on`);
  process.exit(2);
}

const results = [];
const notes = [];
for (const { part, engine, rows, work } of PARTS.filter((one) => wanted.includes(one.part))) {
  const name = `${part}, ${engine} engine`;
  const startMs = performance.now();
  const { skipped, failed, counts } = await work();
  if (failed !== undefined) {
    console.log(`${name}: FAILED after ${since(startMs)}\n${failed}`);
    notes.push(`FAILED: ${name}`);
  } else if (skipped !== undefined) {
    console.log(`${name}: SKIPPED: ${skipped}`);
    notes.push(`SKIPPED: ${name}: ${skipped}`);
  } else {
    const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
    console.log(`${name}: ${told.join(', ')}, in ${since(startMs)}`);
    const command = `npm run sanitize -- --only ${part}`;
    results.push({ name: part, command, rows, engine, counts, date: today(), commits: [commitNow()] });
  }
}
if (values.result !== undefined) replaceResults(values.result, results);
for (const note of notes) console.log(note);
if (results.length === 0) console.log('FAILED: nothing was run');
const isFailed = results.length === 0 || notes.some((note) => note.startsWith('FAILED') || values.only !== 'all');
process.exitCode = isFailed ? 1 : 0;
