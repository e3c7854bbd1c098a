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

/**
 * What a test of many cases runs with: `SEGLOG_FUZZ_SEED` and `SEGLOG_FUZZ_CASES` in the environment set it. One seed unless
 * told: a change is judged by what it changed. `SEGLOG_FUZZ_SEED=random` looks for what nobody has met yet.
 */
export function fuzzPlan(defaultCases: number): { seed: number; cases: number } {
  const { SEGLOG_FUZZ_SEED: asked, SEGLOG_FUZZ_CASES: cases } = process.env;
  const seed = asked === 'random' ? Date.now() % 1_000_000_000 : Number(asked ?? USUAL_SEED);
  return { seed, cases: cases === undefined ? defaultCases : Number(cases) };
}

const USUAL_SEED = 20261121;
