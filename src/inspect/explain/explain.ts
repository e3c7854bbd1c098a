/** Explains what Kafka does with the segments of a partition, from its files alone. Reads only. */
import type { LogConfig } from '../../config/log-config.ts';
import { explainCompaction } from './compaction.ts';
import type { ExplainedPartition, ExplainKind } from './contract.ts';
import { type ExplainContext, surveyPartition } from './partition.ts';
import { explainRetention } from './retention.ts';
import { explainRoll } from './roll.ts';

/** What is asked. */
export interface ExplainQuestion {
  readonly kind: ExplainKind;
  /** The moment asked about, in milliseconds since 1970. */
  readonly now: number;
  readonly config: LogConfig;
}

/**
 * The decision about every segment of the partition in a directory, with the numbers behind it.
 *
 * @throws SeglogError `IO`; `INVALID_ARGUMENT` when no segment is in it; `OFFSET_NOT_EXACT` for offsets beyond 2^53
 */
export function explainPartition(
  context: ExplainContext,
  path: string,
  { kind, now, config }: ExplainQuestion,
): ExplainedPartition {
  const wantsHorizons = kind === 'compaction' && config.cleanupPolicy.includes('compact');
  const partition = surveyPartition(context, path, { config, wantsHorizons });
  if (kind === 'retention') return explainRetention(partition, now);
  return kind === 'roll' ? explainRoll(partition, now) : explainCompaction(partition, now, context.note);
}
