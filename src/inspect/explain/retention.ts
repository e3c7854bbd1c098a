/** Explains retention: what a broker's next look would delete, when the rest goes, and why not now. */
import { ageTime } from '../../policy/facts.ts';
import { type Deletion, retentionRound, totalBytes } from '../../policy/retention.ts';
import { type Kept, type KeptReason, whyKept } from '../../policy/why-kept.ts';
import { addExact, type Int64 } from '../int64.ts';
import type { ExplainedPartition, Numbers, Verdict } from './contract.ts';
import { configNumbers, explainedSegment, partitionBase } from './parts.ts';
import type { SurveyedPartition } from './partition.ts';
import type { ReasonCode } from './reasons.ts';
import { deletedText, keptText } from './retention-text.ts';
import type { SurveyedSegment } from './survey.ts';
import { bytesText, counted, spanText } from './words.ts';

/** What one round of retention does at `now`. @throws SeglogError `IO` */
export function explainRetention(partition: SurveyedPartition, now: number): ExplainedPartition {
  const { segments, context, highWatermark } = partition;
  const rules = context.config;
  const round = retentionRound(partition, rules, now);
  const kept = whyKept(round, { highWatermark }, rules, now);
  const verdicts = new Map<SurveyedSegment, Verdict>([
    ...round.deletions.map((deletion) => [deletion.segment, deleted(deletion, now)] as const),
    ...kept.map((one) => [one.segment, keptVerdict(one, partition, now)] as const),
  ]);
  const explained = segments.flatMap((segment) => {
    const verdict = verdicts.get(segment);
    return verdict === undefined ? [] : [explainedSegment(partition, segment, now, verdict)];
  });
  const deletedBytes = totalBytes(round.deletions.map(({ segment }) => segment));
  return {
    ...partitionBase('retention', partition, now),
    config: configNumbers(rules, ['cleanupPolicy', 'retentionMs', 'retentionBytes', 'fileDeleteDelayMs']),
    numbers: {
      deletedSegments: round.deletions.length,
      deletedBytes,
      newLogStartOffset: round.logStartOffset,
      isActiveRolledFirst: round.isRolledFirst,
    },
    remarks: remarksOf(partition, round.deletions.length, deletedBytes, round.logStartOffset, round.isRolledFirst),
    segments: explained,
  };
}

function deleted(deletion: Deletion<SurveyedSegment>, now: number): Verdict {
  const { segment, rule } = deletion;
  const verdict = { decision: 'delete', at: now, text: deletedText(deletion, now) } as const;
  const own = { sizeBytes: segment.sizeBytes, nextOffset: segment.nextOffset };
  if (rule === 'log-start') {
    const numbers = { ...own, logStartOffset: deletion.logStartOffset };
    return { ...verdict, reason: 'LOG_START_BREACHED', numbers };
  }
  if (rule === 'size') {
    const { logBytes, retentionBytes } = deletion;
    return { ...verdict, reason: 'SIZE_BREACHED', numbers: { ...own, logBytes, retentionBytes } };
  }
  const { timestamp, retentionMs } = deletion;
  const ageMs = addExact(now, -timestamp);
  const dueSince = dueAt(segment, retentionMs);
  return { ...verdict, reason: 'TIME_BREACHED', numbers: { ...own, timestamp, ageMs, retentionMs, dueSince } };
}

const REASON_OF: Readonly<Record<KeptReason, ReasonCode>> = {
  policy: 'POLICY_WITHOUT_DELETE',
  'no-limit': 'NO_RETENTION_LIMIT',
  'empty-active': 'ACTIVE_SEGMENT_EMPTY',
  future: 'FUTURE_TIMESTAMP',
  age: 'TIME_NOT_REACHED',
  size: 'SIZE_NOT_REACHED',
  'high-watermark': 'ABOVE_HIGH_WATERMARK',
  behind: 'BEHIND_KEPT_SEGMENT',
};

function keptVerdict(kept: Kept<SurveyedSegment>, { context, highWatermark }: SurveyedPartition, now: number): Verdict {
  const { segment, reason, timestamp, slowest, heldBy, missingBytes } = kept;
  const { retentionMs } = context.config;
  const isTimed = reason === 'age' || reason === 'future' || (reason === 'behind' && heldBy === slowest);
  const isByTime = isTimed && retentionMs >= 0 && retentionMs !== Infinity;
  const due = isByTime ? dueAt(slowest, retentionMs) : 0;
  // Where even the slowest is due, only the high watermark counts.
  const at = due > now ? due : null;
  const numbers: Numbers = {
    ...(reason === 'policy' || reason === 'no-limit' || reason === 'empty-active'
      ? {}
      : { timestamp, ...(isByTime ? { retentionMs } : {}) }),
    ...(missingBytes === undefined ? {} : { missingBytes: Math.max(0, missingBytes) }),
    ...(heldBy === undefined ? {} : { heldBy: heldBy.baseOffset }),
    ...(at !== null && slowest !== segment ? { slowestSegment: slowest.baseOffset } : {}),
    ...(kept.isBelowHighWatermark ? {} : { highWatermark, nextOffset: segment.nextOffset }),
  };
  return {
    decision: 'keep',
    reason: REASON_OF[reason],
    at,
    numbers,
    text: keptText(kept, { at, retentionMs, now, highWatermark }),
  };
}

/** The first millisecond at which a segment is older than `retention.ms`, which is a limit. */
function dueAt(segment: SurveyedSegment, retentionMs: number): Int64 {
  return addExact(addExact(ageTime(segment), retentionMs), 1);
}

function remarksOf(
  { context }: SurveyedPartition,
  count: number,
  bytes: number,
  logStartOffset: number,
  isRolledFirst: boolean,
): string[] {
  const { fileDeleteDelayMs } = context.config;
  const remarks =
    count === 0
      ? ['nothing is deleted']
      : [
          `${counted(count, 'segment is', 'segments are')} deleted, ${bytesText(bytes)}; the log then starts at offset ${logStartOffset}`,
        ];
  if (isRolledFirst) remarks.push('the active segment goes too: an empty one is begun at the log end first');
  remarks.push(
    'a broker looks every log.retention.check.interval.ms (5 min unless set otherwise), renames the files to .deleted ' +
      `and unlinks them ${spanText(fileDeleteDelayMs)} later (file.delete.delay.ms)`,
  );
  return remarks;
}
