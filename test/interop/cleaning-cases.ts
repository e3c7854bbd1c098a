/** Seeded random partitions for the cleaner: keys that come again, transactions, and what cleaners before have left. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodecId } from '../../src/engine/contract.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import type { BatchFields } from '../../src/record/batch-builder.ts';
import { batchOf, changed, type Made, messageOf, setCount, wrapperOf } from '../log/validate/make.ts';
import type { Random } from '../support/random.ts';

const NOW_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;

/** What OracleClean.java asks for, and how we are to clean. */
export interface CleaningCase {
  readonly dir: string;
  readonly into: string;
  readonly now: number;
  readonly clean: false;
  readonly config: Record<string, string>;
  readonly mapBytes: number;
  readonly passes: readonly { readonly now: number; readonly isWhole: boolean }[];
  readonly isCompressed: boolean;
}

/** A producer of transactions, as the writer of a partition knows it. */
interface Producer {
  readonly producerId: number;
  epoch: number;
  sequence: number;
  isOpen: boolean;
}

/** Writes one partition. */
class Writer {
  readonly #random: Random;
  readonly #codecs: readonly CodecId[];
  readonly #withLegacy: boolean;
  readonly #producers: Producer[];
  readonly #keys: number;
  offset = 0;

  constructor(random: Random, codecs: readonly CodecId[], withLegacy: boolean) {
    this.#random = random;
    this.#codecs = codecs;
    this.#withLegacy = withLegacy;
    this.#keys = random.pick([1, 5, 20, 100]);
    this.#producers = [200, 201, 202].map((producerId) => ({ producerId, epoch: 0, sequence: 0, isOpen: false }));
  }

  /** The next batch, which moves the offset on. */
  next(): Buffer {
    const random = this.#random;
    if (random.chance(0.1)) this.offset += random.between(1, 30);
    const kind = random.next();
    if (kind < 0.2) return this.#marker();
    if (kind < 0.45) return this.#transactional();
    if (kind < 0.55) return this.#idempotent();
    if (kind < 0.7 && this.#withLegacy) return this.#legacy();
    return this.#data({});
  }

  #records(): Made[] {
    const random = this.#random;
    const hasGaps = random.chance(0.3);
    let delta = -1;
    return Array.from({ length: random.between(1, 8) }, () => {
      delta += hasGaps ? random.between(1, 4) : 1;
      return {
        timestamp: NOW_MS - random.between(0, 5000),
        key: random.chance(0.03) ? null : `key-${random.between(1, this.#keys)}`,
        value: random.chance(0.25) ? null : 'v'.repeat(random.between(0, 40)),
        headers: random.chance(0.2) ? [['h', Buffer.from('x')] as const, ['empty', null] as const] : [],
        delta,
      };
    });
  }

  #data(fields: Partial<BatchFields>): Buffer {
    const random = this.#random;
    const records = this.#records();
    const baseOffset = this.offset;
    const lastDelta = (records.at(-1)?.delta ?? 0) + (random.chance(0.1) ? random.between(1, 5) : 0);
    this.offset += lastDelta + 1;
    const all: BatchFields = {
      partitionLeaderEpoch: 0,
      ...(random.chance(0.1) ? { logAppendTimeMs: NOW_MS - random.between(0, 5000) } : {}),
      ...fields,
      baseOffset,
      lastOffset: baseOffset + lastDelta,
    };
    if (random.chance(0.05)) {
      const empty = batchOf(records, { ...all, lastOffset: baseOffset + lastDelta });
      const header = changed(
        Buffer.from(empty.subarray(0, 61)),
        (view) => (view.setInt32(8, 49), setCount(0, lastDelta)(view), view.setBigInt64(27, -1n)),
      );
      return header;
    }
    return batchOf(records, all, random.pick(this.#codecs));
  }

  #idempotent(): Buffer {
    const producerId = this.#random.between(100, 102);
    return this.#data({ producerId, producerEpoch: 0, baseSequence: this.#random.between(0, 1000) });
  }

