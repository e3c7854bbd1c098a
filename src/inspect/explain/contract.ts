/** What an explanation is: plain data, a line of JSON or a row of a table each. */
import type { Int64 } from '../int64.ts';
import type { ReasonCode, WarningCode } from './reasons.ts';

export const EXPLAIN_KINDS = ['retention', 'compaction', 'roll'] as const;
/** What can be explained. */
export type ExplainKind = (typeof EXPLAIN_KINDS)[number];

/** The numbers behind a reason, by name: milliseconds, bytes and offsets, as the name says. */
export type Numbers = Readonly<Record<string, Int64 | string | boolean | null>>;

/**
 * What happens to a segment:
 * - retention: `delete`, `keep`;
 * - compaction: `clean`, `wait`, `never`;
 * - roll: `rolled` (a sealed segment), `rolls` and `stays` (the active one, at the next append).
 */
export type Decision = 'delete' | 'keep' | 'clean' | 'wait' | 'never' | 'rolled' | 'rolls' | 'stays';

/** Something about a segment that surprises people. */
export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  readonly numbers: Numbers;
}

/** A segment, and what happens to it. */
export interface ExplainedSegment {
  readonly baseOffset: number;
  /** Where it ends, exclusive. */
  readonly nextOffset: number;
  readonly sizeBytes: number;
  readonly isActive: boolean;
  /** -1: none of its batches has one. */
  readonly largestTimestamp: Int64;
  /** Where that is from: the index's last entry, all batches, or (the batches have none) the file's own time. */
  readonly timestampSource: 'time-index' | 'batches' | 'file';
  /** When the .log file was last written. */
  readonly modifiedMs: number;
  readonly decision: Decision;
  readonly reason: ReasonCode;
  /** When the decision is due or changes, in milliseconds since 1970; null when no time alone brings it about. */
  readonly at: Int64 | null;
  readonly numbers: Numbers;
  /** The reason in words, with its numbers. */
  readonly text: string;
  readonly warnings: readonly Warning[];
}

/** What happens to a segment, and why. */
export type Verdict = Pick<ExplainedSegment, 'decision' | 'reason' | 'at' | 'numbers' | 'text'>;

/** A partition, as far as the question goes. */
export interface ExplainedPartition {
  readonly kind: ExplainKind;
  /** As it was named. */
  readonly path: string;
  /** The moment that is asked about. */
  readonly now: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** `assumed`: nothing tells it, and the log end offset stands for it. */
  readonly highWatermarkSource: 'checkpoint' | 'assumed';
  readonly logEndOffset: number;
  readonly sizeBytes: number;
  /** The settings that count, in Kafka's names. */
  readonly config: Numbers;
  /** The decision about the log as a whole, with its numbers. */
  readonly numbers: Numbers;
  /** The decision about the log as a whole in words, and what else is good to know. */
  readonly remarks: readonly string[];
  readonly segments: readonly ExplainedSegment[];
}
