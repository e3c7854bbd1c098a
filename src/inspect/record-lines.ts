/** The records of a batch as JSON lines, written by the engine: many at once, into one buffer that is used again and again. */
import {
  CODEC_IDS,
  type Engine,
  LINE_ENCODINGS,
  LINE_REDACTED,
  LINE_STATE,
  RECORD_FAULTS,
  type RecordFault,
} from '../engine/contract.ts';
import { BATCH, HEADER_SIZE } from '../format/batch.ts';
import { codecOf, DecompressionMemory, type DecompressOptions, decompressRecords } from '../record/decompress.ts';
import type { BatchSummary } from './batch-summary.ts';
import type { FoundBatch } from './batches.ts';
import type { PrintEncoding, Redactable } from './byte-encoding.ts';
import { longLine } from './long-line.ts';
import { faultOf } from './records.ts';

/** Some thousand records of 100 bytes: far more do not make it faster, and a processor's cache still holds them. */
const TARGET_BYTES = 256 * 1024;
/** For lines that need it the target grows, but not beyond this: longer ones are written piece by piece. */
const MAX_TARGET_BYTES = 4 * 1024 * 1024;

/** What lines look like: as `JsonLines` of dump-lines.ts prints them. */
export interface RecordLinesOptions {
  readonly bytes: PrintEncoding;
  readonly redact: ReadonlySet<Redactable>;
}

/** Writes records of format 2. */
export class RecordLines {
  readonly #engine: Engine;
  readonly #options: RecordLinesOptions;
  readonly #memory: DecompressionMemory = new DecompressionMemory(true);
  readonly #state: Int32Array = new Int32Array(LINE_STATE.length);
  #target: Uint8Array = Buffer.allocUnsafeSlow(TARGET_BYTES);

  constructor(engine: Engine, options: RecordLinesOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#state[LINE_STATE.encoding] = LINE_ENCODINGS[options.bytes];
    let redacted = 0;
    for (const part of options.redact) redacted |= LINE_REDACTED[part];
    this.#state[LINE_STATE.redacted] = redacted;
  }

  /** Whether the batch's records can be written so: older formats, and what control records mean, go another way. */
  static handles({ magic, count, isControl }: BatchSummary): boolean {
    return magic === 2 && count !== null && !isControl;
  }

  /**
   * The lines of a batch's records, in order, in pieces of which each is good until the next one is asked for. Pieces are
   * whole lines, but for lines of megabytes.
   *
   * @throws SeglogError behind the lines of the records before it: `INVALID_RECORD`; before any: as `decompressRecords`
   */
  *batch(batch: FoundBatch, summary: BatchSummary, limits: DecompressOptions): Generator<Uint8Array, void> {
    const { bytes, start, end } = this.#records(batch, summary, limits);
    const state = this.#begin(batch, summary, start);
    const count = summary.count ?? 0;
    let isOver = false;
    while (!isOver) {
      this.#engine.recordLines(bytes, end, this.#target, state);
      const written = state[LINE_STATE.written] as number;
      const fault = state[LINE_STATE.fault] as RecordFault;
      const record = state[LINE_STATE.record] as number;
      if (written > 0) yield this.#target.subarray(0, written);
      if (fault !== RECORD_FAULTS.none) {
        throw faultOf(summary, limits, fault, record, (state[LINE_STATE.position] as number) - start);
      }
      isOver = record >= count;
      if (!isOver && written === 0) yield* this.#long(bytes, end);
    }
  }

  /** Where the records lie, decompressed. */
  #records(
    batch: FoundBatch,
    { codec: id, magic }: BatchSummary,
    limits: DecompressOptions,
  ): { bytes: Uint8Array; start: number; end: number } {
    const codec = codecOf(id, magic, limits);
    const start = batch.start + HEADER_SIZE;
    const end = batch.start + batch.size;
    if (codec === CODEC_IDS.none) return { bytes: batch.bytes, start, end };
    const options = { memory: this.#memory, ...limits };
    const bytes = decompressRecords(this.#engine, codec, magic, batch.bytes, start, end, options);
    return { bytes, start: 0, end: bytes.length };
  }

  #begin({ view, start }: FoundBatch, { count, timestampType }: BatchSummary, recordsStart: number): Int32Array {
    const state = this.#state;
    const isAppendTime = timestampType === 'LogAppendTime';
    const timestampAt = start + (isAppendTime ? BATCH.MAX_TIMESTAMP : BATCH.BASE_TIMESTAMP);
    state[LINE_STATE.position] = recordsStart;
    state[LINE_STATE.record] = 0;
    state[LINE_STATE.count] = count ?? 0;
    state[LINE_STATE.baseOffsetHigh] = view.getInt32(start + BATCH.BASE_OFFSET);
    state[LINE_STATE.baseOffsetLow] = view.getInt32(start + BATCH.BASE_OFFSET + 4);
    state[LINE_STATE.timestampHigh] = view.getInt32(timestampAt);
    state[LINE_STATE.timestampLow] = view.getInt32(timestampAt + 4);
    state[LINE_STATE.isAppendTime] = isAppendTime ? 1 : 0;
    return state;
  }

  /** A line that the target has no room for: the target grows, or the line comes piece by piece. */
  *#long(bytes: Uint8Array, end: number): Generator<Uint8Array, void> {
    if (this.#target.length < MAX_TARGET_BYTES) {
      this.#target = Buffer.allocUnsafeSlow(this.#target.length * 4);
      return;
    }
    yield* longLine(bytes, end, this.#state, this.#options);
  }
}
