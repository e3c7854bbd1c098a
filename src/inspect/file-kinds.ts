/** What a file is, by its name: Kafka's names say it, and nothing in the bytes does. */
import { basename } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { baseOffsetOfName, LOG_DIRECTORY_FILES, PARTITION_FILES, STAGES, SUFFIXES } from '../format/names.ts';
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
  | 'partition-metadata'
  | 'meta-properties'
  | 'quorum-state'
  | 'clean-mark';

/** A file and what its name says. */
export interface KnownFile {
  readonly path: string;
  readonly kind: FileKind;
  /** From the name; undefined when the name has none. */
  readonly baseOffset: bigint | undefined;
  /** How Kafka's dump heads the file's batches; undefined for other files. */
  readonly heading: string | undefined;
  /** The suffix of a file on its way in or out, from {@link STAGES}, or in quarantine; undefined for a part of the log. */
  readonly stage: string | undefined;
}

/** What recovery and repair cut from a file is kept under its name and where it stood; a number keeps names apart. */
const QUARANTINED = /(?:\.from-\d+(?:\.\d+)?|(?<=^\d{20}\.[a-z]+)\.[1-9]\d*)$/;
const SNAPSHOT = /^(\d{20})-(\d{10})\.checkpoint$/;
const PARTITION_OFFSETS: readonly string[] = [
  LOG_DIRECTORY_FILES.recoveryPoints,
  LOG_DIRECTORY_FILES.highWatermarks,
  LOG_DIRECTORY_FILES.cleanerOffsets,
  LOG_DIRECTORY_FILES.logStartOffsets,
];
/** Files of one name that are neither batches nor entries about partitions. */
const SINGLE: Readonly<Record<string, FileKind>> = {
  [PARTITION_FILES.leaderEpochs]: 'leader-epochs',
  [PARTITION_FILES.metadata]: 'partition-metadata',
  'quorum-state': 'quorum-state',
  'meta.properties': 'meta-properties',
  [LOG_DIRECTORY_FILES.cleanShutdown]: 'clean-mark',
};
/** What is understood, for people. */
const UNDERSTOOD: string = [
  '.log, .index, .timeindex, .txnindex, .snapshot, KRaft .checkpoint',
  ...PARTITION_OFFSETS,
  ...Object.keys(SINGLE),
].join(', ');
/** What a name says of the file behind a path. */
type Named = Omit<KnownFile, 'path' | 'stage'>;

function ofBatches(name: string): Named | undefined {
  const snapshot = SNAPSHOT.exec(name);
  if (snapshot !== null) {
    const [, offset = '', epoch = ''] = snapshot;
    const heading = `Snapshot end offset: ${BigInt(offset)}, epoch: ${Number(epoch)}`;
    return { kind: 'log', baseOffset: undefined, heading };
  }
  if (name === 'bootstrap.checkpoint')
    return { kind: 'log', baseOffset: undefined, heading: 'KRaft bootstrap snapshot' };
  if (!name.endsWith(SUFFIXES.log)) return undefined;
  const baseOffset = baseOffsetOfName(name, SUFFIXES.log);
  return {
    kind: 'log',
    baseOffset,
    heading: baseOffset === undefined ? undefined : `Log starting offset: ${baseOffset}`,
  };
}

function ofEntries(name: string): Named | undefined {
  const known = (kind: FileKind, suffix?: string): Named => ({
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
  const single = Object.hasOwn(SINGLE, name) ? SINGLE[name] : undefined;
  return single === undefined ? undefined : known(single);
}

/** What the name says; undefined when it says nothing that is understood. Looks at no file. */
export function kindOfName(path: string): KnownFile | undefined {
  const whole = basename(path);
  const stage = Object.values(STAGES).find((suffix) => whole.endsWith(suffix)) ?? QUARANTINED.exec(whole)?.[0];
  const name = stage === undefined ? whole : whole.slice(0, -stage.length);
  const known = ofBatches(name) ?? ofEntries(name);
  return known === undefined ? undefined : { path, stage, ...known };
}

/** @throws SeglogError `INVALID_ARGUMENT` for a name that is not understood */
export function knownFile(path: string): KnownFile {
  const known = kindOfName(path);
  if (known !== undefined) return known;
  throw new SeglogError('INVALID_ARGUMENT', 'the name says no kind of file that can be dumped', {
    expected: UNDERSTOOD,
    found: printable(basename(path)),
  });
}
