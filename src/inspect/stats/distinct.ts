/** Counts different hashes: one by one up to a limit, and by a sketch beyond it. What comes out does not depend on the order. */
import { HyperLogLog, STANDARD_ERROR } from './hyperloglog.ts';

/** As many are kept one by one: 2 MiB at the most. Two of 64-bit hashes meet with a chance of one in two thousand million. */
const EXACT_LIMIT = 131_072;
const LEAST_SLOTS = 1024;
/** Half of the slots are free, so chance never makes a search this long; whoever makes such hashes gets the sketch. */
const MOST_PROBES = 512;

/** A count in a form that crosses threads. */
export interface DistinctData {
  /** Two words a hash; undefined once there were too many. */
  readonly hashes: Int32Array | undefined;
  readonly registers: Uint8Array | undefined;
}

/** What it comes to. */
export interface Distinct {
  readonly distinct: number;
  readonly isExact: boolean;
  /** As a share; 0 when exact. */
  readonly standardError: number;
}

/** One count. A hash is two words that are not both 0. */
export class DistinctCount {
  #slots: Int32Array | undefined;
  #mask = 0;
  #count = 0;
  #sketch: HyperLogLog | undefined;

  add(low: number, high: number): void {
    if (this.#sketch !== undefined) return this.#sketch.add(low, high);
    const slots = this.#slots ?? this.#resize(LEAST_SLOTS);
    const mask = this.#mask;
    let slot = low & mask;
    for (let probe = 0; probe < MOST_PROBES; probe++) {
      const foundLow = slots[2 * slot] as number;
      const foundHigh = slots[2 * slot + 1] as number;
      if (foundLow === low && foundHigh === high) return;
      if (foundLow === 0 && foundHigh === 0) return this.#insert(slot, low, high);
      slot = (slot + 1) & mask;
    }
    this.#toSketch().add(low, high);
  }

  merge({ hashes, registers }: DistinctData): void {
    if (registers !== undefined) this.#toSketch().merge(registers);
    if (hashes === undefined) return;
    for (let at = 0; at < hashes.length; at += 2) this.add(hashes[at] as number, hashes[at + 1] as number);
  }

  get data(): DistinctData {
    if (this.#sketch !== undefined) return { hashes: undefined, registers: this.#sketch.registers };
    return { hashes: this.#hashes(), registers: undefined };
  }

  get result(): Distinct {
    if (this.#sketch === undefined) return { distinct: this.#count, isExact: true, standardError: 0 };
    return { distinct: this.#sketch.estimate(), isExact: false, standardError: STANDARD_ERROR };
  }

  #insert(slot: number, low: number, high: number): void {
    const slots = this.#slots as Int32Array;
    if (this.#count >= EXACT_LIMIT) return this.#toSketch().add(low, high);
    slots[2 * slot] = low;
    slots[2 * slot + 1] = high;
    if (++this.#count * 2 > this.#mask + 1) this.#resize((this.#mask + 1) * 2);
  }

  #resize(count: number): Int32Array {
    const old = this.#slots;
    const slots = new Int32Array(2 * count);
    this.#slots = slots;
    this.#mask = count - 1;
    for (let at = 0; old !== undefined && at < old.length; at += 2) {
      const low = old[at] as number;
      const high = old[at + 1] as number;
      if (low === 0 && high === 0) continue;
      let slot = low & this.#mask;
      while (slots[2 * slot] !== 0 || slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.#mask;
      slots[2 * slot] = low;
      slots[2 * slot + 1] = high;
    }
    return slots;
  }

  #hashes(): Int32Array {
    const hashes = new Int32Array(2 * this.#count);
    const slots = this.#slots ?? hashes;
    let end = 0;
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at] === 0 && slots[at + 1] === 0) continue;
      hashes[end++] = slots[at] as number;
      hashes[end++] = slots[at + 1] as number;
    }
    return hashes;
  }

  #toSketch(): HyperLogLog {
    if (this.#sketch !== undefined) return this.#sketch;
    const sketch = new HyperLogLog();
    const hashes = this.#hashes();
    for (let at = 0; at < hashes.length; at += 2) sketch.add(hashes[at] as number, hashes[at + 1] as number);
    this.#slots = undefined;
    this.#sketch = sketch;
    return sketch;
  }
}
