/** Finding a batch by an offset in it: the offset index says where to look, headers say which it is. */
import { BATCH, baseOffsetOf } from '../../format/batch.ts';
import { OFFSET_INDEX } from '../../format/offset-index.ts';
import type { File } from '../../fs/contract.ts';
import { LOCATE_OUTCOME } from '../contract.ts';
import { locate } from './locate.ts';
import { requirePosition } from './range.ts';
import { searchIndex } from './search.ts';

/** Index entries that are further apart stand for one large batch each: one header is read, not all that scratch holds. */
const LARGE_BATCH_BYTES = 16 * 1024;
const ONE_HEADER_BYTES = 128;

/** A part of the scratch, made once for each. */
const parts = new WeakMap<Uint8Array, Uint8Array>();

function firstBytes(scratch: Uint8Array): Uint8Array {
  let part = parts.get(scratch);
  if (part === undefined) parts.set(scratch, (part = scratch.subarray(0, ONE_HEADER_BYTES)));
  return part;
}

/**
 * See the contract. An entry names the last offset of its batch. Where every batch is indexed, the one looked for is
 * therefore that of the first entry above the target, and reading one header settles it; otherwise headers are gone through
 * from the last entry at or below the target.
 */
export function find(
  file: File,
  entries: Uint8Array,
  count: number,
  baseOffset: number,
  end: number,
  target: number,
  scratch: Uint8Array,
  outcome: Float64Array,
): void {
  requirePosition(baseOffset);
  requirePosition(end);
  const slot = searchIndex(entries, count, OFFSET_INDEX.ENTRY_SIZE, target - baseOffset);
  const start = slot < 0 ? 0 : positionOf(entries, slot);
  const next = slot + 1 < count ? positionOf(entries, slot + 1) : undefined;
  const isOneBatch = Math.max(0, (next ?? end) - start) > LARGE_BATCH_BYTES;
  const room = isOneBatch ? firstBytes(scratch) : scratch;
  if (isOneBatch && next !== undefined) {
    locate(file, next, end, target, room, outcome);
    if (outcome[LOCATE_OUTCOME.found] === 1) {
      const view = new DataView(room.buffer, room.byteOffset, room.byteLength);
      if (baseOffsetOf(view, (outcome[LOCATE_OUTCOME.header] as number) + BATCH.BASE_OFFSET) <= target) return;
    }
  }
  locate(file, start, end, target, room, outcome);
}

/** The position in an entry; a negative one, which nothing can have written, counts as the start. */
function positionOf(entries: Uint8Array, slot: number): number {
  const at = slot * OFFSET_INDEX.ENTRY_SIZE + OFFSET_INDEX.POSITION;
  const position =
    ((entries[at] as number) << 24) |
    ((entries[at + 1] as number) << 16) |
    ((entries[at + 2] as number) << 8) |
    (entries[at + 3] as number);
  return Math.max(0, position);
}
