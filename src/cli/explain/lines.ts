/** An explanation as lines of JSON: one for the partition, one for each segment. */
import type { ExplainedPartition, ExplainedSegment } from '../../inspect/explain/contract.ts';
import { jsonText } from '../json-line.ts';

/** Rises when a member changes its name or meaning; new members alone do not raise it. */
const SCHEMA = 1;

/** Lines, each with its line feed. */
export function* explanationLines(partition: ExplainedPartition): Generator<string, void> {
  const { kind, path, segments, remarks, numbers, config, ...facts } = partition;
  const head = { type: 'partition', schema: SCHEMA, explain: kind, dir: path, ...facts };
  yield `${jsonText({ ...head, segments: segments.length, config, numbers, remarks: [...remarks] })}\n`;
  for (const segment of segments) yield segmentLine(path, segment);
}

function segmentLine(path: string, { warnings, ...segment }: ExplainedSegment): string {
  const told = warnings.map(({ code, message, numbers }) => ({ code, message, numbers }));
  return `${jsonText({ type: 'segment', dir: path, ...segment, warnings: told })}\n`;
}
