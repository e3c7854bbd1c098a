/** Explains compaction: whether the cleaner takes the partition, up to where, and why not further. */
import { bytesUntilRatio, type CompactionSelection, selectForCompaction } from '../../policy/compaction.ts';
import { ageTime } from '../../policy/facts.ts';
import { groupSegments } from '../../policy/grouping.ts';
import { addExact, type Int64 } from '../int64.ts';
import type { ExplainedPartition, Numbers, Verdict } from './contract.ts';
import { lastStableOffset, type LastStable } from './last-stable.ts';
import { configNumbers, explainedSegment, partitionBase } from './parts.ts';
import type { SurveyedPartition } from './partition.ts';
import type { SurveyedSegment } from './survey.ts';
import { bytesText, counted, spanText, timeText } from './words.ts';

/** What the verdict on every segment depends on. */
interface Round {
  readonly partition: SurveyedPartition;
  readonly selection: CompactionSelection;
  readonly stable: LastStable;
  readonly now: number;
  /** When `max.compaction.lag.ms` forces a cleaning; undefined when it never does. */
  readonly forcedAt: Int64 | undefined;
  /** Which segment each cleaned one becomes part of, by base offset. */
  readonly groups: ReadonlyMap<number, number>;
}

/** What the cleaner makes of the partition at `now`. @throws SeglogError `IO` */
export function explainCompaction(
  partition: SurveyedPartition,
  now: number,
  note: (text: string) => void,
): ExplainedPartition {
  const { context, segments, logStartOffset, cleanerCheckpoint } = partition;
  const { config } = context;
  const isCompacted = config.cleanupPolicy.includes('compact');
  const stable = isCompacted
    ? lastStableOffset(partition, note)
    : { offset: partition.highWatermark, firstUnstableOffset: undefined };
  const facts = { segments, logStartOffset, lastStableOffset: stable.offset, checkpoint: cleanerCheckpoint };
  const selection = selectForCompaction(facts, config, now);
  const { earliestDirtyTime } = selection;
  const forcedAt =
    earliestDirtyTime === undefined || config.maxCompactionLagMs === Infinity
      ? undefined
      : addExact(addExact(earliestDirtyTime, config.maxCompactionLagMs), 1);
  const round = { partition, selection, stable, now, forcedAt, groups: groupsOf(partition, selection) };
  const keys = ['cleanupPolicy', 'minCleanableDirtyRatio', 'minCompactionLagMs', 'maxCompactionLagMs'] as const;
  return {
    ...partitionBase('compaction', partition, now),
    config: configNumbers(config, [...keys, 'deleteRetentionMs', 'segmentBytes', 'segmentIndexBytes']),
    numbers: logNumbers(round),
    remarks: isCompacted
      ? remarksOf(round)
      : ['cleanup.policy has no "compact": the cleaner passes this partition over'],
    segments: segments.map((segment) => {
      const verdict = withHorizons(isCompacted ? verdictOn(round, segment) : neverCleaned(), segment);
      return explainedSegment(partition, segment, now, verdict);
    }),
  };
}

function groupsOf({ segments, context }: SurveyedPartition, selection: CompactionSelection): Map<number, number> {
  const { firstUncleanableOffset, isEligible } = selection;
  if (!isEligible) return new Map();
  const cleaned = segments.filter(({ baseOffset }) => baseOffset < firstUncleanableOffset);
  const groups = groupSegments(cleaned, context.config, firstUncleanableOffset);
  return new Map(
    groups.flatMap((group) => group.map(({ baseOffset }) => [baseOffset, group[0]?.baseOffset ?? baseOffset] as const)),
  );
}

function logNumbers({ partition, selection, stable, forcedAt }: Round): Numbers {
  const missingBytes = bytesUntilRatio(selection, partition.context.config);
  return {
    isEligible: selection.isEligible,
    outcome: selection.outcome,
    checkpoint: partition.cleanerCheckpoint ?? null,
    firstDirtyOffset: selection.firstDirtyOffset,
    checkpointReset: selection.checkpointReset ?? null,
    firstUncleanableOffset: selection.firstUncleanableOffset,
    bound: selection.bound,
    boundOffset: selection.boundOffset,
    cleanBytes: selection.cleanBytes,
    cleanableBytes: selection.cleanableBytes,
    dirtyRatio: selection.dirtyRatio,
    missingBytes: selection.isEligible ? 0 : (missingBytes ?? null),
    earliestDirtyTimestamp: selection.earliestDirtyTime ?? null,
    forcedAt: forcedAt ?? null,
    lastStableOffset: stable.offset,
    firstUnstableOffset: stable.firstUnstableOffset ?? null,
  };
}

