/** The second pass, a chunk at a time: hands batches to the engine, and what stays of them to whoever writes it. */
import { CLEAN_RULES, CLEAN_STATE, CLEAN_STOPS, type OffsetMap, SCAN_ROW } from '../engine/contract.ts';
import { MAX_DECOMPRESSED_BYTES } from '../record/decompress.ts';
import type { Offset } from '../units/units.ts';
import { batchRuns } from './batch-runs.ts';
import type { SourceChunk } from './chunks.ts';
import { damageOf } from './damage.ts';
import { type ConvertedBatch, LegacyConverter } from './legacy.ts';
import type { Round } from './round.ts';

/** The largest delete horizon: with `delete.retention.ms` without a limit nothing ever falls due. */
const MAX_HORIZON_MS = Number.MAX_SAFE_INTEGER;
const TARGET_BYTES = 1024 * 1024;

/** Batches that stay: `bytes[0, length)` are `count` of them, with a row each. Overwritten by the next ones. */
export type BatchSink = (bytes: Uint8Array, length: number, rows: Int32Array, count: number) => void;

/** Cleans chunks. Its memory grows to what the largest batch takes. */
export class CleanPass {
  readonly #round: Round;
  readonly #map: OffsetMap;
  readonly #legacy: LegacyConverter;
  readonly #state: Float64Array = new Float64Array(CLEAN_STATE.length);
  #target: Uint8Array = Buffer.allocUnsafeSlow(TARGET_BYTES);
  #rows: Int32Array = new Int32Array(0);

  /** @param latestOffset the last offset that the map covers */
  constructor(round: Round, map: OffsetMap, latestOffset: Offset) {
    const { nowMs, deleteRetentionMs, maxDecompressedBytes = MAX_DECOMPRESSED_BYTES } = round.request;
    this.#round = round;
    this.#map = map;
    this.#legacy = new LegacyConverter(round.machine, maxDecompressedBytes);
    this.#state[CLEAN_STATE.nowMs] = nowMs;
    this.#state[CLEAN_STATE.deleteHorizonMs] = Math.min(MAX_HORIZON_MS, nowMs + deleteRetentionMs);
    this.#state[CLEAN_STATE.latestOffset] = latestOffset;
    this.#state[CLEAN_STATE.maxDecompressedBytes] = maxDecompressedBytes;
  }

  /**
   * Cleans a chunk whose batches have these rules.
   *
   * @param areLegacyTombstonesDue whether tombstones of formats 0 and 1 go
   * @throws SeglogError what is wrong with a batch that cannot be read
   */
  take(chunk: SourceChunk, rules: Uint8Array, areLegacyTombstonesDue: boolean, sink: BatchSink): void {
    if (this.#rows.length < chunk.count * SCAN_ROW.length) this.#rows = new Int32Array(chunk.count * SCAN_ROW.length);
    for (const { from, to, isLegacy } of batchRuns(chunk)) {
      if (isLegacy) this.#takeLegacy(chunk, from, areLegacyTombstonesDue, sink);
      else this.#takeRun(chunk, rules, from, to, sink);
    }
  }

  #takeRun(chunk: SourceChunk, rules: Uint8Array, from: number, to: number, sink: BatchSink): void {
    this.#run(chunk.bytes, chunk.rows, rules, from, to, sink, (row) => startOf(chunk, row), chunk);
  }

  #takeLegacy(chunk: SourceChunk, row: number, areTombstonesDue: boolean, sink: BatchSink): void {
    const start = startOf(chunk, row);
    const { bytes, rows, codec }: ConvertedBatch = this.#legacy.convert(chunk, start);
    const rules = Uint8Array.of(areTombstonesDue ? CLEAN_RULES.dropTombstones : 0);
    const finish: BatchSink = (cleaned, length) => {
      const built = this.#legacy.finish(Buffer.from(cleaned.subarray(0, length)), codec);
      const builtRow = new Int32Array(SCAN_ROW.length);
      builtRow[SCAN_ROW.size] = built.length;
      sink(built.bytes, built.length, builtRow, 1);
    };
    this.#run(bytes, rows, rules, 0, 1, finish, () => start, chunk);
  }

  /** Rows `[from, to)`: as many calls as it takes, each of which fills the target. */
  #run(
    bytes: Uint8Array,
    rows: Int32Array,
    rules: Uint8Array,
    from: number,
    to: number,
    sink: BatchSink,
    placeOf: (row: number) => number,
    chunk: SourceChunk,
  ): void {
    const state = this.#state;
    const { engine } = this.#round.machine;
    for (let row = from; row < to; ) {
      state[CLEAN_STATE.batch] = row;
      engine.cleanBatches(this.#map, bytes, rows, rules, to, this.#target, this.#rows, state);
      this.#count();
      const written = state[CLEAN_STATE.written] as number;
      if (written > 0) sink(this.#target, written, this.#rows, state[CLEAN_STATE.rows] as number);
      row = state[CLEAN_STATE.batch] as number;
      const stop = state[CLEAN_STATE.stop];
      if (stop === CLEAN_STOPS.damaged) {
        const limit = state[CLEAN_STATE.maxDecompressedBytes] as number;
        throw damageOf(this.#round.machine, chunk, placeOf(row), limit);
      }
      const need = state[CLEAN_STATE.need] as number;
      if (stop === CLEAN_STOPS.full && need > this.#target.length) this.#target = Buffer.allocUnsafeSlow(need);
    }
  }

  #count(): void {
    const { counts } = this.#round;
    const field = (name: keyof typeof CLEAN_STATE): number => this.#state[CLEAN_STATE[name]] as number;
    counts.recordsRead += field('records');
    counts.recordsKept += field('kept');
    counts.superseded += field('superseded');
    counts.tombstones += field('tombstones');
    counts.keyless += field('keyless');
    counts.discarded += field('discarded');
  }
}

function startOf({ rows }: SourceChunk, row: number): number {
  return rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
}
