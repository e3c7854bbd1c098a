/**
 * The first section of a compressed block: its literals, as they are, as a run, or Huffman coded with a new or the last
 * block's code.
 *
 *     bits 0-1 kind, bits 2-3 form of the sizes; then sizes of 5 to 18 bits, little-endian; then the content
 *
 * Source: RFC 8878, 3.1.1.3.1.
 */
import { corrupt } from '../corrupt.ts';
import { decodeHuffman, type HuffmanTable, readHuffmanTable } from './huffman.ts';

const CODEC = 'zstd';
const KIND = { raw: 0, run: 1, coded: 2, codedAgain: 3 } as const;
/** The least that makes sense to split over four streams. */
const MIN_IN_FOUR_STREAMS = 6;
const MIN_CODED_SECTION = 5;

/** Literals of one block, in memory that the next block overwrites. */
export class Literals {
  #bytes: Uint8Array = new Uint8Array(0);
  #code: HuffmanTable | undefined;
  length = 0;

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** A new frame starts without a code. */
  reset(): void {
    this.#code = undefined;
  }

  /**
   * Reads the section at the start of `bytes[start, end)`; there are at most `max` literals.
   *
   * @returns where it ends
   * @throws SeglogError `CORRUPT_COMPRESSED_DATA`
   */
  read(bytes: Uint8Array, start: number, end: number, max: number): number {
    const kind = end - start < 2 ? undefined : (bytes[start] as number) & 3;
    if (kind === undefined) throw corrupt(CODEC, 'a block is cut off');
    return kind === KIND.raw || kind === KIND.run
      ? this.#readPlain(kind, bytes, start, end, max)
      : this.#readCoded(kind === KIND.coded, bytes, start, end, max);
  }

  #readPlain(kind: 0 | 1, bytes: Uint8Array, start: number, end: number, max: number): number {
    const first = bytes[start] as number;
    const form = (first >>> 2) & 3;
    const headerBytes = form === 1 ? 2 : form === 3 ? 3 : 1;
    const length = form % 2 === 0 ? first >>> 3 : littleEndian(bytes, start, headerBytes) >>> 4;
    const at = start + headerBytes;
    const contentBytes = kind === KIND.run ? 1 : length;
    if (length > max) throw corrupt(CODEC, 'a block has more literals than it may');
    if (contentBytes > end - at) throw corrupt(CODEC, 'the literals are cut off');
    this.#reserve(length);
    if (kind === KIND.run) this.#bytes.fill(bytes[at] as number, 0, length);
    else this.#bytes.set(bytes.subarray(at, at + length));
    return at + contentBytes;
  }

  #readCoded(isNew: boolean, bytes: Uint8Array, start: number, end: number, max: number): number {
    if (end - start < MIN_CODED_SECTION) throw corrupt(CODEC, 'the literals are cut off');
    const form = ((bytes[start] as number) >>> 2) & 3;
    const sizeBits = form < 2 ? 10 : form === 2 ? 14 : 18;
    const headerBytes = form < 2 ? 3 : form + 2;
    // Up to 40 bits: past what bit operations hold.
    const header = Math.floor(littleEndian(bytes, start, headerBytes) / 16);
    const length = header % 2 ** sizeBits;
    const codedBytes = Math.floor(header / 2 ** sizeBits);
    const isSingle = form === 0;
    const at = start + headerBytes;
    const next = at + codedBytes;
    if (length > max) throw corrupt(CODEC, 'a block has more literals than it may');
    if (!isSingle && length < MIN_IN_FOUR_STREAMS) throw corrupt(CODEC, 'too few literals for four streams');
    if (next > end) throw corrupt(CODEC, 'the literals are cut off');
    let streams = at;
    if (isNew) {
      const read = readHuffmanTable(bytes, at, next);
      this.#code = read.table;
      streams = read.end;
    }
    if (this.#code === undefined) throw corrupt(CODEC, 'the first block has no code of its own');
    this.#reserve(length);
    decodeHuffman(this.#code, isSingle, bytes, streams, next, this.#bytes, length);
    return next;
  }

  #reserve(length: number): void {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    this.length = length;
  }
}

function littleEndian(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start + count - 1; at >= start; at--) value = value * 0x100 + (bytes[at] as number);
  return value;
}
