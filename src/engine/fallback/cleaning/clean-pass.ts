/** The second pass of a cleaning: which records of a batch stay, and the batch that is made of them. */
import { SeglogError } from '../../../errors/errors.ts';
import { ATTRIBUTES, BATCH } from '../../../format/batch.ts';
import { CLEAN_RULES, CLEAN_STATE, CLEAN_STOPS, type CleanStop } from '../../cleaning.ts';
import { SCAN_ROW } from '../../contract.ts';
import type { KeptRecords } from './kept.ts';
import type { SlotMap } from './offset-map.ts';
import { type Rebuild, writeEmptyBatch } from './rebuild.ts';
import { batchOfRow, type RecordSource, type SourceBatch } from './source.ts';

/** What outlives a call. */
export interface PassTools {
  readonly source: RecordSource;
  readonly kept: KeptRecords;
  readonly rebuild: Rebuild;
}

/** Goes over `count` batches; see `cleanBatches` in the contract. */
export function runCleanPass(
  tools: PassTools,
  map: SlotMap,
  bytes: Uint8Array,
  rows: Int32Array,
  rules: Uint8Array,
  count: number,
  target: Uint8Array,
  targetRows: Int32Array,
  state: Float64Array,
): void {
  const first = state[CLEAN_STATE.batch] as number;
  if ((count - first) * SCAN_ROW.length > targetRows.length)
    throw new SeglogError('INVALID_ARGUMENT', 'there is no room for a row of each batch');
  state.fill(0, CLEAN_STATE.stop);
  const pass = new CleanPass(tools, map, target, targetRows, state);
  let row = first;
  let stop: CleanStop = CLEAN_STOPS.end;
  for (; row < count; row++) {
    stop = pass.take(bytes, batchOfRow(bytes, rows, row), rules[row] ?? 0);
    if (stop !== CLEAN_STOPS.end) break;
  }
  tools.source.close();
  state[CLEAN_STATE.batch] = row;
  state[CLEAN_STATE.stop] = stop;
}

/** Why records of one batch went. */
interface Dropped {
  superseded: number;
  tombstones: number;
  keyless: number;
}

class CleanPass {
  readonly #tools: PassTools;
  readonly #map: SlotMap;
  readonly #target: Uint8Array;
  readonly #targetRows: Int32Array;
  readonly #state: Float64Array;
  readonly #dropped: Dropped = { superseded: 0, tombstones: 0, keyless: 0 };

  constructor(tools: PassTools, map: SlotMap, target: Uint8Array, targetRows: Int32Array, state: Float64Array) {
    this.#tools = tools;
    this.#map = map;
    this.#target = target;
    this.#targetRows = targetRows;
    this.#state = state;
  }

