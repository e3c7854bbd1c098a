/** The metrics of a log: names, by Prometheus' conventions, what they mean, and where they come from. */
import type { Distribution } from './histogram.ts';
import type { Distributions, LogMeasures } from './measures.ts';

/** Where a log stands: what is looked up when somebody asks, and counted nowhere. */
export interface LogState {
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
  readonly highWatermark: number;
  readonly logEndOffset: number;
  readonly recoveryPoint: number;
  readonly segments: number;
  readonly sizeBytes: number;
  readonly producers: number;
}

/** A log that is measured. */
export interface MeasuredLog {
  readonly topic: string;
  readonly partition: number;
  readonly measures: LogMeasures;
  /** undefined when it is offline. */
  readonly state: LogState | undefined;
  /** The share of its bytes that were not cleaned; undefined when the cleaner has not looked at it. */
  readonly dirtyRatio: number | undefined;
}

/** A counter of each log; rows with one name differ in a label. */
export interface CounterRow {
  readonly name: string;
  readonly help: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly read: (measures: LogMeasures) => number;
}

/** A gauge of each log. How those of several are one: not at all, for an offset. */
export interface GaugeRow {
  readonly name: string;
  readonly help: string;
  readonly combine: 'sum' | 'max' | 'none';
  readonly read: (log: MeasuredLog) => number | undefined;
}

const RETIRED = {
  name: 'seglog_retention_segments_total',
  help: 'Segments that retention deleted, by the rule that took them.',
};
const REMOVED = {
  name: 'seglog_compaction_removed_records_total',
  help: 'Records that compaction removed, by reason.',
};

/** In the order of their rows. */
export const COUNTERS: readonly CounterRow[] = [
  {
    name: 'seglog_append_batches_total',
    help: 'Batches appended, whoever made them.',
    read: (log) => log.appendedBatches,
  },
  {
    name: 'seglog_append_records_total',
    help: 'Records appended; a batch of format 0 or 1 counts as one.',
    read: (log) => log.appendedRecords,
  },
  {
    name: 'seglog_append_bytes_total',
    help: 'Bytes appended to .log files.',
    read: (log) => log.appendedBytes,
  },
  {
    name: 'seglog_append_duplicates_total',
    help: 'Batches that their producer had sent before, and that were not stored again.',
    read: (log) => log.duplicateBatches,
  },
  {
    name: 'seglog_append_failures_total',
    help: 'Appends that were refused or failed.',
    read: (log) => log.appendFailures,
  },
  {
    name: 'seglog_read_batches_total',
    help: 'Batches read and checked, the ones read ahead included.',
    read: (log) => log.readBatches,
  },
  {
    name: 'seglog_read_bytes_total',
    help: 'Bytes of these batches.',
    read: (log) => log.readBytes,
  },
  {
    name: 'seglog_fetches_total',
    help: 'Slices served by Log.fetch.',
    read: (log) => log.fetches,
  },
  {
    name: 'seglog_fetch_bytes_total',
    help: 'Bytes of these slices.',
    read: (log) => log.fetchedBytes,
  },
  {
    name: 'seglog_flushes_total',
    help: 'Syncs of a log that went well; those who wait at the same time share one.',
    read: (log) => log.flushes,
  },
  {
    name: 'seglog_flush_failures_total',
    help: 'Syncs and changes of files that failed; the log is offline since the first.',
    read: (log) => log.flushFailures,
  },
  {
    name: 'seglog_segment_rolls_total',
    help: 'Segments that were begun because the one before was full or old.',
    read: (log) => log.rolls,
  },
  {
    name: 'seglog_truncations_total',
    help: 'Cuts of a log end by truncateTo or truncateFullyAndStartAt.',
    read: (log) => log.truncations,
  },
  { ...RETIRED, labels: { rule: 'log-start' }, read: (log) => log.retiredSegmentsBelowStart },
  { ...RETIRED, labels: { rule: 'size' }, read: (log) => log.retiredSegmentsBySize },
  { ...RETIRED, labels: { rule: 'time' }, read: (log) => log.retiredSegmentsByTime },
  {
    name: 'seglog_retention_bytes_total',
    help: 'Bytes of the .log files of these segments.',
    read: (log) => log.retiredBytes,
  },
  {
    name: 'seglog_compactions_total',
    help: 'Compactions that came to their end, those that found nothing to do included.',
    read: (log) => log.compactions,
  },
  {
    name: 'seglog_compaction_failures_total',
    help: 'Compactions that failed or were stopped.',
    read: (log) => log.compactionFailures,
  },
  {
    name: 'seglog_compaction_read_bytes_total',
    help: 'Bytes that compactions cleaned.',
    read: (log) => log.compactionReadBytes,
  },
  {
    name: 'seglog_compaction_written_bytes_total',
    help: 'Bytes that took their place.',
    read: (log) => log.compactionWrittenBytes,
  },
  {
    name: 'seglog_compaction_read_records_total',
    help: 'Records that compactions looked at.',
    read: (log) => log.compactionReadRecords,
  },
  { ...REMOVED, labels: { reason: 'superseded' }, read: (log) => log.supersededRecords },
  { ...REMOVED, labels: { reason: 'tombstone' }, read: (log) => log.removedTombstones },
  { ...REMOVED, labels: { reason: 'keyless' }, read: (log) => log.keylessRecords },
  { ...REMOVED, labels: { reason: 'transaction' }, read: (log) => log.discardedRecords },
];

