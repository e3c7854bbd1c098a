/** An index whose .log is not there: what can be said of its entries alone. */
import { OFFSET_INDEX, offsetOfEntry, positionOfEntry } from '../../../format/offset-index.ts';
import { offsetOfTimeEntry, TIME_INDEX } from '../../../format/time-index.ts';
import type { File } from '../../../fs/contract.ts';
import { addExact, type Int64, readInt64 } from '../../int64.ts';
import type { FindingSink } from '../sink.ts';
import { IndexEntries, VERDICTS } from './entries.ts';

/** An .index: offsets and positions rise. */
export function checkOffsetIndexAlone(file: File, baseOffset: Int64, sink: FindingSink): void {
  const entries = new IndexEntries(file, OFFSET_INDEX.ENTRY_SIZE, sink, false);
  const { view } = entries;
  let previousOffset = -1;
  let previousPosition = 0;
  for (let slot = 0; slot < entries.count; slot++) {
    const offset = offsetOfEntry(view, slot);
    const position = positionOfEntry(view, slot);
    const rises = offset > previousOffset && position > previousPosition;
    entries.verdicts[slot] = rises ? VERDICTS.right : VERDICTS.repeated;
    if (rises) [previousOffset, previousPosition] = [offset, position];
  }
  entries.tell(sink, 'INDEX_NOT_RISING', [VERDICTS.repeated], 'above the entries before', (slot) => {
    const offset = addExact(baseOffset, offsetOfEntry(view, slot));
    return { found: `offset ${offset} at position ${positionOfEntry(view, slot)}`, offset };
  });
}

/** A .timeindex: timestamps rise, and offsets with them. */
export function checkTimeIndexAlone(file: File, baseOffset: Int64, sink: FindingSink): void {
  const entries = new IndexEntries(file, TIME_INDEX.ENTRY_SIZE, sink, false);
  const { view } = entries;
  const timestampOf = (slot: number): Int64 => readInt64(view, slot * TIME_INDEX.ENTRY_SIZE + TIME_INDEX.TIMESTAMP);
  let previousTimestamp: Int64 = -1;
  let previousOffset = -1;
  for (let slot = 0; slot < entries.count; slot++) {
    const offset = offsetOfTimeEntry(view, slot);
    const timestamp = timestampOf(slot);
    const rises = timestamp > previousTimestamp && offset > previousOffset;
    entries.verdicts[slot] = rises ? VERDICTS.right : VERDICTS.repeated;
    if (rises) [previousTimestamp, previousOffset] = [timestamp, offset];
  }
  entries.tell(sink, 'INDEX_NOT_RISING', [VERDICTS.repeated], 'above the entries before', (slot) => {
    const offset = addExact(baseOffset, offsetOfTimeEntry(view, slot));
    return { found: `timestamp ${timestampOf(slot)} at offset ${offset}`, offset };
  });
}
