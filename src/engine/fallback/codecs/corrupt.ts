/** The one error of decompression, and the one answer that is no error. */
import { SeglogError } from '../../../errors/errors.ts';

/** What a decompressor returns when the target is too small. */
export const TOO_SMALL = -1;

/** `what` says which rule of the format is broken. */
export function corrupt(codec: string, what: string): SeglogError {
  return new SeglogError('CORRUPT_COMPRESSED_DATA', `the ${codec} data is damaged: ${what}`);
}
