/**
 * Index entries of a sealed segment, from its batches: Kafka's rule for when an entry is added.
 *
 * An entry is due when more than the interval was appended since the last one, not counting the batch itself. The time
 * entry carries the largest timestamp so far and the last offset of the first batch that has it, and is left out unless
 * it rises.
 */
import { SeglogError } from '../../errors/errors.ts';
import { lastOffsetOf, magicOf, maxTimestampOf } from '../../format/batch.ts';
import { OFFSET_INDEX, writeOffsetEntry } from '../../format/offset-index.ts';
import { TIME_INDEX, writeTimeEntry } from '../../format/time-index.ts';
import { MAX_INT32 } from '../../units/units.ts';
import { BUILD_STATE, SCAN_ROW } from '../contract.ts';
import { isTooSmall, PREFIX_SIZE } from './scan.ts';

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `state[field]`; all fields are there, which `buildIndex` checks. */
function get(state: Float64Array, field: number): number {
  return state[field] as number;
}

/** Keeps the timestamp of the batch that ends at `lastOffset`, if it is the largest so far. */
export function noteTimestamp(state: Float64Array, timestamp: number, lastOffset: number): void {
  if (timestamp <= get(state, BUILD_STATE.maxTimestamp)) return;
  state[BUILD_STATE.maxTimestamp] = timestamp;
  state[BUILD_STATE.offsetOfMaxTimestamp] = lastOffset;
}

/** Goes behind a batch. */
export function passBatch(state: Float64Array, size: number): void {
  state[BUILD_STATE.sinceLastEntry] = get(state, BUILD_STATE.sinceLastEntry) + size;
  state[BUILD_STATE.position] = get(state, BUILD_STATE.position) + size;
}

/** Adds the entries that are due before the batch that ends at `lastOffset`. */
export function addEntries(state: Float64Array, lastOffset: number, offsets: DataView, times: DataView): void {
  const base = get(state, BUILD_STATE.baseOffset);
  const offsetSlot = get(state, BUILD_STATE.offsetCount);
  requireRoom(offsets, offsetSlot, OFFSET_INDEX.ENTRY_SIZE);
  writeOffsetEntry(offsets, offsetSlot, lastOffset - base, get(state, BUILD_STATE.position));
  state[BUILD_STATE.offsetCount] = offsetSlot + 1;
  state[BUILD_STATE.sinceLastEntry] = 0;
  const timestamp = get(state, BUILD_STATE.maxTimestamp);
  if (timestamp <= get(state, BUILD_STATE.lastTimeIndexed)) return;
  const timeSlot = get(state, BUILD_STATE.timeCount);
  requireRoom(times, timeSlot, TIME_INDEX.ENTRY_SIZE);
  writeTimeEntry(times, timeSlot, timestamp, get(state, BUILD_STATE.offsetOfMaxTimestamp) - base);
  state[BUILD_STATE.timeCount] = timeSlot + 1;
  state[BUILD_STATE.lastTimeIndexed] = timestamp;
}

function requireRoom(entries: DataView, slot: number, entrySize: number): void {
  if ((slot + 1) * entrySize > entries.byteLength)
    throw new SeglogError('INVALID_ARGUMENT', 'there is no room for another index entry');
}

/**
 * Adds the entries of `count` batches; see the contract.
 *
 * @throws SeglogError `INVALID_ARGUMENT` when a row is no batch within `bytes`, or there is no room for an entry; what was
 * done before stays in `state`
 */
export function buildIndex(
  bytes: Uint8Array,
  rows: Int32Array,
  count: number,
  state: Float64Array,
  offsetEntries: Uint8Array,
  timeEntries: Uint8Array,
): void {
  if (state.length < BUILD_STATE.length || count * SCAN_ROW.length > rows.length) {
    throw new SeglogError('INVALID_ARGUMENT', 'the state or the rows are too short');
  }
  const view = viewOf(bytes);
  const offsets = viewOf(offsetEntries);
  const times = viewOf(timeEntries);
  state[BUILD_STATE.offsetCount] = 0;
  state[BUILD_STATE.timeCount] = 0;
  for (let row = 0; row < count; row++) {
    const start = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
    const size = rows[row * SCAN_ROW.length + SCAN_ROW.size] as number;
    if (start < 0 || size < PREFIX_SIZE || start + size > bytes.length || isTooSmall(magicOf(view, start), size)) {
      throw new SeglogError('INVALID_ARGUMENT', `there is no batch of ${size} bytes at ${start}`);
    }
    const lastOffset = lastOffsetOf(view, start);
    const relative = lastOffset - get(state, BUILD_STATE.baseOffset);
    if (relative < 0 || relative > MAX_INT32) {
      state[BUILD_STATE.overflow] = 1;
      return;
    }
    noteTimestamp(state, maxTimestampOf(view, start), lastOffset);
    if (get(state, BUILD_STATE.sinceLastEntry) > get(state, BUILD_STATE.interval))
      addEntries(state, lastOffset, offsets, times);
    passBatch(state, size);
  }
}
