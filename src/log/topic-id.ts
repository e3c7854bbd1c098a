/** The topic's id, in `partition.metadata`: what tells a partition from one of a deleted topic of the same name (spec 2.8). */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { PARTITION_FILES } from '../format/names.ts';
import { parsePartitionMetadata, printPartitionMetadata } from '../format/partition-metadata.ts';
import type { FileSystem } from '../fs/contract.ts';

/** The id that a partition's directory has, or will have with its first append. */
export class TopicId {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #id: string | undefined;
  #isWritten: boolean;

  private constructor(fs: FileSystem, path: string, id: string | undefined, isWritten: boolean) {
    this.#fs = fs;
    this.#path = path;
    this.#id = id;
    this.#isWritten = isWritten;
  }

  /**
   * Reads the directory's file; without one the id is `given`.
   *
   * @throws SeglogError `CORRUPT_CHECKPOINT`: nothing else knows the id. `TOPIC_ID_MISMATCH` when `given` is another one;
   * `INVALID_ARGUMENT` when it is none
   */
  static load(fs: FileSystem, directory: string, given: string | undefined): TopicId {
    const path = join(directory, PARTITION_FILES.metadata);
    const bytes = fs.readSmall(path);
    if (bytes === undefined) {
      if (given !== undefined) printPartitionMetadata(given);
      return new TopicId(fs, path, given, given === undefined);
    }
    const { topicId } = parsePartitionMetadata(new TextDecoder().decode(bytes), path);
    if (given === undefined || given === topicId) return new TopicId(fs, path, topicId, true);
    throw new SeglogError('TOPIC_ID_MISMATCH', 'the directory belongs to another topic of that name', {
      file: path,
      expected: given,
      found: topicId,
      action: 'Open it without a topic id, or with its own',
    });
  }

  /** 22 characters of base64url; undefined when there is none. */
  get value(): string | undefined {
    return this.#id;
  }

  /** Writes the file, if it is not there yet: before the first append. */
  write(): void {
    if (this.#isWritten || this.#id === undefined) return;
    this.#fs.replaceSmall(this.#path, new TextEncoder().encode(printPartitionMetadata(this.#id)));
    this.#isWritten = true;
  }
}
