/** The values that the benches append: the same letters as the Kafka peer's, cycled, so that codecs find as little. */
import { seededRandom } from './random.ts';

/** How many different values there are; a power of two, so that cycling is a mask. */
export const VALUE_COUNT = 1024;
const LETTERS = 26;
const LETTER_A = 65;

/** {@link VALUE_COUNT} values of `sizeBytes` random letters A to Z each, every one a buffer of its own. */
export function randomValues(sizeBytes: number, seed = 1): readonly Uint8Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: VALUE_COUNT }, () => {
    const value = new Uint8Array(sizeBytes);
    for (let i = 0; i < sizeBytes; i++) value[i] = LETTER_A + Math.floor(random() * LETTERS);
    return value;
  });
}
