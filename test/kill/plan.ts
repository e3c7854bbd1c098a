/** What a process does until it is killed: drawn from a seed, sent to it as lines of JSON. */
import type { LogConfig } from '../../src/config/log-config.ts';
import type { Random } from '../support/random.ts';

/** One thing to do. Places are fractions of what the log holds then: the process tells which offset that was. */
export type Deed =
  | { readonly do: 'append'; readonly topic: string; readonly records: readonly PlannedRecord[] }
  | { readonly do: 'truncate' | 'delete-records'; readonly topic: string; readonly at: number }
  | { readonly do: 'retention' | 'compact'; readonly topic: string; readonly now: number }
  /** By a producer that numbers its records; sent twice when `again`. */
  | ({ readonly do: 'produce'; readonly topic: string; readonly records: readonly PlannedRecord[] } & Sent)
  /** Ends the producer's transaction, if it has one. */
  | { readonly do: 'end'; readonly topic: string; readonly producerId: number; readonly result: 'commit' | 'abort' }
  | { readonly do: 'open' | 'close' | 'flush' | 'repair' }
  /** Of a store alone: time goes on, and what is due is done: checkpoints, retention, compaction. */
  | { readonly do: 'pass'; readonly ms: number };

/** How a producer sends a batch. Its number is the next one of what the log knows of it. */
export interface Sent {
  readonly producerId: number;
  readonly isTransactional: boolean;
  /** Whether the producer comes with its next epoch; not within a transaction. */
  readonly isNewEpoch: boolean;
  readonly again: boolean;
}

/** What a life has besides what all have. */
export interface Workload {
  /** Producers that number their records, with transactions and without. */
  readonly producers?: boolean;
  /** How many threads compact a store's topics, beside the one that is asked for all else. */
  readonly cleaners?: number;
}

/** A record; its time tells it from all others. */
export interface PlannedRecord {
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: number;
}

/** A log alone, a store of two topics, or a damaged partition that is repaired. */
export type Kind = 'log' | 'store' | 'repair';

/** What a process is told. */
export interface Task {
  readonly directory: string;
  readonly kind: Kind;
  readonly config: Partial<LogConfig>;
  /** Milliseconds of a store's clock. */
  readonly now: number;
  /** Before its change of files of this number, as node:fs sees them, the process kills itself. */
  readonly hookAt: number | undefined;
  readonly cleaners: number;
  readonly deeds: readonly Deed[];
}

/** The topic of a store that is compacted. */
export const COMPACTED = 'c';
/** A log alone has one topic; a store two. */
export const TOPICS: Readonly<Record<Kind, readonly string[]>> = { log: ['t'], store: ['d', COMPACTED], repair: ['t'] };

/** Milliseconds that `retention` keeps. Records are a second apart. */
export const RETENTION_MS = 6000;
const SECOND = 1000;
/** Times of records begin here where producers are: who is older than a day is forgotten. */
export const NOW = 1_000_000_000;
/** The first numbers its records alone, the others have transactions. */
const PRODUCERS = 3;

/** A configuration that makes much happen in few appends. */
export function planConfig(random: Random, kind: Kind): Partial<LogConfig> {
  return {
    segmentBytes: random.pick([500, 800, 1500]),
    indexIntervalBytes: random.pick([0, 100]),
    retentionMs: RETENTION_MS,
    deleteRetentionMs: 1e12,
    fileDeleteDelayMs: 0,
    flushMessages: random.chance(0.2) ? 1 : Infinity,
    preallocate: random.chance(0.1),
    ...(kind === 'store' ? { retentionMs: -1 } : {}),
  };
}

/** Draws deeds; numbers its records through, over all rounds of one directory. */
export class Planner {
  readonly #random: Random;
  readonly #kind: Kind;
  readonly #hasProducers: boolean;
  #records = 0;

  constructor(random: Random, kind: Kind, { producers = false }: Workload = {}) {
    this.#random = random;
    this.#kind = kind;
    this.#hasProducers = producers;
  }

  /** The time of the last record. */
  get #now(): number {
    return this.#records * SECOND + (this.#hasProducers ? NOW : 0);
  }

  /** Opening, `count` deeds, and closing. */
  deeds(count: number): Deed[] {
    if (this.#kind === 'repair') return [{ do: 'repair' }];
    const middle = Array.from({ length: count }, () => this.#deed()).flat();
    return [{ do: 'open' }, ...middle, { do: 'close' }];
  }

  #deed(): Deed[] {
    const random = this.#random;
    const topic = random.pick(TOPICS[this.#kind]);
    const now = this.#now;
    if (this.#hasProducers && random.chance(0.4)) return [this.#ofProducer(topic)];
    const chance = random.next();
    if (chance < 0.5) return [this.append(topic)];
    if (chance < 0.57) return [{ do: 'flush' }];
    if (chance < 0.62) return [{ do: 'close' }, { do: 'open' }];
    if (this.#kind === 'store') {
      if (chance < 0.72) return [{ do: 'delete-records', topic: 'd', at: random.next() }];
      return [{ do: 'pass', ms: random.pick([5000, 15_000, 60_000]) }];
    }
    if (chance < 0.72) return [{ do: 'truncate', topic, at: random.next() }];
    if (chance < 0.8) return [{ do: 'delete-records', topic, at: random.next() }];
    if (chance < 0.88) return [{ do: 'retention', topic, now }];
    return [{ do: 'compact', topic, now }];
  }

  /** A batch of one to five records of four keys; a tombstone now and then. */
  append(topic: string): Deed {
    return { do: 'append', topic, records: this.#batch() };
  }

  #ofProducer(topic: string): Deed {
    const random = this.#random;
    const producerId = random.between(1, PRODUCERS);
    const isTransactional = producerId > 1;
    if (isTransactional && random.chance(0.35)) {
      return { do: 'end', topic, producerId, result: random.pick(['commit', 'abort']) };
    }
    const sent = { isTransactional, isNewEpoch: random.chance(0.1), again: random.chance(0.25) };
    return { do: 'produce', topic, records: this.#batch(), producerId, ...sent };
  }

  #batch(): PlannedRecord[] {
    const random = this.#random;
    return Array.from({ length: random.between(1, 5) }, () => {
      this.#records++;
      const timestamp = this.#now;
      const value = random.chance(0.15) ? null : `v${timestamp}${'.'.repeat(random.between(0, 40))}`;
      return { key: `k${random.between(0, 3)}`, value, timestamp };
    });
  }
}
