/** How large the values are: all alike, or drawn from a distribution. */
import { SeglogError } from '../errors/errors.ts';

/** A size that has a part of all draws. */
export interface SizeShare {
  readonly bytes: number;
  /** Against the other shares: 9 and 1 are nine of ten and one of ten. */
  readonly share: number;
}

/** What sizes there are. A number: each value has so many bytes. */
export type RecordSizes =
  | number
  | { readonly kind: 'uniform'; readonly least: number; readonly most: number }
  /** Many small ones, few large ones; none is larger than {@link MOST_OF_MEAN} times the mean. */
  | { readonly kind: 'exponential'; readonly mean: number }
  | { readonly kind: 'mix'; readonly shares: readonly SizeShare[] };

const MOST_OF_MEAN = 16;
/** A record is in memory as a whole. */
const MOST_BYTES = 16 * 1024 * 1024;

/** What {@link parseRecordSizes} takes, for the help. */
export const RECORD_SIZES_HELP =
  'bytes of a value: 100, uniform:10-1000, exponential:200 (the mean) or mix:100x9,10000x1 (nine of ten, one of ten)';

function refuse(text: string): never {
  throw new SeglogError('INVALID_ARGUMENT', 'this is no size of records', {
    expected: `100, uniform:10-1000, exponential:200 or mix:100x9,10000x1, none above ${MOST_BYTES}`,
    found: JSON.stringify(text),
  });
}

function whole(digits: string | undefined, text: string): number {
  const value = digits !== undefined && /^\d{1,9}$/.test(digits) ? Number(digits) : refuse(text);
  return value <= MOST_BYTES ? value : refuse(text);
}

function parseShare(part: string, text: string): SizeShare {
  const [bytes, share, more] = part.split('x');
  const parsed = { bytes: whole(bytes, text), share: whole(share, text) };
  return more === undefined && parsed.share > 0 ? parsed : refuse(text);
}

/** @throws SeglogError `INVALID_ARGUMENT` */
export function parseRecordSizes(text: string): RecordSizes {
  const [kind, rest, more] = text.split(':');
  if (rest === undefined) return whole(text, text);
  if (more !== undefined) return refuse(text);
  switch (kind) {
    case 'uniform': {
      const [least, most, third] = rest.split('-');
      const sizes = { kind, least: whole(least, text), most: whole(most, text) } as const;
      return third === undefined && sizes.least <= sizes.most ? sizes : refuse(text);
    }
    case 'exponential': {
      const sizes = { kind, mean: whole(rest, text) } as const;
      return largestSize(sizes) <= MOST_BYTES ? sizes : refuse(text);
    }
    case 'mix':
      return { kind, shares: rest.split(',').map((part) => parseShare(part, text)) };
    default:
      return refuse(text);
  }
}

/** The most bytes that a value can have. */
export function largestSize(sizes: RecordSizes): number {
  if (typeof sizes === 'number') return sizes;
  switch (sizes.kind) {
    case 'uniform':
      return sizes.most;
    case 'exponential':
      return sizes.mean * MOST_OF_MEAN;
    default:
      return sizes.shares.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  }
}

function drawShare(shares: readonly SizeShare[], point: number): number {
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  let left = point * total;
  for (const { bytes, share } of shares) {
    left -= share;
    if (left < 0) return bytes;
  }
  return shares.at(-1)?.bytes ?? 0;
}

/** A size for `point`, a random number in [0, 1). */
export function drawSize(sizes: RecordSizes, point: number): number {
  if (typeof sizes === 'number') return sizes;
  switch (sizes.kind) {
    case 'uniform':
      return sizes.least + Math.floor(point * (sizes.most - sizes.least + 1));
    case 'exponential':
      return Math.min(largestSize(sizes), Math.round(-Math.log(1 - point) * sizes.mean));
    default:
      return drawShare(sizes.shares, point);
  }
}
