/** An entry of message format 0 or 1, with the messages inside it. */
import type { Engine } from '../../../engine/contract.ts';
import { SeglogError } from '../../../errors/errors.ts';
import { BATCH, LEGACY } from '../../../format/batch.ts';
import { DecompressionMemory } from '../../../record/decompress.ts';
import { decodeLegacyBatch, type LegacyRecords } from '../../../record/legacy.ts';
import { type Int64, narrow, readInt64 } from '../../int64.ts';
import { makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';
import { unreadableCode } from './batch-check.ts';

/** Codec and timestamp type. */
const KNOWN_ATTRIBUTES = 0x0f;

/** Checks one entry after the other. The fields tell of the one that `check` took last. */
export class LegacyCheck {
  /** The first message's offset; the last one's when that cannot be read. */
  base: Int64 = 0;
  last: Int64 = 0;
  maxTimestamp: Int64 = -1;
  count = 0;
  isCompacted = false;
  readonly #engine: Engine;
  readonly #path: string;
  readonly #sink: FindingSink;
  readonly #maxBytes: number;
  readonly #memory: DecompressionMemory = new DecompressionMemory(true);

  constructor(engine: Engine, path: string, sink: FindingSink, maxBytes: number) {
    this.#engine = engine;
    this.#path = path;
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  /** Takes the entry of `size` bytes at `bytes[at..]`, whose checksum is right. */
  check(bytes: Uint8Array, view: DataView, at: number, size: number, position: number): void {
    const attributes = view.getUint8(at + LEGACY.ATTRIBUTES);
    this.base = this.last = readInt64(view, at + BATCH.BASE_OFFSET);
    this.maxTimestamp = view.getInt8(at + BATCH.MAGIC) === 1 ? readInt64(view, at + LEGACY.TIMESTAMP) : -1;
    this.count = 1;
    this.isCompacted = false;
    if (attributes > KNOWN_ATTRIBUTES) {
      const found = attributes;
      const expected = `no bits above ${KNOWN_ATTRIBUTES}`;
      this.#sink.add(makeFinding('UNKNOWN_ATTRIBUTES', this.#path, { position, expected, found }));
    }
    try {
      const options = { maxDecompressedBytes: this.#maxBytes, memory: this.#memory };
      this.#checkMessages(decodeLegacyBatch(this.#engine, bytes, at, size, options), position);
    } catch (error) {
      const code = unreadableCode(error);
      if (code === undefined || !(error instanceof SeglogError)) throw error;
      const offsets = [this.base, this.last] as const;
      this.#sink.add(makeFinding(code, this.#path, { position, offsets, message: error.message }));
    }
  }

  #checkMessages({ count, offsets, trailingBytes }: LegacyRecords, position: number): void {
    this.count = count;
    this.base = narrow(offsets[0] as bigint);
    // Old librdkafka versions left a wrapper's offset at 0.
    if (this.last === 0) this.last = narrow(offsets[count - 1] as bigint);
    this.isCompacted = BigInt(this.last) - BigInt(this.base) >= BigInt(count);
    const place = { position, offsets: [this.base, this.last] as const };
    if (trailingBytes > 0)
      this.#sink.add(makeFinding('WRAPPER_TRAILING_BYTES', this.#path, { ...place, found: `${trailingBytes} bytes` }));
    const wrong = offsets.find((offset, at) => at > 0 && offset <= (offsets[at - 1] as bigint));
    const last = offsets[count - 1] as bigint;
    if (wrong === undefined && last === BigInt(this.last)) return;
    const expected = `rising to ${this.last}`;
    this.#sink.add(makeFinding('RECORD_OFFSETS_INVALID', this.#path, { ...place, expected, found: wrong ?? last }));
  }
}
