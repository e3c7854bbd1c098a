/**
 * One work on all of its sides, in turn: each turn of a side is a new process, and what it left is removed before the next
 * one's, whose time its dirty pages would be written in otherwise. A turn's value is the median of its warm rounds; what is
 * said of a side is said of its turns. Who begins changes from turn to turn.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { canMeasure, watchMemory } from './memory.mjs';
import { commandText, runProgram } from './programs.mjs';
import { judge, median, ratios, summary } from './statistics.mjs';
import { timeProgram } from './time-program.mjs';

const ENGINES = ['native', 'ts'];

function removeTree(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** A whole process: its time, and its peak memory. */
async function turnOfProcess(work, program, { directory, toFile }) {
  const sink = toFile ? path.join(directory, 'output') : undefined;
  mkdirSync(directory, { recursive: true });
  const { seconds, megabytes, reason } = await timeProgram(program, { first: work.first === true, sink });
  return reason === undefined ? { value: seconds, peakMegabytes: megabytes, lines: [] } : { reason };
}

/** A process that measures itself and prints a line for each round. */
async function turnOfRounds(work, side, program, options) {
  const peaks = {};
  const watch = work.memory === true && canMeasure ? watchMemory(options.directory, peaks) : undefined;
  const { ok, lines, reason } = await runProgram(program, { watch, keepOutput: work.value !== undefined });
  if (!ok) return { reason };
  const peakMegabytes = peaks.withoutLog;
  if (work.value === undefined) {
    if (peakMegabytes === undefined) return { reason: 'only Linux tells how much memory a process has' };
    return { value: peakMegabytes, peakMegabytes: peaks.resident, lines: [] };
  }
  // A side that ran on another engine than asked would spoil the comparison without a sign.
  const wrong = ENGINES.includes(side) && lines.find(({ engine }) => engine !== undefined && engine !== side);
  if (wrong) return { reason: `ran on the engine ${wrong.engine}` };
  const values = work.value(lines, work.warm ?? options.warm, options.rounds);
  if (values.length === 0 || !values.every(Number.isFinite)) return { reason: 'gave no rounds that were warm' };
  return { value: median(values), peakMegabytes, lines };
}

/** Sums up a side that has had its turns. */
function sumUp(side) {
  if (side.reason !== undefined) return;
  side.summary = summary(side.turns.map(({ value }) => value));
  const peaks = side.turns.map(({ peakMegabytes }) => peakMegabytes).filter((peak) => peak !== undefined);
  if (peaks.length > 0) side.peakMegabytes = Math.max(...peaks);
}

/** What was promised of a side, and what came of it: as a ratio to another side, or as the value itself. */
function promisesOf(work, sides) {
  return work.targets.flatMap((target) => {
    const side = sides[target.side];
    if (side?.summary === undefined) return [];
    const base = target.to === undefined ? undefined : sides[target.to];
    if (target.to !== undefined && base?.summary === undefined) return [];
    const valuesOf = ({ turns }) => turns.map(({ value }) => value);
    const reached = base === undefined ? side.summary : ratios(valuesOf(side), valuesOf(base), work.better);
    return [{ ...target, found: reached, ...judge(target, reached.median) }];
  });
}

/** Everything that is said of a work, without the programs that did it. */
export function describeResult(work, sides, options = {}) {
  const { name, section, unit, better, base, note } = work;
  const title = typeof work.title === 'function' ? work.title(options) : work.title;
  for (const side of Object.values(sides)) sumUp(side);
  const bases = sides[base]?.turns.map(({ value }) => value);
  for (const [at, side] of Object.entries(sides)) {
    if (at === base || side.summary === undefined || bases === undefined) continue;
    const values = side.turns.map(({ value }) => value);
    side.ratio = ratios(values, bases, better);
  }
  return { name, section, title, unit, better, base, note, sides, promises: promisesOf(work, sides) };
}

/** A turn of a side: `{ value, peakMegabytes?, lines }`, or `{ reason }`. */
async function runTurn(work, side, program, options) {
  const result =
    work.whole === true ? turnOfProcess(work, program, options) : turnOfRounds(work, side, program, options);
  try {
    return await result;
  } finally {
    removeTree(options.directory);
  }
}

/** Makes what a side works on and none of its turns may change; why it could not, or undefined. */
async function makeFixture(work, side, options) {
  const program = work.fixture?.(side, options);
  if (program === undefined) return undefined;
  mkdirSync(options.fixture, { recursive: true });
  const { ok, reason, lines } = await runProgram(program);
  options.made[side] = lines?.at(-1);
  return ok ? undefined : reason;
}

/**
 * Runs a work. `options.scratch` is a directory of ours; the programs are given `directory` (theirs for a turn), `fixture`
 * (theirs for the work) and `made` (the last line that the fixture's program printed).
 *
 * @returns the work with `sides`: for each one `{ turns, summary, ratio?, command }`, or `{ reason }` where it is not available
 */
export async function runWork(work, names, options, { available, say }) {
  const wanted = Object.keys(work.sides).filter((side) => names.includes(side));
  const sides = Object.fromEntries(wanted.map((side) => [side, { reason: available[side], turns: [] }]));
  const made = {};
  const placeOf = (side) => ({
    ...options,
    directory: path.join(options.scratch, 'turn'),
    fixture: path.join(options.scratch, 'fixture', work.sharedFixture === true ? 'all' : side),
    made,
  });
  for (const side of wanted) {
    if (sides[side].reason !== undefined) continue;
    if (work.sharedFixture === true && made.all !== undefined) continue;
    sides[side].reason = await makeFixture(work, side, placeOf(side));
    if (work.sharedFixture === true) made.all = made[side];
  }
  const turns = work.turns ?? options.turns;
  for (let turn = 0; turn < turns; turn++) {
    for (let at = 0; at < wanted.length; at++) {
      const side = wanted[(at + turn) % wanted.length];
      const known = sides[side];
      if (known.reason !== undefined) continue;
      say(`${work.name}: ${side}, turn ${turn + 1} of ${turns}`);
      const place = placeOf(side);
      const program = work.sides[side](place);
      known.command ??= commandText(program, options.scratch);
      const { reason, ...done } = await runTurn(work, side, program, place);
      if (reason === undefined) known.turns.push(done);
      else known.reason = reason;
    }
  }
  removeTree(path.join(options.scratch, 'fixture'));
  return describeResult(work, sides, options);
}
