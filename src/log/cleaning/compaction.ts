/**
 * Compaction of an open log: what is cleaned, by whom, and the swaps (spec 4).
 *
 * The cleaner reads the segments and writes `.cleaned` files, on this thread or another. All that changes the log is done
 * here, between two turns of whoever appends and reads, a group of segments at a time.
 */
import { cleanSegments } from '../../cleaner/clean.ts';
import type {
  ActiveProducer,
  CleanedGroup,
  CleanedSegment,
  CleanHooks,
  CleanProgress,
  CleanRequest,
  CleanRound,
  CleanStatistics,
} from '../../cleaner/contract.ts';
import { OFFSET_MAP_SLOT_BYTES } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { type CompactionBound, selectForCompaction } from '../../policy/compaction.ts';
import { SUFFIXES } from '../../format/names.ts';
import type { Segment } from '../../segment/segment.ts';
import type { Offset, TimestampMs } from '../../units/units.ts';
import type { PartitionLog } from '../partition-log.ts';
import { compactionFacts } from './facts.ts';
import { checkCleaned, discardCleaned, removeLeftovers } from './swap.ts';

/** Does a round of cleaning: `cleanSegments`, here or in a worker. */
export type CleanSegments = (request: CleanRequest, hooks: CleanHooks) => Promise<CleanRound>;

/** How a log is compacted. What is left out is as the log's configuration says. */
export interface CompactOptions {
  /** What is below was cleaned before, up to this offset. Default: the log start, so that all is looked at. */
  readonly firstDirtyOffset?: Offset;
  /** As of when tombstones and markers are due, in milliseconds since 1970. Default: the clock's time. */
  readonly now?: TimestampMs;
  /** For how long a tombstone stays once it was cleaned (`delete.retention.ms`). */
  readonly deleteRetentionMs?: number;
  /** Neighbouring segments become one up to this size (`segment.bytes`). */
  readonly segmentBytes?: number;
  /** Segments with younger records are left alone (`min.compaction.lag.ms`). */
  readonly minCompactionLagMs?: number;
  /** The most memory for the keys, 24 bytes for each (`log.cleaner.dedupe.buffer.size`). Default 128 MiB. */
  readonly offsetMapBytes?: number;
  /** The most bytes a second, read and written (`log.cleaner.io.max.bytes.per.second`). Default: no limit. */
  readonly maxBytesPerSecond?: number;
  /** Stops; what was swapped by then stays. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CleanProgress) => void;
}

/** What a compaction did. */
export interface CompactionResult {
  readonly firstDirtyOffset: Offset;
  /** Where the log is clean up to, exclusive: the first dirty offset of the next compaction. */
  readonly endOffset: Offset;
  /** What it could not go beyond. */
  readonly bound: CompactionBound;
  /** How often the offset map was filled; 0 when there was nothing to do. */
  readonly rounds: number;
  /** Sealed segments that were cleaned, and those that are in their place behind the last round; the bytes of their .log files. */
  readonly segmentsBefore: number;
  readonly segmentsAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Of all rounds together. A record that stayed in one and was looked at in the next counts twice. */
  readonly statistics: Omit<CleanStatistics, 'isMapFull'>;
}

/** Kafka's `log.cleaner.dedupe.buffer.size`. */
const OFFSET_MAP_BYTES = 128 * 1024 * 1024;
/** Room for every record to have a key of its own, with half of the slots empty. */
const MAP_BYTES_PER_OFFSET = 2 * OFFSET_MAP_SLOT_BYTES;

/** How often a round is begun whose segments are deleted while it reads them. */
const MOST_TRIES = 5;

const NOTHING: CompactionResult['statistics'] = {
  ...{ mapRecords: 0, mapKeys: 0, bytesRead: 0, bytesWritten: 0, recordsRead: 0, recordsKept: 0 },
  ...{ superseded: 0, tombstones: 0, keyless: 0, discarded: 0, mapMs: 0, cleanMs: 0 },
};

/** The compactions of one log: one at a time. */
export class LogCompaction {
  readonly #log: PartitionLog;
  #running: { readonly stop: AbortController; readonly done: Promise<unknown> } | undefined;

