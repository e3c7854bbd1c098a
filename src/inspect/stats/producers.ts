/** Producers and their transactions, from the headers of batches and from control records. */
import { BATCH } from '../../format/batch.ts';
import { CONTROL_TYPES } from '../../format/control-record.ts';
import { type Int64, readInt64 } from '../int64.ts';
import type { ProducersStats, ProducerStats } from './contract.ts';
import { DistinctCount, type DistinctData } from './distinct.ts';
import { KeyHash } from './hash.ts';

/** So many are followed one by one; of those beyond only sums are known. */
const FOLLOWED = 16_384;
/** So many are told of. */
const TOLD = 100;

/** What is known of a producer. */
interface Producer {
  readonly id: Int64;
  readonly firstEpoch: number;
  lastEpoch: number;
  batches: number;
  records: number;
  transactionalBatches: number;
  commits: number;
  aborts: number;
  /** Where the transaction started that has no marker yet. */
  openSince: number | undefined;
  /** Whether a marker was seen: it ends what was open before, in an earlier part of the log too. */
  hasEnded: boolean;
}

/** Producers in a form that crosses threads. */
export interface ProducersData {
  readonly ids: DistinctData;
  readonly followed: readonly Readonly<Producer>[];
  readonly sums: ProducerSums;
}

interface ProducerSums {
  idempotentBatches: number;
  transactionalBatches: number;
  controlBatches: number;
  commits: number;
  aborts: number;
  otherControlRecords: number;
  /** Batches of producers that are not followed. */
  unfollowedBatches: number;
  /** In other partitions, once these are put together. */
  openElsewhere: number;
}

/** The producers of one log. */
export class Producers {
  readonly #ids: DistinctCount = new DistinctCount();
  readonly #hash: KeyHash = new KeyHash();
  readonly #followed: Map<Int64, Producer> = new Map();
  readonly #sums: ProducerSums = {
    idempotentBatches: 0,
    transactionalBatches: 0,
    controlBatches: 0,
    commits: 0,
    aborts: 0,
    otherControlRecords: 0,
    unfollowedBatches: 0,
    openElsewhere: 0,
  };
  /** The last one looked up: batches of one producer often follow each other. */
  #lastHigh = -1;
  #lastLow = -1;
  #last: Producer | undefined;

  /** Takes the header at `view[at..]` of a batch that is no control batch. */
  batch(view: DataView, at: number, isTransactional: boolean, records: number, baseOffset: number): void {
    // Most batches have no producer, and the least id is 0.
    if (view.getInt32(at + BATCH.PRODUCER_ID) < 0) return;
    if (isTransactional) this.#sums.transactionalBatches++;
    else this.#sums.idempotentBatches++;
    const producer = this.#producerAt(view, at);
    if (producer === undefined) {
      this.#sums.unfollowedBatches++;
      return;
    }
    producer.batches++;
    producer.records += records;
    producer.lastEpoch = view.getInt16(at + BATCH.PRODUCER_EPOCH);
    if (!isTransactional) return;
    producer.transactionalBatches++;
    producer.openSince ??= baseOffset;
  }

  /** Takes the header of a control batch. */
  controlBatch(): void {
    this.#sums.controlBatches++;
  }

  /** Takes a control record in the batch at `view[at..]`; `type` is undefined where it cannot be told. */
  controlRecord(view: DataView, at: number, type: number | undefined): void {
    const isCommit = type === CONTROL_TYPES.commit;
    if (!isCommit && type !== CONTROL_TYPES.abort) {
      this.#sums.otherControlRecords++;
      return;
    }
    const ended = isCommit ? 'commits' : 'aborts';
    this.#sums[ended]++;
    const producer = view.getInt32(at + BATCH.PRODUCER_ID) < 0 ? undefined : this.#producerAt(view, at);
    if (producer === undefined) return;
    producer[ended]++;
    producer.lastEpoch = view.getInt16(at + BATCH.PRODUCER_EPOCH);
    producer.openSince = undefined;
    producer.hasEnded = true;
  }

  /** @param follows whether the others come behind these in the same partition */
  merge({ ids, followed, sums }: ProducersData, follows: boolean): void {
    this.#ids.merge(ids);
    for (const name of Object.keys(sums) as (keyof ProducerSums)[]) this.#sums[name] += sums[name];
    for (const other of followed) {
      if (!follows && other.openSince !== undefined) this.#sums.openElsewhere++;
      const own = this.#followed.get(other.id);
      if (own !== undefined) join(own, other, follows);
      else if (this.#followed.size >= FOLLOWED) this.#sums.unfollowedBatches += other.batches;
      else this.#followed.set(other.id, follows ? { ...other } : { ...other, openSince: undefined });
    }
  }

  get data(): ProducersData {
    return { ids: this.#ids.data, followed: [...this.#followed.values()], sums: this.#sums };
  }

  get result(): ProducersStats {
    const { openElsewhere, ...sums } = this.#sums;
    const { distinct, isExact } = this.#ids.result;
    const followed = [...this.#followed.values()];
    const open = followed.filter(({ openSince }) => openSince !== undefined).length;
    const told = followed.sort((a, b) => b.records - a.records || (a.id < b.id ? -1 : 1)).slice(0, TOLD);
    return { distinct, isExact, ...sums, openTransactions: open + openElsewhere, producers: told.map(statsOf) };
  }

  #producerAt(view: DataView, at: number): Producer | undefined {
    const high = view.getInt32(at + BATCH.PRODUCER_ID);
    const low = view.getInt32(at + BATCH.PRODUCER_ID + 4);
    if (high === this.#lastHigh && low === this.#lastLow) return this.#last;
    this.#hash.update(view, at + BATCH.PRODUCER_ID, 8);
    this.#ids.add(this.#hash.low, this.#hash.high);
    const id = readInt64(view, at + BATCH.PRODUCER_ID);
    let found = this.#followed.get(id);
    if (found === undefined && this.#followed.size < FOLLOWED) {
      found = newProducer(id, view.getInt16(at + BATCH.PRODUCER_EPOCH));
      this.#followed.set(id, found);
    }
    this.#lastHigh = high;
    this.#lastLow = low;
    this.#last = found;
    return found;
  }
}

function newProducer(id: Int64, epoch: number): Producer {
  const none = { batches: 0, records: 0, transactionalBatches: 0, commits: 0, aborts: 0 };
  return { id, firstEpoch: epoch, lastEpoch: epoch, ...none, openSince: undefined, hasEnded: false };
}

/** Adds what is known of the same producer elsewhere. */
function join(own: Producer, other: Readonly<Producer>, follows: boolean): void {
  own.lastEpoch = follows ? other.lastEpoch : Math.max(own.lastEpoch, other.lastEpoch);
  own.batches += other.batches;
  own.records += other.records;
  own.transactionalBatches += other.transactionalBatches;
  own.commits += other.commits;
  own.aborts += other.aborts;
  if (!follows) return;
  own.openSince = other.hasEnded ? other.openSince : (own.openSince ?? other.openSince);
  own.hasEnded ||= other.hasEnded;
}

function statsOf({ id, openSince, hasEnded: _, ...counts }: Producer): ProducerStats {
  return { producerId: String(id), ...counts, openSince: openSince ?? null };
}
