/** Which bytes a call may be asked to work on, and which place in a file. */
import { SeglogError } from '../../errors/errors.ts';

/** @throws SeglogError `INVALID_ARGUMENT` for a range that is not in `bytes`, as the native engine does */
export function requireRange(bytes: Uint8Array, start: number, end: number): void {
  const isRange = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= bytes.length;
  if (isRange) return;
  throw new SeglogError('INVALID_ARGUMENT', 'there are no such bytes', {
    expected: `0 to ${bytes.length}`,
    found: `${start} to ${end}`,
  });
}

/** @throws SeglogError `INVALID_ARGUMENT` for what is no place in a file, as the native engine does */
export function requirePosition(position: number): void {
  if (Number.isSafeInteger(position) && position >= 0) return;
  throw new SeglogError('INVALID_ARGUMENT', 'there is no such place in a file', {
    expected: 'a whole number from 0 on',
    found: String(position),
  });
}

/** What a read to the start of `bytes` is asked for. @throws SeglogError `INVALID_ARGUMENT` */
export function requireRead(bytes: Uint8Array, length: number, position: number): void {
  requireRange(bytes, 0, length);
  requirePosition(position);
}
