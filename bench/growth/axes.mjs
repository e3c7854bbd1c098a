/**
 * What is made larger and larger, and what is measured of it. An axis says how a work of harness/turns.mjs looks at one point `x`;
 * `series` names what becomes of a side where it gives more than one line.
 */
import path from 'node:path';
import { script } from '../harness/programs.mjs';
import { kafkaProgram, loadOf, seglogProgram } from '../works/program-makers.mjs';

const ENGINES = ['native', 'ts'];
const WITH_KAFKA = ['kafka', ...ENGINES];
const RECORD_BYTES = 100;
/** What a batch has by itself, with small records. */
const BATCH_BYTES = 100_000;
const MOST_BATCH_RECORDS = 1000;
const MOST_RECORDS = 5_000_000;
/** A batch of one record costs as much as one of a hundred, nearly: as many batches, not as many records. */
const MOST_BATCHES = 200_000;

const recordsOfWork = (work, x) => (lines, warm) =>
  lines
    .filter((line) => line.work === work)
    .slice(warm)
    .map((line) => line.recordsPerSecond * x);

function onSides(names, program) {
  return Object.fromEntries(names.map((side) => [side, (options) => program(side, options)]));
}

function logProgram(side, work, load) {
  if (side === 'kafka') return kafkaProgram(work, load);
  const settings = work === 'read' ? { as: 'cursor' } : {};
  const program = seglogProgram(side, work, load, settings);
  // Each append's time: 0.1 us, which only batches of one record would notice, and they tell more that way.
  return work === 'append' ? { ...program, args: [...program.args, '--latency'] } : program;
}

/** How many records of a size: about as many bytes at each point, and always some batches. */
function recordSizeLoad(x, options) {
  const batchRecords = Math.max(1, Math.min(MOST_BATCH_RECORDS, Math.floor(BATCH_BYTES / x)));
  const records = Math.min(MOST_RECORDS, Math.max(20 * batchRecords, Math.floor(options.budgetBytes / x)));
  return loadOf(options, { records: Math.ceil(records / batchRecords) * batchRecords, recordBytes: x, batchRecords });
}

function batchSizeLoad(x, options) {
  const all = Math.floor(options.budgetBytes / RECORD_BYTES);
  const most = Math.max(x, Math.floor((MOST_BATCHES * options.budgetBytes) / 500e6) * x);
  const records = Math.max(x, Math.min(all, most));
  return loadOf(options, { records: Math.ceil(records / x) * x, recordBytes: RECORD_BYTES, batchRecords: x });
}

const RECORD_SIZES = [10, 100, 1000, 10_000, 100_000, 1_000_000];
const BATCH_SIZES = [1, 10, 100, 1000, 10_000];

const APPEND_LATENCY = { work: 'append', note: 'Of the append of one batch.' };

const sizeAxes = ['append', 'read'].flatMap((work) => [
  {
    name: `${work}-record-size`,
    title: `${work === 'append' ? 'Append' : 'Read'} against record size`,
    axis: 'bytes of a value',
    unit: 'MB/s',
    latency: work === 'append' ? APPEND_LATENCY : undefined,
    note: `Bytes of values a second. Batches of about ${BATCH_BYTES / 1000} KB, at most ${MOST_BATCH_RECORDS} records; a record of a megabyte is a batch.`,
    xs: () => RECORD_SIZES,
    at: (x) => ({
      sides: onSides(WITH_KAFKA, (side, options) => logProgram(side, work, recordSizeLoad(x, options))),
      value: recordsOfWork(work, x / 1e6),
    }),
  },
  {
    name: `${work}-batch-size`,
    title: `${work === 'append' ? 'Append' : 'Read'} against batch size`,
    axis: 'records a batch',
    unit: 'records/s',
    latency: work === 'append' ? APPEND_LATENCY : undefined,
    note: 'Records of 100 B. The caller makes the batches.',
    xs: () => BATCH_SIZES,
    at: (x) => ({
      sides: onSides(WITH_KAFKA, (side, options) => logProgram(side, work, batchSizeLoad(x, options))),
      value: recordsOfWork(work, 1),
    }),
  },
]);

function worker(mode, directory, numbers, engine) {
  return script('growth/growth-worker.mjs', [mode, directory, ...numbers], engine);
}

function countAxis({ name, title, axis, note, mode, xs }) {
  return {
    name,
    title,
    axis,
    unit: 'records/s',
    note,
    latency: { work: mode, note: 'Of the append of one batch.' },
    xs,
    at: (x) => ({
      sides: onSides(ENGINES, (engine, { directory, budgetBytes, rounds, warm }) => {
        const records = Math.ceil(budgetBytes / 5 / RECORD_BYTES);
        return worker(mode, path.join(directory, mode), [x, records, rounds + warm], engine);
      }),
      value: (lines, warm) => lines.slice(warm).map(({ recordsPerSecond }) => recordsPerSecond),
    }),
  };
}

