/**
 * What Kafka does with a partition's segments, as the page shows it: neighbours of one fate in one row, and no more rows than
 * there is room for.
 */
import { SeglogError } from '../errors/errors.ts';
import { type ExplainedPartition, type ExplainedSegment, EXPLAIN_KINDS } from '../inspect/explain/contract.ts';
import { explainPartition, type ExplainQuestion } from '../inspect/explain/explain.ts';
import type { ExplainContext } from '../inspect/explain/partition.ts';
import type { ExplainFailure, ExplainGroup, ExplainTable } from './contract.ts';
import { cut } from './cut.ts';
import { exact } from './exact.ts';
import { scriptBytes } from './script-json.ts';
import { fairShares } from './share.ts';

/** Rows of one table at most, and those that stay however little room there is. */
const MOST_GROUPS = 40;
const LEAST_GROUPS = 2;
/** Of one row. */
const MOST_WARNINGS = 5;
const MOST_TEXT = 1000;

/** What is said of one partition. */
export type Explanations = readonly (ExplainTable | ExplainFailure)[];

/** The three explanations of a partition. One that cannot be given says why; the others are still there. */
export function explainAll(
  context: ExplainContext,
  path: string,
  question: Omit<ExplainQuestion, 'kind'>,
): Explanations {
  return EXPLAIN_KINDS.map((kind) => {
    try {
      return tableOf(explainPartition(context, path, { kind, ...question }));
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      return { kind, failure: cut(`${error.code}: ${error.message}`, MOST_TEXT) };
    }
  });
}

/** The explanations of several partitions in `room` bytes of the page: rows go, and are counted, where that is too little. */
export function fitExplanations(all: readonly Explanations[], room: number): Explanations[] {
  const shares = fairShares(
    all.map((one) => scriptBytes(one)),
    room,
  );
  return all.map((one, at) => {
    let fitted: Explanations | undefined = one;
    let last = one;
    while (fitted !== undefined && scriptBytes(fitted) > (shares[at] ?? 0)) {
      last = fitted;
      fitted = withFewerGroups(fitted);
    }
    return fitted ?? last;
  });
}

/** Half as many rows in the tables that have most of them; undefined where each has as few as it may. */
export function withFewerGroups(explained: Explanations): Explanations | undefined {
  const most = explained.reduce((sum, one) => ('groups' in one ? Math.max(sum, one.groups.length) : sum), 0);
  if (most <= LEAST_GROUPS) return undefined;
  const left = Math.max(LEAST_GROUPS, Math.floor(most / 2));
  return explained.map((one) => {
    if (!('groups' in one)) return one;
    const groups = ends(one.groups, left);
    return { ...one, groups, omitted: one.omitted + one.groups.length - groups.length };
  });
}

function tableOf({ kind, config, remarks, segments }: ExplainedPartition): ExplainTable {
  const groups: ExplainedSegment[][] = [];
  for (const segment of segments) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && isAlike(last[0], segment)) last.push(segment);
    else groups.push([segment]);
  }
  const shown = ends(groups, MOST_GROUPS);
  return {
    kind,
    config: Object.entries(config).map(([name, value]) => [name, value === null ? 'unlimited' : String(value)]),
    remarks: remarks.map((remark) => cut(remark, MOST_TEXT)),
    groups: shown.flatMap(groupOf),
    omitted: groups.length - shown.length,
  };
}

/** At most so many: the oldest and the newest tell most, and what is left out lies between. */
function ends<T>(things: readonly T[], most: number): readonly T[] {
  if (things.length <= most) return things;
  const head = Math.ceil(most / 2);
  return [...things.slice(0, head), ...things.slice(things.length - (most - head))];
}

function isAlike(a: ExplainedSegment, b: ExplainedSegment): boolean {
  return a.decision === b.decision && a.reason === b.reason && a.isActive === b.isActive && warnedOf(a) === warnedOf(b);
}

/** What a segment is warned of. */
function warnedOf({ warnings }: ExplainedSegment): string {
  return warnings.map(({ code }) => code).join(' ');
}

function groupOf(segments: readonly ExplainedSegment[]): ExplainGroup[] {
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) return [];
  const warned = segments.flatMap(({ baseOffset, warnings }) => warnings.map((warning) => ({ baseOffset, warning })));
  const told = warned.slice(0, MOST_WARNINGS);
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
      text: cut(first.text, MOST_TEXT),
      warnings: told.map(({ baseOffset, warning: { code, message } }) => [
        baseOffset,
        cut(`${code}: ${message}`, MOST_TEXT),
      ]),
      warningsOmitted: warned.length - told.length,
    },
  ];
}
