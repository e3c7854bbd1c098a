/** Numbers as people read them: for the lines and tables of the benches and the demo. */

const MILLION = 1e6;

/** `1234567` as `1,234,567`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** Bytes in units of 10^6, 10^3 or 1: `330.1 MB`. */
export function bytesText(bytes: number): string {
  if (bytes >= MILLION) return `${decimals(bytes / MILLION, 1)} MB`;
  return bytes >= 1000 ? `${decimals(bytes / 1000, 1)} kB` : `${bytes} B`;
}

/** A time with three digits or more: `0.123 s`, `12.3 s`. */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(seconds < 10 ? 3 : 1)} s`;
}

/** How many a second: `24.3 M records/s`, `812 k seeks/s`. */
export function rateText(perSecond: number, unit: string): string {
  if (perSecond >= MILLION) return `${decimals(perSecond / MILLION, 1)} M ${unit}/s`;
  return perSecond >= 10_000 ? `${decimals(perSecond / 1000, 0)} k ${unit}/s` : `${decimals(perSecond, 0)} ${unit}/s`;
}

/** `2673.4` as `2,673`. */
export function decimals(number: number, digits: number): string {
  return number.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
