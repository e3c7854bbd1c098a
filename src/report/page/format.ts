/** Numbers, sizes and moments as people read them. Moments are UTC. */
import type { Exact } from '../contract.ts';

const LAST_DATE_MS = 8.64e15;
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const SPANS: readonly (readonly [ms: number, name: string])[] = [
  [31_536_000_000, 'y'],
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** `1,234,567`; digits beyond 2^53 as they are. */
export function count(value: Exact): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : value;
}

/** `1 batch`, `2 batches`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Three digits and a unit of a thousand: `12.3 MB`. */
export function bytes(value: number): string {
  let unit = 0;
  let left = value;
  while (left >= 999.5 && unit < BYTE_UNITS.length - 1) {
    left /= 1000;
    unit++;
  }
  return `${unit === 0 ? left : digits(left)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** `1.2 k`, `34 M`: for axes. */
export function short(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P'];
  let unit = 0;
  let left = value;
  while (Math.abs(left) >= 1000 && unit < units.length - 1) {
    left /= 1000;
    unit++;
  }
  return `${Number(left.toPrecision(3))}${units[unit] ?? ''}`;
}

/** Three digits, or all of a whole part. */
export function digits(value: number): string {
  const places = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: places });
}

/** `2026-11-21 09:30:00.123`; what is no date as a number. */
export function moment(ms: Exact | null): string {
  if (ms === null) return '–';
  if (typeof ms !== 'number' || Math.abs(ms) > LAST_DATE_MS) return `${ms} ms after 1970`;
  if (ms === -1) return 'none';
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/(?:\.000)?Z$/, '');
}

/** {@link moment} to the minute: where there is little room. What is no date is told in full. */
export function minute(ms: number): string {
  return moment(ms).replace(/( \d\d:\d\d):\d\d(?:\.\d+)?$/, '$1');
}

/** Bytes in units of 1,024: for classes of sizes, which are powers of two. */
export function binary(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  let left = value;
  while (left >= 1024 && unit < units.length - 1) {
    left /= 1024;
    unit++;
  }
  return `${digits(left)} ${units[unit] ?? ''}`;
}

/** The two largest units of a span: `3 d 4 h`. */
export function span(ms: number): string {
  if (ms < 1000) return `${digits(ms)} ms`;
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, name] of SPANS) {
    const whole = Math.floor(rest / unit);
    rest -= whole * unit;
    if (whole > 0) parts.push(`${count(whole)} ${name}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** `12.3 %`. */
export function share(part: number, whole: number): string {
  return whole === 0 ? '–' : `${digits((part / whole) * 100)} %`;
}
