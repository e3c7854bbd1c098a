/** A checkpoint beside the partition directories, held in memory while its directory is locked. */
import { SeglogError } from '../errors/errors.ts';
import { parsePartitionOffsets, printPartitionOffsets } from '../format/checkpoint.ts';
import type { TopicPartition } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';

/** The most that is read of a checkpoint: hundreds of thousands of partitions. What is larger cannot be one. */
export const MAX_CHECKPOINT_BYTES: number = 64 * 1024 * 1024;

interface Line extends TopicPartition {
  offset: bigint;
}

/** The offsets of all partitions of a directory; lines of partitions that are not ours stay as they are. */
export class OffsetCheckpoint {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #problem: SeglogError | undefined;
  readonly #lines = new Map<string, Line>();
  /** A file that cannot be read as a checkpoint counts as an empty one, as in Kafka; it is kept beside the new one. */
  #isReadable = true;
  #isThere = false;
  #isDirty = false;

  /** @throws SeglogError `IO`, `NOT_A_REGULAR_FILE` */
  constructor(fs: FileSystem, path: string) {
    this.#fs = fs;
    this.#path = path;
    try {
      const bytes = fs.readSmall(path, MAX_CHECKPOINT_BYTES);
      if (bytes === undefined) return;
      this.#isThere = true;
      for (const line of parsePartitionOffsets(new TextDecoder().decode(bytes), path)) {
        this.#lines.set(keyOf(line), { ...line });
      }
    } catch (error) {
      if (!(error instanceof SeglogError && isUnreadable(error))) throw error;
      this.#isThere = true;
      this.#isDirty = true;
      this.#problem = error;
      this.#isReadable = false;
    }
  }

  /** Why the file could not be read as a checkpoint when it was opened. */
  get problem(): SeglogError | undefined {
    return this.#problem;
  }

  /** Whether there is such a file, of whatever content. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** undefined when nothing is known, or it is no offset that can be. */
  get(partition: TopicPartition): number | undefined {
    const offset = Number(this.#lines.get(keyOf(partition))?.offset ?? -1n);
    return offset >= 0 && Number.isSafeInteger(offset) ? offset : undefined;
  }

  /** Sets a partition's offset, or takes its line away. */
  set(partition: TopicPartition, offset: number | undefined): void {
    const key = keyOf(partition);
    const line = this.#lines.get(key);
    if (offset === undefined) {
      this.#isDirty = this.#lines.delete(key) || this.#isDirty;
    } else if (line === undefined) {
      this.#lines.set(key, { ...partition, offset: BigInt(offset) });
      this.#isDirty = true;
    } else if (line.offset !== BigInt(offset)) {
      line.offset = BigInt(offset);
      this.#isDirty = true;
    }
  }

  /** From now on there is such a file, even an empty one. */
  keep(): void {
    this.#isDirty ||= !this.#isThere;
  }

  /** Replaces the file if something changed. */
  write(): void {
    if (!this.#isDirty) return;
    if (!this.#isReadable) {
      this.#fs.rename(this.#path, `${this.#path}.unreadable`);
      this.#isReadable = true;
    }
    this.#fs.replaceSmall(this.#path, new TextEncoder().encode(printPartitionOffsets([...this.#lines.values()])));
    this.#isThere = true;
    this.#isDirty = false;
  }
}

/** Whether the contents are at fault, and not the machine. */
export function isUnreadable({ code }: SeglogError): boolean {
  return code !== 'IO' && code !== 'NOT_A_REGULAR_FILE';
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
