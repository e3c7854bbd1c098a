/**
 * Recovery's pass over a segment: checksums of all batches, index entries by Kafka's rule, and the headers of those
 * batches that change what else a log knows. What the contract calls `recover`.
 */
import { SeglogError } from '../../errors/errors.ts';
import { BATCH, baseOffsetOf, LEGACY, lastOffsetOf, magicOf, maxTimestampOf } from '../../format/batch.ts';
import { OFFSET_INDEX } from '../../format/offset-index.ts';
import { TIME_INDEX } from '../../format/time-index.ts';
import type { File } from '../../fs/contract.ts';
import { MAX_INT32 } from '../../units/units.ts';
import {
  RECOVERY_CONTROL,
  RECOVERY_ROW,
  RECOVERY_SCRATCH_BYTES,
  RECOVERY_STATE,
  RECOVERY_STOPS,
  type RecoveryStop,
} from '../contract.ts';
import { addEntries, noteTimestamp, passBatch, viewOf } from './build-index.ts';
import { readControl } from './control.ts';
import { BatchWalk, type Checksums, type ReadRequest, UNREAD } from './recovery-walk.ts';

/** The arrays of one call. */
interface Call {
  readonly state: Float64Array;
  readonly rows: Float64Array;
  readonly offsets: DataView;
  readonly times: DataView;
}

/** Goes over the segment with those checksums; see the contract. @throws SeglogError `INVALID_ARGUMENT`, `IO` */
export function recoverBy(
  checksums: Checksums,
  file: File,
  end: number,
  scratch: Uint8Array,
  state: Float64Array,
  rows: Float64Array,
  offsetEntries: Uint8Array,
  timeEntries: Uint8Array,
): void {
  const call: Call = { state, rows, offsets: viewOf(offsetEntries), times: viewOf(timeEntries) };
  const steps = pass(call, checksums, scratch, end);
  for (let step = steps.next(0); step.done !== true; ) {
    const { start, length, position } = step.value;
    step = steps.next(file.read(scratch, start, length, position));
  }
}

/** The same, with the reads off the thread. */
export async function recoverByAsync(
  checksums: Checksums,
  file: File,
  end: number,
  scratch: Uint8Array,
  state: Float64Array,
  rows: Float64Array,
  offsetEntries: Uint8Array,
  timeEntries: Uint8Array,
): Promise<void> {
  const call: Call = { state, rows, offsets: viewOf(offsetEntries), times: viewOf(timeEntries) };
  const steps = pass(call, checksums, scratch, end);
  for (let step = steps.next(0); step.done !== true; ) {
    const { start, length, position } = step.value;
    step = steps.next(await file.readAsync(scratch, start, length, position));
  }
}

/** The pass, which asks for what it has to read and goes on with how much was there. */
function* pass(
  call: Call,
  checksums: Checksums,
  scratch: Uint8Array,
  end: number,
): Generator<ReadRequest, void, number> {
  const { state } = call;
  requireArguments(state, scratch, end);
  state[RECOVERY_STATE.rowCount] = 0;
  state[RECOVERY_STATE.offsetCount] = 0;
  state[RECOVERY_STATE.timeCount] = 0;
  const limit = get(state, RECOVERY_STATE.position) + Math.max(1, get(state, RECOVERY_STATE.budgetBytes));
  const walk = new BatchWalk(checksums, scratch, end);
  let stop: RecoveryStop | undefined;
  while (stop === undefined) {
    const position = get(state, RECOVERY_STATE.position);
    // The end comes first: who is told of it need not call again.
    if (position >= limit && position < end) stop = RECOVERY_STOPS.budget;
    else {
      const found = walk.look(position);
      stop = found === UNREAD ? yield* walk.read(position) : found;
      stop ??= take(call, walk);
    }
  }
  state[RECOVERY_STATE.stop] = stop;
}

function get(state: Float64Array, field: number): number {
  return state[field] as number;
}

