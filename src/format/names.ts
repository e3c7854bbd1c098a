/**
 * The names of files and directories.
 *
 *     <topic>-<partition>/                  a partition's log
 *       00000000000000000042.log            a segment whose base offset is 42, and what goes with it:
 *       00000000000000000042.index          offset index
 *       00000000000000000042.timeindex      time index
 *       00000000000000000042.txnindex       aborted transactions, only when there are any
 *       00000000000000000042.snapshot       producer state up to 42, exclusive
 *       leader-epoch-checkpoint, partition.metadata
 *     recovery-point-offset-checkpoint, log-start-offset-checkpoint, ...   of all partitions, beside their directories
 *
 * Source: spec 2.1, Kafka's `LogFileUtils` and `Topic`.
 */
import { SeglogError } from '../errors/errors.ts';

/** How many digits a base offset has in a file name. */
const OFFSET_DIGITS = 20;
const MAX_TOPIC_LENGTH = 249;
/** What file systems take. */
const MAX_NAME_LENGTH = 255;
const LEAVING = /\.[0-9a-f]{32}-(delete|stray|future)$/;

export const SUFFIXES = {
  log: '.log',
  offsetIndex: '.index',
  timeIndex: '.timeindex',
  transactionIndex: '.txnindex',
  producerSnapshot: '.snapshot',
} as const;

/** What is put behind the whole name of a file on its way in or out. */
export const STAGES = {
  /** Being written by compaction or a split: worthless after a crash. */
  cleaned: '.cleaned',
  /** Written whole, about to take the place of what it was made from. */
  swap: '.swap',
  /** No longer part of the log. */
  deleted: '.deleted',
} as const;

/** Where recovery puts what it cuts, in the partition directory: a folder in the log directory would stop a broker. */
export const QUARANTINE = 'quarantine';

/** Names beside the partition directories. */
export const LOG_DIRECTORY_FILES = {
  cleanShutdown: '.kafka_cleanshutdown',
  recoveryPoints: 'recovery-point-offset-checkpoint',
  logStartOffsets: 'log-start-offset-checkpoint',
  highWatermarks: 'replication-offset-checkpoint',
  cleanerOffsets: 'cleaner-offset-checkpoint',
  metaProperties: 'meta.properties',
  /** Beside the metadata log's directory: what a new cluster's log begins with. */
  bootstrap: 'bootstrap.checkpoint',
  /** seglog's own, beside the metadata log's directory: deletions that are not done. Kafka passes over names it does not know. */
  deletions: '.seglog_deletions',
  /** seglog's own, in the other log directories: the `directory.id` of the one that has the metadata log. */
  metadataPlace: '.seglog_metadata',
  /** seglog's own, of earlier versions: the topics of a store. */
  topics: '.seglog_topics',
} as const;

/** Kafka's log of its own metadata, which lies among the partitions and is nobody's topic. */
export const METADATA_TOPIC = '__cluster_metadata';

/** The directory of its one partition. */
export const METADATA_DIRECTORY: string = `${METADATA_TOPIC}-0`;

/** Its topic's id, the same in every cluster. */
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

/** In the directory of the metadata log: whom this node voted for. */
export const QUORUM_STATE = 'quorum-state';

/** Names in a partition directory, besides the segments. */
export const PARTITION_FILES = {
  leaderEpochs: 'leader-epoch-checkpoint',
  metadata: 'partition.metadata',
  /** seglog's own: a log opened alone was closed clean. Kafka passes over names that it does not know. */
  cleanShutdown: '.seglog_cleanshutdown',
} as const;

/** A topic and the number of one of its partitions. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * The offset that a file's name starts with, as Kafka reads it: the digits before the first dot. undefined when there are
 * none, or they are beyond what can be counted exactly.
 */
export function leadingOffset(name: string): number | undefined {
  const digits = /^(\d{1,20})\./.exec(name)?.[1];
  const offset = digits === undefined ? Number.NaN : Number(digits);
  return Number.isSafeInteger(offset) ? offset : undefined;
}

