/**
 * Appending, reading, seeking and recovering: Kafka, seglog, and what a user of Node would pick instead. Nothing waits for the
 * disk here: an append is done when its bytes are with the system, on every side.
 */
import path from 'node:path';
import zlib from 'node:zlib';
import { script } from '../harness/programs.mjs';
import {
  commitlogProgram,
  kafkaProgram,
  limitProgram,
  loadOf,
  peerProgram,
  recordSpeeds,
  seglogProgram,
} from './program-makers.mjs';

const STORES = ['lmdb', 'sqlite', 'level', 'stream', 'ndjson'];
const INDEXED = ['lmdb', 'sqlite', 'level'];
const IN_CACHE = 'Nothing waits for the disk: done is with the system, on every side.';

/** The three that are compared with each other in every work. */
function engines(work, { load = {}, settings, kafkaWork = work } = {}) {
  return {
    kafka: (options) => kafkaProgram(kafkaWork, loadOf(options, load)),
    native: (options) => seglogProgram('native', work, loadOf(options, load), settings),
    ts: (options) => seglogProgram('ts', work, loadOf(options, load), settings),
  };
}

function peers(names, work, load) {
  return Object.fromEntries(names.map((name) => [name, (options) => peerProgram(name, work, loadOf(options, load))]));
}

function limits(names, load) {
  return Object.fromEntries(names.map((name) => [name, (options) => limitProgram(name, loadOf(options, load))]));
}

const commitlog = (work) => ({ commitlog: (options) => commitlogProgram(work, loadOf(options)) });

/** To the best of Node's stores: those that find a record again. A stream and lines of NDJSON are files, not stores. */
function overStores(least) {
  return [{ side: 'native', to: INDEXED, least }];
}

function logWork({ name, title, sides, targets = [], note = IN_CACHE, lines = [name], base = 'kafka', ...more }) {
  const value = recordSpeeds(...lines);
  return { name, section: 'log', title, unit: 'records/s', better: 'more', base, note, sides, targets, value, ...more };
}

/** Rounds of reading are short: so many times as many until a JIT and the page cache are steady, and to be judged by. */
const TIMES_READING = 5;
/** Those of appending are longer, and slow until the system has pages of the file before to give again. */
const TIMES_APPENDING = 3;

function repeated(make, times) {
  return Object.fromEntries(
    Object.entries(make).map(([side, program]) => [
      side,
      (options) => program({ ...options, warm: options.warm * times, rounds: options.rounds * times }),
    ]),
  );
}

/** All sides read one file again and again, Kafka's too. */
const again = (make) => repeated(make, TIMES_READING);

/** The records a second of the rounds behind those that warm up, however many a side makes of both. */
function lastSpeeds(...works) {
  return (lines, warm, rounds) => {
    const own = lines.filter(({ work }) => works.includes(work));
    return own.slice(Math.floor((own.length * warm) / (warm + rounds))).map((line) => line.recordsPerSecond);
  };
}

const READ_NOTE = `${IN_CACHE} Written once, and read again and again by one process: on every side the last rounds count.`;

const toKafka = (side, least, aim) => ({ side, to: 'kafka', least, ...(aim === undefined ? {} : { aim }) });

/** Single records through a writer with linger. */
function writerProgram(engine, options) {
  const { directory, records, recordBytes, all } = loadOf(options);
  return script(
    'works/writer-worker.mjs',
    [path.join(directory, 'writer'), Math.ceil(records / 2), recordBytes, all],
    engine,
  );
}

/** The same program of the checkout that `--before` names. */
function before(engine, work) {
  return (options) => {
    const program = seglogProgram(engine, work, loadOf(options));
    const cli = path.resolve(options.before, 'dist', 'cli', 'main.js');
    return { ...program, args: [cli, ...program.args.slice(1)], needs: cli };
  };
}

/** With `--before DIR`: appending and reading by an older version, built, in turn with this one. */
const olderOnes = (work) => ({ 'native-before': before('native', work), 'ts-before': before('ts', work) });
/** What rounds of one and the same version differ by, nearly. */
const olderTargets = ['native', 'ts'].map((side) => ({ side, to: `${side}-before`, least: 0.95 }));

function codecWorks(codec, { append, read }) {
  const load = { compression: codec };
  const isStored = codec === 'zstd' && zlib.zstdCompressSync === undefined;
  const note = `${isStored ? NOT_COMPRESSED : ''}${IN_CACHE} Batches are compressed with ${codec} at Kafka's default level. Kafka decompresses what it appends once more, to check it.`;
  return [
    logWork({
      name: `append-${codec}`,
      title: `Append, ${codec}`,
      sides: engines('append', { load }),
      targets: [toKafka('native', append)],
      lines: ['append'],
      note,
    }),
    logWork({
      name: `read-${codec}`,
      title: `Read all, ${codec}`,
      sides: again(engines('read', { load, settings: { as: 'cursor' } })),
      targets: [toKafka('native', read)],
      value: lastSpeeds('read'),
      note,
    }),
  ];
}

