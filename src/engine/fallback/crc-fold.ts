/**
 * CRC-32C of long inputs without a table for most of it. A checksum is the remainder by a polynomial P, and
 *
 * ```text
 * x^(32*5275) + x^(32*4508) + x^(32*2751) + 1
 * ```
 *
 * is a multiple of P, the shortest of its form, found by trying all. So a word of the input can be replaced by itself in
 * three places further on, 767, 2524 and 5275 words away, and the remainder stays the same. Doing so with every word but
 * the last 5275 leaves that many, whose checksum is the input's. Three exclusive ors of whole words cost about half of
 * four lookups for four bytes, and need no order of bytes.
 */
import CRC32C from 'crc-32/crc32c.js';

/** The multiple's terms. */
const FAR = 5275;
const MIDDLE = 4508;
const NEAR = 2751;
/** How many words are replaced before the window over them starts anew. */
const BLOCK = 8192;
const WORD = 4;

/** From so many bytes on folding is worth what remains to be done: see docs/design.md. */
export const FOLD_FROM_BYTES: number = 64 * 1024;

/** The last FAR words replaced, and a block of those that come. */
const words = new Int32Array(FAR + BLOCK);
const bytes = new Uint8Array(words.buffer);
/** What remains: FAR words, up to three more, and up to three bytes. */
const rest = new Int32Array(FAR + 4);
const restBytes = new Uint8Array(rest.buffer);

/** The same memory from each of the terms on: one index serves them all, which spares the loop most of its checks. */
const far = words.subarray(FAR);
const middle = words.subarray(MIDDLE);
const near = words.subarray(NEAR);

/** What takes the place of a word of the input, the `i`-th of those that the window is for. */
function foldWord(word: number, i: number): number {
  return word ^ (middle[i] as number) ^ (near[i] as number) ^ (words[i] as number);
}

/** Replaces `count` words, a multiple of four: the loop that takes the time. */
function fold(source: Int32Array, from: number, count: number): void {
  const input = source.subarray(from, from + count);
  for (let i = 0; i < count; i += 4) {
    const first = foldWord(input[i] as number, i);
    const second = foldWord(input[i + 1] as number, i + 1);
    const third = foldWord(input[i + 2] as number, i + 2);
    const fourth = foldWord(input[i + 3] as number, i + 3);
    far[i] = first;
    far[i + 1] = second;
    far[i + 2] = third;
    far[i + 3] = fourth;
  }
  words.copyWithin(0, count, count + FAR);
}

/**
 * CRC-32C, unsigned, of the bytes whose checksum `before` is (0 for none), and of `input` behind them.
 *
 * @param input - at least `FOLD_FROM_BYTES`, anywhere in its buffer; no `Buffer`, whose `subarray` is slower
 */
export function foldedCrc32c(before: number, input: Uint8Array): number {
  const { buffer, byteOffset, length } = input;
  const head = -byteOffset & (WORD - 1);
  const register = ~CRC32C.buf(input.subarray(0, head), before);
  const count = (length - head) >>> 2;
  const source = new Int32Array(buffer, byteOffset + head, count);
  const folded = (count - FAR) & ~3;

  // Before the first word stands nothing but the register: as a word that the first one alone sees, in the order of its
  // bytes on any machine.
  words.fill(0, 0, FAR);
  for (let i = 0; i < WORD; i++) bytes[i] = register >>> (8 * i);
  for (let at = 0; at < folded; at += BLOCK) fold(source, at, Math.min(BLOCK, folded - at));

  // The rest takes what was replaced, and stays.
  const left = count - folded;
  words.fill(0, FAR, FAR + left);
  for (let i = 0; i < left; i++) rest[i] = foldWord(source[folded + i] as number, i);
  const tail = input.subarray(head + count * WORD);
  restBytes.set(tail, left * WORD);
  // -1: with a register of 0, since the one that there was is in the words.
  return CRC32C.buf(restBytes.subarray(0, left * WORD + tail.length), -1) >>> 0;
}
