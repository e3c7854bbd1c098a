/** Moments and spans in words. Moments are UTC. */
import type { Int64 } from '../int64.ts';

/** The last moment that a date can have. */
const MAX_DATE_MS = 8.64e15;
const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [31_536_000_000, 'y'],
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
];

/** `2026-11-21T11:25:23.000Z`; what is no date as a number of milliseconds. */
export function timeText(ms: Int64): string {
  return ms >= -MAX_DATE_MS && ms <= MAX_DATE_MS ? new Date(Number(ms)).toISOString() : `${ms} ms after 1970`;
}

/** The two largest units of a span, years of 365 days: `7 d`, `5 y 12 d`, `0 ms`. A span without end is `for ever`. */
export function spanText(ms: Int64): string {
  if (ms === Infinity) return 'for ever';
  let rest = BigInt(ms);
  if (rest < 0n) return `-${spanText(-rest)}`;
  const parts: string[] = [];
  for (const [unit, name] of UNITS) {
    const count = rest / BigInt(unit);
    rest %= BigInt(unit);
    if (count > 0n) parts.push(`${count} ${name}`);
    // "1 y 3 ms" would claim to be exact.
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0 ms' : parts.join(' ');
}

/** A count of bytes: exact, and in a unit when there are many. */
export function bytesText(bytes: number): string {
  const units = [
    [2 ** 40, 'TiB'],
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ] as const;
  const unit = units.find(([size]) => Math.abs(bytes) >= size);
  const exact = counted(bytes, 'byte');
  return unit === undefined ? exact : `${exact} (${(bytes / unit[0]).toFixed(1)} ${unit[1]})`;
}

/** `1 batch`, `2 batches`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
