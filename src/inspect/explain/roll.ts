/** Explains rolling: why sealed segments rolled, and what would make the active one roll. */
import { HEADER_SIZE } from '../../format/batch.ts';
import { OFFSET_INDEX } from '../../format/offset-index.ts';
import { TIME_INDEX } from '../../format/time-index.ts';
import {
  indexCapacity,
  maxJitterMs,
  maxSegmentMs,
  type RollAppend,
  type RollCause,
  rollCause,
} from '../../policy/roll.ts';
import { MAX_INT32 } from '../../units/units.ts';
import { addExact, type Int64 } from '../int64.ts';
import type { ExplainedPartition, Numbers, Verdict } from './contract.ts';
import { configNumbers, explainedSegment, partitionBase } from './parts.ts';
import type { SurveyedPartition } from './partition.ts';
import type { ReasonCode } from './reasons.ts';
import type { SurveyedSegment } from './survey.ts';
import { bytesText, spanText, timeText } from './words.ts';

/** A batch of one record without key and value, uncompressed: nothing smaller can be appended. */
const SMALLEST_BATCH_BYTES: number = HEADER_SIZE + 7;

const REASON_OF: Readonly<Record<RollCause, ReasonCode>> = {
  size: 'SEGMENT_FULL',
  time: 'SEGMENT_OLD',
  'offset-index-full': 'OFFSET_INDEX_FULL',
  'time-index-full': 'TIME_INDEX_FULL',
  'offset-range': 'OFFSET_RANGE',
};

const OTHER_TEXT = 'these settings do not say why: others were in force, or compaction made it smaller';
const FULL_TEXTS: Readonly<Record<Exclude<RollCause, 'size' | 'time'>, string>> = {
  'offset-index-full': 'its offset index has no room',
  'time-index-full': 'its time index has no room',
  'offset-range': 'the next offset is too far from its base offset',
};

/** Why segments rolled, and whether the active one would with an append at `now`. @throws SeglogError `IO` */
export function explainRoll(partition: SurveyedPartition, now: number): ExplainedPartition {
  const { segments, context } = partition;
  const { config } = context;
  const explained = segments.map((segment, at) => {
    const next = segments[at + 1];
    const verdict = next === undefined ? ofActive(partition, segment, now) : ofSealed(partition, segment, next, now);
    return explainedSegment(partition, segment, now, verdict);
  });
  const keys = ['cleanupPolicy', 'segmentBytes', 'segmentMs', 'segmentJitterMs', 'segmentIndexBytes'] as const;
  return {
    ...partitionBase('roll', partition, now),
    config: configNumbers(config, [...keys, 'maxCompactionLagMs']),
    numbers: { rollAfterMs: orNull(maxSegmentMs(config)), maxJitterMs: orNull(maxJitterMs(config)) },
    remarks: [
      'a segment rolls on an append and at no other time: while nobody writes, the active segment stays as it is',
      `the answer for the active segment is that of the smallest batch (${SMALLEST_BATCH_BYTES} bytes), stamped with the time asked about`,
    ],
    segments: explained,
  };
}

function causeOf(
  { context }: SurveyedPartition,
  segment: SurveyedSegment,
  append: RollAppend,
  jitterMs: number,
  now: number,
): RollCause | undefined {
  const { baseOffset, sizeBytes, firstTimestamp, offsetIndexBytes, timeIndexBytes } = segment;
  const facts = {
    baseOffset,
    sizeBytes,
    firstTimestamp,
    // When a broker opened it is nowhere written: as if it had just done so.
    openedMs: now,
    offsetIndexEntries: offsetIndexBytes / OFFSET_INDEX.ENTRY_SIZE,
    timeIndexEntries: timeIndexBytes / TIME_INDEX.ENTRY_SIZE,
    jitterMs,
  };
  return rollCause(facts, append, context.config, now);
}

/** By the first batch of the next segment. Jitter is random: all that it may have been is tried. */
function ofSealed(partition: SurveyedPartition, segment: SurveyedSegment, next: SurveyedSegment, now: number): Verdict {
  const { first } = next;
  const { config } = partition.context;
  if (first === undefined || typeof first.lastOffset === 'bigint')
    return rolledFor('OTHER_CAUSE', {}, 'nothing tells why');
  const append = { sizeBytes: first.sizeBytes, lastOffset: first.lastOffset, maxTimestamp: first.maxTimestamp };
  const certain = causeOf(partition, segment, append, 0, now);
  const cause = certain ?? causeOf(partition, segment, append, maxJitterMs(config), now);
  const size = { sizeBytes: segment.sizeBytes, nextBatchBytes: first.sizeBytes, segmentBytes: config.segmentBytes };
  const spanMs = addExact(first.maxTimestamp, -segment.firstTimestamp);
  const limitMs = maxSegmentMs(config);
  const time = { firstTimestamp: segment.firstTimestamp, nextTimestamp: first.maxTimestamp, spanMs };
  if (cause === undefined) return rolledFor('OTHER_CAUSE', { ...size, ...time }, OTHER_TEXT);
  if (cause === 'size') {
    const text = `${segment.sizeBytes} bytes and a batch of ${first.sizeBytes} are more than segment.bytes, ${config.segmentBytes}`;
    return rolledFor('SEGMENT_FULL', size, text);
  }
  if (cause === 'time') {
    const came = `the next batch came ${spanText(spanMs)} after its first one, by the records' time`;
    const sooner = certain === undefined ? soonerText(maxJitterMs(config)) : '';
    const text = `${came}; it rolls after ${spanText(limitMs)}${sooner}`;
    return rolledFor('SEGMENT_OLD', { ...time, segmentMs: orNull(limitMs) }, text);
  }
  return rolledFor(REASON_OF[cause], indexNumbers(partition, segment), FULL_TEXTS[cause]);
}

