/** What the log directory, the parent of a partition's directory, says of the partition. */
import { dirname, join } from 'node:path';
import type { SeglogError } from '../errors/errors.ts';
import {
  type PartitionOffset,
  parseLeaderEpochs,
  parsePartitionOffsets,
  printLeaderEpochs,
  printPartitionOffsets,
} from '../format/checkpoint.ts';
import { PARTITION_FILES, type TopicPartition } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The checkpointed offset of a partition; undefined when there is none, or the file cannot be read as one. */
export function readCheckpoint(
  fs: FileSystem,
  directory: string,
  name: string,
  partition: TopicPartition,
  onProblem: (problem: SeglogError) => void,
): number | undefined {
  const path = join(dirname(directory), name);
  const bytes = fs.readSmall(path);
  if (bytes === undefined) return undefined;
  try {
    const entries = parsePartitionOffsets(decoder.decode(bytes), path);
    const entry = entries.find(
      ({ topic, partition: number }) => topic === partition.topic && number === partition.partition,
    );
    return entry && Number(entry.offset);
  } catch (error) {
    // As Kafka: an unreadable checkpoint is an empty one. Nothing depends on it but how much is scanned and shown.
    onProblem(error as SeglogError);
    return undefined;
  }
}

/**
 * Changes our own line in a checkpoint that is there; the others stay as they are. A missing file stays missing, and one that
 * cannot be read stays as it is: it says nothing of us, to Kafka neither.
 */
export function updateCheckpoint(
  fs: FileSystem,
  directory: string,
  name: string,
  partition: TopicPartition,
  offset: number,
): void {
  const path = join(dirname(directory), name);
  const bytes = fs.readSmall(path);
  if (bytes === undefined) return;
  const entries = entriesOrNone(decoder.decode(bytes), path);
  if (entries === undefined) return;
  const isOurs = (entry: TopicPartition): boolean =>
    entry.topic === partition.topic && entry.partition === partition.partition;
  if (entries.some((entry) => isOurs(entry) && entry.offset === BigInt(offset))) return;
  const others = entries.filter((entry) => !isOurs(entry));
  fs.replaceSmall(path, encoder.encode(printPartitionOffsets([...others, { ...partition, offset: BigInt(offset) }])));
}

function entriesOrNone(text: string, path: string): PartitionOffset[] | undefined {
  try {
    return parsePartitionOffsets(text, path);
  } catch {
    return undefined;
  }
}

/** The latest leader epoch of a partition; undefined when it has none yet. */
export function readLatestEpoch(fs: FileSystem, directory: string): number | undefined {
  const path = join(directory, PARTITION_FILES.leaderEpochs);
  const bytes = fs.readSmall(path);
  return bytes && parseLeaderEpochs(decoder.decode(bytes), path).at(-1)?.epoch;
}

/** Notes the first epoch of a new log. */
export function writeFirstEpoch(fs: FileSystem, directory: string, epoch: number, startOffset: number): void {
  const text = printLeaderEpochs([{ epoch, startOffset: BigInt(startOffset) }]);
  fs.replaceSmall(join(directory, PARTITION_FILES.leaderEpochs), encoder.encode(text));
}
