/** The batches of a segment, chunk by chunk: the next one is read and checked while the caller works on this one. */
import { SCAN_OUTCOME, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../engine/contract.ts';
import { LOG_OVERHEAD } from '../format/batch.ts';
import type { File } from '../fs/contract.ts';
import { batchError } from '../record/batch-error.ts';
import type { CleanerMachine } from './contract.ts';
import { OffsetOrder } from './offset-order.ts';
import type { ReadSegment } from './sources.ts';

/** Rows for a chunk of the usual size: batches of one small record take about 70 bytes. */
const BYTES_PER_ROW = 64;
const BUFFERS = 2;

/** Whole batches with right checksums and offsets in order, in memory that the chunk after the next one overwrites. */
export interface SourceChunk {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Rows of `SCAN_ROW.length` numbers. */
  readonly rows: Int32Array;
  readonly count: number;
  /** How many bytes the batches take, and where the first one stands in the file. */
  readonly length: number;
  readonly position: number;
}

/** Memory for one read. */
interface Slot {
  bytes: Uint8Array;
  rows: Int32Array;
  readonly outcome: Float64Array;
}

/** Reads the segments of a round, one after the other, into the same memory. */
export class ChunkReader {
  readonly #machine: CleanerMachine;
  readonly #slots: Slot[];

  /** @param bufferBytes how much is read at once; a batch that is larger gets what it needs */
  constructor(machine: CleanerMachine, bufferBytes: number) {
    this.#machine = machine;
    const size = Math.max(LOG_OVERHEAD, bufferBytes);
    this.#slots = Array.from({ length: BUFFERS }, () => ({
      bytes: Buffer.allocUnsafeSlow(size),
      rows: new Int32Array((Math.ceil(size / BYTES_PER_ROW) + 1) * SCAN_ROW.length),
      outcome: new Float64Array(SCAN_OUTCOME.length),
    }));
  }

  /**
   * The chunks of a segment's first `sizeBytes` bytes.
   *
   * @throws SeglogError what is wrong with the first batch that is not whole, whose checksum is wrong, or whose offsets cannot
   * be (`OFFSETS_OUT_OF_ORDER`); `IO`
   */
  async *read({ path, sizeBytes, baseOffset, nextOffset }: ReadSegment): AsyncGenerator<SourceChunk, void, void> {
    if (sizeBytes === 0) return;
    const order = new OffsetOrder(this.#machine.engine, baseOffset, nextOffset);
    const file = this.#machine.fs.open(path, 'read');
    let pending: Promise<SourceChunk> | undefined;
    try {
      let turn = 0;
      pending = this.#next(file, 0, sizeBytes, turn);
      for (let position = 0; position < sizeBytes; ) {
        const chunk = await (pending as Promise<SourceChunk>);
        pending = undefined;
        position += chunk.length;
        turn = (turn + 1) % BUFFERS;
        if (position < sizeBytes) pending = this.#next(file, position, sizeBytes, turn);
        // What fails while the caller works is told when it comes back.
        pending?.catch(() => undefined);
        order.check(chunk);
        yield chunk;
      }
    } finally {
      // The memory and the file belong to the read that is under way.
      await pending?.catch(() => undefined);
      file.close();
    }
  }

  /** Reads at least one batch. */
  async #next(file: File, position: number, end: number, turn: number): Promise<SourceChunk> {
    const { engine } = this.#machine;
    const slot = this.#slots[turn] as Slot;
    for (;;) {
      const wanted = Math.min(slot.bytes.length, end - position);
      await engine.readBatchesAsync(file, position, slot.bytes, wanted, true, slot.rows, slot.outcome);
      const field = (name: keyof typeof SCAN_OUTCOME): number => slot.outcome[SCAN_OUTCOME[name]] as number;
      const count = field('count');
      const { bytes, rows } = slot;
      if (count > 0) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        return { path: file.path, bytes, view, rows, count, length: field('end'), position };
      }
      const stop = field('stop') as ScanStop;
      const fits = stop === SCAN_STOPS.partial && position + field('need') <= end && field('filled') === wanted;
      if (!fits || field('need') <= bytes.length) {
        throw batchError(engine, stop, bytes, 0, field('filled'), file.path, position);
      }
      slot.bytes = Buffer.allocUnsafeSlow(field('need'));
    }
  }
}
