/** What Kafka does with a partition's segments, as the page shows it: neighbours of one fate in one row. */
import { SeglogError } from '../errors/errors.ts';
import { type ExplainedPartition, type ExplainedSegment, EXPLAIN_KINDS } from '../inspect/explain/contract.ts';
import { explainPartition, type ExplainQuestion } from '../inspect/explain/explain.ts';
import type { ExplainContext } from '../inspect/explain/partition.ts';
import type { ExplainFailure, ExplainGroup, ExplainTable } from './contract.ts';
import { exact } from './exact.ts';

/** Rows of one table at most. */
const MOST_GROUPS = 40;
const MOST_WARNINGS = 5;
const MOST_TEXT = 1000;

/** The three explanations of a partition. One that cannot be given says why; the others are still there. */
export function explainAll(
  context: ExplainContext,
  path: string,
  question: Omit<ExplainQuestion, 'kind'>,
): (ExplainTable | ExplainFailure)[] {
  return EXPLAIN_KINDS.map((kind) => {
    try {
      return tableOf(explainPartition(context, path, { kind, ...question }));
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      return { kind, failure: `${error.code}: ${error.message}` };
    }
  });
}

function tableOf({ kind, config, remarks, segments }: ExplainedPartition): ExplainTable {
  const groups: ExplainedSegment[][] = [];
  for (const segment of segments) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && isAlike(last[0], segment)) last.push(segment);
    else groups.push([segment]);
  }
  // The oldest and the newest tell most: what is left out lies between.
  const head = Math.ceil(MOST_GROUPS / 2);
  const shown = groups.length <= MOST_GROUPS ? groups : [...groups.slice(0, head), ...groups.slice(head - MOST_GROUPS)];
  return {
    kind,
    config: Object.entries(config).map(([name, value]) => [name, value === null ? 'unlimited' : String(value)]),
    remarks: remarks.map(cut),
    groups: shown.flatMap(groupOf),
    omitted: groups.length - shown.length,
  };
}

function isAlike(a: ExplainedSegment, b: ExplainedSegment): boolean {
  return a.decision === b.decision && a.reason === b.reason && a.isActive === b.isActive && b.warnings.length === 0;
}

function groupOf(segments: readonly ExplainedSegment[]): ExplainGroup[] {
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) return [];
  return [
    {
      base: first.baseOffset,
      next: last.nextOffset,
      segments: segments.length,
      bytes: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      isActive: first.isActive,
      decision: first.decision,
      reason: first.reason,
      atMs: first.at === null ? null : exact(first.at),
      untilMs: last.at === null ? null : exact(last.at),
      text: cut(first.text),
      warnings: first.warnings
        .slice(0, MOST_WARNINGS)
        .map(({ code, message }) => [first.baseOffset, cut(`${code}: ${message}`)]),
    },
  ];
}

function cut(text: string): string {
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}…`;
}
