/**
 * How many different hashes there were, in 16 KiB: HyperLogLog (Flajolet and others, 2007) with 2^14 registers. The estimate
 * is Ertl's of 2017, which needs no table of corrections and is as good for few as for many.
 *
 * Written here since what npm has is unkept, or wants a string or an object for every key.
 */
const INDEX_BITS = 14;
const REGISTERS = 1 << INDEX_BITS;
/** A rank is the number of leading zeros of 32 bits, and 1. */
const MAX_RANK = 33;
/** `1 / (2 ln 2)`: what the constant of the estimate tends to. */
const ALPHA = 0.5 / Math.LN2;

/** The standard error of the estimate, as a share of it: 1.04 / sqrt(2^14). */
export const STANDARD_ERROR = 0.0081;

/** One sketch. */
export class HyperLogLog {
  readonly registers: Uint8Array = new Uint8Array(REGISTERS);

  /** Takes a hash: one lane chooses the register, the other one gives the rank. */
  add(low: number, high: number): void {
    const at = low & (REGISTERS - 1);
    const rank = Math.clz32(high) + 1;
    if (rank > (this.registers[at] as number)) this.registers[at] = rank;
  }

  /** Takes all hashes that another sketch took. */
  merge(registers: Uint8Array): void {
    for (let at = 0; at < REGISTERS; at++) {
      const rank = registers[at] as number;
      if (rank > (this.registers[at] as number)) this.registers[at] = rank;
    }
  }

  /** How many different hashes were taken, about. */
  estimate(): number {
    const counts = new Float64Array(MAX_RANK + 1);
    for (const rank of this.registers) counts[rank] = (counts[rank] as number) + 1;
    let sum = REGISTERS * ofFullRegisters(1 - (counts[MAX_RANK] as number) / REGISTERS);
    for (let rank = MAX_RANK - 1; rank >= 1; rank--) sum = 0.5 * (sum + (counts[rank] as number));
    sum += REGISTERS * ofEmptyRegisters((counts[0] as number) / REGISTERS);
    return Math.round((ALPHA * REGISTERS * REGISTERS) / sum);
  }
}

/** What registers without a rank add; their share is `share`. Ertl's sigma. */
function ofEmptyRegisters(share: number): number {
  if (share === 1) return Infinity;
  let power = share;
  let weight = 1;
  let sum = share;
  for (let before = -1; sum !== before; weight += weight) {
    power *= power;
    before = sum;
    sum += power * weight;
  }
  return sum;
}

/** What registers of the highest rank take away; `share` is that of the others. Ertl's tau. */
function ofFullRegisters(share: number): number {
  if (share === 0 || share === 1) return 0;
  let root = share;
  let weight = 1;
  let sum = 1 - share;
  for (let before = -1; sum !== before; ) {
    root = Math.sqrt(root);
    before = sum;
    weight *= 0.5;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