  constructor(log: PartitionLog) {
    this.#log = log;
  }

  /** Compacts; see `Log.compact`. @param clean who does the rounds. Default: this thread */
  async run(options: CompactOptions, clean: CleanSegments = this.#cleanHere()): Promise<CompactionResult> {
    if (this.#running !== undefined) {
      throw new SeglogError('INVALID_ARGUMENT', 'the log is being compacted', { file: this.#log.directory });
    }
    const stop = new AbortController();
    const signals = options.signal === undefined ? [stop.signal] : [stop.signal, options.signal];
    const done = new Compaction(this.#log, options, clean, AbortSignal.any(signals)).run();
    this.#running = { stop, done };
    const { observer } = this.#log;
    const startedMs = observer.begin();
    try {
      const result = await done;
      observer.compacted(startedMs, result);
      return result;
    } catch (error) {
      observer.measures.compactionFailures++;
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  /** Ends the one that runs: its log is being closed. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { directory } = this.#log;
    running.stop.abort(new SeglogError('LOG_CLOSED', 'the log was closed while it was compacted', { file: directory }));
    // How it ended is told to whoever asked for it.
    await running.done.catch(() => undefined);
  }

  #cleanHere(): CleanSegments {
    const { engine, fs, clock } = this.#log.context;
    return (request, hooks) => cleanSegments({ engine, fs, clock }, request, hooks);
  }
}

/** One compaction. */
class Compaction {
  readonly #log: PartitionLog;
  readonly #options: CompactOptions;
  readonly #clean: CleanSegments;
  readonly #signal: AbortSignal;
  readonly #cuts: number;
  /** Segments whose transaction indexes were built anew. */
  readonly #repaired = new Set<Offset>();
  #statistics = NOTHING;
  #before = { segments: 0, bytes: 0 };
  /** The bytes of the segments that this compaction made and that are there, by their base offsets. */
  readonly #made = new Map<Offset, number>();

  constructor(log: PartitionLog, options: CompactOptions, clean: CleanSegments, signal: AbortSignal) {
    this.#log = log;
    this.#options = options;
    this.#clean = clean;
    this.#signal = signal;
    this.#cuts = log.cuts;
  }

  async run(): Promise<CompactionResult> {
    const log = this.#log;
    log.checkAppendable();
    const { config, clock } = log.context;
    const { now: nowMs = clock.now(), minCompactionLagMs = config.minCompactionLagMs } = this.#options;
    const facts = compactionFacts(log, this.#options.firstDirtyOffset);
    const selection = selectForCompaction(facts, { ...config, minCompactionLagMs }, nowMs);
    const { firstDirtyOffset, firstUncleanableOffset: end, bound } = selection;
    // Old records go for newer ones, and for the ends of transactions up to the log end: those must not be lost instead.
    if (firstDirtyOffset < end) await log.sync.flush();
    let endOffset = firstDirtyOffset;
    let rounds = 0;
    for (let isDone = firstDirtyOffset >= end; !isDone; rounds++) {
      const round = await this.#roundOfWhatIsLeft(endOffset, end, nowMs);
      if (round !== undefined && round.endOffset <= endOffset) throw this.#gotNowhere(endOffset, end);
      endOffset = round?.endOffset ?? end;
      isDone = endOffset >= end;
      if (round !== undefined) this.#add(round.statistics);
    }
    // Behind the last swap, too: what is there now was not cleaned.
    this.#checkUncut();
    return {
      ...{ firstDirtyOffset, endOffset, bound, rounds },
      ...{ segmentsBefore: this.#before.segments, bytesBefore: this.#before.bytes },
      ...{ segmentsAfter: this.#made.size, bytesAfter: sum(this.#made.values()) },
      statistics: this.#statistics,
    };
  }

  /** A round; once more where segments that it read were deleted. undefined: they all were. */
  async #roundOfWhatIsLeft(from: Offset, end: Offset, nowMs: TimestampMs): Promise<CleanRound | undefined> {
    const { offsets } = this.#log;
    for (let tries = 1; offsets.logStart < end; tries++) {
      const { logStart } = offsets;
      try {
        return await this.#round(Math.max(from, logStart), end, nowMs);
      } catch (error) {
        // What is missing to the reader of a file that was cut is no damage.
        this.#checkUncut();
        if (await this.#hasRepaired(error)) continue;
        if (offsets.logStart === logStart || tries >= MOST_TRIES || this.#signal.aborted) throw error;
      }
    }
    return undefined;
  }

  /** Builds a transaction index anew that the log contradicts, as reading does; each once. */
  async #hasRepaired(error: unknown): Promise<boolean> {
    if (!(error instanceof SeglogError) || error.code !== 'CORRUPT_INDEX' || this.#signal.aborted) return false;
    const log = this.#log;
    const segment = [...log.segments].find((one) => one.pathOf(SUFFIXES.transactionIndex) === error.file);
    if (segment === undefined || this.#repaired.has(segment.baseOffset)) return false;
    this.#repaired.add(segment.baseOffset);
    await log.sync.exclusive(() => {
      this.#checkUnchanged();
      log.repairTransactions(segment);
    });
    return true;
  }

  /** @throws SeglogError also when segments of a group were deleted and others not: those are not clean */
  async #round(firstDirtyOffset: Offset, firstUncleanableOffset: Offset, nowMs: TimestampMs): Promise<CleanRound> {
    const { sync, context, directory } = this.#log;
    const { maxBytesPerSecond, onProgress } = this.#options;
    const { request, sources } = await sync.exclusive(() => {
      this.#checkUnchanged();
      removeLeftovers(context, directory);
      return this.#request(firstDirtyOffset, firstUncleanableOffset, nowMs);
    });
    const stop = new AbortController();
    let swapped: Promise<unknown> = Promise.resolve();
    let isDone = false;
    try {
      const round = await this.#clean(
        { ...request, ...(maxBytesPerSecond === undefined ? {} : { maxBytesPerSecond }) },
        {
          signal: this.#signal,
          onGroup: (group) => {
            const swap = this.#swap(group, sources, stop.signal);
            swapped = swap.catch(() => undefined);
            return swap;
          },
          ...(onProgress === undefined ? {} : { onProgress }),
        },
      );
      isDone = true;
      return round;
    } finally {
      // A thread that died may have left a swap that waits: it would meet the files of the next round.
      stop.abort();
      await swapped;
      if (!isDone) this.#sweep();
    }
  }

  /** Takes away what a thread that was ended could not: a log that is closed then has no file that is not its own. */
  #sweep(): void {
    const { context, directory } = this.#log;
    try {
      removeLeftovers(context, directory);
    } catch {
      // Why the round failed is what is told. The next round and the next opening remove them, too.
    }
  }

  #request(
    firstDirtyOffset: Offset,
    firstUncleanableOffset: Offset,
    nowMs: TimestampMs,
  ): { request: CleanRequest; sources: ReadonlyMap<Offset, Segment> } {
    const { directory, context, producers, offsets } = this.#log;
    const { config } = context;
    // Those below the log start are being renamed, some a turn: they would go while the round reads them.
    const segments = [...this.#log.segments].filter(
      (_, at, all) => (all[at + 1]?.baseOffset ?? Infinity) > offsets.logStart,
    );
    const { deleteRetentionMs, segmentBytes, offsetMapBytes = OFFSET_MAP_BYTES } = this.#options;
    const neededBytes = (firstUncleanableOffset - firstDirtyOffset + 1) * MAP_BYTES_PER_OFFSET;
    const request: CleanRequest = {
      directory,
      segments: segments.map(({ baseOffset, sizeBytes }) => ({ baseOffset, sizeBytes })),
      firstDirtyOffset,
      firstUncleanableOffset,
      nowMs,
      deleteRetentionMs: deleteRetentionMs ?? config.deleteRetentionMs,
      segmentBytes: segmentBytes ?? config.segmentBytes,
      segmentIndexBytes: config.segmentIndexBytes,
      indexIntervalBytes: config.indexIntervalBytes,
      activeProducers: producers.entries().map(activeProducer),
      offsetMapBytes: Math.min(offsetMapBytes, neededBytes),
    };
    return { request, sources: new Map(segments.map((segment) => [segment.baseOffset, segment])) };
  }

  /** Swaps a group in, unless its sources went meanwhile (below a log start that moved) or its round is over. */
  #swap(group: CleanedGroup, sources: ReadonlyMap<Offset, Segment>, stop: AbortSignal): Promise<void> {
    const log = this.#log;
    const { context, directory } = log;
    const { cleaned } = group;
    return log.sync.exclusive(() => {
      const olds = group.sources.flatMap((base) => sources.get(base) ?? []);
      let isSwappable = false;
      try {
        this.#checkUnchanged();
        if (!stop.aborted && olds.length === group.sources.length && log.segments.hasRun(olds)) {
          checkCleaned(context, directory, cleaned);
          removeLeftovers(context, directory, cleaned.at(-1)?.baseOffset, cleaned);
          isSwappable = true;
        }
      } finally {
        const bases = cleaned.map(({ baseOffset }) => baseOffset);
        if (!isSwappable) discardCleaned(context, directory, bases);
      }
      if (!isSwappable) {
        // Going on would clean what is above, and count these as clean, too: deleted keys would come back from them.
        if (!stop.aborted && olds.some((old) => log.segments.hasRun([old]))) throw deletedMeanwhile(directory);
        return;
      }
      log.replaceSegments(olds, cleaned);
      this.#note(olds, cleaned);
    });
  }

  /**
   * That the log is still the one that is being compacted.
   *
   * @throws SeglogError `LOG_OFFLINE`, `LOG_CORRUPT`, `OFFSET_OUT_OF_RANGE`, or the signal's reason
   */
  #checkUnchanged(): void {
    this.#signal.throwIfAborted();
    const log = this.#log;
    log.sync.check();
    log.checkAppendable();
    this.#checkUncut();
  }

  #gotNowhere(from: Offset, end: Offset): SeglogError {
    return new SeglogError('INTERNAL', 'a round of cleaning covered nothing: the next one would not, either', {
      file: this.#log.directory,
      expected: `an end offset from ${from + 1} to ${end}`,
      found: from,
      action: 'Give it more memory for the offset map',
    });
  }

  /** What was cut off the end may be what records went for. @throws SeglogError `OFFSET_OUT_OF_RANGE` */
  #checkUncut(): void {
    if (this.#log.cuts === this.#cuts) return;
    throw new SeglogError('OFFSET_OUT_OF_RANGE', 'the log was truncated while it was compacted', {
      file: this.#log.directory,
      action: 'Compact it again',
    });
  }

  /** What an earlier round made is no segment that was there before. */
  #note(olds: readonly Segment[], cleaned: readonly CleanedSegment[]): void {
    for (const { baseOffset, sizeBytes } of olds) {
      if (this.#made.delete(baseOffset)) continue;
      this.#before = { segments: this.#before.segments + 1, bytes: this.#before.bytes + sizeBytes };
    }
    for (const { baseOffset, sizeBytes } of cleaned) this.#made.set(baseOffset, sizeBytes);
  }

  #add(round: CleanStatistics): void {
    const names = Object.keys(NOTHING) as (keyof typeof NOTHING)[];
    this.#statistics = Object.fromEntries(
      names.map((name) => [name, this.#statistics[name] + round[name]]),
    ) as typeof NOTHING;
  }
}

function deletedMeanwhile(directory: string): SeglogError {
  return new SeglogError('OFFSET_OUT_OF_RANGE', 'segments were deleted while they were compacted with others', {
    file: directory,
    action: 'Compact it again',
  });
}

function activeProducer(producer: {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastOffset: number;
}): ActiveProducer {
  const { producerId, producerEpoch, lastOffset } = producer;
  return { producerId, producerEpoch, lastDataOffset: lastOffset < 0 ? undefined : lastOffset };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