function requireArguments(state: Float64Array, scratch: Uint8Array, end: number): void {
  const isWhole = (value: number | undefined): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const isFine =
    state.length >= RECOVERY_STATE.length &&
    scratch.length >= RECOVERY_SCRATCH_BYTES &&
    isWhole(end) &&
    isWhole(state[RECOVERY_STATE.position]) &&
    isWhole(state[RECOVERY_STATE.budgetBytes]);
  if (!isFine) {
    throw new SeglogError('INVALID_ARGUMENT', "recovery's state or scratch is too short, or a number in it cannot be");
  }
}

/** Goes on to the batch that the walk stands at, or tells why not; then nothing changed but, perhaps, that offsets fell. */
function take(call: Call, { view, at, size }: BatchWalk): RecoveryStop | undefined {
  const { state } = call;
  const last = lastOffsetOf(view, at);
  const relative = last - get(state, RECOVERY_STATE.baseOffset);
  if (relative < 0) return RECOVERY_STOPS.belowBase;
  if (!(relative <= MAX_INT32)) return RECOVERY_STOPS.overflow;
  const base = baseOffsetOf(view, at);
  const isFirst = state[RECOVERY_STATE.batches] === 0;
  if (get(state, RECOVERY_STATE.fallPosition) < 0) {
    // Formats 0 and 1 tell their last offset only, which stands in the first one's place.
    if (last < base || (!isFirst && base < get(state, RECOVERY_STATE.nextOffset))) noteFall(state);
  }
  const isDue = get(state, RECOVERY_STATE.sinceLastEntry) > get(state, RECOVERY_STATE.interval);
  const timestamp = maxTimestampOf(view, at);
  if (get(state, RECOVERY_STATE.fallPosition) >= 0) return takeFallen(state, last, timestamp, size, isDue);

  const isCurrent = magicOf(view, at) >= 2;
  const epoch = isCurrent ? view.getInt32(at + BATCH.LEADER_EPOCH) : -1;
  const { controlType, coordinatorEpoch } = readControl(view, at, size);
  const hasProducer =
    isCurrent && (view.getInt32(at + BATCH.PRODUCER_ID) & view.getInt32(at + BATCH.PRODUCER_ID + 4)) !== -1;
  const hasRow = hasProducer || epoch !== state[RECOVERY_STATE.leaderEpoch] || controlType !== RECOVERY_CONTROL.none;
  if ((hasRow && !hasRowRoom(call)) || (isDue && !hasEntryRoom(call))) return RECOVERY_STOPS.full;

  noteTimestamp(state, timestamp, last);
  if (isDue) {
    const before = get(state, RECOVERY_STATE.timeCount);
    addEntries(state, last, call.offsets, call.times);
    increase(state, RECOVERY_STATE.offsetTotal, 1);
    state[RECOVERY_STATE.lastOffsetIndexed] = last;
    if (get(state, RECOVERY_STATE.timeCount) > before) {
      increase(state, RECOVERY_STATE.timeTotal, 1);
      state[RECOVERY_STATE.lastTimeOffset] = get(state, RECOVERY_STATE.offsetOfMaxTimestamp);
    }
  }
  if (hasRow) writeRow(call, view, at, size, controlType, coordinatorEpoch);
  state[RECOVERY_STATE.leaderEpoch] = epoch;
  state[RECOVERY_STATE.nextOffset] = last + 1;
  passBatch(state, size);
  increase(state, RECOVERY_STATE.batches, 1);
  return undefined;
}

function increase(state: Float64Array, field: number, by: number): void {
  state[field] = get(state, field) + by;
}

function hasRowRoom({ state, rows }: Call): boolean {
  return (get(state, RECOVERY_STATE.rowCount) + 1) * RECOVERY_ROW.length <= rows.length;
}

/** Room for one entry in each index, whether or not the time index gets one. */
function hasEntryRoom({ state, offsets, times }: Call): boolean {
  return (
    (get(state, RECOVERY_STATE.offsetCount) + 1) * OFFSET_INDEX.ENTRY_SIZE <= offsets.byteLength &&
    (get(state, RECOVERY_STATE.timeCount) + 1) * TIME_INDEX.ENTRY_SIZE <= times.byteLength
  );
}

