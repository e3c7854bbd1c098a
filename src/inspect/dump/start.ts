/**
 * Where a search within a segment may start, by the indexes beside it. An index is only a hint: it is followed where the
 * log bears it out, and passed over with a note where it does not.
 *
 * An offset entry names the last offset of a batch and its start: what lies before ends below that offset. A time entry
 * names the largest timestamp up to and including the batch that ends at an offset: so all records up to there are older
 * than a time above it, in whatever order timestamps come. Nothing of the kind tells where records younger than a time end:
 * a search up to a time goes to the end of the segment.
 */
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { BATCH, HEADER_SIZE, LOG_OVERHEAD } from '../../format/batch.ts';
import { SUFFIXES } from '../../format/names.ts';
import { OFFSET_INDEX, offsetOfEntry, positionOfEntry } from '../../format/offset-index.ts';
import { offsetOfTimeEntry, TIME_INDEX } from '../../format/time-index.ts';
import type { File, FileSystem } from '../../fs/contract.ts';
import { type BatchSummary, summarize } from '../batch-summary.ts';
import { BatchWalk } from '../batches.ts';
import type { KnownFile } from '../file-kinds.ts';
import { entryAt, lastSlot } from '../index-search.ts';
import { addExact, type Int64, narrow, readInt64 } from '../int64.ts';
import { isBatchAt } from '../resync.ts';
import type { SearchOptions } from './search.ts';

/** How many batches are gone over from an offset entry to the batch of a time entry, at most. */
const MAX_STEPS = 100_000;

/** A segment that is to be searched. */
export interface Searched {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly known: KnownFile;
  /** The .log, open. */
  readonly file: File;
  readonly note: (text: string) => void;
}

/** The position to start from: 0, or the start of a batch below which nothing can be in the range. */
export function startOf(searched: Searched, { fromOffset, fromTime }: SearchOptions): number {
  const { baseOffset } = searched.known;
  if (baseOffset === undefined) return 0;
  const base = narrow(baseOffset);
  let start = 0;
  if (fromOffset !== undefined && fromOffset > base) start = byOffset(searched, base, fromOffset) ?? 0;
  if (fromTime !== undefined) start = Math.max(start, byTime(searched, base, fromTime) ?? 0);
  return start;
}

/** The start of a batch that ends at `offset` or below, as near as the index tells; undefined without an index to follow. */
function byOffset(searched: Searched, base: Int64, offset: Int64): number | undefined {
  return withSibling(searched, SUFFIXES.offsetIndex, (index) => {
    const entry = lastEntry(index, OFFSET_INDEX.ENTRY_SIZE, (view) => {
      const relative = offsetOfEntry(view, 0);
      return (relative !== 0 || positionOfEntry(view, 0) !== 0) && addExact(base, relative) <= offset;
    });
    // Before the first entry there is the first batch, which has none.
    if (entry === undefined) return 0;
    const position = positionOfEntry(entry, 0);
    const claimed = addExact(base, offsetOfEntry(entry, 0));
    if (batchAt(searched, position)?.lastOffset === claimed) return position;
    searched.note(
      `the offset index says that the batch at byte ${position} ends at offset ${claimed}, which is not so: ` +
        'the segment is searched from its start',
    );
    return undefined;
  });
}

/** The end of the batch up to which all records are older than `time`. */
function byTime(searched: Searched, base: Int64, time: Int64): number | undefined {
  return withSibling(searched, SUFFIXES.timeIndex, (index) => {
    const entry = lastEntry(index, TIME_INDEX.ENTRY_SIZE, (view, slot) => {
      const timestamp = readInt64(view, TIME_INDEX.TIMESTAMP);
      const isUnused = slot > 0 && timestamp === 0 && offsetOfTimeEntry(view, 0) === 0;
      return !isUnused && timestamp < time;
    });
    if (entry === undefined) return 0;
    const timestamp = readInt64(entry, TIME_INDEX.TIMESTAMP);
    const claimed = addExact(base, offsetOfTimeEntry(entry, 0));
    const near = byOffset(searched, base, claimed);
    const batch = near === undefined ? undefined : batchEndingAt(searched, near, claimed);
    if (batch?.maxTimestamp === timestamp) return batch.position + batch.size;
    // Where the offset index failed, that was told.
    if (near !== undefined) {
      searched.note(
        `the time index says that the batch that ends at offset ${claimed} has the timestamp ${timestamp}, which is not so: ` +
          'the segment is searched from its start',
      );
    }
    return undefined;
  });
}

/** Opens the index that belongs to the segment, if it is there and can be read. */
function withSibling(
  { fs, known, note }: Searched,
  suffix: string,
  read: (index: File) => number | undefined,
): number | undefined {
  const stage = known.stage ?? '';
  const path = known.path.slice(0, known.path.length - stage.length - SUFFIXES.log.length) + suffix + stage;
  let index: File | undefined;
  try {
    if (fs.stat(path) === undefined) return undefined;
    index = fs.open(path, 'read');
    return read(index);
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    note(`${path} cannot be used: ${error.message}`);
    return undefined;
  } finally {
    index?.close();
  }
}

/** The last entry for which `isBelow` holds. */
function lastEntry(
  index: File,
  entrySize: number,
  isBelow: (entry: DataView, slot: number) => boolean,
): DataView | undefined {
  return entryAt(index, entrySize, lastSlot(index, entrySize, isBelow));
}

/** The header of the batch at a position, when a valid one starts there. */
function batchAt({ engine, file }: Searched, position: number): BatchSummary | undefined {
  const end = file.sizeBytes();
  if (position < 0 || position >= end || !isBatchAt(engine, file, position, end)) return undefined;
  const header = new Uint8Array(HEADER_SIZE);
  file.read(header, 0, Math.min(HEADER_SIZE, end - position), position);
  const view = new DataView(header.buffer);
  return summarize(view, 0, LOG_OVERHEAD + view.getInt32(BATCH.LENGTH), position, true);
}

/** The valid batch from `position` on that ends at `offset`; undefined when none does. */
function batchEndingAt({ engine, file }: Searched, position: number, offset: Int64): BatchSummary | undefined {
  const faults: SeglogError[] = [];
  const walk = new BatchWalk(engine, file, { finding: (fault) => void faults.push(fault), note: () => undefined });
  let steps = 0;
  for (const batch of walk.batches(position)) {
    const summary = summarize(batch.view, batch.start, batch.size, batch.position, batch.valid);
    if (faults.length > 0 || !summary.valid || summary.lastOffset === null || ++steps > MAX_STEPS) return undefined;
    if (summary.lastOffset === offset) return summary;
    if (summary.lastOffset > offset) return undefined;
  }
  return undefined;
}