const sparseLog = ({ fixture }) => path.join(fixture, 'sparse-0');
/** Of one set of segments, whichever engine opens them. */
const sparseFixture = (x) => (_side, options) => worker('sparse', sparseLog(options), [x], 'ts');
const SEGMENTS = [1, 10, 100, 1000, 10_000, 100_000];
const SEEKS = 20_000;

const segmentAxes = [
  {
    name: 'open-segments',
    title: 'Opening against the number of segments',
    axis: 'segments',
    unit: 's',
    better: 'less',
    note: 'After a clean close, in a new process. Sparse segments of a MiB each, so that the last point is a log of 100 GB in its eyes.',
    xs: ({ quick }) => (quick ? SEGMENTS.slice(0, 4) : SEGMENTS),
    at: (x) => ({
      sides: onSides(ENGINES, (engine, options) => worker('open', sparseLog(options), [], engine)),
      fixture: sparseFixture(x),
      sharedFixture: true,
      fixtureName: `sparse-${x}`,
      warm: 0,
      value: (lines) => lines.map(({ seconds }) => seconds),
    }),
  },
  {
    name: 'seek-segments',
    title: 'Finding a random offset against the number of segments',
    axis: 'segments',
    unit: 'records/s',
    latency: { work: 'seek', note: 'Of one offset.' },
    note: 'One batch a segment: a random offset is another segment nearly every time, and files are opened as they are needed.',
    xs: ({ quick }) => (quick ? SEGMENTS.slice(0, 4) : SEGMENTS),
    at: (x) => ({
      sides: onSides(ENGINES, (engine, options) => worker('seek', sparseLog(options), [SEEKS], engine)),
      fixture: sparseFixture(x),
      sharedFixture: true,
      fixtureName: `sparse-${x}`,
      warm: 0,
      value: (lines) => lines.map(({ recordsPerSecond }) => recordsPerSecond),
    }),
  },
];

const GIBS = [0.05, 0.2, 1, 4, 20];
/** From here on a turn writes so much that the disk is what takes the time: one is enough. */
const ONE_TURN_GIB = 4;
const LOG_SIZE_WORKS = ['append', 'recover', 'seek'];

/** One process does all three, on a log that it writes once. */
function logSizeAxis(work, title, note) {
  const [first] = LOG_SIZE_WORKS;
  return {
    name: `${work}-log-size`,
    title,
    axis: 'GiB of the log',
    unit: 'records/s',
    latency:
      work === 'recover'
        ? undefined
        : { work, note: work === 'seek' ? 'Of one offset.' : 'Of the append of one batch.' },
    note,
    xs: ({ gib }) => GIBS.filter((size) => size <= gib),
    at: (x) => ({
      like: work === first ? undefined : `${first}-log-size at ${x}`,
      sides: onSides(ENGINES, (engine, { directory }) =>
        worker('log', path.join(directory, 'growth-0'), [Math.ceil((x * 2 ** 30) / 110 / 1000) * 1000], engine),
      ),
      turns: x >= ONE_TURN_GIB ? 1 : undefined,
      rounds: 1,
      warm: 0,
      value: recordsOfWork(work, 1),
    }),
  };
}

export const AXES = [
  ...sizeAxes,
  countAxis({
    name: 'append-partitions',
    title: 'Append to many partitions in turn',
    axis: 'partitions',
    note: 'Batches of 100 records of 100 B, each to the next partition. Opening and the first append to each are not timed.',
    mode: 'partitions',
    xs: ({ quick }) => (quick ? [1, 10, 100] : [1, 10, 100, 1000]),
  }),
  ...segmentAxes,
  logSizeAxis(
    'append',
    'Append against the size of the log',
    'One round, from an empty log to its full size, segments of a GiB: no warming up. Beyond some GiB the disk takes its part: the system lets nobody leave more unwritten.',
  ),
  logSizeAxis(
    'recover',
    'Recovery against the size of the log',
    'One round, right after the log was written: from the page cache while it holds.',
  ),
  logSizeAxis(
    'seek',
    'Finding a random offset against the size of the log',
    'One round, right after the log was recovered.',
  ),
  countAxis({
    name: 'append-threads',
    title: 'Append on several threads',
    axis: 'threads',
    note: 'Worker threads with a partition each, all in one process; the sum of their speeds.',
    mode: 'threads',
    xs: ({ quick }) => (quick ? [1, 2] : [1, 2, 4, 8]),
  }),
];
