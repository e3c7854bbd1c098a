/** What a scan of a segment comes to, and what is wrong where it ended. */
import { RECOVERY_STATE, RECOVERY_STOPS, type RecoveryStop, SCAN_STOPS } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { BATCH, baseOffsetOf, HEADER_SIZE, LOG_OVERHEAD } from '../format/batch.ts';
import { TIME_INDEX, writeTimeEntry } from '../format/time-index.ts';
import type { File } from '../fs/contract.ts';
import { batchError } from '../record/batch-error.ts';
import type { SegmentContext } from './context.ts';

/** What stands behind the last good batch. */
export type FaultKind =
  /** Nothing: the file ends. */
  | 'none'
  /** Zeros up to the end of the file: space that was set aside. */
  | 'zeros'
  /** A batch that the file's end cuts off. */
  | 'partial'
  /** A size that no batch has. */
  | 'size'
  /** A batch whose checksum does not match. */
  | 'crc'
  /** A batch that does not rise above those before it; Kafka's recovery would accept it. */
  | 'falls'
  /** Such a batch, at which Kafka's recovery empties the segment: so does this scan. */
  | 'invalid-offset'
  /** A batch too far above the segment's base offset for an index. */
  | 'overflow'
  /** A batch below the segment's base offset. */
  | 'below-base';

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
  /** The last offset of the first batch that has it; the base offset when there is none. */
  readonly offsetOfMaxTimestamp: number;
  /** The entries that the indexes should have, the last one of the time index included. */
  readonly offsetEntries: Uint8Array;
  readonly timeEntries: Uint8Array;
  /** What is wrong at `validBytes`; undefined when nothing follows there, or nothing but zeros. */
  readonly fault: SeglogError | undefined;
  readonly faultKind: FaultKind;
}

/** Entries that the engine wrote, one call's behind the other's. */
interface Entries {
  readonly offset: readonly Uint8Array[];
  readonly time: readonly Uint8Array[];
}

/** The scan that ended with `state` before file position `end`. */
export function scanResult(
  { engine }: SegmentContext,
  file: File,
  fileBytes: number,
  end: number,
  state: Float64Array,
  entries: Entries,
): SegmentScan {
  const field = (name: keyof typeof RECOVERY_STATE): number => state[RECOVERY_STATE[name]] as number;
  const baseOffset = field('baseOffset');
  const fallPosition = field('fallPosition');
  const isFallen = fallPosition >= 0;
  if (isFallen && isNoticed(state)) {
    const none = new Uint8Array(0);
    return {
      validBytes: 0,
      fileBytes,
      nextOffset: baseOffset,
      maxTimestamp: -1,
      offsetOfMaxTimestamp: baseOffset,
      offsetEntries: none,
      timeEntries: none,
      fault: orderError(file, fallPosition, 'falls'),
      faultKind: 'invalid-offset',
    };
  }
  const validBytes = isFallen ? fallPosition : field('position');
  const maxTimestamp = field(isFallen ? 'fallMaxTimestamp' : 'maxTimestamp');
  const offsetOfMaxTimestamp =
    maxTimestamp === -1 ? baseOffset : field(isFallen ? 'fallOffsetOfMaxTimestamp' : 'offsetOfMaxTimestamp');
  const times = [...entries.time];
  // As in rolling and closing, the largest timestamp has the last entry.
  if (maxTimestamp > field(isFallen ? 'fallLastTimeIndexed' : 'lastTimeIndexed')) {
    const entry = new Uint8Array(TIME_INDEX.ENTRY_SIZE);
    writeTimeEntry(new DataView(entry.buffer), 0, maxTimestamp, offsetOfMaxTimestamp - baseOffset);
    times.push(entry);
  }
  const stop = field('stop') as RecoveryStop;
  const faultKind = isFallen ? 'falls' : kindOf(stop, file, validBytes, end);
  return {
    validBytes,
    fileBytes,
    nextOffset: field('nextOffset'),
    maxTimestamp,
    offsetOfMaxTimestamp,
    offsetEntries: Buffer.concat(entries.offset),
    timeEntries: Buffer.concat(times),
    fault: faultOf(faultKind, stop),
    faultKind,
  };

  function faultOf(kind: FaultKind, why: RecoveryStop): SeglogError | undefined {
    if (kind === 'none' || kind === 'zeros') return undefined;
    if (kind === 'falls' || kind === 'overflow' || kind === 'below-base') return orderError(file, validBytes, kind);
    const header = Buffer.alloc(HEADER_SIZE);
    const there = file.read(header, 0, Math.min(HEADER_SIZE, end - validBytes), validBytes);
    const scanStop = why === SCAN_STOPS.invalidSize || why === SCAN_STOPS.invalidCrc ? why : SCAN_STOPS.partial;
    // Only a wrong checksum is told with the right one, for which all of the batch is needed.
    const isShort = there <= BATCH.MAGIC || scanStop !== SCAN_STOPS.invalidCrc;
    if (isShort) return batchError(engine, scanStop, header, 0, there, file.path, validBytes);
    const bytes = Buffer.alloc(Math.min(end - validBytes, LOG_OVERHEAD + header.readInt32BE(BATCH.LENGTH)));
    const got = file.read(bytes, 0, bytes.length, validBytes);
    return batchError(engine, scanStop, bytes, 0, got, file.path, validBytes);
  }
}

/** Whether Kafka's recovery, which passes over falling offsets, notices them by an index entry that would not rise. */
function isNoticed(state: Float64Array): boolean {
  const stop = state[RECOVERY_STATE.stop];
  if (stop === RECOVERY_STOPS.invalidOffset) return true;
  // It ends at such a batch before it comes to the time index's last entry.
  if (stop === RECOVERY_STOPS.overflow || stop === RECOVERY_STOPS.belowBase) return false;
  const last = state[RECOVERY_STATE.lastTimeOffset] as number;
  return (
    (state[RECOVERY_STATE.timeTotal] as number) > 0 && (state[RECOVERY_STATE.offsetOfMaxTimestamp] as number) < last
  );
}

function kindOf(stop: RecoveryStop, file: File, position: number, end: number): FaultKind {
  if (stop === RECOVERY_STOPS.overflow) return 'overflow';
  if (stop === RECOVERY_STOPS.belowBase) return 'below-base';
  if (position >= end) return 'none';
  if (isZero(file, position, end)) return 'zeros';
  if (stop === RECOVERY_STOPS.invalidSize) return 'size';
  return stop === RECOVERY_STOPS.invalidCrc ? 'crc' : 'partial';
}

const ORDER_TEXTS = {
  falls: "a batch's offsets do not rise above those before it",
  overflow: "a batch's last offset is too far above the segment's base offset",
  'below-base': "a batch's last offset is below the segment's base offset",
} as const;

function orderError(file: File, position: number, kind: keyof typeof ORDER_TEXTS): SeglogError {
  const bytes = Buffer.alloc(BATCH.MAGIC);
  file.read(bytes, 0, bytes.length, position);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const details = { file: file.path, position, baseOffset: baseOffsetOf(view, 0) };
  return new SeglogError('OFFSETS_OUT_OF_ORDER', ORDER_TEXTS[kind], details);
}

/** Whether only zeros follow. */
export function isZero(file: File, from: number, to: number): boolean {
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