/** By how much jitter may bring the moment forward. */
function soonerText(jitterMs: number): string {
  if (jitterMs === 0) return '';
  return `, or ${jitterMs === Infinity ? 'at any moment' : `up to ${spanText(jitterMs)}`} sooner (segment.jitter.ms)`;
}

function rolledFor(reason: ReasonCode, numbers: Numbers, text: string): Verdict {
  return { decision: 'rolled', reason, at: null, numbers, text };
}

function ofActive(partition: SurveyedPartition, segment: SurveyedSegment, now: number): Verdict {
  const { config } = partition.context;
  const append = { sizeBytes: SMALLEST_BATCH_BYTES, lastOffset: segment.nextOffset, maxTimestamp: now };
  const cause = causeOf(partition, segment, append, 0, now);
  const isMaybe = cause === undefined && causeOf(partition, segment, append, maxJitterMs(config), now) === 'time';
  const limitMs = maxSegmentMs(config);
  const isTimed = segment.sizeBytes > 0 && segment.firstTimestamp >= 0 && limitMs !== Infinity;
  const at = isTimed ? addExact(addExact(segment.firstTimestamp, limitMs), 1) : null;
  const roomBytes = Math.max(0, config.segmentBytes - segment.sizeBytes);
  const numbers: Numbers = {
    sizeBytes: segment.sizeBytes,
    roomBytes,
    firstTimestamp: segment.firstTimestamp,
    ...(at === null ? {} : { earliestAt: earliestOf(segment, at, maxJitterMs(config)) }),
    roomOffsets: MAX_INT32 - (segment.nextOffset - segment.baseOffset) + 1,
    ...indexNumbers(partition, segment),
  };
  const text = activeText(segment, { cause, isMaybe, at, roomBytes, limitMs, jitterMs: maxJitterMs(config) });
  if (cause !== undefined)
    return { decision: 'rolls', reason: REASON_OF[cause], at: cause === 'time' ? at : now, numbers, text };
  return { decision: 'stays', reason: segment.sizeBytes === 0 ? 'SEGMENT_EMPTY' : 'NOT_YET', at, numbers, text };
}

/** The first moment at which jitter may have the segment roll: of a jitter without end, that of its first batch. */
function earliestOf({ firstTimestamp }: SurveyedSegment, at: Int64, jitterMs: number): Int64 {
  return jitterMs === Infinity ? firstTimestamp : addExact(at, -jitterMs);
}

interface ActiveRoll {
  readonly cause: RollCause | undefined;
  readonly isMaybe: boolean;
  readonly at: Int64 | null;
  readonly roomBytes: number;
  readonly limitMs: number;
  readonly jitterMs: number;
}

function activeText(
  segment: SurveyedSegment,
  { cause, isMaybe, at, roomBytes, limitMs, jitterMs }: ActiveRoll,
): string {
  if (cause === 'size') {
    const { sizeBytes } = segment;
    return `its ${bytesText(sizeBytes)} leave no room for the smallest batch: the next append begins a new segment`;
  }
  if (cause !== undefined && cause !== 'time') return `${FULL_TEXTS[cause]}: the next append begins a new segment`;
  if (segment.sizeBytes === 0) return 'it is empty; an empty segment does not roll by time';
  const bySize = `an append of more than ${bytesText(roomBytes)} begins a new segment`;
  if (at === null) {
    const opened =
      segment.firstTimestamp < 0
        ? `; its first batch has no timestamp, so its age, to ${spanText(limitMs)}, counts from when a broker opens it`
        : '';
    return bySize + opened;
  }
  const sooner = soonerText(jitterMs);
  const byTime = `so does one stamped ${timeText(at)} or later${sooner}: ${spanText(limitMs)} after its first batch`;
  const now =
    cause === 'time'
      ? '; one at the time asked about does'
      : isMaybe
        ? '; one at the time asked about may, by its jitter'
        : '';
  return `${bySize}; ${byTime}${now}`;
}

function indexNumbers({ context }: SurveyedPartition, segment: SurveyedSegment): Numbers {
  const { offsetEntries, timeEntries } = indexCapacity(context.config);
  return {
    offsetIndexEntries: segment.offsetIndexBytes / OFFSET_INDEX.ENTRY_SIZE,
    offsetIndexCapacity: offsetEntries,
    timeIndexEntries: segment.timeIndexBytes / TIME_INDEX.ENTRY_SIZE,
    timeIndexCapacity: timeEntries,
  };
}

function orNull(ms: number): number | null {
  return ms === Infinity ? null : ms;
}
