/** What a file is, by its name: Kafka's names say it, and nothing in the bytes does. */
import { basename } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { baseOffsetOfName, LOG_DIRECTORY_FILES, PARTITION_FILES, SUFFIXES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { printable } from './byte-encoding.ts';

/** A kind of file that can be dumped. */
export type FileKind =
  | 'log'
  | 'offset-index'
  | 'time-index'
  | 'transaction-index'
  | 'producer-snapshot'
  | 'partition-offsets'
  | 'leader-epochs'
  | 'partition-metadata';

/** A file and what its name says. */
export interface KnownFile {
  readonly path: string;
  readonly kind: FileKind;
  /** From the name; undefined when the name has none. */
  readonly baseOffset: bigint | undefined;
  /** How Kafka's dump heads the file's batches; undefined for other files. */
  readonly heading: string | undefined;
}

/** Stages of a file on its way in or out: the bytes are of the same kind. */
const STAGES = /\.(deleted|cleaned|swap)$/;
const SNAPSHOT = /^(\d{20})-(\d{10})\.checkpoint$/;
const PARTITION_OFFSETS: readonly string[] = [
  LOG_DIRECTORY_FILES.recoveryPoints,
  LOG_DIRECTORY_FILES.highWatermarks,
  LOG_DIRECTORY_FILES.cleanerOffsets,
  LOG_DIRECTORY_FILES.logStartOffsets,
];
/** What is understood, for people. */
const UNDERSTOOD: string = [
  '.log, .index, .timeindex, .txnindex, .snapshot, KRaft .checkpoint',
  PARTITION_FILES.leaderEpochs,
  PARTITION_FILES.metadata,
  ...PARTITION_OFFSETS,
].join(', ');

function ofBatches(path: string, name: string): KnownFile | undefined {
  const snapshot = SNAPSHOT.exec(name);
  if (snapshot !== null) {
    const [, offset = '', epoch = ''] = snapshot;
    return {
      path,
      kind: 'log',
      baseOffset: undefined,
      heading: `Snapshot end offset: ${BigInt(offset)}, epoch: ${Number(epoch)}`,
    };
  }
  if (name === 'bootstrap.checkpoint')
    return { path, kind: 'log', baseOffset: undefined, heading: 'KRaft bootstrap snapshot' };
  if (!name.endsWith(SUFFIXES.log)) return undefined;
  const baseOffset = baseOffsetOfName(name, SUFFIXES.log);
  return {
    path,
    kind: 'log',
    baseOffset,
    heading: baseOffset === undefined ? undefined : `Log starting offset: ${baseOffset}`,
  };
}

/** What the name says; undefined when it says nothing that is understood. */
function kindOfName(path: string): KnownFile | undefined {
  const name = basename(path).replace(STAGES, '');
  const batches = ofBatches(path, name);
  if (batches !== undefined) return batches;
  const known = (kind: FileKind, suffix?: string): KnownFile => ({
    path,
    kind,
    baseOffset: suffix === undefined ? undefined : baseOffsetOfName(name, suffix),
    heading: undefined,
  });
  // ".timeindex" and ".txnindex" do not end with ".index": the dot tells them apart.
  if (name.endsWith(SUFFIXES.offsetIndex)) return known('offset-index', SUFFIXES.offsetIndex);
  if (name.endsWith(SUFFIXES.timeIndex)) return known('time-index', SUFFIXES.timeIndex);
  if (name.endsWith(SUFFIXES.transactionIndex)) return known('transaction-index', SUFFIXES.transactionIndex);
  if (name.endsWith(SUFFIXES.producerSnapshot)) return known('producer-snapshot', SUFFIXES.producerSnapshot);
  if (PARTITION_OFFSETS.includes(name)) return known('partition-offsets');
  if (name === PARTITION_FILES.leaderEpochs) return known('leader-epochs');
  if (name === PARTITION_FILES.metadata) return known('partition-metadata');
  return undefined;
}

/** @throws SeglogError `INVALID_ARGUMENT` for a directory, and for a name that is not understood */
export function knownFile(fs: FileSystem, path: string): KnownFile {
  if (fs.stat(path)?.isDirectory === true) {
    throw new SeglogError('INVALID_ARGUMENT', `${printable(path)} is a directory`, {
      action: 'Name the files in it, for example its *.log',
    });
  }
  const known = kindOfName(path);
  if (known !== undefined) return known;
  throw new SeglogError('INVALID_ARGUMENT', 'the name says no kind of file that can be dumped', {
    expected: UNDERSTOOD,
    found: printable(basename(path)),
  });
}
