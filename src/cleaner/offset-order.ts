/**
 * Whether the offsets of batches can be believed. A base offset lies outside its batch's checksum, and cleaning deletes by it:
 * a batch that says it is older than it is would vanish for a record that it replaced.
 */
import { type Engine, SCAN_ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { ATTRIBUTES, baseOffsetOf, lastOffsetOf, LEGACY, magicOf } from '../format/batch.ts';
import { RecordBatch } from '../record/record-batch.ts';
import type { Offset } from '../units/units.ts';
import type { SourceChunk } from './chunks.ts';

/** Goes over the batches of one segment, in order. */
export class OffsetOrder {
  readonly #engine: Engine;
  readonly #nextOffset: Offset;
  /** The lowest offset that the next batch may have. */
  #least: Offset;

  /** @param nextOffset the base offset of the segment behind this one: all lie below it */
  constructor(engine: Engine, baseOffset: Offset, nextOffset: Offset) {
    this.#engine = engine;
    this.#least = baseOffset;
    this.#nextOffset = nextOffset;
  }

  /** @throws SeglogError `OFFSETS_OUT_OF_ORDER` at the first batch that does not lie behind the one before it, and in its segment */
  check(chunk: SourceChunk): void {
    const { view, rows, count } = chunk;
    for (let row = 0; row < count; row++) {
      const at = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
      const magic = magicOf(view, at);
      // What a later format says of offsets nobody knows: the engine refuses it.
      if (magic > 2) continue;
      const last = lastOffsetOf(view, at);
      const first = magic === 2 ? baseOffsetOf(view, at) : this.#firstOfLegacy(chunk, at, last);
      // Not the other way round: an offset that is no number is in no order.
      if (!(first >= this.#least && last >= first && last < this.#nextOffset)) {
        throw this.#outOfOrder(chunk, at, first, last);
      }
      this.#least = last + 1;
    }
  }

  /** Compressed messages of formats 0 and 1 have the offset of the last one outside, and it moves all that are inside. */
  #firstOfLegacy({ bytes, view, path, position }: SourceChunk, at: number, last: Offset): Offset {
    if ((view.getInt8(at + LEGACY.ATTRIBUTES) & ATTRIBUTES.CODEC_MASK) === 0) return last;
    return new RecordBatch(this.#engine, bytes, view, at, path, position + at, {}).baseOffset;
  }

  #outOfOrder({ path, position }: SourceChunk, at: number, first: Offset, last: Offset): SeglogError {
    const most = this.#nextOffset - 1;
    return new SeglogError(
      'OFFSETS_OUT_OF_ORDER',
      "a batch's offsets do not lie behind the one before it, in its segment",
      {
        file: path,
        position: position + at,
        expected: this.#least > most ? `none: the segment has no offset above ${most}` : `${this.#least} to ${most}`,
        found: first === last ? String(first) : `${first} to ${last}`,
        action: 'Nothing was changed. Look at it with `seglog verify`, and see to it with `seglog repair`',
      },
    );
  }
}
