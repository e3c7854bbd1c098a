/** Small texts of `seglog stats`. */
import { countText, decimals } from '../bench/text.ts';

/** What a date can be, in milliseconds before and after 1970. */
const LAST_DATE_MS = 8.64e15;
const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

/** `1 record`, `1,200 records`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** A time of UTC to the second; milliseconds where they are no date. */
export function momentText(ms: number | null): string {
  if (ms === null) return '-';
  return Math.abs(ms) <= LAST_DATE_MS ? `${new Date(ms).toISOString().slice(0, -5)}Z` : String(ms);
}

/** A length of time in its largest unit: `3 s`, `1.5 h`. */
export function spanText(ms: number): string {
  const unit = UNITS.find(([size]) => ms >= size);
  if (unit === undefined) return `${ms} ms`;
  const value = ms / unit[0];
  return `${decimals(value, Number.isInteger(value) ? 0 : 1)} ${unit[1]}`;
}

/** `3.81`, or a dash. */
export function ratioText(ratio: number | null): string {
  return ratio === null ? '-' : decimals(ratio, 2);
}

/** `12.5 %`. */
export function shareText(part: number, whole: number): string {
  return whole === 0 ? '-' : `${decimals((100 * part) / whole, 1)} %`;
}
