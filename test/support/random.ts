/** Numbers that look random and come again with their seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from `from` to `to`, both included; `from` where there is none. */
  between(from: number, to: number): number {
    return to <= from ? from : from + Math.floor(this.next() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(things: readonly T[]): T {
    if (things.length === 0) throw new Error('nothing to pick from');
    return things[this.between(0, things.length - 1)] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.between(0, 255)));
  }
}

/** What a test of many cases runs with: `SEGLOG_FUZZ_SEED` and `SEGLOG_FUZZ_CASES` in the environment set it. */
export function fuzzPlan(defaultCases: number): { seed: number; cases: number } {
  const { SEGLOG_FUZZ_SEED: seed, SEGLOG_FUZZ_CASES: cases, CI } = process.env;
  const fresh = CI === undefined ? Date.now() % 1_000_000_000 : CI_SEED;
  return { seed: seed === undefined ? fresh : Number(seed), cases: cases === undefined ? defaultCases : Number(cases) };
}

/** In CI a change is judged by what it changed: see seed.ts. */
const CI_SEED = 20261121;
