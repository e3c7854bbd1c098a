/** What is asked of an open log, step by step: in the form of OracleRead.java, and of us. */
import { type Log, SeglogError } from '../../src/index.ts';
import { segmentsOf } from '../support/log-bytes.ts';
import type { Random } from '../support/random.ts';

const ISOLATIONS = { LOG_END: 'log_end', HIGH_WATERMARK: 'high_watermark', TXN_COMMITTED: 'committed' } as const;

export type Step =
  | { readonly op: 'highWatermark' | 'truncate' | 'truncateFully' | 'deleteRecords'; readonly offset: number }
  | {
      readonly op: 'read';
      readonly from: number;
      readonly maxBytes: number;
      readonly isolation: keyof typeof ISOLATIONS;
      readonly minOne: boolean;
    }
  | { readonly op: 'timestamp'; readonly timestamp: number }
  | { readonly op: 'epoch'; readonly epoch: number };

/** A step's answer; `error` alone where it is refused. */
export type StepAnswer = Readonly<Record<string, unknown>>;

/** Kafka's words for the refusals that steps can meet, and our codes. */
const REFUSALS: readonly (readonly [kafka: RegExp, ours: string])[] = [
  [/^OffsetOutOfRangeException/, 'OFFSET_OUT_OF_RANGE'],
  [/^IllegalArgumentException/, 'INVALID_ARGUMENT'],
];

/** Kafka's answer with its refusal under our code for it. */
export function inOurWords(answer: StepAnswer): StepAnswer {
  const { error } = answer;
  if (typeof error !== 'string') return answer;
  return { error: REFUSALS.find(([form]) => form.test(error))?.[1] ?? error };
}

/** Random steps over the log in `directory`, whose last offsets they reach and pass. */
export function randomSteps(random: Random, directory: string, count: number): Step[] {
  const entries = segmentsOf(directory).flatMap((segment) => segment.entries);
  const first = Number(entries[0]?.baseOffset ?? 0n);
  const end = Number((entries.at(-1)?.lastOffset ?? -1n) + 1n);
  const timestamps = entries.map(({ maxTimestamp }) => Number(maxTimestamp));
  const offset = (): number => {
    if (entries.length > 0 && random.chance(0.3)) return Number(random.pick(entries).lastOffset) + random.between(0, 1);
    return random.between(first - 2, end + 2);
  };
  // Kafka 4.3.1, asked where an offset stands, answers with the base of the batch found there: a high watermark or a log
  // start within a batch or a gap makes its high watermark and last stable offset move there. Neither is asked for.
  let low = first;
  let high = end;
  // A watermark that goes back behind a truncation is none of a broker's: what Kafka has forgotten then is not asked for.
  let reached = first;
  // Of a log that was truncated Kafka gives as the largest timestamp's a record below the log start, or none.
  let isTruncated = false;
  const between = (): number => {
    const from = isTruncated ? Math.max(low, reached) : low;
    const inside = entries.filter((entry) => Number(entry.baseOffset) >= from && Number(entry.lastOffset) < high);
    return inside.length === 0 ? high : Number(random.pick(inside).baseOffset);
  };
  const watermark = (target: number): Step => {
    reached = target;
    return { op: 'highWatermark', offset: target };
  };
  const deletion = (): Step => {
    const deleted = entries.length === 0 ? end : Number(random.pick(entries).baseOffset);
    low = Math.max(low, deleted);
    return { op: 'deleteRecords', offset: deleted };
  };
  const truncation = (op: 'truncate' | 'truncateFully', target: number): Step => {
    isTruncated = true;
    high = Math.min(high, target);
    reached = Math.min(reached, target);
    return { op, offset: target };
  };
  const step = (): Step => {
    const kind = random.next();
    if (kind < 0.1) return watermark(between());
    if (kind < 0.75) {
      const isolation = random.pick(['LOG_END', 'HIGH_WATERMARK', 'TXN_COMMITTED', 'TXN_COMMITTED'] as const);
      const maxBytes = random.pick([0, 1, 60, 100, 500, 3000, 20_000, 1_000_000]);
      return { op: 'read', from: offset(), maxBytes, isolation, minOne: random.chance(0.6) };
    }
    if (kind < 0.88) {
      if (timestamps.length === 0 || (!isTruncated && random.chance(0.1))) return { op: 'timestamp', timestamp: -3 };
      return { op: 'timestamp', timestamp: Math.max(0, random.pick(timestamps) + random.pick([-1, 0, 1, -400, 400])) };
    }
    if (kind < 0.92) return { op: 'epoch', epoch: random.between(-1, 12) };
    if (kind < 0.95) return deletion();
    if (kind < 0.99) return truncation('truncate', Math.max(0, offset()));
    return truncation('truncateFully', random.between(0, end + 100));
  };
  return [watermark(random.chance(0.5) ? end : between()), ...Array.from({ length: count }, step)];
}

function standOf(log: Log): StepAnswer {
  const { logStartOffset, logEndOffset, highWatermark, recoveryPoint, lastStableOffset } = log.status();
  return {
    ...{ logStartOffset, logEndOffset, highWatermark, recoveryPoint, lastStableOffset },
    producers: log.producers().map((producer) => ({ ...producer })),
    epochs: log.leaderEpochs().map(({ epoch, startOffset }) => ({ epoch, startOffset })),
  };
}

async function taken(log: Log, step: Step): Promise<StepAnswer> {
  switch (step.op) {
    case 'highWatermark': {
      log.updateHighWatermark(step.offset);
      const { highWatermark, lastStableOffset } = log.status();
      return { highWatermark, lastStableOffset };
    }
    case 'read': {
      const { from, maxBytes, minOne: minOneMessage } = step;
      const fetched = log.fetch(from, { maxBytes, minOneMessage, isolation: ISOLATIONS[step.isolation] });
      const { offset, segmentBaseOffset, position, bytes, firstEntryIncomplete, abortedTransactions } = fetched;
      return {
        ...{ offset, segmentBaseOffset, position, size: bytes.length, firstEntryIncomplete },
        ...(abortedTransactions === undefined
          ? {}
          : { abortedTransactions: abortedTransactions.map((one) => ({ ...one })) }),
      };
    }
    case 'timestamp': {
      const found = step.timestamp === -3 ? log.maxTimestamp() : log.offsetForTimestamp(step.timestamp);
      return { offset: found?.offset ?? -1, timestamp: found?.timestamp ?? -1 };
    }
    case 'epoch': {
      const { epoch, endOffset } = log.endOffsetForEpoch(step.epoch);
      return { epoch, endOffset };
    }
    case 'truncate':
      return { truncated: await log.truncateTo(step.offset), ...standOf(log) };
    case 'truncateFully':
      await log.truncateFullyAndStartAt(step.offset);
      return standOf(log);
    default:
      await log.deleteRecordsBefore(step.offset);
      return standOf(log);
  }
}

/** Our answer to a step. */
export async function takeStep(log: Log, step: Step): Promise<StepAnswer> {
  try {
    return await taken(log, step);
  } catch (error) {
    if (error instanceof SeglogError) return { error: error.code };
    throw error;
  }
}
