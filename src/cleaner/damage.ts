/** What is wrong with a batch that the engine could not read. */
import { SeglogError } from '../errors/errors.ts';
import { RecordBatch } from '../record/record-batch.ts';
import type { SourceChunk } from './chunks.ts';
import type { CleanerMachine } from './contract.ts';

/** The error, with the place: the batch is read once more, as any reader does. */
export function damageOf(
  { engine }: CleanerMachine,
  { bytes, view, path, position }: SourceChunk,
  start: number,
  maxDecompressedBytes: number,
): SeglogError {
  const place = { file: path, position: position + start };
  try {
    const batch = new RecordBatch(engine, bytes, view, start, path, place.position, { maxDecompressedBytes });
    if (batch.magic !== 2) {
      return new SeglogError('UNSUPPORTED_MAGIC', 'a batch of this format cannot be cleaned', {
        ...place,
        expected: '0 to 2',
        found: batch.magic,
      });
    }
    let previous = batch.baseOffset - 1;
    for (const cursor = batch.cursor(); cursor.next(); previous = cursor.offset) {
      if (cursor.offset > previous && cursor.offset <= batch.lastOffset) continue;
      return new SeglogError('OFFSETS_OUT_OF_ORDER', "a record's offset does not rise within its batch", {
        ...place,
        expected: `above ${previous}, at most ${batch.lastOffset}`,
        found: cursor.offset,
      });
    }
  } catch (error) {
    if (error instanceof SeglogError) return error;
    throw error;
  }
  return new SeglogError('INTERNAL', 'the engine refused a batch that can be read', place);
}
