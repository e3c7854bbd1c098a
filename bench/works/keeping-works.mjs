/** What keeps a log small and what brings it up: compaction next to Kafka's cleaner, opening, and memory. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { kafka, script, seglog, seglogBench } from '../harness/programs.mjs';
import { RECORD_OVERHEAD_BYTES } from './program-makers.mjs';

const RECORD_BYTES = 100;
const BATCH_RECORDS = 1000;
/** 5 million records of a million keys; fewer make no sealed segment. */
const COMPACT_RECORDS = 5_000_000;
const RECORDS_PER_KEY = 5;
const ENGINES = ['native', 'ts'];

/** A segment of 100 MiB and an active one are the least that has something to compact. */
function compactRecords(quick) {
  return quick ? COMPACT_RECORDS / 2 : COMPACT_RECORDS;
}

function compactProgram(side, codec, { directory, rounds, warm, quick }) {
  const records = compactRecords(quick);
  const keys = records / RECORDS_PER_KEY;
  const all = rounds + warm;
  if (side === 'kafka')
    return kafka('PeerCleaner', [path.join(directory, 'kafka'), records, RECORD_BYTES, keys, codec, all]);
  return seglogBench(side, 'compact', directory, {
    records,
    'record-bytes': RECORD_BYTES,
    'distinct-keys': keys,
    compression: codec === 'none' ? undefined : codec,
    rounds: all,
  });
}

function compactWork(codec, targets) {
  return {
    name: codec === 'none' ? 'compact' : `compact-${codec}`,
    section: 'keeping',
    title: ({ quick }) =>
      `Compact ${compactRecords(quick) / 1e6} M records, 5 of a key, 100 B${codec === 'none' ? '' : `, ${codec}`}`,
    unit: 'MB/s',
    better: 'more',
    base: 'kafka',
    note: "All but the active segment, segments of 100 MiB; bytes are those before. Kafka's is its own cleaner.",
    memory: true,
    sides: Object.fromEntries(
      ['kafka', ...ENGINES].map((side) => [side, (options) => compactProgram(side, codec, options)]),
    ),
    targets,
    value: (lines, warm) => lines.filter(({ round }) => round >= warm).map((line) => line.megabytesPerSecond),
  };
}

/** Opening after a clean close, a new process each time; the data is made once. */
function openWork({ name, title, make, open, target }) {
  return {
    name,
    section: 'keeping',
    title,
    unit: 's',
    better: 'less',
    base: 'ts',
    note: 'In a new process each time, files in the page cache; both open the same.',
    sharedFixture: true,
    warm: 0,
    sides: Object.fromEntries(
      ENGINES.map((engine) => [engine, (options) => script('works/open-worker.mjs', open(options), engine)]),
    ),
    fixture: (_side, options) => script('works/open-worker.mjs', make(options), 'ts'),
    targets: ENGINES.map((side) => ({ side, most: target })),
    value: (lines) => lines.map(({ seconds }) => seconds),
  };
}

const openLog = ({ fixture }) => path.join(fixture, 'open-0');
const OPEN_WORKS = [
  ...[2, 200].map((batches) =>
    openWork({
      name: `open-${batches}`,
      title: ({ segments }) => `Open a partition of ${segments} segments with ${batches} batches each`,
      make: (options) => ['make', openLog(options), options.segments, batches],
      open: (options) => ['open', openLog(options)],
      target: 1,
    }),
  ),
  openWork({
    name: 'open-partitions',
    title: ({ partitions }) => `Open the ${partitions} partitions of a log directory`,
    make: ({ fixture, partitions }) => ['make-partitions', fixture, partitions],
    open: ({ fixture, partitions }) => ['open-partitions', fixture, partitions],
    target: 2,
  }),
];

/** The most that handling a large partition may take of memory, the mapped log left out. */
const MOST_MEGABYTES = 200;

function recordsOf(gib) {
  return Math.ceil((gib * 2 ** 30) / (RECORD_BYTES + RECORD_OVERHEAD_BYTES) / BATCH_RECORDS) * BATCH_RECORDS;
}

function largeLog(engine, directory, gib) {
  return seglogBench(engine, 'append', directory, {
    records: recordsOf(gib),
    'record-bytes': RECORD_BYTES,
    'batch-records': BATCH_RECORDS,
    rounds: 1,
  });
}

const logIn = (directory) => path.join(directory, 'seglog', 'bench-0');

function segmentsIn(log) {
  return readdirSync(log)
    .filter((name) => name.endsWith('.log'))
    .map((name) => path.join(log, name));
}

const LARGE = {
  append: (engine, { directory, gib }) => largeLog(engine, directory, gib),
  read: (engine, { fixture }) => seglog(engine, ['read', logIn(fixture), '--json']),
  tail: (engine, { fixture, gib }) =>
    seglog(engine, ['read', logIn(fixture), '--follow', '--from', 0, '--limit', recordsOf(gib)]),
  dump: (engine, { fixture }) => seglog(engine, ['dump', '--json', ...segmentsIn(logIn(fixture))]),
};

const MEMORY_WORKS = Object.entries(LARGE).map(([work, program]) => ({
  name: `memory-${work}`,
  section: 'memory',
  title: ({ gib }) => `Peak memory: ${work} a partition of ${gib} GiB`,
  unit: 'MB',
  better: 'less',
  note: "Resident memory, Node included, less the log's mapped pages (from /proc/PID/smaps).",
  memory: true,
  turns: 1,
  sides: Object.fromEntries(ENGINES.map((engine) => [engine, (options) => program(engine, options)])),
  sharedFixture: true,
  fixtureName: work === 'append' ? undefined : 'memory',
  fixture: work === 'append' ? undefined : (engine, { fixture, gib }) => largeLog(engine, fixture, gib),
  targets: ENGINES.map((side) => ({ side, most: MOST_MEGABYTES })),
}));

export const KEEPING_WORKS = [
  compactWork('none', [{ side: 'native', to: 'kafka', least: 4 }]),
  compactWork('lz4', [{ side: 'native', to: 'kafka', least: 4 }]),
  ...OPEN_WORKS,
  ...MEMORY_WORKS,
];
