/** What logs count while they work: plain numbers, added to in place. No call on the hot path makes an object. */
import { Histogram, SizeHistogram } from './histogram.ts';

/** What one log has done since it was opened (in a store: since the store was). Bytes are those of .log files. */
export class LogMeasures {
  appendedBatches = 0;
  appendedRecords = 0;
  appendedBytes = 0;
  duplicateBatches = 0;
  appendFailures = 0;
  readBatches = 0;
  readBytes = 0;
  fetches = 0;
  fetchedBytes = 0;
  flushes = 0;
  flushFailures = 0;
  rolls = 0;
  truncations = 0;
  retiredSegmentsBelowStart = 0;
  retiredSegmentsBySize = 0;
  retiredSegmentsByTime = 0;
  retiredBytes = 0;
  compactions = 0;
  compactionFailures = 0;
  compactionReadBytes = 0;
  compactionWrittenBytes = 0;
  compactionReadRecords = 0;
  supersededRecords = 0;
  removedTombstones = 0;
  keylessRecords = 0;
  discardedRecords = 0;

  /** Adds what another log has done: its topic is gone, and what was done stays done. */
  absorb(other: LogMeasures): void {
    for (const name of Object.keys(this) as (keyof Omit<LogMeasures, 'absorb'>)[]) this[name] += other[name];
  }
}

/** From a sync on a fast disk to one that somebody will complain about. */
const IO_SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** From a small topic to a night's work. */
const WORK_SECONDS = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600];

/** Distributions: of one log, or of all logs of a store together, since a label of each would be a series for each bucket. */
export class Distributions {
  readonly batchBytes: SizeHistogram = new SizeHistogram();
  readonly readSeconds: Histogram = new Histogram(IO_SECONDS);
  readonly flushSeconds: Histogram = new Histogram(IO_SECONDS);
  readonly rollSeconds: Histogram = new Histogram(IO_SECONDS);
  readonly retentionSeconds: Histogram = new Histogram(WORK_SECONDS);
  readonly compactionSeconds: Histogram = new Histogram(WORK_SECONDS);
}

/** What a log is measured by. */
export interface Measured {
  readonly measures: LogMeasures;
  readonly distributions: Distributions;
}
