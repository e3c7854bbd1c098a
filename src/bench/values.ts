/** The values that the benches append: the same letters as the Kafka peer's, cycled, so that codecs find as little. */
import { SeglogError } from '../errors/errors.ts';
import { seededRandom } from './random.ts';
import { drawSize, largestSize, type RecordSizes } from './sizes.ts';

/** How many different values there are; a power of two, so that cycling is a mask. */
export const VALUE_COUNT = 1024;
const LETTERS = 26;
const LETTER_A = 65;
const MOST_SYMBOLS = 256;
const MOST_BITS = 8;
/** Larger values are views of shared bytes: as many of their own would fill the memory. */
const OWN_BYTES = 64 * 1024;
const SHARED_BYTES = 64 * 1024 * 1024;

/** How random a value's bytes are. */
interface Symbols {
  readonly first: number;
  readonly count: number;
}

const ALPHABET: Symbols = { first: LETTER_A, count: LETTERS };

/** Bytes of so many bits of entropy each, as near as a whole number of different bytes comes to it. */
function symbolsOf(entropyBits: number | undefined): Symbols {
  if (entropyBits === undefined) return ALPHABET;
  if (!(entropyBits >= 0 && entropyBits <= MOST_BITS)) {
    throw new SeglogError('INVALID_ARGUMENT', 'a byte has no such entropy', {
      expected: `0 to ${MOST_BITS} bits`,
      found: entropyBits,
    });
  }
  const count = Math.round(2 ** entropyBits);
  return { first: count <= MOST_SYMBOLS - LETTER_A ? LETTER_A : 0, count };
}

function fillRandom(bytes: Uint8Array, { first, count }: Symbols, random: () => number): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = first + Math.floor(random() * count);
  return bytes;
}

/**
 * {@link VALUE_COUNT} values, every one a buffer of its own while they are small.
 *
 * @param entropyBits of each byte, 0 to 8; letters A to Z (4.7 bits) when left out
 */
export function randomValues(sizes: RecordSizes, seed = 1, entropyBits?: number): readonly Uint8Array[] {
  const random = seededRandom(seed);
  const symbols = symbolsOf(entropyBits);
  const largest = largestSize(sizes);
  const drawLength = (): number => (typeof sizes === 'number' ? sizes : drawSize(sizes, random()));
  if (largest <= OWN_BYTES) {
    return Array.from({ length: VALUE_COUNT }, () => fillRandom(new Uint8Array(drawLength()), symbols, random));
  }
  const shared = fillRandom(new Uint8Array(Math.max(SHARED_BYTES, largest)), symbols, random);
  return Array.from({ length: VALUE_COUNT }, () => {
    const length = drawLength();
    const start = Math.floor(random() * (shared.length - length + 1));
    return shared.subarray(start, start + length);
  });
}
