/**
 * A hash of keys, 64 bits in two lanes of 32, which is what this language computes with. The rounds and the end are those of
 * MurmurHash3's form for 32-bit machines, of whose four lanes two are kept.
 *
 * A round is a bijection of its eight bytes, so different keys of up to eight bytes and of one length never meet. The hash
 * has no secret: whoever wants to can make longer keys that meet, and would be counted too few.
 */
const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const SEED_LOW = 0x2c6fe96e;
const SEED_HIGH = 0x5f3759df;

/** Hashes one key after the other; the last hash stands in two words, since an object for each would cost more. */
export class KeyHash {
  low = 0;
  high = 0;

  /** Sets `low` and `high` to the hash of `length` bytes from `start` on. Never both 0: that stands for no key. */
  update(view: DataView, start: number, length: number): void {
    let low = SEED_LOW;
    let high = SEED_HIGH;
    const end = start + (length & ~7);
    for (let at = start; at < end; at += 8) {
      const first = Math.imul(view.getInt32(at, true), C1);
      low ^= Math.imul((first << 15) | (first >>> 17), C2);
      low = (Math.imul(((low << 19) | (low >>> 13)) + high, 5) + 0x561ccd1b) | 0;
      const second = Math.imul(view.getInt32(at + 4, true), C2);
      high ^= Math.imul((second << 16) | (second >>> 16), C3);
      high = (Math.imul(((high << 17) | (high >>> 15)) + low, 5) + 0x0bcaa747) | 0;
    }
    const rest = length & 7;
    if (rest > 0) {
      const word = Math.imul(wordAt(view, end, Math.min(rest, 4)), C1);
      low ^= Math.imul((word << 15) | (word >>> 17), C2);
      if (rest > 4) {
        const more = Math.imul(wordAt(view, end + 4, rest - 4), C2);
        high ^= Math.imul((more << 16) | (more >>> 16), C3);
      }
    }
    low = (low ^ length) | 0;
    high = (high ^ length) | 0;
    low = (low + high) | 0;
    high = (high + low) | 0;
    low = mixed(low);
    high = mixed(high);
    low = (low + high) | 0;
    high = (high + low) | 0;
    this.low = low === 0 && high === 0 ? 1 : low;
    this.high = high;
  }
}

/** Up to four bytes, the first one lowest. */
function wordAt(view: DataView, at: number, count: number): number {
  if (count === 4) return view.getInt32(at, true);
  let word = view.getUint8(at);
  if (count > 1) word |= view.getUint8(at + 1) << 8;
  if (count > 2) word |= view.getUint8(at + 2) << 16;
  return word;
}

/** Every bit of the input moves about half of the output's. */
function mixed(value: number): number {
  let word = value;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
