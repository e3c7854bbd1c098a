/** Random appends as a follower gets them from its leader: producers, transactions, epochs, gaps, codecs. */
import type { CodecId } from '../../src/engine/contract.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { BatchBuilder, type BatchFields } from '../../src/record/batch-builder.ts';
import type { Random } from './random.ts';

interface Producer {
  readonly id: number;
  epoch: number;
  nextSequence: number;
  inTransaction: boolean;
}

const FIRST_TIMESTAMP = 1_700_000_000_000;
const DEFAULT_LEVEL = 3;
const [ABORT, COMMIT] = [0, 1];

/** Key and value of an end-transaction marker (spec 1.3). */
function marker(type: number, coordinatorEpoch: number): { key: Buffer; value: Buffer } {
  const key = Buffer.alloc(4);
  key.writeInt16BE(type, 2);
  const value = Buffer.alloc(6);
  value.writeInt32BE(coordinatorEpoch, 2);
  return { key, value };
}

/** Makes batches one after the other, with what a leader would have kept track of. */
class Leader {
  readonly #random: Random;
  readonly #builder = new BatchBuilder(defaultEngine());
  readonly #producers: Producer[];
  readonly #codecs: readonly CodecId[];
  #nextOffset: number;
  #epoch = 0;
  #timestamp = FIRST_TIMESTAMP;

  constructor(random: Random, firstOffset: number) {
    this.#random = random;
    this.#nextOffset = firstOffset;
    this.#codecs = random.pick<readonly CodecId[]>([[0], [0, 0, 0, 1, 2, 3, 4]]);
    this.#producers = Array.from({ length: random.between(1, 5) }, (_, i) => ({
      id: 1000 + i,
      epoch: 0,
      nextSequence: random.chance(0.1) ? 2 ** 31 - 20 : 0,
      inTransaction: false,
    }));
  }

  batch(): Buffer {
    const random = this.#random;
    if (random.chance(0.06)) this.#epoch += random.between(1, 3);
    if (random.chance(0.08)) this.#nextOffset += random.pick([1, 5, 300]);
    this.#timestamp += random.chance(0.1) ? -random.between(0, 5000) : random.between(0, 800);
    const producer = random.pick(this.#producers);
    const kind = random.between(0, 9);
    if (kind < 3) return this.#data({});
    if (producer.inTransaction && kind > 5) return this.#marker(producer);
    return this.#data(this.#of(producer, producer.inTransaction || kind > 4));
  }

  #of(producer: Producer, isTransactional: boolean): Partial<BatchFields> {
    if (isTransactional && !producer.inTransaction) {
      producer.inTransaction = true;
      if (this.#random.chance(0.2)) {
        producer.epoch++;
        producer.nextSequence = 0;
      }
    }
    return {
      producerId: producer.id,
      producerEpoch: producer.epoch,
      baseSequence: producer.nextSequence,
      isTransactional,
    };
  }

  #data(fields: Partial<BatchFields>): Buffer {
    const random = this.#random;
    const builder = this.#builder;
    builder.reset();
    const count = random.pick([1, 1, 2, 3, 8]);
    for (let i = 0, delta = 0; i < count; i++, delta += random.chance(0.05) ? 2 : 1) {
      const value = random.chance(0.1) ? null : Buffer.alloc(random.between(0, 200), random.between(0, 255));
      const timestamp = random.chance(0.02) ? -1 : this.#timestamp + random.between(-50, 50);
      builder.add(timestamp, random.chance(0.2) ? null : Buffer.from(`key ${i}`), value, [], delta);
    }
    const lastDelta = builder.lastOffsetDelta + (random.chance(0.05) ? 1 : 0);
    const producer = this.#producers.find(({ id }) => id === fields.producerId);
    if (producer !== undefined) producer.nextSequence = (producer.nextSequence + lastDelta + 1) % 2 ** 31;
    return this.#built({ ...fields, lastOffset: this.#nextOffset + lastDelta }, random.pick(this.#codecs));
  }

  #marker(producer: Producer): Buffer {
    const { key, value } = marker(this.#random.pick([ABORT, COMMIT]), this.#random.between(0, 2));
    this.#builder.reset();
    this.#builder.add(this.#timestamp, key, value);
    producer.inTransaction = false;
    const lastOffset = this.#nextOffset;
    const { id: producerId, epoch: producerEpoch } = producer;
    return this.#built({ producerId, producerEpoch, isTransactional: true, isControl: true, lastOffset }, 0);
  }

  #built(fields: Partial<BatchFields> & { lastOffset: number }, codec: CodecId): Buffer {
    const { bytes, length } = this.#builder.build(
      {
        ...fields,
        baseOffset: this.#nextOffset,
        partitionLeaderEpoch: this.#epoch,
        ...(this.#random.chance(0.05) ? { logAppendTimeMs: this.#timestamp } : {}),
      },
      { codec, level: codec === 0 ? 0 : DEFAULT_LEVEL },
    );
    this.#nextOffset = fields.lastOffset + 1;
    return Buffer.from(bytes.subarray(0, length));
  }
}

/** `count` appends of one batch or, up to `most`, several. */
export function followerStream(random: Random, count: number, most: number, firstOffset = 0): Buffer[] {
  const leader = new Leader(random, firstOffset);
  return Array.from({ length: count }, () =>
    Buffer.concat(Array.from({ length: Math.min(most, random.pick([1, 1, 2, 4])) }, () => leader.batch())),
  );
}

/** How a log is kept, under Kafka's names: small enough that everything rolls and fills. */
export function smallLogConfig(random: Random): Record<string, string> {
  return {
    'internal.segment.bytes': String(random.pick([3000, 6000, 12_000, 40_000])),
    'index.interval.bytes': String(random.pick([0, 100, 1000, 4096])),
    'segment.index.bytes': String(random.pick([96, 240, 1200, 102_400])),
    'segment.ms': String(random.pick([1000, 20_000, 604_800_000])),
  };
}

/**
 * How many batches an append may have: Kafka asks once an append whether an index is full, so that several can overrun a
 * small one after they were written; and all of an append goes into one segment.
 */
export function mostBatchesAnAppend(config: Readonly<Record<string, string>>): number {
  return Number(config['segment.index.bytes']) < 100_000 || Number(config['internal.segment.bytes']) < 12_000 ? 1 : 4;
}
