/** What all explanations have in common. */
import { kafkaNameOf, type LogConfig } from '../../config/log-config.ts';
import { totalBytes } from '../../policy/retention.ts';
import type { ExplainedPartition, ExplainedSegment, ExplainKind, Numbers, Verdict } from './contract.ts';
import type { SurveyedPartition } from './partition.ts';
import type { SurveyedSegment } from './survey.ts';
import { warningsOf } from './warnings.ts';

/** An explanation without its decisions. */
export function partitionBase(
  kind: ExplainKind,
  partition: SurveyedPartition,
  now: number,
): Omit<ExplainedPartition, 'config' | 'numbers' | 'remarks' | 'segments'> {
  const { path, logStartOffset, highWatermark, highWatermarkSource, logEndOffset, segments } = partition;
  const sizeBytes = totalBytes(segments);
  return { kind, path, now, logStartOffset, highWatermark, highWatermarkSource, logEndOffset, sizeBytes };
}

/** A segment with what happens to it. @throws SeglogError `IO` */
export function explainedSegment(
  partition: SurveyedPartition,
  segment: SurveyedSegment,
  now: number,
  verdict: Verdict,
): ExplainedSegment {
  const { baseOffset, nextOffset, sizeBytes, isActive, largestTimestamp, timestampSource, modifiedMs } = segment;
  const { decision, reason, at, numbers, text } = verdict;
  const warnings = warningsOf(partition, segment, now);
  // In the order of the members of a line of JSON.
  return {
    ...{ baseOffset, nextOffset, sizeBytes, isActive, largestTimestamp, timestampSource, modifiedMs },
    ...{ decision, reason, at, numbers, text, warnings },
  };
}

/** Settings in Kafka's names; a limit that is none is null. */
export function configNumbers(config: LogConfig, keys: readonly (keyof LogConfig)[]): Numbers {
  return Object.fromEntries(
    keys.map((key) => {
      const value = config[key];
      const plain = typeof value === 'object' ? value.join(',') : value === Infinity ? null : value;
      return [kafkaNameOf(key), plain];
    }),
  );
}
