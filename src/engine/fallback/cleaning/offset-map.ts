/**
 * The newest offset of each key, in slots of 24 bytes with open addressing:
 *
 *     0                    16         20         24
 *     +--------------------+----------+----------+
 *     | hash               | low      | high     |   int32 words; the offset plus 1, so that an empty slot is all zeros
 *     +--------------------+----------+----------+
 */
import { SeglogError } from '../../../errors/errors.ts';
import { OFFSET_MAP_SLOT_BYTES, type OffsetMap } from '../../cleaning.ts';
import { KeyedHash } from './hash.ts';

const SLOT_WORDS = OFFSET_MAP_SLOT_BYTES / 4;
const LOW = 4;
const HIGH = 5;
const TWO_POW_32 = 0x1_0000_0000;

/** What `get` returns for a key that is not there; below every offset. */
const ABSENT = -1;
/** Every slot is taken, and none by that key. */
const NO_SLOT = -1;

/** The map of the TypeScript engine. */
export class SlotMap implements OffsetMap {
  readonly capacity: number;
  #size = 0;
  #words: Int32Array;
  readonly #slots: number;
  readonly #hash: KeyedHash = new KeyedHash();

  constructor(memoryBytes: number, loadFactor: number) {
    const slots = Math.floor(memoryBytes / OFFSET_MAP_SLOT_BYTES);
    if (!(slots >= 1 && loadFactor > 0 && loadFactor <= 1)) {
      throw new SeglogError('INVALID_ARGUMENT', 'an offset map needs room for a slot, and a load factor', {
        expected: `at least ${OFFSET_MAP_SLOT_BYTES} bytes, and above 0 to 1`,
        found: `${memoryBytes}, ${loadFactor}`,
      });
    }
    this.#slots = slots;
    this.capacity = Math.max(1, Math.floor(slots * loadFactor));
    this.#words = new Int32Array(slots * SLOT_WORDS);
  }

  get size(): number {
    return this.#size;
  }

  clear(): void {
    if (this.#size > 0) this.#words.fill(0);
    this.#size = 0;
  }

  release(): void {
    this.#words = new Int32Array(0);
    this.#size = 0;
  }

  /** Stores the offset of a key, over that which it has; false when there is no room for any key. */
  put(bytes: Uint8Array, start: number, length: number, offset: number): boolean {
    if (this.#size >= this.capacity) return false;
    const at = this.#find(bytes, start, length);
    const words = this.#words;
    if (words[at + LOW] === 0 && words[at + HIGH] === 0) {
      const { a, b, c, d } = this.#hash;
      words[at] = a;
      words[at + 1] = b;
      words[at + 2] = c;
      words[at + 3] = d;
      this.#size++;
    }
    words[at + LOW] = (offset + 1) | 0;
    words[at + HIGH] = Math.floor((offset + 1) / TWO_POW_32);
    return true;
  }

  /** The offset of a key; -1 for one that is not there. */
  get(bytes: Uint8Array, start: number, length: number): number {
    if (this.#size === 0) return ABSENT;
    const at = this.#find(bytes, start, length);
    if (at === NO_SLOT) return ABSENT;
    return (this.#words[at + HIGH] as number) * TWO_POW_32 + ((this.#words[at + LOW] as number) >>> 0) - 1;
  }

  /** Where the key's slot starts, or the empty one where it would be. */
  #find(bytes: Uint8Array, start: number, length: number): number {
    const words = this.#words;
    const hash = this.#hash;
    hash.update(bytes, start, start + length);
    const end = words.length;
    const { a, b, c, d } = hash;
    let at = Math.floor(((a >>> 0) / TWO_POW_32) * this.#slots) * SLOT_WORDS;
    for (let probe = 0; probe < this.#slots; probe++) {
      if (words[at + LOW] === 0 && words[at + HIGH] === 0) return at;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
      at += SLOT_WORDS;
      if (at === end) at = 0;
    }
    return NO_SLOT;
  }
}

/** @throws SeglogError `INVALID_ARGUMENT` for a map of another engine */
export function asSlotMap(map: OffsetMap): SlotMap {
  if (map instanceof SlotMap) return map;
  throw new SeglogError('INVALID_ARGUMENT', 'this offset map was made by another engine');
}