  #transactional(): Buffer {
    const producer = this.#random.pick(this.#producers);
    producer.isOpen = true;
    const baseSequence = producer.sequence;
    producer.sequence += 10;
    const { producerId, epoch } = producer;
    return this.#data({ producerId, producerEpoch: epoch, baseSequence, isTransactional: true });
  }

  /** A commit or an abort, now and then of a transaction without data. */
  #marker(): Buffer {
    const random = this.#random;
    const open = this.#producers.filter(({ isOpen }) => isOpen);
    const producer = random.pick(open.length === 0 || random.chance(0.1) ? this.#producers : open);
    producer.isOpen = false;
    return this.#end(producer, random.chance(0.5));
  }

  #end({ producerId, epoch }: Producer, isCommit: boolean): Buffer {
    const record = {
      timestamp: NOW_MS - this.#random.between(0, 5000),
      key: isCommit ? '\0\0\0\x01' : '\0\0\0\0',
      value: '\0\0\0\0\0\x05',
    };
    const fields = { producerId, producerEpoch: epoch, isTransactional: true, isControl: true };
    return batchOf([record], { ...fields, partitionLeaderEpoch: 0, baseOffset: this.offset++ });
  }

  /** Ends what is open, so that the whole log can be cleaned. */
  endings(): Buffer[] {
    const open = this.#producers.filter(({ isOpen }) => isOpen);
    for (const producer of open) producer.isOpen = false;
    return open.map((producer) => this.#end(producer, this.#random.chance(0.5)));
  }

  #legacy(): Buffer {
    const random = this.#random;
    const magic = random.pick([0, 1] as const);
    const isWrapped = random.chance(0.5);
    const count = isWrapped ? random.between(1, 5) : 1;
    const first = this.offset;
    this.offset += count;
    const messages = Array.from({ length: count }, (_, index) =>
      messageOf({
        magic,
        offset: magic === 1 && isWrapped ? index : first + index,
        timestamp: NOW_MS - random.between(0, 5000),
        key: random.chance(0.05) ? null : `key-${random.between(1, this.#keys)}`,
        value: random.chance(0.25) ? null : 'v'.repeat(random.between(0, 30)),
      }),
    );
    if (!isWrapped) return messages[0] as Buffer;
    const codec = random.pick(this.#codecs.filter((id) => id !== 0 && id !== 4));
    return wrapperOf({ magic, offset: first + count - 1, timestamp: NOW_MS }, codec, messages);
  }
}

/** Writes a partition below `root` and says how it is to be cleaned; one seed gives the same. */
export function cleaningCase(random: Random, number: number, root: string): CleaningCase {
  const isCompressed = number % 2 === 1;
  const codecs: readonly CodecId[] = isCompressed ? [0, 1, 2, 3, 4] : [0];
  const writer = new Writer(random, codecs, isCompressed && random.chance(0.5));
  const dir = join(root, `case${number}`, 't-0');
  mkdirSync(dir, { recursive: true });
  const segmentCount = random.between(2, 7);
  const isAllDecided = random.chance(0.8);
  for (let segment = 0; segment < segmentCount; segment++) {
    const batches: Buffer[] = [];
    const baseOffset = writer.offset;
    for (let left = random.between(1, 40); left > 0; left--) batches.push(writer.next());
    if (isAllDecided && segment === segmentCount - 2) batches.push(...writer.endings());
    const path = join(dir, segmentFileName(baseOffset, SUFFIXES.log));
    writeFileSync(path, Buffer.concat(batches));
    const modified = (NOW_MS - random.between(0, 3) * DAY_MS + segment) / 1000;
    utimesSync(path, modified, modified);
  }
  return {
    dir,
    into: join(root, `case${number}`),
    now: NOW_MS,
    clean: false,
    config: {
      'cleanup.policy': 'compact',
      'internal.segment.bytes': String(random.pick([2000, 6000, 1_000_000])),
      'segment.index.bytes': String(random.pick([500, 10_000])),
      'index.interval.bytes': String(random.pick([0, 200, 4096])),
      'delete.retention.ms': String(random.pick([0, 1000, DAY_MS])),
      'file.delete.delay.ms': '0',
    },
    mapBytes: random.pick([24 * 8, 24 * 30, 1 << 16]),
    passes: Array.from({ length: random.between(1, 4) }, (_, pass) => ({
      now: NOW_MS + pass * random.pick([1, 1000, DAY_MS]),
      isWhole: pass === 0 || random.chance(0.6),
    })),
    isCompressed,
  };
}
