/**
 * A keyed hash of 128 bits: HalfSipHash-2-4 with 64 bits of output, twice, under two independent random keys.
 *
 * HalfSipHash is SipHash on words of 32 bits, which is what this language computes with. It is made so that nobody who does
 * not know the key can find inputs with the same output; the second run makes chance collisions as rare as 128 bits can.
 */

/** Random words: two keys of 64 bits. */
const KEY_WORDS = 4;

/** Hashes keys under a random key of its own; the last hash stands in four words, since an object for each costs more. */
export class KeyedHash {
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  readonly #key: Uint32Array;
  #low = 0;
  #high = 0;

  /** @param key two keys of two words; random ones unless a test compares the hash with the reference's */
  constructor(key: Uint32Array = crypto.getRandomValues(new Uint32Array(KEY_WORDS))) {
    this.#key = key;
  }

  /** Sets `a` to `d` to the hash of `bytes[start, end)`. */
  update(bytes: Uint8Array, start: number, end: number): void {
    const key = this.#key;
    this.#run(bytes, start, end, key[0] as number, key[1] as number);
    this.a = this.#low;
    this.b = this.#high;
    this.#run(bytes, start, end, key[2] as number, key[3] as number);
    this.c = this.#low;
    this.d = this.#high;
  }

  #run(bytes: Uint8Array, start: number, end: number, key0: number, key1: number): void {
    let v0 = key0 | 0;
    let v1 = (key1 ^ 0xee) | 0;
    let v2 = (0x6c796765 ^ key0) | 0;
    let v3 = (0x74656462 ^ key1) | 0;
    const wordsEnd = start + ((end - start) & ~3);
    for (let at = start; ; at += 4) {
      const isLast = at >= wordsEnd;
      const word = isLast ? tailWord(bytes, at, end, end - start) : wordAt(bytes, at);
      v3 ^= word;
      for (let round = 0; round < 2; round++) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      v0 ^= word;
      if (isLast) break;
    }
    v2 ^= 0xee;
    for (let round = 0; round < 8; round++) {
      // Four rounds give the first half of the output, four more the second.
      if (round === 4) {
        this.#low = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    this.#high = v1 ^ v3;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** The bytes that fill no word, and the length's lowest byte. */
function tailWord(bytes: Uint8Array, start: number, end: number, length: number): number {
  let word = length << 24;
  for (let at = start; at < end; at++) word |= (bytes[at] as number) << ((at - start) * 8);
  return word;
}