/** Looked up when they are asked for. */
export const GAUGES: readonly GaugeRow[] = [
  {
    name: 'seglog_log_start_offset',
    help: 'The first offset that can be read.',
    combine: 'none',
    read: ({ state }) => state?.logStartOffset,
  },
  {
    name: 'seglog_log_end_offset',
    help: 'The offset that the next record will have.',
    combine: 'none',
    read: ({ state }) => state?.logEndOffset,
  },
  {
    name: 'seglog_log_high_watermark',
    help: 'Up to here, exclusive, consumers may read.',
    combine: 'none',
    read: ({ state }) => state?.highWatermark,
  },
  {
    name: 'seglog_log_last_stable_offset',
    help: 'Up to here, exclusive, every transaction is decided.',
    combine: 'none',
    read: ({ state }) => state?.lastStableOffset,
  },
  {
    name: 'seglog_log_unflushed_offsets',
    help: 'Offsets that a failure of the machine would lose.',
    combine: 'sum',
    read: ({ state }) => state && Math.max(0, state.logEndOffset - state.recoveryPoint),
  },
  { name: 'seglog_log_segments', help: 'Segments.', combine: 'sum', read: ({ state }) => state?.segments },
  {
    name: 'seglog_log_size_bytes',
    help: 'Bytes of .log files.',
    combine: 'sum',
    read: ({ state }) => state?.sizeBytes,
  },
  {
    name: 'seglog_log_producers',
    help: 'Producers that are remembered.',
    combine: 'sum',
    read: ({ state }) => state?.producers,
  },
  {
    name: 'seglog_log_dirty_ratio',
    help: 'The share of bytes that were not cleaned, when the cleaner looked last; of several logs the largest.',
    combine: 'max',
    read: ({ dirtyRatio }) => dirtyRatio,
  },
];

/** A distribution, of one log or of all logs of a store. */
export interface DistributionRow {
  readonly name: string;
  readonly help: string;
  readonly read: (distributions: Distributions) => Distribution;
}

/** Histograms. */
export const DISTRIBUTIONS: readonly DistributionRow[] = [
  {
    name: 'seglog_append_batch_bytes',
    help: 'Sizes of batches as they were appended.',
    read: ({ batchBytes }) => batchBytes.distribution,
  },
  {
    name: 'seglog_read_seconds',
    help: 'Time until a chunk of up to 1 MiB was read and checked.',
    read: ({ readSeconds }) => readSeconds.distribution,
  },
  {
    name: 'seglog_flush_seconds',
    help: 'Time that a sync of a log took.',
    read: ({ flushSeconds }) => flushSeconds.distribution,
  },
  {
    name: 'seglog_segment_roll_seconds',
    help: 'Time that beginning a segment held its writer up.',
    read: ({ rollSeconds }) => rollSeconds.distribution,
  },
  {
    name: 'seglog_retention_seconds',
    help: 'Time that one look of retention at one log took.',
    read: ({ retentionSeconds }) => retentionSeconds.distribution,
  },
  {
    name: 'seglog_compaction_seconds',
    help: 'Time that a compaction of one log took, from its request to its last swap.',
    read: ({ compactionSeconds }) => compactionSeconds.distribution,
  },
];
