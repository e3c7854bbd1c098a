/** What everybody shares who goes over a log in chunks. */
import { SeglogError } from '../errors/errors.ts';
import type { File } from '../fs/contract.ts';

/** Numbers of a chunk, by position in it. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A file that ended before the size that it had.
 *
 * @param expected bytes that were there, from the start of the file
 * @param found bytes that are there
 */
export function fileShrank(file: File, expected: number, found: number): SeglogError {
  return new SeglogError('FILE_SHRANK', 'the file became shorter while it was read', {
    file: file.path,
    expected: `${expected} bytes`,
    found: `${found} bytes`,
    action: 'Something truncates this file; look at it again, or at a copy of it',
  });
}