function neverCleaned(): Verdict {
  const text = 'cleanup.policy has no "compact"';
  return { decision: 'never', reason: 'POLICY_WITHOUT_COMPACT', at: null, numbers: {}, text };
}

function verdictOn(round: Round, segment: SurveyedSegment): Verdict {
  const { selection, groups } = round;
  const { baseOffset, sizeBytes } = segment;
  const wait = { decision: 'wait', at: null } as const;
  if (segment.isActive) {
    const numbers = { sizeBytes };
    const text = 'it is the active segment, which is never cleaned: it must roll first, and only an append makes it';
    return { ...wait, reason: 'ACTIVE_SEGMENT', numbers, text };
  }
  const isClean = segment.nextOffset <= selection.firstDirtyOffset;
  const isUncleanable = baseOffset >= selection.firstUncleanableOffset;
  if (isUncleanable && !isClean) return uncleanable(round, segment);
  if (selection.isEligible && !isUncleanable) {
    const into = groups.get(baseOffset) ?? baseOffset;
    const clean = { decision: 'clean', at: round.now, numbers: { sizeBytes, into } } as const;
    if (isClean) {
      const text = `it is clean, and is written anew into segment ${into}, without what dirty records replace`;
      return { ...clean, reason: 'REWRITTEN_ALONG', text };
    }
    const reason = selection.outcome === 'max-lag' ? 'MAX_LAG_PASSED' : 'RATIO_REACHED';
    return { ...clean, reason, text: `it is cleaned into segment ${into}` };
  }
  if (isClean) {
    const numbers = { firstDirtyOffset: selection.firstDirtyOffset };
    const text = `it ends at or below the first dirty offset, ${selection.firstDirtyOffset}`;
    return { ...wait, reason: 'ALREADY_CLEAN', numbers, text };
  }
  return waitingForRatio(round);
}

function waitingForRatio({ partition, selection, forcedAt }: Round): Verdict {
  const { minCleanableDirtyRatio } = partition.context.config;
  const missingBytes = bytesUntilRatio(selection, partition.context.config);
  const more =
    missingBytes === undefined ? 'which no log exceeds' : `${bytesText(missingBytes)} more of sealed segments reach it`;
  const forced = forcedAt === undefined ? '' : `; max.compaction.lag.ms forces it from ${timeText(forcedAt)} on`;
  return {
    decision: 'wait',
    reason: 'RATIO_NOT_REACHED',
    at: forcedAt ?? null,
    numbers: { dirtyRatio: selection.dirtyRatio, minCleanableDirtyRatio, missingBytes: missingBytes ?? null },
    text: `the dirty ratio, ${ratioText(selection.dirtyRatio)}, is not above ${minCleanableDirtyRatio}: ${more}${forced}`,
  };
}

