/** What the log directory, the parent of a partition's directory, says of the partition, for whoever only reads it. */
import { dirname, join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { parsePartitionOffsets } from '../format/checkpoint.ts';
import type { TopicPartition } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { isUnreadable, MAX_CHECKPOINT_BYTES } from './offset-checkpoint.ts';

const decoder = new TextDecoder();

/** The checkpointed offset of a partition; undefined when there is none, or the file cannot be read as one. */
export function readCheckpoint(
  fs: FileSystem,
  directory: string,
  name: string,
  partition: TopicPartition,
  onProblem: (problem: SeglogError) => void,
): number | undefined {
  const path = join(dirname(directory), name);
  try {
    const bytes = fs.readSmall(path, MAX_CHECKPOINT_BYTES);
    if (bytes === undefined) return undefined;
    const entries = parsePartitionOffsets(decoder.decode(bytes), path);
    const entry = entries.find(
      ({ topic, partition: number }) => topic === partition.topic && number === partition.partition,
    );
    return entry && Number(entry.offset);
  } catch (error) {
    if (!(error instanceof SeglogError && isUnreadable(error))) throw error;
    // As Kafka: an unreadable checkpoint is an empty one. Nothing depends on it but how much is scanned and shown.
    onProblem(error);
    return undefined;
  }
}
