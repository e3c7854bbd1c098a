/** What a store does by itself: retention of many segments, and what a clean on another thread costs whoever appends. */
import path from 'node:path';
import { script } from '../harness/programs.mjs';
import { shares } from './shares.mjs';

const ENGINES = ['native', 'ts'];
/** Five sealed segments, as of the work `compact`; with fewer a clean is over before anything is seen. */
const CLEANED_RECORDS = { usual: 5_000_000, quick: 2_500_000 };

function besideClean({ name, like, speed, title, better, field, note, targets }) {
  const program = (engine) => (options) => {
    const { directory, rounds, warm, quick } = options;
    const records = quick ? CLEANED_RECORDS.quick : CLEANED_RECORDS.usual;
    return script('works/beside-clean-worker.mjs', [directory, records, rounds + warm, speed], engine);
  };
  return {
    name,
    section: 'store',
    title,
    unit: 'share',
    better,
    note,
    // Its first looks warm up, and each look copies a log of half a gigabyte.
    turns: 3,
    rounds: 1,
    warm: 0,
    like,
    sides: Object.fromEntries(ENGINES.map((engine) => [engine, program(engine)])),
    targets: ENGINES.map((side) => ({ side, ...targets })),
    value: shares('beside', 'alone', (beside, alone) => beside[field] / alone[field]),
  };
}

const NOTE =
  'Batches of 100 records of 100 B into a log whose sealed segments (5 M records, 5 of a key) are compacted by a worker.';

const BESIDE_CLEAN = [
  besideClean({
    name: 'beside-clean-full',
    speed: 'full',
    title: 'Appends beside a clean, at full speed, as a share of appends alone',
    better: 'more',
    field: 'perSecond',
    note: NOTE,
    targets: { least: 0.75 },
  }),
  besideClean({
    name: 'beside-clean-half',
    speed: 'half',
    title: 'Appends beside a clean, at half speed, as a share of appends alone',
    better: 'more',
    field: 'perSecond',
    note: NOTE,
    targets: { least: 0.9 },
  }),
  besideClean({
    name: 'beside-clean-tail',
    like: 'beside-clean-half',
    speed: 'half',
    title: '99.9th percentile of an append beside a clean, at half speed, next to that of appends alone',
    better: 'less',
    field: 'p99.9',
    note: 'From when an append was due: those that wait for a slow one count in full.',
    targets: { most: 2 },
  }),
];

function retentionWork({ name, like, title, field, target, unit }) {
  const place = ({ directory }) => path.join(directory, 'store');
  return {
    name,
    section: 'store',
    title,
    unit,
    better: 'less',
    base: 'ts',
    note: 'All segments are due. A store with one cleaner thread: until all are renamed and the log start is in its checkpoint; the unlinking follows after file.delete.delay.ms.',
    turns: 3,
    rounds: 1,
    warm: 0,
    like,
    sides: Object.fromEntries(
      ENGINES.map((engine) => [
        engine,
        (options) => script('works/retention-worker.mjs', [place(options), options.segments, options.rounds], engine),
      ]),
    ),
    targets: ENGINES.map((side) => ({ side, most: target })),
    value: (lines) => lines.map((line) => line[field]),
  };
}

function groupWork({ name, mode, title, unit, better, field, note, targets }) {
  const place = ({ directory }) => path.join(directory, 'store');
  const program = (engine) => (options) =>
    script('works/groups-worker.mjs', [place(options), mode, options.rounds + options.warm], engine);
  return {
    name,
    section: 'store',
    title,
    unit,
    better,
    base: 'ts',
    note,
    turns: 3,
    sides: Object.fromEntries(ENGINES.map((engine) => [engine, program(engine)])),
    targets: ENGINES.map((side) => Object.assign({ side }, targets)),
    value: (lines, warm) => lines.slice(warm).map((line) => line[field]),
  };
}

const GROUP_WORKS = [
  groupWork({
    name: 'groups-commit',
    mode: 'commit',
    title: 'Commits of 100 groups at the same time',
    unit: 'commits/s',
    better: 'more',
    field: 'perSecond',
    note: 'One position each; each group commits again when its last one is in the page cache.',
    targets: { least: 20_000 },
  }),
  groupWork({
    name: 'groups-rebalance',
    mode: 'rebalance',
    title: 'A rebalance of 100 consumers over 1,000 partitions',
    unit: 'ms',
    better: 'less',
    field: 'ms',
    note: 'sticky; 99 wait for records, and one joins: until all have their partitions, and the generation is recorded.',
    targets: { most: 100 },
  }),
];

export const STORE_WORKS = [
  retentionWork({
    name: 'retention',
    title: ({ segments }) => `Retention of ${segments} segments`,
    field: 'seconds',
    target: 1,
    unit: 's',
  }),
  retentionWork({
    name: 'retention-unlink',
    like: 'retention',
    title: ({ segments }) => `Unlinking the files of ${segments} segments`,
    field: 'unlinkSeconds',
    target: 1,
    unit: 's',
  }),
  retentionWork({
    name: 'retention-stop',
    like: 'retention',
    title: ({ segments }) => `Longest stop of the event loop by retention of ${segments} segments`,
    field: 'longestMs',
    target: 20,
    unit: 'ms',
  }),
  ...BESIDE_CLEAN,
  ...GROUP_WORKS,
];
