/** What a log counts and tells of itself while it works. Everything else of the log only calls this, in one line. */
import type { Clock } from '../clock/clock.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import { Events } from '../metrics/events.ts';
import type { MetricFamily } from '../metrics/families.ts';
import type { LogState } from '../metrics/log-catalogue.ts';
import { singleLogFamilies } from '../metrics/log-families.ts';
import type { Logger } from '../metrics/logger.ts';
import { Distributions, LogMeasures, type Measured } from '../metrics/measures.ts';
import type { CompactionResult } from './cleaning/compaction.ts';
import type { RetentionResult } from './cleaning/retention.ts';
import type { RecoveryReport } from './load/report.ts';
import type { LogStatus } from './status.ts';
import type { AnalyzedBatch } from './validate/analyze.ts';

const SECOND_MS = 1000;
/** A sync that takes longer is told of. */
const SLOW_FLUSH_MS = 1000;

/** The eyes on one log. */
export class LogObserver {
  readonly measures: LogMeasures;
  readonly #distributions: Distributions;
  readonly #events: Events;
  readonly #clock: Clock;
  readonly #place: TopicPartition;
  /** Whether it counts for a store, together with others. */
  readonly #isShared: boolean;

  /** @param measured where it counts; a log that is open by itself counts for itself */
  constructor(clock: Clock, place: TopicPartition, logger: Logger | undefined, measured?: Measured) {
    this.measures = measured?.measures ?? new LogMeasures();
    this.#distributions = measured?.distributions ?? new Distributions();
    this.#events = new Events(logger, { topic: place.topic, partition: place.partition });
    this.#clock = clock;
    this.#place = place;
    this.#isShared = measured !== undefined;
  }

  /** When something begins that takes time. */
  begin(): number {
    return this.#clock.monotonicMs();
  }

  #secondsSince(startedMs: number): number {
    return roundedSeconds(this.#clock.monotonicMs() - startedMs);
  }

  opened(startedMs: number, status: LogStatus): void {
    const { directory, segments, sizeBytes, logStartOffset, logEndOffset, recovery } = status;
    const seconds = this.#secondsSince(startedMs);
    const wasClean = recovery === undefined;
    this.#events.tell('log_opened', {
      ...{ wasClean, segments, sizeBytes, logStartOffset, logEndOffset, seconds, directory },
    });
    if (recovery !== undefined) this.#recovered(directory, recovery);
  }

  #recovered(directory: string, recovery: RecoveryReport): void {
    const { scannedSegments, scannedBytes, cuts, cutBytes, reason, quarantine } = recovery;
    this.#events.tell('log_recovered', {
      ...{ directory, scannedSegments, scannedBytes, cuts: cuts.length, cutBytes, reason, quarantine },
    });
  }

  /** On the hot path. */
  appended(sizeBytes: number, batches: readonly AnalyzedBatch[]): void {
    const { measures } = this;
    const { batchBytes } = this.#distributions;
    measures.appendedBytes += sizeBytes;
    measures.appendedBatches += batches.length;
    for (const batch of batches) {
      // Formats 0 and 1 tell only by their records.
      measures.appendedRecords += batch.recordCount < 0 ? 1 : batch.recordCount;
      batchBytes.observe(batch.sizeBytes);
    }
  }

  /** A chunk is there. */
  chunkCame(startedMs: number): void {
    this.#distributions.readSeconds.observe(this.#secondsSince(startedMs));
  }

  chunkRead(batches: number, sizeBytes: number): void {
    this.measures.readBatches += batches;
    this.measures.readBytes += sizeBytes;
  }

  fetched(sizeBytes: number): void {
    this.measures.fetches++;
    this.measures.fetchedBytes += sizeBytes;
  }

  rolled(startedMs: number, baseOffset: number, sealedBytes: number, reason: string): void {
    const seconds = this.#secondsSince(startedMs);
    this.measures.rolls++;
    this.#distributions.rollSeconds.observe(seconds);
    this.#events.tell('segment_rolled', { baseOffset, reason, sealedBytes, seconds });
  }

  flushed(startedMs: number, toOffset: number): void {
    const seconds = this.#secondsSince(startedMs);
    this.measures.flushes++;
    this.#distributions.flushSeconds.observe(seconds);
    if (seconds * SECOND_MS > SLOW_FLUSH_MS) this.#events.tell('flush_slow', { seconds, toOffset });
  }

  /** Something failed that takes the log offline. */
  failed(directory: string, error: unknown): void {
    this.measures.flushFailures++;
    this.#events.tell('log_offline', { directory, code: codeOf(error), err: error });
  }

  corrupt(file: string, position: number, offset: number, error: SeglogError): void {
    this.#events.tell('log_corrupt', { file, position, offset, code: error.code, err: error });
  }

  truncated(fromOffset: number, toOffset: number): void {
    this.measures.truncations++;
    this.#events.tell('log_truncated', { fromOffset, toOffset });
  }

  retired(startedMs: number, { deleted, logStartOffset }: RetentionResult): void {
    const seconds = this.#secondsSince(startedMs);
    this.#distributions.retentionSeconds.observe(seconds);
    if (deleted.length === 0) return;
    const { measures } = this;
    const sizeBytes = deleted.reduce((total, segment) => total + segment.sizeBytes, 0);
    const by = (wanted: string): number => deleted.filter(({ rule }) => rule === wanted).length;
    const [byLogStart, bySize, byTime] = [by('log-start'), by('size'), by('time')];
    measures.retiredSegmentsBelowStart += byLogStart;
    measures.retiredSegmentsBySize += bySize;
    measures.retiredSegmentsByTime += byTime;
    measures.retiredBytes += sizeBytes;
    this.#events.tell('retention_deleted', {
      ...{ segments: deleted.length, sizeBytes, byLogStart, bySize, byTime, logStartOffset, seconds },
    });
  }

  compacted(startedMs: number, result: CompactionResult): void {
    const seconds = this.#secondsSince(startedMs);
    const { measures } = this;
    const { firstDirtyOffset: fromOffset, endOffset: toOffset, bound, rounds, statistics } = result;
    const { segmentsBefore, segmentsAfter, bytesBefore, bytesAfter } = result;
    const { recordsRead, recordsKept } = statistics;
    this.#distributions.compactionSeconds.observe(seconds);
    measures.compactions++;
    measures.compactionReadBytes += statistics.bytesRead;
    measures.compactionWrittenBytes += statistics.bytesWritten;
    measures.compactionReadRecords += recordsRead;
    measures.supersededRecords += statistics.superseded;
    measures.removedTombstones += statistics.tombstones;
    measures.keylessRecords += statistics.keyless;
    measures.discardedRecords += statistics.discarded;
    if (rounds === 0) return;
    this.#events.tell('compaction_finished', {
      ...{ fromOffset, toOffset, bound, rounds, segmentsBefore, segmentsAfter, bytesBefore, bytesAfter },
      ...{ recordsRead, recordsKept, seconds },
    });
  }

  closed(clean: boolean, logEndOffset: number): void {
    this.#events.tell('log_closed', { clean, logEndOffset });
  }

  /** The metrics of this log. */
  families(state: LogState): MetricFamily[] {
    const { measures } = this;
    const distributions = this.#isShared ? undefined : this.#distributions;
    return singleLogFamilies({ measures, distributions }, this.#place, state);
  }
}

/** To a microsecond: what is behind that is noise. */
function roundedSeconds(ms: number): number {
  return Math.round(ms * SECOND_MS) / SECOND_MS ** 2;
}

function codeOf(error: unknown): string {
  return error instanceof SeglogError ? error.code : 'INTERNAL';
}
