/** Which partition a record goes to: Kafka's rules, so that a key is where Kafka's own producer would have put it. */
import { SeglogError } from '../errors/errors.ts';

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;
const POSITIVE = 0x7fffffff;

/** Murmur2 of a key, as Kafka's clients compute it: an int32. */
export function murmur2(key: Uint8Array): number {
  const { length } = key;
  const wholeWords = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < wholeWords; at += 4) {
    const low = (key[at] as number) | ((key[at + 1] as number) << 8) | ((key[at + 2] as number) << 16);
    let word = Math.imul(low | ((key[at + 3] as number) << 24), MULTIPLIER);
    word = Math.imul(word ^ (word >>> SHIFT), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  if (length > wholeWords) {
    for (let at = length - 1; at >= wholeWords; at--) hash ^= (key[at] as number) << (8 * (at - wholeWords));
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** The partition of a key, of `count`. */
export function partitionForKey(key: Uint8Array, count: number): number {
  return (murmur2(key) & POSITIVE) % count;
}

/** A topic's partitions, as whoever chooses among them sees them. */
export interface PartitionView {
  /** How many there are, here or not: what keys are divided among. */
  readonly count: number;
  /** The numbers of those that the store knows, ascending. Few of `count`, where a directory has a high number. */
  readonly numbers: readonly number[];
  /** Whether records can be appended to it. */
  isAvailable(partition: number): boolean;
}

/** Stays on a partition until that many bytes went there, then goes on to another one at random: full batches, few of them. */
export class StickyChoice {
  readonly #view: PartitionView;
  readonly #bytes: number;
  readonly #random: () => number;
  #partition = -1;
  #left = 0;

  /** @param random - from 0 to below 1 */
  constructor(view: PartitionView, bytes: number, random: () => number) {
    this.#view = view;
    this.#bytes = bytes;
    this.#random = random;
  }

  /** The partition of a record of that size. @throws SeglogError `LOG_OFFLINE` when no partition is available */
  next(sizeBytes: number): number {
    if (this.#left <= 0 || !this.#view.isAvailable(this.#partition)) {
      this.#partition = this.#another();
      this.#left = this.#bytes;
    }
    this.#left -= sizeBytes;
    return this.#partition;
  }

  #another(): number {
    const available = availableOf(this.#view);
    const others = available.filter((partition) => partition !== this.#partition);
    const choice = others.length > 0 ? others : available;
    return choice[Math.floor(this.#random() * choice.length)] as number;
  }
}

/** One partition after the other. */
export class RoundRobinChoice {
  readonly #view: PartitionView;
  /** Where the last one is among the numbers: those that are added come behind. */
  #at = -1;

  constructor(view: PartitionView) {
    this.#view = view;
  }

  /** @throws SeglogError `LOG_OFFLINE` when no partition is available */
  next(): number {
    const { numbers } = this.#view;
    for (let step = 1; step <= numbers.length; step++) {
      const at = (this.#at + step) % numbers.length;
      const partition = numbers[at] as number;
      if (!this.#view.isAvailable(partition)) continue;
      this.#at = at;
      return partition;
    }
    throw noneAvailable();
  }
}

function availableOf(view: PartitionView): number[] {
  const available = view.numbers.filter((partition) => view.isAvailable(partition));
  if (available.length === 0) throw noneAvailable();
  return available;
}

function noneAvailable(): SeglogError {
  return new SeglogError('LOG_OFFLINE', 'no partition of the topic takes records');
}
