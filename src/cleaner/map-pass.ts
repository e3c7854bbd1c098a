/** The first pass: fills the offset map from the dirty segments. Source: spec 4.3, Kafka's `Cleaner.buildOffsetMap`. */
import { CLEAN_STOPS, MAP_STATE, type OffsetMap, SCAN_ROW } from '../engine/contract.ts';
import { lastOffsetOf } from '../format/batch.ts';
import { MAX_DECOMPRESSED_BYTES } from '../record/decompress.ts';
import type { Offset } from '../units/units.ts';
import { AbortedCursor } from './aborted.ts';
import { followMarkers, setMapRules } from './batch-fate.ts';
import { batchRuns } from './batch-runs.ts';
import type { SourceChunk } from './chunks.ts';
import { damageOf } from './damage.ts';
import { follow } from './follow.ts';
import { LegacyConverter } from './legacy.ts';
import type { Round } from './round.ts';
import { TransactionPass } from './transactions.ts';

/**
 * Fills `map`, and reads on up to the markers of what is in it: a transaction that counts as committed must not be aborted.
 *
 * @returns the last offset that the map covers; below the first dirty one when there is nothing dirty
 * @throws SeglogError what is wrong with a batch; `CORRUPT_INDEX` when the transaction index and the markers contradict each other
 */
export async function fillMap(round: Round, map: OffsetMap): Promise<Offset> {
  const { sources, reader, machine } = round;
  const dirty = sources.dirty();
  const pass = new MapPass(round, map);
  const { transactions } = pass;
  let isFull = false;
  round.begin('map', dirty);
  for (const source of dirty) {
    transactions.enter(source.baseOffset);
    for await (const chunk of reader.read(source)) {
      if (isFull) followMarkers(machine.engine, chunk, transactions);
      else isFull = pass.take(chunk);
      await round.pass(chunk.length, 0);
      if (isFull && !transactions.isUndecided) return pass.latestOffset;
    }
    // Nothing is missed in a gap at the end of a segment.
    if (!isFull) pass.latestOffset = Math.max(pass.latestOffset, source.nextOffset - 1);
  }
  await follow(round, transactions, dirty.at(-1)?.nextOffset ?? Infinity, () => !transactions.isUndecided);
  return pass.latestOffset;
}

class MapPass {
  latestOffset: Offset;
  readonly transactions: TransactionPass;
  readonly #round: Round;
  readonly #map: OffsetMap;
  readonly #legacy: LegacyConverter;
  readonly #state: Float64Array = new Float64Array(MAP_STATE.length);
  #rules: Uint8Array = new Uint8Array(0);

  constructor(round: Round, map: OffsetMap) {
    const { firstDirtyOffset, maxDecompressedBytes = MAX_DECOMPRESSED_BYTES } = round.request;
    this.#round = round;
    this.#map = map;
    this.#legacy = new LegacyConverter(round.machine, maxDecompressedBytes);
    this.latestOffset = firstDirtyOffset - 1;
    this.transactions = new TransactionPass(new AbortedCursor(round.machine, round.request, firstDirtyOffset), true);
    this.#state[MAP_STATE.fromOffset] = firstDirtyOffset;
    this.#state[MAP_STATE.maxDecompressedBytes] = maxDecompressedBytes;
  }

  /** Takes up a chunk; true when the map is full. */
  take(chunk: SourceChunk): boolean {
    const { machine, request } = this.#round;
    if (this.#rules.length < chunk.count) this.#rules = new Uint8Array(chunk.count);
    setMapRules(machine.engine, chunk, this.#rules, this.transactions, request.firstDirtyOffset);
    for (const { from, to, isLegacy } of batchRuns(chunk)) {
      const done = isLegacy ? this.#takeLegacy(chunk, from) : this.#takeRun(chunk, from, to);
      if (done > 0) this.#advance(lastOffsetOf(chunk.view, startOf(chunk, done - 1)));
      if (done < to) {
        this.#advance(this.#state[MAP_STATE.lastStored] as number);
        return true;
      }
    }
    return false;
  }

  #advance(offset: Offset): void {
    this.latestOffset = Math.max(this.latestOffset, offset);
  }

  /** @returns the first row that is not done */
  #takeRun(chunk: SourceChunk, from: number, to: number): number {
    const state = this.#state;
    state[MAP_STATE.batch] = from;
    this.#round.machine.engine.buildOffsetMap(this.#map, chunk.bytes, chunk.rows, this.#rules, to, state);
    this.#round.counts.mapRecords += state[MAP_STATE.records] as number;
    const done = state[MAP_STATE.batch] as number;
    if (state[MAP_STATE.stop] === CLEAN_STOPS.damaged) throw this.#damage(chunk, done);
    return done;
  }

  #takeLegacy(chunk: SourceChunk, row: number): number {
    if (this.#rules[row] !== 0) return row + 1;
    const { bytes, rows } = this.#legacy.convert(chunk, startOf(chunk, row));
    const state = this.#state;
    state[MAP_STATE.batch] = 0;
    this.#round.machine.engine.buildOffsetMap(this.#map, bytes, rows, new Uint8Array(1), 1, state);
    this.#round.counts.mapRecords += state[MAP_STATE.records] as number;
    if (state[MAP_STATE.stop] === CLEAN_STOPS.damaged) throw this.#damage(chunk, row);
    return row + (state[MAP_STATE.batch] as number);
  }

  #damage(chunk: SourceChunk, row: number): Error {
    const limit = this.#state[MAP_STATE.maxDecompressedBytes] as number;
    return damageOf(this.#round.machine, chunk, startOf(chunk, row), limit);
  }
}

function startOf({ rows }: SourceChunk, row: number): number {
  return rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
}
