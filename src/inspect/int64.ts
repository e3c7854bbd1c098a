/** int64 fields that print exactly: a number while that is exact, a bigint beyond 2^53. */

/** An int64. `String()` and template literals print it exactly either way. */
export type Int64 = number | bigint;

const TWO_POW_32 = 0x1_0000_0000;
/** The high half of 2^53. */
const EXACT_HIGH = 0x20_0000;

/** The int64 at `at`. */
export function readInt64(view: DataView, at: number): Int64 {
  const high = view.getInt32(at);
  return high < EXACT_HIGH && high >= -EXACT_HIGH ? high * TWO_POW_32 + view.getUint32(at + 4) : view.getBigInt64(at);
}

/** A bigint as a number where that is exact. */
export function narrow(value: bigint): Int64 {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The exact sum; it may lie beyond int64, which the caller has to judge. */
export function addExact(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return narrow(BigInt(a) + BigInt(b));
}

/** The sum as Java has it, wrapped around at 2^63. */
export function addWrapped(a: Int64, b: Int64): Int64 {
  const sum = addExact(a, b);
  return typeof sum === 'number' ? sum : narrow(BigInt.asIntN(64, sum));
}
