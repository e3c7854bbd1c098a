/** Which records are counted, where not all are. Offsets and times are inclusive on both sides. */
import type { StatsOptions } from './contract.ts';

/** The limits, infinite where there are none. Plain data: it crosses threads. */
export interface RangeLimits {
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly fromTime: number;
  readonly toTime: number;
}

/** The limits of some options; undefined when all records are counted. */
export function limitsOf(options: StatsOptions): RangeLimits | undefined {
  const { fromOffset, toOffset, fromTime, toTime } = options;
  if ([fromOffset, toOffset, fromTime, toTime].every((limit) => limit === undefined)) return undefined;
  return {
    fromOffset: fromOffset ?? -Infinity,
    toOffset: toOffset ?? Infinity,
    fromTime: fromTime ?? -Infinity,
    toTime: toTime ?? Infinity,
  };
}

/** Whether a record is counted. */
export function isWithin(limits: RangeLimits, offset: number, timestamp: number): boolean {
  return (
    offset >= limits.fromOffset &&
    offset <= limits.toOffset &&
    timestamp >= limits.fromTime &&
    timestamp <= limits.toTime
  );
}
