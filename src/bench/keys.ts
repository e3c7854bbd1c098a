/** The keys that benches append: `key-0` to `key-N`, in an order that is random and the same in every run. */
import { SeglogError } from '../errors/errors.ts';
import { seededRandom } from './random.ts';

/** The order repeats after so many records; a power of two. There are as many keys at most. */
const PICKS = 1 << 20;
const KEY_SEED = 5;

/** Keys by the number of the record. */
export class RecordKeys {
  readonly #keys: readonly Uint8Array[];
  readonly #picks: Int32Array;

  /** @throws SeglogError `INVALID_ARGUMENT` */
  constructor(count: number) {
    if (count < 1 || count > PICKS) {
      throw new SeglogError('INVALID_ARGUMENT', 'so many keys there cannot be', {
        expected: `1 to ${PICKS}`,
        found: count,
      });
    }
    const random = seededRandom(KEY_SEED);
    this.#keys = Array.from({ length: count }, (_, i) => Buffer.from(`key-${i}`));
    // A round of picks has each key once while there are enough: so many keys are there as were asked for.
    this.#picks = Int32Array.from({ length: PICKS }, (_, i) => (i < count ? i : Math.floor(random() * count)));
    shuffle(this.#picks, random);
  }

  /** The key of record `i`. */
  at(i: number): Uint8Array {
    return this.#keys[this.#picks[i & (PICKS - 1)] as number] as Uint8Array;
  }
}

function shuffle(numbers: Int32Array, random: () => number): void {
  for (let i = numbers.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    const kept = numbers[i] as number;
    numbers[i] = numbers[other] as number;
    numbers[other] = kept;
  }
}
