/** The first pass of a cleaning: the newest offset of each key. */
import { CLEAN_RULES, CLEAN_STOPS, type CleanStop, MAP_STATE } from '../../cleaning.ts';
import type { SlotMap } from './offset-map.ts';
import { batchOfRow, type RecordSource } from './source.ts';

/** Goes over `count` batches; see `buildOffsetMap` in the contract. */
export function buildMap(
  source: RecordSource,
  map: SlotMap,
  bytes: Uint8Array,
  rows: Int32Array,
  rules: Uint8Array,
  count: number,
  state: Float64Array,
): void {
  const pass = new MapPass(source, map, state);
  let row = state[MAP_STATE.batch] as number;
  let stop: CleanStop = CLEAN_STOPS.end;
  for (; row < count; row++) {
    const batch = batchOfRow(bytes, rows, row);
    if (((rules[row] ?? 0) & CLEAN_RULES.dropAll) !== 0) continue;
    const isOpen = source.readHeader(bytes, batch) && source.open(bytes, batch, pass.limit);
    stop = isOpen ? pass.store() : CLEAN_STOPS.damaged;
    if (stop !== CLEAN_STOPS.end) break;
  }
  source.close();
  state[MAP_STATE.batch] = row;
  state[MAP_STATE.stop] = stop;
  state[MAP_STATE.lastStored] = pass.lastStored;
  state[MAP_STATE.records] = pass.records;
}

class MapPass {
  readonly limit: number;
  lastStored = -1;
  records = 0;
  readonly #source: RecordSource;
  readonly #map: SlotMap;
  readonly #from: number;

  constructor(source: RecordSource, map: SlotMap, state: Float64Array) {
    this.#source = source;
    this.#map = map;
    this.#from = state[MAP_STATE.fromOffset] as number;
    this.limit = state[MAP_STATE.maxDecompressedBytes] as number;
  }

  /** Stores the records of the batch that is open. */
  store(): CleanStop {
    const source = this.#source;
    const { cursor, bytes, baseOffset } = source;
    let delta = -1;
    while (cursor.next()) {
      if (!source.isInOrder(delta)) return CLEAN_STOPS.damaged;
      delta = cursor.offsetDelta;
      const offset = baseOffset + delta;
      if (cursor.keyLength >= 0 && offset >= this.#from) {
        if (!this.#map.put(bytes, cursor.keyStart, cursor.keyLength, offset)) return CLEAN_STOPS.full;
        this.lastStored = offset;
      }
      this.records++;
    }
    return source.isSound ? CLEAN_STOPS.end : CLEAN_STOPS.damaged;
  }
}