/** The name of a segment's file: `segmentFileName(42, '.log')` is `00000000000000000042.log`. */
export function segmentFileName(baseOffset: number, suffix: string): string {
  return String(baseOffset).padStart(OFFSET_DIGITS, '0') + suffix;
}

/** The base offset in the name of a file with that suffix, exact; undefined when the name is not of that form. */
export function baseOffsetOfName(name: string, suffix: string): bigint | undefined {
  if (name.length !== OFFSET_DIGITS + suffix.length || !name.endsWith(suffix)) return undefined;
  const digits = name.slice(0, OFFSET_DIGITS);
  return /^\d+$/.test(digits) ? BigInt(digits) : undefined;
}

/**
 * Checks that a topic can have this name.
 *
 * @throws SeglogError `INVALID_NAME`
 */
export function checkTopicName(topic: string): void {
  const problem = topicNameProblem(topic);
  if (problem === undefined) return;
  throw new SeglogError('INVALID_NAME', 'this is not the name of a topic', {
    expected: `1 to ${MAX_TOPIC_LENGTH} ASCII letters, digits, ".", "_" and "-"`,
    found: `${JSON.stringify(topic.slice(0, MAX_TOPIC_LENGTH + 1))} (${problem})`,
  });
}

/** What a log's directory is on its way to: removal, being looked at by somebody, or the place of another copy. */
export type Leaving = 'delete' | 'stray' | 'future';

/** What the name of a partition directory says that is not, or no longer, live; undefined for every other name. */
export function leavingOf(name: string): Leaving | undefined {
  return LEAVING.exec(name)?.[1] as Leaving | undefined;
}

/**
 * The name of a partition's directory on its way out: `events-0.<32 hex digits>-delete`. A long topic is cut, so that file
 * systems take the name.
 *
 * @param uniqueId - 32 hex digits
 */
export function leavingDirectoryName(
  { topic, partition }: TopicPartition,
  uniqueId: string,
  leaving: 'delete' | 'stray',
): string {
  const suffix = `-${partition}.${uniqueId}-${leaving}`;
  return topic.slice(0, MAX_NAME_LENGTH - suffix.length) + suffix;
}

/** Why a topic cannot have this name; undefined when it can. */
function topicNameProblem(topic: string): string | undefined {
  if (topic === '') return 'it is empty';
  if (topic === '.' || topic === '..') return 'it is "." or ".."';
  if (topic.length > MAX_TOPIC_LENGTH) return `it is longer than ${MAX_TOPIC_LENGTH} characters`;
  if (!/^[a-zA-Z0-9._-]+$/.test(topic)) return 'it has a character other than ASCII letters, digits, ".", "_" and "-"';
  return undefined;
}

/**
 * Takes a partition directory's name apart at its last `-`.
 *
 * @throws SeglogError `INVALID_NAME` when Kafka would not take a directory of that name for a live partition: an illegal
 * topic, a partition that is no number from 0 to 2^31-1, or one of Kafka's own names for deleted, stray and future logs.
 */
export function parsePartitionDirectory(name: string): TopicPartition {
  const fail = (why: string): never => {
    throw new SeglogError('INVALID_NAME', 'this is not the name of a partition directory', {
      expected: '<topic>-<partition>, such as "events-0"',
      found: `${JSON.stringify(name)} (${why})`,
      action: 'Name the directory as Kafka does, so that Kafka can open it',
    });
  };
  if (LEAVING.test(name)) fail('a deleted, stray or future log');
  const dash = name.lastIndexOf('-');
  if (dash <= 0) fail('it has no "-<partition>"');
  const digits = name.slice(dash + 1);
  if (!/^(0|[1-9]\d{0,9})$/.test(digits) || Number(digits) > 0x7fffffff)
    fail('what follows the last "-" is no partition number');
  const topic = name.slice(0, dash);
  const problem = topicNameProblem(topic);
  if (problem !== undefined) fail(`as for the topic, ${problem}`);
  return { topic, partition: Number(digits) };
}
