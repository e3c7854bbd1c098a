/** A log as it stands, for people and programs that watch it. */
import type { LogConfig } from '../config/log-config.ts';
import type { HighWatermark, LastStableOffset, LogEndOffset, LogStartOffset } from '../units/units.ts';
import type { Corruption, RecoveryReport } from './load/report.ts';
import type { PartitionLog } from './partition-log.ts';

/** A log as it stands. */
export interface LogStatus {
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  /** undefined when the log has none. */
  readonly topicId: string | undefined;
  readonly logStartOffset: LogStartOffset;
  readonly lastStableOffset: LastStableOffset;
  /** Of a log opened alone, the log end. */
  readonly highWatermark: HighWatermark;
  /** The offset that the next record will have. */
  readonly logEndOffset: LogEndOffset;
  /** Everything below it is on the disk. */
  readonly recoveryPoint: number;
  readonly segments: number;
  /** Bytes of .log files. */
  readonly sizeBytes: number;
  /** undefined when the log takes no appends. */
  readonly activeSegment:
    | { readonly baseOffset: number; readonly sizeBytes: number; readonly written: 'mapped' | 'written' }
    | undefined;
  readonly engine: 'native' | 'ts';
  /** undefined after a clean close. */
  readonly recovery: RecoveryReport | undefined;
  /** Damage below the recovery point: the log is served up to it, and takes no appends. */
  readonly corruption: Corruption | undefined;
  /** How many producers are known. */
  readonly producers: number;
  readonly config: LogConfig;
}

/** Describes a log. */
export function statusOf(log: PartitionLog, recovery: RecoveryReport | undefined): LogStatus {
  const { context, directory, partition, offsets, segments, producers } = log;
  const active = log.isReadOnly ? undefined : log.active;
  return {
    directory,
    ...partition,
    topicId: log.topicId.value,
    logStartOffset: offsets.logStart,
    lastStableOffset: offsets.lastStable,
    highWatermark: offsets.highWatermark,
    logEndOffset: offsets.logEnd,
    recoveryPoint: log.recoveryPoint,
    segments: segments.count,
    sizeBytes: segments.sizeBytes,
    activeSegment: active && { baseOffset: active.baseOffset, sizeBytes: active.sizeBytes, written: active.kind },
    engine: context.engine.name,
    recovery,
    corruption: log.corruption,
    producers: producers.count,
    config: context.config,
  };
}