/** Of a Node before 22.15. */
const NOT_COMPRESSED =
  'This Node has no zstd: what the TypeScript engine writes, and reads back, are valid frames of bytes that are not compressed. ';

const KILOBYTE = { recordBytes: 1000 };

/** A fifth as many records: they are of 1 KB, or appended one by one. */
function fifth(make) {
  return Object.fromEntries(
    Object.entries(make).map(([side, program]) => [
      side,
      (options) => program({ ...options, records: Math.ceil(options.records / 5000) * 1000 }),
    ]),
  );
}

export const LOG_WORKS = [
  logWork({
    name: 'append',
    title: 'Append, 100 B records, 1000 a batch',
    note: `${IN_CACHE} Kafka, seglog, the Rust log and the limits make three times as many rounds as the slower stores. Kafka checks each batch that it is given, as a leader does with a client's; seglog makes its batches itself, and has a second thread prepare the file.`,
    sides: {
      ...repeated(
        { ...engines('append'), ...commitlog('append'), ...limits(['copy', 'write']), ...olderOnes('append') },
        TIMES_APPENDING,
      ),
      ...peers(STORES, 'append'),
    },
    targets: [toKafka('native', 2.5, 3), toKafka('ts', 1, 1.2), ...overStores(10), ...olderTargets],
    value: lastSpeeds('append', 'copy', 'write'),
  }),
  logWork({
    name: 'append-one',
    title: 'Append one record a call: the store gathers',
    note: `${IN_CACHE} seglog through its writer with 5 ms linger, lmdb by its batches of an event turn, the others as they take single records.`,
    base: 'lmdb',
    sides: {
      native: (options) => writerProgram('native', options),
      ts: (options) => writerProgram('ts', options),
      ...repeated(
        fifth({ ...peers(STORES, 'append-one'), ...commitlog('append-one'), ...limits(['copy', 'write']) }),
        TIMES_APPENDING,
      ),
    },
    targets: [{ side: 'native', least: 1e6 }],
  }),
  logWork({
    name: 'read',
    title: 'Read all records in order, 100 B, checksums verified where there are any',
    note: READ_NOTE,
    sides: again({
      ...engines('read', { settings: { as: 'cursor' } }),
      ...peers(STORES, 'read'),
      ...commitlog('read'),
      ...limits(['pread']),
      ...olderOnes('read'),
    }),
    targets: [toKafka('native', 2, 2.5), ...olderTargets],
    value: lastSpeeds('read', 'pread'),
  }),
  logWork({
    name: 'read-objects',
    title: 'Read all records as JavaScript objects',
    note: READ_NOTE,
    sides: again(engines('read', { settings: { as: 'records' } })),
    targets: [toKafka('native', 0.5)],
    value: lastSpeeds('read'),
  }),
  logWork({
    name: 'seek',
    title: 'Find a random record by its offset',
    note: 'From the page cache. Kafka and seglog find the batch and read its header; the others read the value.',
    sides: again({ ...engines('seek'), ...peers(INDEXED, 'seek'), ...commitlog('seek') }),
    targets: [toKafka('native', 2)],
    value: lastSpeeds('seek'),
  }),
  logWork({
    name: 'append-1k',
    title: 'Append, 1 KB records, 1000 a batch',
    base: 'copy',
    sides: repeated(
      fifth({ ...engines('append', { load: KILOBYTE }), ...limits(['copy', 'write'], KILOBYTE) }),
      TIMES_APPENDING,
    ),
    value: lastSpeeds('append', 'copy', 'write'),
  }),
  logWork({
    name: 'read-1k',
    title: 'Read all records in order, 1 KB',
    base: 'pread',
    note: READ_NOTE,
    sides: again(
      fifth({
        ...engines('read', { load: KILOBYTE, settings: { as: 'cursor' } }),
        ...limits(['pread'], KILOBYTE),
      }),
    ),
    targets: [{ side: 'native', to: 'pread', least: 0.7 }],
    value: lastSpeeds('read', 'pread'),
  }),
  ...codecWorks('lz4', { append: 1.5, read: 1.3 }),
  ...codecWorks('zstd', { append: 0.95, read: 1.2 }),
  logWork({
    name: 'recover',
    title: 'Open after an unclean stop: every byte gone over',
    note: 'The file is in the page cache, and the same in all rounds; on every side the last rounds count. seglog divides the file among two threads, Kafka goes over it with one.',
    sides: again({ ...engines('recover'), ...limits(['pread']) }),
    value: lastSpeeds('recover', 'pread'),
    targets: [toKafka('native', 2, 2.5)],
  }),
  ...['idempotent', 'transactional'].map((producer) =>
    logWork({
      name: `append-${producer}`,
      title: `Append as ${producer === 'idempotent' ? 'an idempotent' : 'a transactional'} producer`,
      sides: engines('append', { settings: { producer }, kafkaWork: `append-${producer}` }),
      targets: [toKafka('native', 1.5)],
      lines: ['append', `append-${producer}`],
    }),
  ),
];