  /** Does one batch; if it does not come to its end, nothing changed but `need`. */
  take(bytes: Uint8Array, batch: SourceBatch, rule: number): CleanStop {
    const { source, kept } = this.#tools;
    if (!source.readHeader(bytes, batch)) return CLEAN_STOPS.damaged;
    kept.reset();
    if ((rule & CLEAN_RULES.dropAll) !== 0) {
      const discarded = Math.max(0, source.count);
      if (!this.#finish(bytes, batch, rule, false)) return CLEAN_STOPS.full;
      this.#count(CLEAN_STATE.records, discarded);
      this.#count(CLEAN_STATE.discarded, discarded);
      return CLEAN_STOPS.end;
    }
    const limit = this.#field(CLEAN_STATE.maxDecompressedBytes);
    if (!source.open(bytes, batch, limit)) return CLEAN_STOPS.damaged;
    const records = this.#judge(rule);
    if (records < 0) return CLEAN_STOPS.damaged;
    if (!this.#finish(bytes, batch, rule, kept.count === records)) return CLEAN_STOPS.full;
    this.#count(CLEAN_STATE.records, records);
    this.#count(CLEAN_STATE.kept, kept.count);
    this.#count(CLEAN_STATE.superseded, this.#dropped.superseded);
    this.#count(CLEAN_STATE.tombstones, this.#dropped.tombstones);
    this.#count(CLEAN_STATE.keyless, this.#dropped.keyless);
    return CLEAN_STOPS.end;
  }

  /** Notes the records that stay. @returns how many there are; -1 when they are damaged */
  #judge(rule: number): number {
    const { source, kept } = this.#tools;
    const { cursor, bytes, baseOffset } = source;
    const dropped = this.#dropped;
    dropped.superseded = 0;
    dropped.tombstones = 0;
    dropped.keyless = 0;
    const isKeepAll = (rule & CLEAN_RULES.keepAll) !== 0;
    const latest = this.#field(CLEAN_STATE.latestOffset);
    const areTombstonesDue = this.#areTombstonesDue(rule);
    let delta = -1;
    let records = 0;
    let start = cursor.recordEnd;
    for (; cursor.next(); start = cursor.recordEnd, records++) {
      if (!source.isInOrder(delta)) return -1;
      delta = cursor.offsetDelta;
      const offset = baseOffset + delta;
      const isTombstone = cursor.valueLength < 0;
      if (!isKeepAll && offset <= latest) {
        if (cursor.keyLength < 0) {
          dropped.keyless++;
          continue;
        }
        if (this.#map.get(bytes, cursor.keyStart, cursor.keyLength) > offset) {
          dropped.superseded++;
          continue;
        }
        if (isTombstone && areTombstonesDue) {
          dropped.tombstones++;
          continue;
        }
      }
      kept.add(start, cursor.recordEnd, cursor.timestampDeltaLow, cursor.timestampDeltaHigh, isTombstone);
    }
    return source.isSound ? records : -1;
  }

  #areTombstonesDue(rule: number): boolean {
    if ((rule & CLEAN_RULES.dropTombstones) !== 0) return true;
    const { view, attributes } = this.#tools.source;
    if ((attributes & ATTRIBUTES.DELETE_HORIZON) === 0) return false;
    const horizon = view.getInt32(BATCH.BASE_TIMESTAMP) * 0x1_0000_0000 + view.getUint32(BATCH.BASE_TIMESTAMP + 4);
    return this.#field(CLEAN_STATE.nowMs) >= horizon;
  }

  /** Writes what stays of the batch; false when the target has no room for it. */
  #finish(bytes: Uint8Array, { start, size }: SourceBatch, rule: number, isWhole: boolean): boolean {
    const { source, kept, rebuild } = this.#tools;
    const written = this.#field(CLEAN_STATE.written);
    const room = this.#target.length - written;
    const hasHorizon = (source.attributes & ATTRIBUTES.DELETE_HORIZON) !== 0;
    const needsHorizon = !hasHorizon && (kept.hasTombstones || (rule & CLEAN_RULES.setHorizon) !== 0);
    const isCopied = isWhole && kept.count > 0 && !needsHorizon;
    let length: number;
    if (kept.count === 0) {
      if ((rule & CLEAN_RULES.retainEmpty) === 0) return true;
      length = writeEmptyBatch(source, this.#target, written);
    } else if (isCopied) {
      length = size;
      if (size <= room) this.#target.set(bytes.subarray(start, start + size), written);
    } else {
      const horizon = needsHorizon ? this.#field(CLEAN_STATE.deleteHorizonMs) : undefined;
      length = rebuild.write(source, kept, horizon, this.#target, written);
    }
    if (length > room) {
      this.#state[CLEAN_STATE.need] = length;
      return false;
    }
    if (!isCopied) rebuild.seal(this.#target, written, length);
    const row = this.#field(CLEAN_STATE.rows) * SCAN_ROW.length;
    this.#targetRows[row + SCAN_ROW.start] = written;
    this.#targetRows[row + SCAN_ROW.size] = length;
    this.#state[CLEAN_STATE.written] = written + length;
    this.#count(CLEAN_STATE.rows, 1);
    return true;
  }

  #field(field: number): number {
    return this.#state[field] as number;
  }

  #count(field: number, records: number): void {
    this.#state[field] = this.#field(field) + records;
  }
}
