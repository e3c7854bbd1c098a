/** Random damage to a partition's files, as recipes: everything that a crash, a disk or a hand can do to them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH } from '../../src/format/batch.ts';
import { segmentFileName } from '../../src/format/names.ts';
import type { Edit } from './edits.ts';
import type { Random } from './random.ts';
import { type FoundEntry, validPrefix } from './log-bytes.ts';

/** The files to damage, by name. */
type Files = ReadonlyMap<string, Buffer>;

/** One kind of damage: changes to some of the files, or none where there is nothing of its kind. */
type Kind = (random: Random, files: Files) => Edit[];

const HEADER_FIELDS = Object.values(BATCH);
/** As much as an index of the fixtures is given at once. */
const PREALLOCATED_BYTES = 102_400;

const named = (files: Files, form: RegExp): string[] => [...files.keys()].filter((name) => form.test(name));
const LOGS = /^\d{20}\.log$/;
const SMALL_FILES = /\.(index|timeindex|txnindex|snapshot)$/;

/** The last segment as often as all others together: that is where crashes happen. */
function pickLog(random: Random, files: Files): string {
  const logs = named(files, LOGS);
  return random.chance(0.5) ? (logs.at(-1) as string) : random.pick(logs);
}

function entriesOf(files: Files, name: string): readonly FoundEntry[] {
  return validPrefix(Buffer.from(files.get(name) as Buffer), BigInt(name.slice(0, 20))).entries;
}

function bytesOf(files: Files, name: string, { position, sizeBytes }: FoundEntry): Buffer {
  return (files.get(name) as Buffer).subarray(position, position + sizeBytes);
}

/** A batch of this partition, given another base offset: neither that nor the epoch is under the checksum. */
function renumbered(bytes: Buffer, baseOffset: bigint): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeBigInt64BE(baseOffset, BATCH.BASE_OFFSET);
  return copy;
}

/** A place in a file: a batch's start, near one, in a header, or anywhere. */
function pickPosition(random: Random, files: Files, name: string): number {
  const size = (files.get(name) as Buffer).length;
  const entries = LOGS.test(name) ? entriesOf(files, name) : [];
  if (entries.length === 0 || random.chance(0.3)) return random.between(0, Math.max(0, size - 1));
  const { position } = random.pick(entries);
  if (random.chance(0.6)) return Math.min(size - 1, position + random.pick(HEADER_FIELDS) + random.between(0, 3));
  return Math.max(0, Math.min(size - 1, position + random.between(-2, 2)));
}

const flipInLog: Kind = (random, files) => {
  const file = pickLog(random, files);
  return [{ op: 'flip-bit', file, at: pickPosition(random, files, file), bit: random.between(0, 7) }];
};

const truncateLog: Kind = (random, files) => {
  const file = pickLog(random, files);
  const size = (files.get(file) as Buffer).length;
  const at = random.chance(0.1) ? 0 : random.chance(0.2) ? Math.max(0, size - 1) : pickPosition(random, files, file);
  return [{ op: 'truncate', file, at }];
};

const zeroLog: Kind = (random, files) => {
  const file = pickLog(random, files);
  return [{ op: 'zero', file, at: pickPosition(random, files, file), length: random.pick([1, 12, 61, 512, 4096]) }];
};

const zeroTail: Kind = (random, files) => [
  { op: 'append-zeros', file: pickLog(random, files), length: random.pick([1, 11, 12, 16, 17, 61, 4096, 20_000]) },
];

const garbageTail: Kind = (random, files) => [
  { op: 'append-hex', file: pickLog(random, files), hex: random.bytes(random.between(1, 200)).toString('hex') },
];

/** A batch that was there before, again: the last one, any of the segment, or one of another segment. */
const repeatedTail: Kind = (random, files) => {
  const file = pickLog(random, files);
  const from = random.chance(0.7) ? file : pickLog(random, files);
  const entries = entriesOf(files, from);
  if (entries.length === 0) return [];
  const entry = random.chance(0.5) ? (entries.at(-1) as FoundEntry) : random.pick(entries);
  return [{ op: 'append-hex', file, hex: bytesOf(files, from, entry).toString('hex') }];
};

/** A valid batch behind the last one: with a gap, and now and then too far for the segment's int32. */
const leapingTail: Kind = (random, files) => {
  const file = pickLog(random, files);
  const entries = entriesOf(files, file);
  const last = entries.at(-1);
  if (last === undefined) return [];
  const gap = random.pick([0n, 1n, 7n, 1000n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 33n]);
  const bytes = renumbered(bytesOf(files, file, random.pick(entries)), last.lastOffset + 1n + gap);
  const whole = random.chance(0.8) ? bytes : bytes.subarray(0, random.between(1, bytes.length - 1));
  return [{ op: 'append-hex', file, hex: whole.toString('hex') }];
};

const batchGone: Kind = (random, files) => {
  const file = pickLog(random, files);
  const entries = entriesOf(files, file);
  if (entries.length === 0) return [];
  const { position, sizeBytes } = random.pick(entries);
  return [{ op: 'cut', file, at: position, length: sizeBytes }];
};

