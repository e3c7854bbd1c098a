/** Reading many logs with the memory of a few: each read holds chunks, so only so many go on at the same time. */
import { SeglogError } from '../errors/errors.ts';
import type { ReadIsolation, ReadOptions, TailOptions } from '../log/options.ts';
import type { ReadableLog } from '../log/readable-log.ts';
import type { RecordBatch } from '../record/record-batch.ts';

/** How many logs are read at the same time: each holds two chunks of 1 MiB, and what the engine notes of them. */
const READS_AT_ONCE = 32;
/** After so many bytes a read makes room for one that waits. */
const TURN_BYTES = 4 * 1024 * 1024;
/** After so many bytes one that waits at its log's end looks whether there is so much that it has to take turns. */
const TAIL_BYTES = 256 * 1024;

/** A log that can be followed: one that is open here, or a reader of one. */
export interface FollowableLog
  extends Pick<ReadableLog, 'read' | 'logStartOffset' | 'logEndOffset' | 'offsetForTimestamp'> {
  readonly lastStableOffset: number;
  /** undefined where only the owner of the log knows it. */
  readonly highWatermark?: number;
  tail(options: TailOptions): AsyncGenerator<RecordBatch, void>;
  /** Looks again at where a log ends that belongs to somebody else. */
  refresh?(): void;
}

/** What is read of a log. */
interface ReadInTurns {
  readonly log: FollowableLog;
  readonly from: number;
  readonly isolation: ReadIsolation;
  /** Goes on at the end until the signal aborts. */
  readonly follow: boolean;
  /** Of this read alone. */
  readonly signal: AbortSignal;
}

/** Places for reads. Whoever waits longest comes first. */
export class ReadSlots {
  readonly #waiting = new Set<(hasSlot: boolean) => void>();
  #free = READS_AT_ONCE;

  /**
   * Reads a log's batches, in a slot while there are any to read. It has none while it waits at the end of its log for more:
   * what comes then is read as it comes.
   */
  async *read(what: ReadInTurns): AsyncGenerator<RecordBatch, void> {
    const { log, isolation, follow, signal } = what;
    let { from } = what;
    const to = follow ? undefined : log.logEndOffset;
    while (await this.#enter(signal)) {
      let isAtEnd = true;
      try {
        if (follow) log.refresh?.();
        const options: ReadOptions = { from, isolation, ...(to === undefined ? {} : { to }) };
        let bytes = 0;
        for await (const batch of log.read(options)) {
          yield batch;
          from = batch.lastOffset + 1;
          bytes += batch.sizeBytes;
          isAtEnd = bytes < TURN_BYTES || this.#waiting.size === 0;
          if (!isAtEnd) break;
        }
      } catch (error) {
        // Whoever follows is told of no end: the log is closed, and so is what follows it.
        if (follow && error instanceof SeglogError && error.code === 'LOG_CLOSED') return;
        throw error;
      } finally {
        this.#leave();
      }
      if (isAtEnd && !follow) return;
      let bytes = 0;
      for await (const batch of isAtEnd ? log.tail({ from, isolation, signal }) : []) {
        yield batch;
        from = batch.lastOffset + 1;
        bytes += batch.sizeBytes;
        if (bytes >= TAIL_BYTES) break;
      }
      // It ended by itself: by its signal, or with its log.
      if (isAtEnd && bytes < TAIL_BYTES) return;
    }
  }

  /** @returns false when the signal aborts before there is a slot */
  #enter(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      if (this.#free > 0) {
        this.#free--;
        return resolve(true);
      }
      const done = (hasSlot: boolean): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', giveUp);
        resolve(hasSlot);
      };
      const giveUp = (): void => done(false);
      this.#waiting.add(done);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else next(true);
  }
}
