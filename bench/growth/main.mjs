/**
 * `npm run bench:growth`: how cost grows with the size of records, of batches and of the log, with partitions, segments and threads.
 * Writes bench/results/DATE-growth.json; tables and page take it from there.
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { inProject, say } from '../../scripts/lib/project.mjs';
import { setup } from '../../scripts/setup.mjs';
import { busyText, describeMachine, describeVersions, machineLine } from '../harness/machine.mjs';
import { withScratch } from '../harness/scratch.mjs';
import { optionsOf, runWork } from '../harness/turns.mjs';
import { prepareSides } from '../peers/prepare.mjs';
import { growthRows } from '../report/growth-tables.mjs';
import { render } from '../report/render.mjs';
import { dayOf, ownArguments, writeResults } from '../report/results.mjs';
import { AXES } from './axes.mjs';
import { latencyPoints, latencySeries } from './latency.mjs';

const HELP = `usage: npm run bench:growth -- [options]

  --only A,B     axes whose names contain A or B: ${AXES.map(({ name }) => name).join(', ')}
  --gib N        the largest log (default 4; 20 takes some minutes more, and as much of the disk)
  --turns N      how often the sides take turns at each point (default 3)
  --minutes N    when so much time is over, the axes that are left take one turn (default 12)
  --dir DIR      where the logs go (default: a directory of the system's temporary one)
  --out DIR      where results, tables and page go (default: bench/results and docs)
  --no-build     take dist/ and the addon as they are
  --quick        1 turn, small loads, up to 1000 segments and 0.2 GiB, results to .cache/bench: to see that it works
`;
const SIDES = ['kafka', 'native', 'ts'];

function readOptions(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({
    args,
    options: {
      only: text,
      gib: text,
      turns: text,
      minutes: text,
      dir: text,
      out: text,
      'no-build': flag,
      quick: flag,
      help: flag,
    },
  });
  const { quick } = values;
  const number = (name, usual) => {
    const given = Number(values[name] ?? usual);
    if (!(given > 0)) throw new Error(`--${name} must be a number above 0, not ${String(values[name])}`);
    return given;
  };
  return {
    only: values.only?.split(',') ?? [''],
    gib: number('gib', quick ? 0.2 : 4),
    turns: Math.ceil(number('turns', quick ? 1 : 3)),
    minutes: number('minutes', 12),
    rounds: quick ? 1 : 2,
    warm: 1,
    /** About as many bytes of values as a round goes over. */
    budgetBytes: quick ? 20e6 : 250e6,
    dir: values.dir,
    out: values.out,
    build: !values['no-build'],
    quick,
    help: values.help,
  };
}

/** Points of one axis: a work for each, and what its sides reached. */
async function measureAxis(axis, options, context) {
  const { name, title, unit, better = 'more', note } = axis;
  const sides = {};
  const latencies = [];
  for (const x of axis.xs(options)) {
    const work = { name: `${name} at ${x}`, title, unit, better, targets: [], ...axis.at(x) };
    const result = await runWork(work, SIDES, options, context);
    context.done.push(result);
    for (const [side, { reason, summary, command }] of Object.entries(result.sides)) {
      sides[side] ??= { points: [] };
      sides[side].points.push(reason === undefined ? { x, ...summary, command } : { x, reason });
    }
    if (axis.latency !== undefined) {
      const { warm } = optionsOf(work, options);
      latencies.push(...latencyPoints(result.sides, { x, work: axis.latency.work, warm }));
    }
  }
  const series = { name, title, axis: axis.axis, unit, better, note, sides };
  const latency = latencySeries(axis, latencies);
  return latency === undefined ? [series] : [series, latency];
}

function show(series) {
  const { head, rows } = growthRows(series);
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  process.stdout.write(`\n${series.name}: ${series.title} (${series.unit})\n${table.toString()}\n`);
}

/** Where results, tables and page go. */
function placeOf({ out, quick, only }) {
  const isPart = [quick, !only.includes('')].includes(true);
  const cache = inProject('.cache', 'bench');
  return {
    results: out ?? (isPart ? cache : inProject('bench', 'results')),
    docs: out ?? (isPart ? cache : inProject('docs')),
  };
}

/** Keeps what was measured so far, axis by axis; answers the file. */
function keeperOf(options) {
  const { gib, turns, rounds, warm, budgetBytes, quick } = options;
  const started = new Date();
  return (machine, series) =>
    writeResults(placeOf(options).results, `${dayOf(started)}-growth`, {
      format: 1,
      kind: 'growth',
      date: started.toISOString(),
      minutes: Number(((Date.now() - started.getTime()) / 60_000).toFixed(1)),
      command: `npm run bench:growth${ownArguments(process.argv.slice(2))}`,
      settings: { gib, turns, rounds, warm, budgetBytes, quick },
      versions: describeVersions(),
      machine,
      series,
    });
}

async function measureAll(axes, options, scratch) {
  const keep = keeperOf(options);
  const machine = describeMachine(scratch);
  process.stdout.write(`${machineLine(machine)}\n`);
  const busy = busyText(machine);
  if (busy !== undefined) say(busy);
  const context = { available: await prepareSides(SIDES), say, done: [], kept: {} };
  const end = Date.now() + options.minutes * 60_000;
  const series = [];
  let file;
  for (const axis of axes) {
    const turns = Date.now() > end ? 1 : options.turns;
    const measured = await measureAxis(axis, { ...options, turns, scratch }, context);
    series.push(...measured);
    for (const one of measured) show(one);
    file = keep(machine, series);
  }
  return file;
}

async function grow(options) {
  if (options.build && !(await setup()).ok) return 1;
  const axes = AXES.filter(({ name }) => options.only.some((part) => name.includes(part)));
  const file = await withScratch(options.dir, 'seglog-growth-', (scratch) => measureAll(axes, options, scratch));
  for (const written of [file, ...(await render(placeOf(options)))]) say(`written: ${written}`);
  return 0;
}

async function main() {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    say(`${error.message}\n\n${HELP}`);
    return 2;
  }
  if (!options.help) return grow(options);
  process.stdout.write(HELP);
  return 0;
}

process.exitCode = await main();