/** What no checksum covers: a batch's base offset or its leader epoch. */
const unguardedField: Kind = (random, files) => {
  const file = pickLog(random, files);
  const entries = entriesOf(files, file);
  if (entries.length === 0) return [];
  const { position, baseOffset } = random.pick(entries);
  if (random.chance(0.5)) {
    const epoch = Buffer.alloc(4);
    epoch.writeInt32BE(random.pick([-1, 0, 1, 2, 3, 7, 100, 2 ** 31 - 1]));
    return [{ op: 'overwrite-hex', file, at: position + BATCH.LEADER_EPOCH, hex: epoch.toString('hex') }];
  }
  const offset = Buffer.alloc(8);
  offset.writeBigInt64BE(baseOffset + random.pick([-1000n, -10n, -1n, 1n, 2n, 10n, 5000n]));
  return [{ op: 'overwrite-hex', file, at: position, hex: offset.toString('hex') }];
};

/** Index, snapshot and transaction index files: gone, short, long, zeroed, flipped. */
const smallFile: Kind = (random, files) => {
  const names = named(files, SMALL_FILES);
  if (names.length === 0) return [];
  const file = random.pick(names);
  const size = (files.get(file) as Buffer).length;
  return random.pick<() => Edit[]>([
    () => [{ op: 'delete', file }],
    () => [{ op: 'delete', file }],
    () => [{ op: 'truncate', file, at: 0 }],
    () => [{ op: 'truncate', file, at: random.between(0, size) }],
    () => [{ op: 'append-zeros', file, length: Math.max(1, PREALLOCATED_BYTES - size) }],
    () => [{ op: 'append-hex', file, hex: random.bytes(random.between(1, 60)).toString('hex') }],
    () => [{ op: 'zero', file, at: random.between(0, size), length: random.between(1, 64) }],
    () => (size === 0 ? [] : [{ op: 'flip-bit', file, at: random.between(0, size - 1), bit: random.between(0, 7) }]),
  ])();
};

/** All files of a kind gone. */
const kindGone: Kind = (random, files) => {
  const suffix = random.pick(['.index', '.timeindex', '.txnindex', '.snapshot']);
  return named(files, /./)
    .filter((name) => name.endsWith(suffix))
    .map((file) => ({ op: 'delete', file }));
};

const snapshotElsewhere: Kind = (random, files) => {
  const names = named(files, /\.snapshot$/);
  if (names.length === 0) return [];
  const file = random.pick(names);
  const to = segmentFileName(
    Math.max(1, Number(file.slice(0, 20)) + random.pick([-500, -1, 1, 3, 40, 900])),
    '.snapshot',
  );
  return [random.chance(0.5) ? { op: 'copy', file, to } : { op: 'rename', file, to }];
};

const EPOCH_FILE = 'leader-epoch-checkpoint';

const leaderEpochs: Kind = (random, files) => {
  const file = EPOCH_FILE;
  const lines = (entries: readonly string[]): Edit[] => {
    const text = ['0', String(entries.length), ...entries, ''].join('\n');
    return [{ op: 'write', file, hex: Buffer.from(text).toString('hex') }];
  };
  const middle = Number(random.pick(named(files, LOGS)).slice(0, 20)) + random.between(0, 300);
  return random.pick<() => Edit[]>([
    () => [{ op: 'delete', file }],
    () => [{ op: 'truncate', file, at: 0 }],
    () => lines([]),
    () => lines([`0 0`, `1 ${middle}`]),
    () => lines([`0 ${middle}`, `5 ${middle + 100}`, `9 ${middle + 5000}`]),
    () => lines([`3 ${middle}`]),
  ])();
};

/** What a cleaning or a deletion leaves behind when it is interrupted. */
const leftovers: Kind = (random, files) => {
  const log = random.pick(named(files, LOGS));
  const stage = random.pick(['.cleaned', '.swap', '.deleted', '.swap']);
  const prefix = log.slice(0, 20);
  const edits: Edit[] = [];
  for (const name of named(files, new RegExp(`^${prefix}\\.(log|index|timeindex|txnindex)$`))) {
    if (name !== log && random.chance(0.2)) continue;
    edits.push({ op: random.chance(0.3) && name === log ? 'rename' : 'copy', file: name, to: name + stage });
  }
  return edits;
};

const segmentGone: Kind = (random, files) => {
  const prefix = pickLog(random, files).slice(0, 20);
  const form = random.pick([/\.log$/, /\.(log|index|timeindex|txnindex)$/, /./]);
  return [...files.keys()]
    .filter((name) => name.startsWith(prefix) && form.test(name))
    .map((file) => ({ op: 'delete', file }));
};

const orphans: Kind = (random) => {
  const suffix = random.pick(['.index', '.timeindex', '.txnindex', '.log']);
  const file = segmentFileName(random.between(1, 50_000), suffix);
  return [{ op: 'write', file, hex: random.bytes(random.pick([0, 8, 12, 34])).toString('hex') }];
};

/** What happens, as often as it is listed. */
const KINDS: readonly Kind[] = [
  flipInLog,
  flipInLog,
  truncateLog,
  truncateLog,
  zeroLog,
  zeroTail,
  garbageTail,
  repeatedTail,
  leapingTail,
  batchGone,
  unguardedField,
  smallFile,
  smallFile,
  smallFile,
  kindGone,
  snapshotElsewhere,
  leaderEpochs,
  leftovers,
  segmentGone,
  orphans,
];

/** Up to three damages to the partition in `directory`, as one recipe; none now and then. */
export function randomDamage(random: Random, directory: string): Edit[] {
  const files: Files = new Map(
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, readFileSync(join(directory, name))]),
  );
  const count = random.pick([0, 1, 1, 1, 1, 2, 2, 3]);
  return Array.from({ length: count }, () => random.pick(KINDS)(random, files)).flat();
}
