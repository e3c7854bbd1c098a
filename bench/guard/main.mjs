/**
 * `npm run bench:guard`: measures a few works next to Kafka's engine and compares the ratios with the committed baseline.
 * `--record` writes the baseline anew. What the verdicts mean, and the noise band, is in docs/benchmarks.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { inProject, say } from '../../scripts/lib/project.mjs';
import { setup } from '../../scripts/setup.mjs';
import { busyText, describeMachine, describeVersions, machineLine } from '../harness/machine.mjs';
import { withScratch } from '../harness/scratch.mjs';
import { runWork } from '../harness/turns.mjs';
import { prepareSides } from '../peers/prepare.mjs';
import { WORKS } from '../works/registry.mjs';
import { compareAll, entriesOf, exitCodeOf } from './decide.mjs';

const BASELINE = inProject('bench', 'guard', 'baseline.json');
const SIDES = ['kafka', 'native', 'ts'];
const GUARDED = ['append', 'read', 'seek', 'recover', 'read-lz4'];
/** The same for the baseline and for what is compared with it: ratios depend on how warm a JVM is. */
const SETTINGS = { turns: 3, rounds: 2, warm: 2, records: 300_000 };

const { values: options } = parseArgs({
  options: {
    record: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
    dir: { type: 'string' },
  },
});

async function measure() {
  if (!options['no-build'] && !(await setup()).ok) throw new Error('nothing could be built');
  const available = await prepareSides(SIDES);
  if (available.kafka !== undefined) say(`guard: no ratio without Kafka's engine: ${available.kafka}`);
  return withScratch(options.dir, 'seglog-guard-', async (scratch) => {
    const machine = describeMachine(scratch);
    const busy = busyText(machine);
    if (busy !== undefined) say(busy);
    const works = [];
    for (const work of WORKS.filter(({ name }) => GUARDED.includes(name))) {
      works.push(await runWork(work, SIDES, { ...SETTINGS, scratch }, { available, say }));
    }
    return { machine, works };
  });
}

function record({ machine, works }) {
  const ratios = entriesOf(works);
  if (ratios.length === 0) throw new Error('nothing was measured that could be a baseline');
  const { commit } = describeVersions();
  const baseline = {
    recorded: new Date().toISOString(),
    commit,
    machine: machineLine(machine),
    settings: SETTINGS,
    ratios,
  };
  writeFileSync(BASELINE, `${JSON.stringify(baseline, null, 2)}\n`);
  say(`guard: the baseline has ${ratios.length} ratios now`);
  return 0;
}

function text(number) {
  return number.toFixed(2);
}

function rowOf({ work, side, to, ratio, band, floor, measured, verdict }) {
  const now = measured && `${text(measured.median)} (${text(measured.least)} - ${text(measured.most)})`;
  return [`${work}, ${side} / ${to}`, text(ratio), now ?? '-', `${text(floor)} (${Math.round(band * 100)} %)`, verdict];
}

function compare({ works }) {
  const decisions = compareAll(JSON.parse(readFileSync(BASELINE, 'utf8')).ratios, works);
  const table = new Table({
    head: ['ratio', 'baseline', 'now', 'floor (band)', 'verdict'],
    style: { head: [], border: [], compact: true },
  });
  table.push(...decisions.map(rowOf));
  process.stdout.write(`${table.toString()}\n`);
  return exitCodeOf(decisions);
}

const measured = await measure();
process.exitCode = options.record ? record(measured) : compare(measured);
