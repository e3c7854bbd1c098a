/**
 * Which leader epoch started where: the content of `leader-epoch-checkpoint`. Epochs and start offsets rise from entry to
 * entry. Source: spec 3.10, Kafka's `LeaderEpochFileCache`.
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { parseLeaderEpochs, printLeaderEpochs } from '../format/checkpoint.ts';
import { PARTITION_FILES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { type Epoch, MAX_INT32, type Offset } from '../units/units.ts';

/** Where a leader epoch starts. */
export interface LeaderEpoch {
  readonly epoch: Epoch;
  readonly startOffset: Offset;
}

/** Where an epoch ends; both are -1 when nothing is known of it. */
export interface EpochEnd {
  /** The epoch asked for, or the largest known one below it. */
  readonly epoch: Epoch;
  /** Where the next epoch starts, or the log ends. */
  readonly endOffset: Offset;
}

const UNKNOWN: EpochEnd = { epoch: -1, endOffset: -1 };

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function isOutOfRange({ epoch, startOffset }: LeaderEpoch): boolean {
  return epoch < 0 || epoch > MAX_INT32 || startOffset < 0 || !Number.isSafeInteger(startOffset);
}

/** An epoch that starts replaces what contradicts it: all that is no older, or starts no earlier. */
function withEpoch(entries: readonly LeaderEpoch[], added: LeaderEpoch): LeaderEpoch[] {
  const keptUpTo = entries.findLastIndex(
    ({ epoch, startOffset }) => epoch < added.epoch && startOffset < added.startOffset,
  );
  return [...entries.slice(0, keptUpTo + 1), added];
}

/** Whether the latest epoch says already where this one starts. */
function isKnown(latest: LeaderEpoch | undefined, { epoch, startOffset }: LeaderEpoch): boolean {
  return latest !== undefined && latest.epoch === epoch && latest.startOffset <= startOffset;
}

/** @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION` */
function parse(bytes: Uint8Array, file: string): LeaderEpoch[] {
  let entries: LeaderEpoch[] = [];
  for (const stored of parseLeaderEpochs(decoder.decode(bytes), file)) {
    const entry = { epoch: stored.epoch, startOffset: Number(stored.startOffset) };
    if (isOutOfRange(entry)) {
      throw new SeglogError('CORRUPT_CHECKPOINT', 'a leader epoch is out of range', {
        file,
        expected: `an epoch from 0 to ${MAX_INT32} and an offset from 0 to 2^53`,
        found: `${stored.epoch} ${stored.startOffset}`,
      });
    }
    if (!isKnown(entries.at(-1), entry)) entries = withEpoch(entries, entry);
  }
  return entries;
}

/** The leader epochs of one partition. One owner; every change is on the disk when the call returns. */
export class LeaderEpochs {
  readonly #fs: FileSystem;
  readonly #path: string;
  #entries: readonly LeaderEpoch[];

  private constructor(fs: FileSystem, path: string, entries: readonly LeaderEpoch[]) {
    this.#fs = fs;
    this.#path = path;
    this.#entries = entries;
  }

  /** Reads the file, and makes none. One whose content cannot be read is told of, and counts as empty. */
  static load(fs: FileSystem, directory: string, onProblem: (problem: SeglogError) => void): LeaderEpochs {
    const path = join(directory, PARTITION_FILES.leaderEpochs);
    const bytes = fs.readSmall(path);
    if (bytes === undefined) return new LeaderEpochs(fs, path, []);
    try {
      return new LeaderEpochs(fs, path, parse(bytes, path));
    } catch (error) {
      onProblem(error as SeglogError);
      return new LeaderEpochs(fs, path, []);
    }
  }

  get latest(): LeaderEpoch | undefined {
    return this.#entries.at(-1);
  }

  /** All of them, oldest first. */
  entries(): readonly LeaderEpoch[] {
    return this.#entries;
  }

  /**
   * Notes that an epoch starts at an offset. An epoch once assigned keeps its start; entries that contradict the new one go.
   *
   * @throws SeglogError `INVALID_ARGUMENT` for an epoch or offset below 0
   */
  assign(epoch: Epoch, startOffset: Offset): void {
    const added = { epoch, startOffset };
    if (isKnown(this.latest, added)) return;
    if (isOutOfRange(added)) {
      throw new SeglogError('INVALID_ARGUMENT', 'this is no leader epoch', {
        expected: 'an epoch and a start offset from 0 on',
        found: `epoch ${epoch} at offset ${startOffset}`,
      });
    }
    this.#replace(withEpoch(this.#entries, added));
  }

  /** Forgets the epochs that start at `offset` or later: the log now ends there. */
  truncateFromEnd(offset: Offset): void {
    const kept = this.#entries.filter(({ startOffset }) => startOffset < offset);
    if (kept.length < this.#entries.length) this.#replace(kept);
  }

  /** Forgets the epochs that ended before `offset`; the one that it lies in now starts there. */
  truncateFromStart(offset: Offset): void {
    const from = this.#entries.findLastIndex(({ startOffset }) => startOffset <= offset);
    const first = this.#entries[from];
    if (first === undefined || (from === 0 && first.startOffset === offset)) return;
    this.#replace([{ epoch: first.epoch, startOffset: offset }, ...this.#entries.slice(from + 1)]);
  }

  /** Forgets all: a batch of an older format, which has no epoch, was appended, or the log starts anew. */
  clear(): void {
    if (this.#entries.length > 0) this.#replace([]);
  }

  /**
   * Where an epoch ends, by which a follower finds where it parted from its leader. Of an epoch below the first it is the
   * start of the first; of one that is not known yet, or of -1, nothing is known.
   */
  endOffsetFor(epoch: Epoch, logEndOffset: Offset): EpochEnd {
    const { latest } = this;
    if (epoch === -1 || latest === undefined || epoch > latest.epoch) return UNKNOWN;
    if (epoch === latest.epoch) return { epoch, endOffset: logEndOffset };
    const next = this.#entries.findIndex((entry) => entry.epoch > epoch);
    const endOffset = (this.#entries[next] as LeaderEpoch).startOffset;
    return { epoch: this.#entries[next - 1]?.epoch ?? epoch, endOffset };
  }

  /** The epoch in which an offset was, or would be, written; undefined below the first. */
  epochForOffset(offset: Offset): Epoch | undefined {
    return this.#entries.findLast(({ startOffset }) => startOffset <= offset)?.epoch;
  }

  /** The file first: when it cannot be written, nothing has changed. */
  #replace(entries: readonly LeaderEpoch[]): void {
    const text = printLeaderEpochs(
      entries.map(({ epoch, startOffset }) => ({ epoch, startOffset: BigInt(startOffset) })),
    );
    this.#fs.replaceSmall(this.#path, encoder.encode(text));
    this.#entries = entries;
  }
}
