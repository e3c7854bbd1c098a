/**
 * `npm run fuzz -- --target all --minutes 1`: has libFuzzer call the targets of native/fuzz, for so many minutes each, and prints
 * what was run. An input that breaks something is kept in fixtures/fuzz/found/<target>, where the Rust test `found_inputs` replays
 * it. Needs cargo and cargo-fuzz (`cargo install cargo-fuzz`), and a C++ compiler.
 *
 *     --target A,B     some of the targets; default all
 *     --minutes M      how long each; default 1. A target is run in parts of 4 minutes at most, in turn with the others
 *     --until M        instead: until each has M minutes of processor time in the result file, over all sessions
 *     --result FILE    adds processor time, runs and crashes to those in the file, which is written behind each part; docs/faults.md
 *     --jobs N         how many at a time; default 2
 *     --seed N         has the mutations come again, as far as time allows
 *     --replay FILE    runs a target on one input
 *     --no-build       with the programs that are there
 *
 * What inputs libFuzzer finds worth keeping stays in native/target/fuzz/corpus: the next run goes on from there.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { added, commitNow, readResults, today, writeResults } from './lib/fault-results.mjs';
import { buildFuzzers, fuzzPart, LIMITS, programOf, TARGETS_FOLDER } from './lib/fuzzers.mjs';
import { run } from './lib/run.mjs';

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'all' },
    minutes: { type: 'string' },
    until: { type: 'string' },
    result: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
});
/** Whoever ends a run by force loses no more than this. */
const PART_SECONDS = 240;
/** Which rows of the fault list a target is about. */
const ROWS = {
  batches: ['F2', 'F19'],
  legacy: ['F19', 'F30'],
  records: ['F20'],
  lines: ['F20'],
  gzip: ['F21'],
  snappy: ['F21'],
  lz4: ['F21'],
  zstd: ['F21'],
  compress: ['F21'],
  index_search: ['F6', 'F8'],
  index_build: ['F6', 'F8'],
  find: ['F6', 'F8'],
  recovery: ['F1', 'F4'],
  recovery_split: ['F1', 'F4'],
  cleaning: ['F19', 'F20'],
};
const known = readdirSync(TARGETS_FOLDER).map((file) => path.basename(file, '.rs'));
const targets = values.target === 'all' ? known : values.target.split(',');
const until = Number(values.until ?? 0);
const seconds = values.minutes === undefined && until > 0 ? Infinity : Math.round(Number(values.minutes ?? '1') * 60);
const jobs = Number(values.jobs);

/** What is wrong with the arguments, if anything is. */
function complaint() {
  if (targets.some((target) => !known.includes(target))) return `--target is all, or some of ${known.join(',')}`;
  if (!(seconds > 0) || !(until >= 0) || !(jobs >= 1)) return '--minutes, --until and --jobs are numbers above 0';
  if (values.until !== undefined && values.result === undefined) return '--until counts what is in --result FILE';
  return undefined;
}

const nameOf = (target) => `fuzzing ${target}`;
const COUNTS = { cpu: 'CPU minutes', runs: 'inputs', crashes: 'crashes' };

/** Minutes of processor time that a target has had, over all sessions. */
function minutesOf(target) {
  if (values.result === undefined) return 0;
  const before = readResults(values.result).find(({ name }) => name === nameOf(target));
  return before?.counts[COUNTS.cpu] ?? 0;
}

/** Adds a part to the result file. */
function keep({ target, cpuSeconds, runs, found }) {
  if (values.result === undefined) return;
  const before = readResults(values.result);
  const session = {
    ...{ name: nameOf(target), command: 'npm run fuzz', rows: ROWS[target] ?? ['F19'], engine: 'native' },
    counts: { [COUNTS.cpu]: Math.round((cpuSeconds / 60) * 100) / 100, [COUNTS.runs]: runs, [COUNTS.crashes]: found },
    ...{ date: today(), commits: [commitNow()] },
  };
  const others = before.filter(({ name }) => name !== session.name);
  const all = [
    ...others,
    added(
      before.find(({ name }) => name === session.name),
      session,
    ),
  ];
  writeResults(
    values.result,
    all.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
  );
}

/** The targets by turns, those that had least first: a target leaves when its time is over, or when it failed. */
async function fuzzAll() {
  const totals = new Map(targets.map((target) => [target, { seconds: 0, runs: 0, parts: 0, failed: false }]));
  const queue = targets.toSorted((one, other) => minutesOf(one) - minutesOf(other));
  const work = async () => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
      const total = totals.get(target);
      const left = seconds - total.seconds;
      if (left < 1 || (until > 0 && minutesOf(target) >= until)) continue;
      const partSeconds = Math.min(left, PART_SECONDS);
      const seed = values.seed === undefined ? undefined : Number(values.seed) + total.parts;
      // One part behind the other, as this is a worker.
      const part = await fuzzPart(target, partSeconds, seed);
      keep(part);
      total.seconds += partSeconds;
      total.runs += part.runs;
      total.parts++;
      total.failed = part.hasFailed;
      if (!part.hasFailed) queue.push(target);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return [...totals.values()];
}

const wrong = complaint();
if (wrong !== undefined) {
  console.error(wrong);
  process.exit(2);
}
if (!values['no-build'] && !(await buildFuzzers())) process.exit(1);
if (values.replay === undefined) {
  const totals = await fuzzAll();
  const runs = totals.reduce((sum, total) => sum + total.runs, 0);
  // A program that calls nothing finds nothing.
  const failed = totals.filter(({ failed: has, parts, runs: own }) => (parts > 0 && own === 0) || has).length;
  const tried = totals.filter((total) => total.parts > 0).length;
  console.log(`${totals.length} targets, ${tried} of them now, ${runs} runs, ${failed} failed`);
  const hadAll = until > 0 && targets.every((target) => minutesOf(target) >= until);
  if (tried === 0 && hadAll) console.log(`each has had its ${until} minutes of a processor before`);
  process.exitCode = failed === 0 && (tried > 0 || hadAll) ? 0 : 1;
} else {
  const { code } = await run(programOf(targets[0]), [values.replay, ...LIMITS], { show: true });
  process.exitCode = code;
}
