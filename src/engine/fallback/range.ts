/** Which bytes a call may be asked to work on. */
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
