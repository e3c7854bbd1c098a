/** Reads a segment from end to end: how much of it is good, and what its indexes should be. */
import { BUILD_STATE, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { baseOffsetOf, lastOffsetOf, magicOf } from '../format/batch.ts';
import { SUFFIXES } from '../format/names.ts';
import { OFFSET_INDEX } from '../format/offset-index.ts';
import { TIME_INDEX, writeTimeEntry } from '../format/time-index.ts';
import { OffsetIndex } from '../index/offset-index.ts';
import { TimeIndex } from '../index/time-index.ts';
import { batchError } from '../record/batch-error.ts';
import type { SegmentContext } from './context.ts';
import { Segment } from './segment.ts';
import { type Chunk, walkBatches } from './walk.ts';

/** What a segment holds. */
export interface SegmentScan {
  /** Bytes up to the end of the last good batch. */
  readonly validBytes: number;
  /** All bytes of the file. */
  readonly fileBytes: number;
  /** The offset behind the last good batch; the base offset when there is none. */
  readonly nextOffset: number;
  /** The largest timestamp, -1 when there is none. */
  readonly maxTimestamp: number;
  /** The entries that the indexes should have, the last one of the time index included. */
  readonly offsetEntries: Uint8Array;
  readonly timeEntries: Uint8Array;
  /** What is wrong at `validBytes`; undefined when nothing follows there, or nothing but zeros. */
  readonly fault: SeglogError | undefined;
}

/** Byte arrays, one behind the other. */
class Pieces {
  readonly #pieces: Uint8Array[] = [];
  add(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#pieces.push(bytes.slice());
  }
  joined(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }
}

/**
 * Scans the segment's log file, checksums included, and builds its indexes by Kafka's rule. Changes nothing.
 * The scan stops at the first batch that is not whole, does not match its checksum, does not rise above the one before
 * it, or does not fit the segment's offset range.
 */
export function scanSegment(context: SegmentContext, directory: string, baseOffset: number): SegmentScan {
  const { engine, fs, config } = context;
  const segment = new Segment(context, directory, baseOffset, 0);
  const file = fs.open(segment.logPath, 'read');
  try {
    const fileBytes = file.sizeBytes();
    const state = new Float64Array(BUILD_STATE.length);
    state[BUILD_STATE.baseOffset] = baseOffset;
    state[BUILD_STATE.interval] = config.indexIntervalBytes;
    state[BUILD_STATE.maxTimestamp] = -1;
    state[BUILD_STATE.lastTimeIndexed] = -1;
    const offsets = new Pieces();
    const times = new Pieces();
    let entryRoom = new Uint8Array(0);
    let timeRoom = new Uint8Array(0);
    let nextOffset = baseOffset;
    let stoppedBy: ScanStop | undefined;
    const end = walkBatches(engine, file, 0, fileBytes, true, (chunk) => {
      const rising = countRising(chunk, nextOffset);
      if (entryRoom.length < rising * OFFSET_INDEX.ENTRY_SIZE) {
        entryRoom = new Uint8Array(rising * OFFSET_INDEX.ENTRY_SIZE);
        timeRoom = new Uint8Array(rising * TIME_INDEX.ENTRY_SIZE);
      }
      const before = state[BUILD_STATE.position] as number;
      engine.buildIndex(chunk.bytes, chunk.rows, rising, state, entryRoom, timeRoom);
      offsets.add(entryRoom.subarray(0, (state[BUILD_STATE.offsetCount] as number) * OFFSET_INDEX.ENTRY_SIZE));
      times.add(timeRoom.subarray(0, (state[BUILD_STATE.timeCount] as number) * TIME_INDEX.ENTRY_SIZE));
      nextOffset = nextOffsetAfter(chunk, (state[BUILD_STATE.position] as number) - before, nextOffset);
      if (rising === chunk.count && state[BUILD_STATE.overflow] === 0) return true;
      stoppedBy = SCAN_STOPS.end;
      return false;
    });
    const validBytes = state[BUILD_STATE.position] as number;
    const maxTimestamp = state[BUILD_STATE.maxTimestamp] as number;
    if (maxTimestamp > (state[BUILD_STATE.lastTimeIndexed] as number)) {
      const entry = new Uint8Array(TIME_INDEX.ENTRY_SIZE);
      writeTimeEntry(
        new DataView(entry.buffer),
        0,
        maxTimestamp,
        (state[BUILD_STATE.offsetOfMaxTimestamp] as number) - baseOffset,
      );
      times.add(entry);
    }
    const scan = {
      validBytes,
      fileBytes,
      nextOffset,
      maxTimestamp,
      offsetEntries: offsets.joined(),
      timeEntries: times.joined(),
    };
    const fault =
      validBytes === fileBytes ? undefined : faultAt(context, file, validBytes, fileBytes, stoppedBy ?? end.stop);
    return { ...scan, fault };
  } finally {
    file.close();
  }
}

/** How many batches of the chunk rise, each above the one before it. */
function countRising({ view, rows, count }: Chunk, nextOffset: number): number {
  let next = nextOffset;
  for (let row = 0; row < count; row++) {
    const at = rows[row * SCAN_ROW.length] as number;
    // Formats 0 and 1 have the last offset in the first one's place.
    const first = baseOffsetOf(view, at);
    const last = lastOffsetOf(view, at);
    if (first < next || last < first) return row;
    if (magicOf(view, at) >= 2 && last < next) return row;
    next = last + 1;
  }
  return count;
}

/** The offset behind the last batch in the first `bytes` of the chunk. */
function nextOffsetAfter({ view, rows, count }: Chunk, bytes: number, nextOffset: number): number {
  const first = rows[0] as number;
  let next = nextOffset;
  for (let row = 0; row < count; row++) {
    const at = rows[row * SCAN_ROW.length] as number;
    if (at - first >= bytes) break;
    next = lastOffsetOf(view, at) + 1;
  }
  return next;
}

/** What is wrong at `position`; undefined for a zero tail, which is the end of data. */
function faultAt(
  { engine }: SegmentContext,
  file: ReturnType<SegmentContext['fs']['open']>,
  position: number,
  fileBytes: number,
  stop: ScanStop,
): SeglogError | undefined {
  if (isZero(file, position, fileBytes)) return undefined;
  const bytes = Buffer.alloc(Math.min(fileBytes - position, 4 * 1024 * 1024));
  const got = file.read(bytes, 0, bytes.length, position);
  if (stop !== SCAN_STOPS.end) return batchError(engine, stop, bytes, 0, got, file.path, position);
  return new SeglogError(
    'OFFSETS_OUT_OF_ORDER',
    "a batch's offsets do not rise above those before it, or are too far above them",
    {
      file: file.path,
      position,
      baseOffset: baseOffsetOf(new DataView(bytes.buffer, bytes.byteOffset, got), 0),
    },
  );
}

/** Whether only zeros follow. */
export function isZero(file: ReturnType<SegmentContext['fs']['open']>, from: number, to: number): boolean {
  const bytes = Buffer.alloc(Math.min(1024 * 1024, Math.max(1, to - from)));
  const zeros = Buffer.alloc(bytes.length);
  for (let position = from; position < to; ) {
    const got = file.read(bytes, 0, Math.min(bytes.length, to - position), position);
    if (got === 0) return true;
    if (bytes.compare(zeros, 0, got, 0, got) !== 0) return false;
    position += got;
  }
  return true;
}

/** Writes the indexes that a scan found, in place of what is there. */
export function rebuildIndexes(
  context: SegmentContext,
  directory: string,
  baseOffset: number,
  scan: SegmentScan,
): void {
  const { engine, fs, config } = context;
  const segment = new Segment(context, directory, baseOffset, 0);
  const offsets = OffsetIndex.create(
    engine,
    fs,
    segment.pathOf(SUFFIXES.offsetIndex),
    baseOffset,
    config.segmentIndexBytes,
  );
  offsets.table.replace(scan.offsetEntries);
  offsets.table.close();
  const times = TimeIndex.create(engine, fs, segment.pathOf(SUFFIXES.timeIndex), baseOffset, config.segmentIndexBytes);
  times.table.replace(scan.timeEntries);
  times.table.close();
}
