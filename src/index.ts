/** seglog: Apache Kafka's segment log, in Kafka's own bytes. */
export { type LogConfig, LOG_CONFIG_NAMES, logConfig, parseLogConfig } from './config/log-config.ts';
export type { CompressionType, TimestampType } from './config/log-config.ts';
export { type EngineInfo, engineInfo } from './engine/select.ts';
export { ERROR_CODES, type ErrorCode, type ErrorDetails, SeglogError } from './errors/errors.ts';
export { Log } from './log/log.ts';
export type { LogStatus } from './log/status.ts';
export { ReadableLog } from './log/readable-log.ts';
export { LogReader, type LogReaderOptions } from './log/log-reader.ts';
export type {
  AppendRecordsOptions,
  AppendResult,
  Codec,
  EncodedAppendOptions,
  LogEnvironment,
  LogOptions,
  OpenOptions,
  ProducerIdentity,
  ReadIsolation,
  ReadOptions,
  RecordInput,
  TailOptions,
  TimestampOffset,
} from './log/options.ts';
export type { AbortedProducer, FetchedSlice, FetchIsolation, FetchOptions } from './log/fetch.ts';
export type {
  Corruption,
  Cut,
  CutKind,
  RecoveryOptions,
  RecoveryProgress,
  RecoveryReport,
} from './log/load/report.ts';
export type { CleanSegments, CompactionResult, CompactOptions } from './log/cleaning/compaction.ts';
export type { ProposeRetention, RetentionResult, RetiredSegment } from './log/cleaning/retention.ts';
export type { EndTransaction } from './log/batch-appender.ts';
export type { HighWatermarkMode } from './log/offsets.ts';
export type { ProducerDescription } from './state/producers/producer-state.ts';
export { recoverPartition, type RecoveredPartition } from './log/recover-partition.ts';
export type { AbortedTransaction } from './format/transaction-index.ts';
export type {
  Epoch,
  HighWatermark,
  LastStableOffset,
  LogEndOffset,
  LogStartOffset,
  Offset,
  TimestampMs,
} from './units/units.ts';
export type { TimestampLookup } from './log/timestamps.ts';
export type { RecordsOptions, TypedRecord } from './log/typed-records.ts';
export { LogWriter, type WriterOptions, type WriterRecord } from './log/writer.ts';
export {
  BatchBuilder,
  type BatchFields,
  type BatchCompression,
  type BuiltBatch,
  type Header,
} from './record/batch-builder.ts';
export type { BatchHeader } from './record/batch-header.ts';
export type { BatchCursor, RecordColumns } from './record/cursors.ts';
export { type LogRecord, RecordBatch, type RecordBatchOptions, type RecordHeader } from './record/record-batch.ts';
export { type Serde, serdes } from './record/serdes.ts';
export type { FoundBatch } from './segment/segment.ts';
export type { Bucket, Distribution } from './metrics/histogram.ts';
export type { MetricFamily, MetricSample, MetricSource } from './metrics/families.ts';
export type { MetricDetail } from './metrics/log-families.ts';
export { LOG_EVENTS, type LogEvent } from './metrics/events.ts';
export type { Logger } from './metrics/logger.ts';
export { type PromClient, type PromRegistry, registerMetrics } from './metrics/prometheus.ts';
export { Store } from './store/store.ts';
export { Consumer } from './group/consumer.ts';
export { type CommitOptions, Group } from './group/group.ts';
export type {
  ConsumerOptions,
  OffsetReset,
  PollOptions,
  ReceivedRecord,
  ResetNotice,
} from './group/options.ts';
export type { PositionToCommit } from './group/positions.ts';
export type { AssignorName } from './group/assign/assignors.ts';
export type { CommittedOffset } from './group/records/committed-offset.ts';
export type {
  GroupDescription,
  GroupKind,
  GroupListing,
  GroupPartition,
  MemberDescription,
} from './group/describe.ts';
export type { GroupStateName } from './group/state/group-state.ts';
export type { PlannedReset, ResetTarget } from './group/reset.ts';
export type { CleaningFailure } from './store/cleaning.ts';
export type { CleaningRun } from './store/observer.ts';
export {
  type SeenDirectory,
  type SeenTopic,
  StoreReader,
  type StoreReaderOptions,
} from './store/store-reader.ts';
export type { ConsumedBatch, ConsumedRecord, ConsumeOptions } from './store/consume.ts';
export {
  type Partitioner,
  type RecordPlace,
  type TopicRecord,
  TopicWriter,
  type TopicWriterOptions,
} from './store/topic-writer.ts';
export type { ConfigChange, LoadProgress, NewTopic, StoreOptions, StoreSettings } from './store/options.ts';
export type { DirectoryStatus, PartitionStatus, StoreStatus, TopicDescription } from './store/status.ts';
export { collectStats } from './inspect/stats/stats.ts';
export type {
  CodecStats,
  GrowthBucket,
  GrowthStats,
  KeyStats,
  LogStats,
  PartitionStats,
  ProducersStats,
  ProducerStats,
  SegmentStats,
  SizeClass,
  SizeDistribution,
  Stats,
  StatsFailure,
  StatsFinding,
  StatsOptions,
  TimestampStats,
  TopKey,
  TopKeys,
  WhatIf,
  WhatIfKind,
  WhatIfResult,
} from './inspect/stats/contract.ts';