function noteFall(state: Float64Array): void {
  state[RECOVERY_STATE.fallPosition] = get(state, RECOVERY_STATE.position);
  state[RECOVERY_STATE.fallMaxTimestamp] = get(state, RECOVERY_STATE.maxTimestamp);
  state[RECOVERY_STATE.fallOffsetOfMaxTimestamp] = get(state, RECOVERY_STATE.offsetOfMaxTimestamp);
  state[RECOVERY_STATE.fallLastTimeIndexed] = get(state, RECOVERY_STATE.lastTimeIndexed);
}

/** What Kafka does behind a fall: nothing but to raise an error when an entry is due that would not rise. */
function takeFallen(
  state: Float64Array,
  last: number,
  timestamp: number,
  size: number,
  isDue: boolean,
): RecoveryStop | undefined {
  const isLarger = timestamp > get(state, RECOVERY_STATE.maxTimestamp);
  const largest = isLarger ? timestamp : get(state, RECOVERY_STATE.maxTimestamp);
  const offset = isLarger ? last : get(state, RECOVERY_STATE.offsetOfMaxTimestamp);
  if (isDue) {
    const isRefused =
      (get(state, RECOVERY_STATE.offsetTotal) > 0 && last <= get(state, RECOVERY_STATE.lastOffsetIndexed)) ||
      (get(state, RECOVERY_STATE.timeTotal) > 0 && offset < get(state, RECOVERY_STATE.lastTimeOffset));
    if (isRefused) return RECOVERY_STOPS.invalidOffset;
    increase(state, RECOVERY_STATE.offsetTotal, 1);
    state[RECOVERY_STATE.lastOffsetIndexed] = last;
    state[RECOVERY_STATE.sinceLastEntry] = 0;
    if (largest > get(state, RECOVERY_STATE.lastTimeIndexed)) {
      increase(state, RECOVERY_STATE.timeTotal, 1);
      state[RECOVERY_STATE.lastTimeOffset] = offset;
      state[RECOVERY_STATE.lastTimeIndexed] = largest;
    }
  }
  state[RECOVERY_STATE.maxTimestamp] = largest;
  state[RECOVERY_STATE.offsetOfMaxTimestamp] = offset;
  passBatch(state, size);
  increase(state, RECOVERY_STATE.batches, 1);
  return undefined;
}

function writeRow(
  { state, rows }: Call,
  view: DataView,
  at: number,
  size: number,
  controlType: number,
  coordinatorEpoch: number,
): void {
  const isCurrent = magicOf(view, at) >= 2;
  const row = get(state, RECOVERY_STATE.rowCount) * RECOVERY_ROW.length;
  rows[row + RECOVERY_ROW.position] = get(state, RECOVERY_STATE.position);
  rows[row + RECOVERY_ROW.size] = size;
  rows[row + RECOVERY_ROW.baseOffset] = baseOffsetOf(view, at);
  rows[row + RECOVERY_ROW.lastOffset] = lastOffsetOf(view, at);
  rows[row + RECOVERY_ROW.maxTimestamp] = maxTimestampOf(view, at);
  rows[row + RECOVERY_ROW.leaderEpoch] = isCurrent ? view.getInt32(at + BATCH.LEADER_EPOCH) : -1;
  rows[row + RECOVERY_ROW.attributes] = isCurrent
    ? view.getInt16(at + BATCH.ATTRIBUTES)
    : view.getInt8(at + LEGACY.ATTRIBUTES);
  rows[row + RECOVERY_ROW.producerId] = isCurrent ? Number(view.getBigInt64(at + BATCH.PRODUCER_ID)) : -1;
  rows[row + RECOVERY_ROW.producerEpoch] = isCurrent ? view.getInt16(at + BATCH.PRODUCER_EPOCH) : -1;
  rows[row + RECOVERY_ROW.baseSequence] = isCurrent ? view.getInt32(at + BATCH.BASE_SEQUENCE) : -1;
  rows[row + RECOVERY_ROW.controlType] = controlType;
  rows[row + RECOVERY_ROW.coordinatorEpoch] = coordinatorEpoch;
  increase(state, RECOVERY_STATE.rowCount, 1);
}
