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
import { runWork } from '../harness/turns.mjs';
import { prepareSides } from '../peers/prepare.mjs';
import { growthRows } from '../report/growth-tables.mjs';
import { render } from '../report/render.mjs';
import { dayOf, ownArguments, writeResults } from '../report/results.mjs';
import { AXES } from './axes.mjs';

const HELP = `usage: npm run bench:growth -- [options]

  --only A,B     axes whose names contain A or B: ${AXES.map(({ name }) => name).join(', ')}
  --gib N        the largest log (default 4; 20 takes an hour, and as much of the disk)
  --turns N      how often the sides take turns at each point (default 3)
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
    options: { only: text, gib: text, turns: text, dir: text, out: text, 'no-build': flag, quick: flag, help: flag },
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
    rounds: quick ? 1 : 2,
    warm: 1,
    /** About as many bytes of values as a round goes over. */
    budgetBytes: quick ? 20e6 : 500e6,
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
  for (const x of axis.xs(options)) {
    const work = { name: `${name} at ${x}`, title, unit, better, targets: [], ...axis.at(x) };
    const result = await runWork(work, SIDES, options, context);
    for (const [side, { reason, summary, command }] of Object.entries(result.sides)) {
      sides[side] ??= { points: [] };
      sides[side].points.push(reason === undefined ? { x, ...summary, command } : { x, reason });
    }
  }
  return { name, title, axis: axis.axis, unit, better, note, sides };
}

function show(series) {
  const { head, rows } = growthRows(series);
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  process.stdout.write(`\n${series.name}: ${series.title} (${series.unit})\n${table.toString()}\n`);
}

async function grow(options) {
  if (options.build && !(await setup()).ok) return 1;
  const started = new Date();
  const axes = AXES.filter(({ name }) => options.only.some((part) => name.includes(part)));
  const measured = await withScratch(options.dir, 'seglog-growth-', async (scratch) => {
    const machine = describeMachine(scratch);
    process.stdout.write(`${machineLine(machine)}\n`);
    const busy = busyText(machine);
    if (busy !== undefined) say(busy);
    const context = { available: await prepareSides(SIDES), say };
    const series = [];
    for (const axis of axes) {
      series.push(await measureAxis(axis, { ...options, scratch }, context));
      show(series.at(-1));
    }
    return { machine, series };
  });
  const { gib, turns, rounds, warm, budgetBytes, quick } = options;
  const cache = inProject('.cache', 'bench');
  const results = options.out ?? (quick ? cache : inProject('bench', 'results'));
  const docs = options.out ?? (quick ? cache : inProject('docs'));
  const file = writeResults(results, `${dayOf(started)}-growth`, {
    format: 1,
    kind: 'growth',
    date: started.toISOString(),
    minutes: Number(((Date.now() - started.getTime()) / 60_000).toFixed(1)),
    command: `npm run bench:growth${ownArguments(process.argv.slice(2))}`,
    settings: { gib, turns, rounds, warm, budgetBytes, quick },
    versions: describeVersions(),
    ...measured,
  });
  for (const written of [file, ...(await render({ results, docs }))]) say(`written: ${written}`);
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
