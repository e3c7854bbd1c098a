/**
 * One work on all of its sides, in turn: each turn of a side is a new process, and what it left is removed before the next
 * one's, whose time its dirty pages would be written in otherwise. A turn's value is the median of its warm rounds; what is
 * said of a side is said of its turns. Who begins changes from turn to turn.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { canMeasure, watchMemory } from './memory.mjs';
import { commandText, runProgram } from './programs.mjs';
import { judge, median, ratioOf, ratios, summary } from './statistics.mjs';
import { timeProgram } from './time-program.mjs';

const ENGINES = ['native', 'ts'];

/** To a tenth. */
function secondsSince(start) {
  return Number(((performance.now() - start) / 1000).toFixed(1));
}

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
  return valued(work, side, lines, options, peakMegabytes);
}

/** What a work makes of the lines that a side printed. */
function valued(work, side, lines, options, peakMegabytes) {
  // A side that ran on another engine than asked would spoil the comparison without a sign.
  const wrong = ENGINES.includes(side) && lines.find(({ engine }) => engine !== undefined && engine !== side);
  if (wrong) return { reason: `ran on the engine ${wrong.engine}` };
  const values = work.value(lines, options.warm, options.rounds);
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

const valuesOf = ({ turns }) => turns.map(({ value }) => value);

/** A side's ratio to another, turn by turn. */
function ratioTo(side, base, better) {
  return ratios(valuesOf(side), valuesOf(base), better);
}

/** Which of these sides has the best median; undefined where none was measured. */
function bestOf(names, sides, better) {
  const measured = names.filter((name) => sides[name]?.summary !== undefined);
  measured.sort((a, b) => ratioOf(sides[b].summary.median, sides[a].summary.median, better) - 1);
  return measured[0];
}

/** What was promised of a side, and what came of it: as a ratio to another side (of several: the best), or as the value itself. */
function promisesOf(work, sides) {
  return work.targets.flatMap((target) => {
    const side = sides[target.side];
    if (side?.summary === undefined) return [];
    if (target.to === undefined) return [{ ...target, found: side.summary, ...judge(target, side.summary.median) }];
    const to = bestOf([target.to].flat(), sides, work.better);
    if (to === undefined) return [];
    const found = ratioTo(side, sides[to], work.better);
    return [{ ...target, to, ofBest: Array.isArray(target.to), found, ...judge(target, found.median) }];
  });
}

/** How close each engine comes to what the machine can do at most: to the best of the limits that the work names. */
function closenessOf(work, sides) {
  const limit = bestOf(work.limits ?? [], sides, work.better);
  if (limit === undefined) return undefined;
  const near = ['kafka', ...ENGINES].filter((name) => sides[name]?.summary !== undefined && name !== limit);
  return {
    limit,
    shares: Object.fromEntries(near.map((name) => [name, ratioTo(sides[name], sides[limit], work.better)])),
  };
}

/** Everything that is said of a work, without the programs that did it. */
export function describeResult(work, sides, options = {}) {
  const { name, section, unit, better, base, note } = work;
  const title = typeof work.title === 'function' ? work.title(options) : work.title;
  for (const side of Object.values(sides)) sumUp(side);
  const bases = sides[base] && valuesOf(sides[base]);
  for (const [at, side] of Object.entries(sides)) {
    if (at === base || side.summary === undefined || bases === undefined) continue;
    side.ratio = ratios(valuesOf(side), bases, better);
  }
  const closeness = closenessOf(work, sides);
  return { name, section, title, unit, better, base, note, sides, promises: promisesOf(work, sides), closeness };
}

/** A turn of a side: `{ value, peakMegabytes?, lines }`, or `{ reason }`. */
async function runTurn(work, side, program, options) {
  const result =
    work.whole === true ? turnOfProcess(work, program, options) : turnOfRounds(work, side, program, options);
  const start = performance.now();
  try {
    return { ...(await result), seconds: secondsSince(start) };
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

/** The options of a work's own: fewer turns where they are dear, or rounds where they warm up by themselves. */
export function optionsOf(work, options) {
  const { turns = options.turns, rounds = options.rounds, warm = options.warm } = work;
  return { ...options, turns: Math.min(turns, options.turns), rounds: Math.min(rounds, options.rounds), warm };
}

/** A side whose turns another work has had already: the same lines, seen differently. */
function taken(work, side, other, options) {
  const turns = other.turns.map(({ lines, ...turn }) => ({
    ...turn,
    ...valued(work, side, lines, options),
    lines: [],
  }));
  const reason = other.reason ?? turns.find((turn) => turn.reason !== undefined)?.reason;
  return { reason, turns, command: other.command };
}

/** The sides of a work before their turns: those not available have a reason, those that another work measured are whole. */
function startSides(work, wanted, options, { available, done }) {
  const before = done?.find(({ name }) => name === work.like)?.sides ?? {};
  const start = (side) => {
    if (available[side] === undefined && before[side] !== undefined) return taken(work, side, before[side], options);
    return { reason: available[side], turns: [] };
  };
  return Object.fromEntries(wanted.map((side) => [side, start(side)]));
}

/** Makes the fixtures of all sides that have their turns now. */
async function makeFixtures(work, sides, placeOf, made) {
  if (work.fixtureName !== undefined && made.all !== undefined) return;
  for (const [side, known] of Object.entries(sides)) {
    if (known.reason !== undefined || known.turns.length > 0) continue;
    if (work.sharedFixture === true && made.all !== undefined) continue;
    known.reason = await makeFixture(work, side, placeOf(side));
    if (work.sharedFixture === true) made.all = made[side];
  }
  // Who has the first turn would pay for writing it all to the disk.
  spawnSync('sync');
}

/** What was made for the turns: of fixtures with a name, what another work's turns read before these. */
function madeFor({ fixtureName }, kept) {
  if (fixtureName === undefined) return {};
  kept[fixtureName] ??= {};
  return kept[fixtureName];
}

/** One turn of one side, kept with it. */
async function takeTurn(work, side, known, place) {
  const program = work.sides[side](place);
  known.command ??= commandText(program, place.scratch);
  let result = await runTurn(work, side, program, place);
  // A process that fails once in an hour of turns takes its side away only when it fails again.
  if (result.reason !== undefined) result = await runTurn(work, side, program, place);
  const { reason, ...turn } = result;
  if (reason === undefined) known.turns.push(turn);
  else known.reason = reason;
}

/**
 * Runs a work. `options.scratch` is a directory of ours; the programs are given `directory` (theirs for a turn), `fixture`
 * (theirs for the work) and `made` (the last line that the fixture's program printed). `done` are the results of the works
 * before: one that says `like` takes the lines of another's turns; `kept`, filled here, are the fixtures that have a name.
 *
 * @param {any} work
 * @param {readonly string[]} names
 * @param {any} given
 * @param {{ available: any, say: any, done?: any[], kept?: any }} context
 * @returns the work with `sides`: for each one `{ turns, summary, ratio?, command }`, or `{ reason }` where it is not available;
 *   and the `seconds` that all of it took
 */
export async function runWork(work, names, given, { available, say, done = [], kept = {} }) {
  const start = performance.now();
  const options = optionsOf(work, given);
  const wanted = Object.keys(work.sides).filter((side) => names.includes(side));
  const sides = startSides(work, wanted, options, { available, done });
  const made = madeFor(work, kept);
  const placeOf = (side) => ({
    ...options,
    directory: path.join(options.scratch, 'turn'),
    fixture:
      work.fixtureName === undefined
        ? path.join(options.scratch, 'fixture', work.sharedFixture === true ? 'all' : side)
        : path.join(options.scratch, 'kept', work.fixtureName),
    made,
  });
  const turning = wanted.filter((side) => sides[side].turns.length === 0);
  await makeFixtures(work, sides, placeOf, made);
  for (let turn = 0; turn < options.turns; turn++) {
    for (let at = 0; at < turning.length; at++) {
      // Each other turn backwards: nobody always follows the same one, and finds what that one left.
      const place = turn % 2 === 0 ? turn + at : turn - at + turning.length;
      const side = turning[place % turning.length];
      if (sides[side].reason !== undefined) continue;
      say(`${work.name}: ${side}, turn ${turn + 1} of ${options.turns}`);
      await takeTurn(work, side, sides[side], placeOf(side));
    }
  }
  removeTree(path.join(options.scratch, 'fixture'));
  return { ...describeResult(work, sides, options), seconds: secondsSince(start) };
}
