/** The reasons of retention in words, with their numbers. */
import { ageTime } from '../../policy/facts.ts';
import type { Deletion } from '../../policy/retention.ts';
import type { Kept, KeptReason } from '../../policy/why-kept.ts';
import { addExact, type Int64 } from '../int64.ts';
import type { SurveyedSegment } from './survey.ts';
import { bytesText, spanText, timeText } from './words.ts';

/** What words need besides the segment. */
export interface KeptWhen {
  /** When it goes by time; null when no time alone brings it about. */
  readonly at: Int64 | null;
  readonly retentionMs: number;
  readonly now: number;
  readonly highWatermark: number;
}

function timeName(segment: SurveyedSegment): string {
  return segment.largestTimestamp >= 0 ? 'largest timestamp' : 'file time';
}

/** Why a segment goes. */
export function deletedText(deletion: Deletion<SurveyedSegment>, now: number): string {
  const { segment, rule } = deletion;
  if (rule === 'log-start')
    return `it ends at offset ${segment.nextOffset}, and the log starts at ${deletion.logStartOffset}`;
  if (rule === 'size') {
    const left = bytesText(deletion.logBytes - segment.sizeBytes);
    return `without it the log still has ${left}; retention.bytes is ${deletion.retentionBytes}`;
  }
  return ageText(segment, deletion.timestamp, deletion.retentionMs, now);
}

function ageText(segment: SurveyedSegment, timestamp: Int64, retentionMs: number, now: number): string {
  const age = spanText(addExact(now, -timestamp));
  return `its ${timeName(segment)} is ${age} ago (${timeText(timestamp)}); retention.ms is ${spanText(retentionMs)}`;
}

/** Why a segment stays. */
export function keptText(kept: Kept<SurveyedSegment>, { at, retentionMs, now, highWatermark }: KeptWhen): string {
  const { segment, reason, timestamp, heldBy, missingBytes } = kept;
  const watermark = kept.isBelowHighWatermark
    ? ''
    : `; the high watermark, ${highWatermark}, must reach ${segment.nextOffset} too`;
  const due = at === null ? '' : dueText(kept, at) + watermark;
  const ahead = spanText(addExact(timestamp, -now));
  const texts: Readonly<Record<KeptReason, () => string>> = {
    policy: () => 'cleanup.policy has no "delete"',
    'no-limit': () => 'neither retention.ms nor retention.bytes sets a limit',
    'empty-active': () => 'it is the active segment, and empty',
    future: () =>
      `its ${timeName(segment)}, ${timeText(timestamp)}, is ${ahead} ahead; ` +
      `retention.ms, ${spanText(retentionMs)}, counts from there${due}`,
    age: () => ageText(segment, timestamp, retentionMs, now) + due,
    size: () =>
      `without it the log would have less than retention.bytes; it goes after ${bytesText(missingBytes ?? 0)} more` +
      watermark,
    'high-watermark': () =>
      `it is due, but ends at offset ${segment.nextOffset}, above the high watermark, ${highWatermark}`,
    behind: () => `it is due, but segment ${heldBy?.baseOffset} before it stays${due}`,
  };
  return texts[reason]();
}

/** When it goes, and what else may make it go or hold it. */
function dueText({ segment, slowest, missingBytes }: Kept<SurveyedSegment>, at: Int64): string {
  const idle = segment.isActive ? ', if nothing is appended' : '';
  const isSized = missingBytes !== undefined && missingBytes > 0;
  const size = isSized ? `, or by size after ${bytesText(missingBytes)} more` : '';
  const pinned =
    slowest === segment ? '' : ` (not before segment ${slowest.baseOffset}, of ${timeText(ageTime(slowest))})`;
  return `; it goes from ${timeText(at)} on${idle}${pinned}${size}`;
}