/** A sealed segment at or above the first one that cannot be cleaned. */
function uncleanable({ partition, selection, stable, now }: Round, segment: SurveyedSegment): Verdict {
  const { minCompactionLagMs } = partition.context.config;
  const { firstUncleanableOffset, bound } = selection;
  if (bound === 'last-stable-offset') {
    const { highWatermark } = partition;
    const { offset, firstUnstableOffset } = stable;
    const cause =
      firstUnstableOffset === offset
        ? `the oldest transaction that is open, or not replicated to its end, begins there`
        : `the high watermark is ${highWatermark}`;
    return {
      decision: 'wait',
      reason: 'ABOVE_LAST_STABLE_OFFSET',
      at: null,
      numbers: { lastStableOffset: offset, highWatermark, firstUnstableOffset: firstUnstableOffset ?? null },
      text: `cleaning ends where the segment of the last stable offset, ${offset}, begins: ${cause}`,
    };
  }
  const slowest = slowestUpTo(partition.segments, firstUncleanableOffset, segment);
  const at = minCompactionLagMs === Infinity ? null : addExact(ageTime(slowest), minCompactionLagMs);
  const timestamp = ageTime(segment);
  const numbers = {
    timestamp,
    minCompactionLagMs: at === null ? null : minCompactionLagMs,
    ...(slowest === segment ? {} : { heldBy: slowest.baseOffset }),
  };
  const isYoung = timestamp > now - minCompactionLagMs;
  const [lag, until] =
    at === null
      ? ['without end', 'it is never cleaned']
      : [spanText(minCompactionLagMs), `it waits until ${timeText(at)}`];
  const text = isYoung
    ? `its largest timestamp is ${timeText(timestamp)}; min.compaction.lag.ms is ${lag}: ${until}`
    : `it is old enough, but segment ${slowest.baseOffset} before it is not: ${until}`;
  return { decision: 'wait', reason: isYoung ? 'MIN_LAG_NOT_PASSED' : 'BEHIND_UNCLEANABLE_SEGMENT', at, numbers, text };
}

function slowestUpTo(segments: readonly SurveyedSegment[], from: number, last: SurveyedSegment): SurveyedSegment {
  let slowest = last;
  for (const segment of segments) {
    const isAmong = segment.baseOffset >= from && segment.baseOffset < last.baseOffset;
    if (isAmong && ageTime(segment) > ageTime(slowest)) slowest = segment;
  }
  return slowest;
}

/** Adds what waits in the segment for the second pass. */
function withHorizons(verdict: Verdict, { horizons }: SurveyedSegment): Verdict {
  if (horizons === undefined) return verdict;
  const { batches, earliestMs, latestMs } = horizons;
  return {
    ...verdict,
    numbers: { ...verdict.numbers, horizonBatches: batches, earliestHorizon: earliestMs, latestHorizon: latestMs },
    text: `${verdict.text}; ${counted(batches, 'batch has', 'batches have')} tombstones or markers that the first cleaning after ${timeText(earliestMs)}${latestMs === earliestMs ? '' : ` to ${timeText(latestMs)}`} drops`,
  };
}

function ratioText(ratio: number): string {
  return String(Math.round(ratio * 10000) / 10000);
}

const OUTCOMES: Readonly<Record<CompactionSelection['outcome'], string>> = {
  policy: 'it is passed over',
  empty: 'there is nothing to clean: no sealed segment has a byte',
  'nothing-cleanable': 'there is nothing to clean: no dirty segment may be',
  'below-ratio': 'it is not cleaned',
  ratio: 'it is up for cleaning',
  'max-lag': 'it is up for cleaning, whatever the ratio: dirty records are older than max.compaction.lag.ms',
};

function remarksOf({ partition, selection }: Round): string[] {
  const { minCleanableDirtyRatio, deleteRetentionMs } = partition.context.config;
  const { cleanBytes, cleanableBytes, dirtyRatio, firstDirtyOffset, checkpointReset, outcome } = selection;
  const remarks = [
    `${OUTCOMES[outcome]}: ${bytesText(cleanableBytes)} of ${bytesText(cleanBytes + cleanableBytes)} can be cleaned, ` +
      `a dirty ratio of ${ratioText(dirtyRatio)}; it has to be above ${minCleanableDirtyRatio}`,
  ];
  if (checkpointReset !== undefined) {
    remarks.push(
      `the checkpoint, ${partition.cleanerCheckpoint}, lies outside of the log: cleaning begins at ${firstDirtyOffset}`,
    );
  }
  if (partition.segments.some(({ nextOffset, isActive }) => !isActive && nextOffset <= partition.logStartOffset))
    remarks.push('segments wholly below the log start are deleted, not cleaned: see `explain retention`');
  remarks.push(
    'several partitions: the one with the highest ratio comes first; one whose cleaning failed is not tried again before the broker restarts',
    `a tombstone stays for two cleanings: the first sets its horizon delete.retention.ms (${spanText(deleteRetentionMs)}) ahead, the first one behind the horizon drops it`,
  );
  return remarks;
}
