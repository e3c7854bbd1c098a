/** Works where done means on the disk, and how near appending comes to the machine's limits, both taken in turn by one process. */
import path from 'node:path';
import { rust, script, seglogBench } from '../harness/programs.mjs';
import { loadOf, recordSpeeds } from './program-makers.mjs';
import { shares } from './shares.mjs';

const APPENDERS = 64;
const DURABLE_RECORDS = { group: 20_000, single: 1000 };
/** LMDB, SQLite and LevelDB can promise it too; a file can be synced. */
const STORES = ['lmdb', 'sqlite', 'level', 'stream'];

/** Syncing takes some milliseconds: as many records as without would take hours. */
function countOf(kind, { quick }) {
  return quick ? DURABLE_RECORDS[kind] / 10 : DURABLE_RECORDS[kind];
}

function durableSeglog(engine, kind, options) {
  const { directory, rounds, warm } = options;
  return seglogBench(engine, 'append', directory, {
    records: countOf(kind, options),
    durability: kind === 'group' ? 'group' : 'fsync',
    appenders: kind === 'group' ? APPENDERS : undefined,
    rounds: rounds + warm,
  });
}

function durablePeer(side, { directory, records, recordBytes, few, appenders }) {
  const place = path.join(directory, side);
  return script('peers/peer-worker.mjs', [side, 'durable', place, records, recordBytes, 1, few, appenders]);
}

function durableSides(kind) {
  const seglog = (engine) => (options) => durableSeglog(engine, kind, options);
  const appenders = kind === 'group' ? APPENDERS : 1;
  const peers = STORES.map((side) => [
    side,
    (options) =>
      // Most of them sync for each record: fewer are enough.
      durablePeer(side, loadOf(options, { records: Math.max(200, countOf(kind, options) / 10), appenders })),
  ]);
  const fdatasync = ({ directory, rounds, warm, ...options }) =>
    rust('limits', ['fdatasync', path.join(directory, 'limits'), countOf('single', options), 110, 1, rounds + warm]);
  return { native: seglog('native'), ts: seglog('ts'), ...Object.fromEntries(peers), fdatasync };
}

/** The records a second that were on the disk; of a bare loop every write is one. */
const durableSpeeds = recordSpeeds('append', 'durable', 'fdatasync');

export const DISK_WORKS = [
  {
    name: 'durable-group',
    section: 'disk',
    title: '64 writers of one record each, each waiting until its own is on the disk',
    unit: 'records/s',
    better: 'more',
    base: 'fdatasync',
    note: 'On the disk before an append is done: seglog by one fdatasync for all who wait, lmdb by its batches, SQLite (synchronous FULL), LevelDB (sync) and the file by a sync of their own.',
    sides: durableSides('group'),
    targets: [],
    value: durableSpeeds,
  },
  {
    name: 'durable-one',
    section: 'disk',
    title: 'One writer of single records, each on the disk before the next',
    unit: 'records/s',
    better: 'more',
    base: 'fdatasync',
    note: 'On the disk before an append is done.',
    sides: durableSides('single'),
    targets: [],
    value: durableSpeeds,
  },
  {
    name: 'group-share',
    like: 'durable-group',
    section: 'disk',
    title: 'Syncs a second of 64 writers, as a share of a bare loop of write and fdatasync',
    unit: 'share',
    better: 'more',
    note: 'The loop writes to a file as many bytes as came to the log between two syncs, and calls fdatasync; log and loop take turns of 64 syncs in one process.',
    sides: Object.fromEntries(
      ['native', 'ts'].map((engine) => [engine, (options) => durableSeglog(engine, 'group', options)]),
    ),
    targets: [{ side: 'native', least: 0.8 }],
    value: shares('append', 'sync', (ours, bare) => ours.syncsPerSecond / bare.recordsPerSecond),
  },
  {
    name: 'copy-share',
    section: 'disk',
    title: 'Appending 1 KB records, as a share of 1 MiB copies into a fresh mapping',
    unit: 'share',
    better: 'more',
    note: 'The copies have their pages made ahead by another thread and go past the caches, as appends do; both take turns in one process.',
    sides: {
      native: ({ directory, records, rounds, warm }) =>
        seglogBench('native', 'copy', directory, {
          records: Math.ceil(records / 5000) * 1000,
          'record-bytes': 1000,
          'batch-records': 1000,
          rounds: rounds + warm,
        }),
    },
    targets: [{ side: 'native', least: 0.65, aim: 0.8 }],
    value: shares('append', 'copy', (append, copy) => append.megabytesPerSecond / copy.megabytesPerSecond),
  },
];
