/**
 * The producer snapshots of a partition: `<offset>.snapshot` is the producer state of everything below that offset.
 *
 * A snapshot is written in place. What a crash leaves of it fails its checksum, or is gone, and then the next older one and
 * the log itself tell the same.
 */
import { join } from 'node:path';
import { SeglogError } from '../../errors/errors.ts';
import { baseOffsetOfName, SUFFIXES, segmentFileName } from '../../format/names.ts';
import {
  type Crc32c,
  decodeProducerSnapshot,
  encodeProducerSnapshot,
  type ProducerSnapshotEntry,
} from '../../format/producer-snapshot.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { ProducerEntry } from './producer-entry.ts';

/** Room for 23 million producers. */
const MAX_SNAPSHOT_BYTES = 2 ** 30;

/** What {@link SnapshotFiles} work with. */
export interface SnapshotFilesOptions {
  readonly fs: FileSystem;
  readonly crc32c: Crc32c;
  /** The partition's directory. */
  readonly directory: string;
  /** The offsets of the snapshots there, in any order; the directory is listed when they are left out. */
  readonly snapshotOffsets?: readonly number[];
  /** Whether the directory is to stay as it is: nothing is written or removed, only what is here is forgotten. */
  readonly isReadOnly?: boolean;
  /** Is told of every snapshot that could not be used. */
  readonly onProblem?: (problem: SeglogError) => void;
}

function listOffsets(fs: FileSystem, directory: string): number[] {
  return fs.list(directory).flatMap((name) => {
    const offset = baseOffsetOfName(name, SUFFIXES.producerSnapshot);
    return offset !== undefined && offset <= Number.MAX_SAFE_INTEGER ? [Number(offset)] : [];
  });
}

/** An int64 of a snapshot as a number. */
function exact(value: bigint, field: string, file: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new SeglogError('CORRUPT_SNAPSHOT', `a producer's ${field} is out of range`, {
    file,
    expected: 'an integer within 2^53',
    found: value,
  });
}

function entryOf(stored: ProducerSnapshotEntry, file: string): ProducerEntry {
  const entry = new ProducerEntry(exact(stored.producerId, 'id', file));
  const lastOffset = exact(stored.lastOffset, 'last offset', file);
  const timestamp = exact(stored.timestamp, 'timestamp', file);
  entry.producerEpoch = stored.producerEpoch;
  entry.coordinatorEpoch = stored.coordinatorEpoch;
  entry.lastTimestamp = timestamp;
  entry.currentTxnFirstOffset = Math.max(-1, exact(stored.currentTxnFirstOffset, 'transaction offset', file));
  if (lastOffset >= 0) {
    const { lastSequence, offsetDelta } = stored;
    entry.addBatch(stored.producerEpoch, { lastSequence, lastOffset, offsetDelta, timestamp });
  }
  return entry;
}

/** Whether a snapshot is damaged, or of a kind that Kafka does not know: then it is worth nothing. */
function isWorthless(problem: SeglogError): boolean {
  return problem.code === 'CORRUPT_SNAPSHOT' || problem.code === 'UNSUPPORTED_VERSION';
}

/** The snapshots that are there, by offset. Whoever removes one in another way tells with {@link delete}. */
export class SnapshotFiles {
  readonly #fs: FileSystem;
  readonly #crc32c: Crc32c;
  readonly #directory: string;
  readonly #isReadOnly: boolean;
  readonly #onProblem: ((problem: SeglogError) => void) | undefined;
  #offsets: number[];

  constructor(options: SnapshotFilesOptions) {
    const { fs, crc32c, directory, snapshotOffsets, isReadOnly = false, onProblem } = options;
    this.#fs = fs;
    this.#isReadOnly = isReadOnly;
    this.#crc32c = crc32c;
    this.#directory = directory;
    this.#onProblem = onProblem;
    this.#offsets = [...(snapshotOffsets ?? listOffsets(fs, directory))].sort((a, b) => a - b);
  }

  /** Ascending. */
  get offsets(): readonly number[] {
    return this.#offsets;
  }

  get latest(): number | undefined {
    return this.#offsets.at(-1);
  }

  get oldest(): number | undefined {
    return this.#offsets[0];
  }

  /** Writes a snapshot; with `sync` its bytes, though not yet its name, are on the disk when this returns. */
  write(offset: number, entries: Iterable<ProducerEntry>, sync: boolean): void {
    if (this.#isReadOnly) return;
    const path = this.#path(offset);
    // By id: near to the order of Kafka, which is that of a hash table.
    const stored = [...entries].sort((a, b) => a.producerId - b.producerId).map((entry) => entry.toSnapshot());
    const bytes = encodeProducerSnapshot(stored, this.#crc32c);
    this.#forget(offset);
    const file = this.#fs.open(path, 'create');
    try {
      file.truncate(0);
      file.write(bytes, 0, bytes.length, 0);
      if (sync) file.syncSync();
    } finally {
      file.close();
    }
    this.#offsets.push(offset);
    this.#offsets.sort((a, b) => a - b);
  }

  /** Brings a snapshot to the disk that was written without. */
  sync(offset: number): void {
    if (this.#isReadOnly) return;
    const file = this.#fs.open(this.#path(offset), 'update');
    try {
      file.syncSync();
    } finally {
      file.close();
    }
  }

  /** The producers in a snapshot; undefined when it cannot be used, and then it is one no more. */
  read(offset: number): ProducerEntry[] | undefined {
    const path = this.#path(offset);
    try {
      const bytes = this.#fs.readSmall(path, MAX_SNAPSHOT_BYTES);
      if (bytes !== undefined) {
        return decodeProducerSnapshot(bytes, this.#crc32c, path).map((stored) => entryOf(stored, path));
      }
    } catch (error) {
      if (!(error instanceof SeglogError) || error.code === 'IO') throw error;
      if (isWorthless(error) && !this.#isReadOnly) this.#fs.remove(path);
      this.#onProblem?.(error);
    }
    this.#forget(offset);
    return undefined;
  }

  /** Removes a snapshot; one that is not there is no error. */
  delete(offset: number): void {
    if (!this.#isReadOnly) this.#fs.remove(this.#path(offset));
    this.#forget(offset);
  }

  deleteWhere(isUnwanted: (offset: number) => boolean): void {
    for (const offset of this.#offsets.filter(isUnwanted)) this.delete(offset);
  }

  /** Snapshots whose files were moved away. */
  forget(offsets: ReadonlySet<number>): void {
    // Retention takes the oldest, a few at a time: thousands behind them need not be looked at.
    const oldest = this.#offsets.findIndex((offset) => !offsets.has(offset));
    const gone = this.#offsets.splice(0, oldest < 0 ? this.#offsets.length : oldest);
    if (gone.length < offsets.size) this.#offsets = this.#offsets.filter((offset) => !offsets.has(offset));
  }

  #path(offset: number): string {
    return join(this.#directory, segmentFileName(offset, SUFFIXES.producerSnapshot));
  }

  #forget(offset: number): void {
    this.#offsets = this.#offsets.filter((other) => other !== offset);
  }
}
