/** What may happen to a log: each command does it to the log and to the model, and compares the two. */
import type fc from 'fast-check';
import { expect } from 'vitest';
import { CODEC_IDS } from '../../../src/engine/contract.ts';
import { type ProducerIdentity, SeglogError } from '../../../src/index.ts';
import { batchOf } from '../validate/make.ts';
import { type NaiveBatch, type NaiveLog, producerBatchOf } from './naive-log.ts';
import type { Pair, Tear } from './pair.ts';

interface GivenRecord {
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
}

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Codec = (typeof CODECS)[number];

async function codeOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof SeglogError) return error.code;
    throw error;
  }
}

abstract class Command implements fc.AsyncCommand<NaiveLog, Pair> {
  readonly #sample: number;

  constructor(sample: number) {
    this.#sample = sample;
  }

  check(_model: Readonly<NaiveLog>): boolean {
    return true;
  }

  async run(model: NaiveLog, pair: Pair): Promise<void> {
    await this.apply(model, pair);
    // With flush.messages an append may have synced everything.
    if (model.batches.length > 0 && pair.log.status().recoveryPoint === model.end && this.appends) {
      model.flushed = model.end;
    }
    pair.compare(this.#sample);
  }

  protected readonly appends: boolean = false;
  protected abstract apply(model: NaiveLog, pair: Pair): Promise<void>;
  abstract toString(): string;
}

const recordsAt = (records: readonly GivenRecord[], baseOffset: number): NaiveBatch['records'] =>
  records.map((record, at) => ({ offset: baseOffset + at, ...record }));

/** An epoch as a leader has it: never below what the log has seen. */
function lead(model: NaiveLog, pair: Pair, step: number): void {
  const epoch = model.appendEpoch + step;
  pair.log.becomeLeader(epoch);
  model.leaderEpoch = epoch;
  model.assignEpoch(epoch, model.end);
}

const NOBODY = { producerId: -1, producerEpoch: -1, baseSequence: -1, isTransactional: false } as const;

export interface ProducerChoice {
  readonly id: number;
  readonly isTransactional: boolean;
  readonly sequence: 'next' | 'again' | 'gap';
  readonly epochStep: -1 | 0 | 1;
}

/** The producer's next batch, or one of those that it sent already, or one that cannot be. */
function producerOf(model: NaiveLog, choice: ProducerChoice): { producer: ProducerIdentity; count?: number } {
  const known = model.producers.producers.get(choice.id);
  const producerEpoch = Math.max(0, (known?.epoch ?? 0) + choice.epochStep);
  const last = known?.batches.at(-1);
  const isTransactional = choice.isTransactional || (known?.open ?? -1) !== -1;
  const base = { producerId: choice.id, producerEpoch, isTransactional };
  if (choice.sequence === 'again' && last !== undefined) {
    const again = known?.batches.slice(-5)[0] ?? last;
    const count = again.lastOffset - again.baseOffset + 1;
    return { producer: { ...base, baseSequence: again.baseSequence }, count };
  }
  const next = choice.epochStep === 1 ? 0 : ((last?.lastSequence ?? -1) + 1) % 2 ** 31;
  return { producer: { ...base, baseSequence: choice.sequence === 'gap' ? next + 77 : next } };
}

export class Append extends Command {
  protected override readonly appends = true;
  readonly #records: readonly GivenRecord[];
  readonly #choice: ProducerChoice | undefined;
  readonly #compression: Codec;

  constructor(sample: number, records: readonly GivenRecord[], choice: ProducerChoice | undefined, codec: Codec) {
    super(sample);
    this.#records = records;
    this.#choice = choice;
    this.#compression = codec;
  }

  protected override async apply(model: NaiveLog, pair: Pair): Promise<void> {
    const wanted = this.#choice && producerOf(model, this.#choice);
    const records = this.#records.slice(0, wanted?.count ?? this.#records.length);
    while (wanted?.count !== undefined && records.length < wanted.count) records.push(this.#records[0] as GivenRecord);
    const baseOffset = model.end;
    const batch: NaiveBatch = {
      ...(wanted === undefined ? NOBODY : { ...NOBODY, ...wanted.producer }),
      ...{ baseOffset, lastOffset: baseOffset + records.length - 1, leaderEpoch: model.appendEpoch },
      ...{ marker: undefined, records: recordsAt(records, baseOffset), sizeBytes: 0 },
    };
    const options = { compression: this.#compression, ...(wanted && { producer: wanted.producer }) };
    const asProducer = producerBatchOf(batch);
    const duplicate = wanted && model.producers.duplicateOf(asProducer);
    if (duplicate !== undefined) {
      const result = await pair.log.append(records, options);
      expect(result).toMatchObject({ baseOffset: duplicate, isDuplicate: true, sizeBytes: 0 });
      return;
    }
    const refusal = wanted && model.producers.refusal(asProducer, 'client');
    let sizeBytes = 0;
    const code = await codeOf(async () => {
      const result = await pair.log.append(records, options);
      expect(result).toMatchObject({ baseOffset, lastOffset: batch.lastOffset });
      sizeBytes = result.sizeBytes;
    });
    expect(code).toBe(refusal);
    if (refusal === undefined) model.append({ ...batch, sizeBytes });
  }

  override toString(): string {
    return `append(${JSON.stringify([this.#records, this.#choice, this.#compression])})`;
  }
}

export interface GivenBatch {
  readonly gap: number;
  readonly records: readonly GivenRecord[];
  readonly epochStep: number;
  readonly choice: ProducerChoice | undefined;
  readonly codec: Codec;
}

/** As a follower: the leader's own batches, with gaps. */
export class AppendGiven extends Command {
  protected override readonly appends = true;
  readonly #given: readonly GivenBatch[];

  constructor(sample: number, given: readonly GivenBatch[]) {
    super(sample);
    this.#given = given;
  }

  protected override async apply(model: NaiveLog, pair: Pair): Promise<void> {
    const encoded: Buffer[] = [];
    const start = model.end;
    let leaderEpoch = Math.max(model.latestEpoch, 0);
    const batches: NaiveBatch[] = [];
    for (const { gap, records, epochStep, choice, codec } of this.#given) {
      const baseOffset = (batches.at(-1)?.lastOffset ?? start - 1) + 1 + gap;
      leaderEpoch += epochStep;
      // One batch of a producer in an append: what it sends next depends on the one before.
      const isTaken = choice !== undefined && batches.some(({ producerId }) => producerId === choice.id);
      const producer =
        choice === undefined || isTaken ? NOBODY : producerOf(model, { ...choice, epochStep: 0 }).producer;
      const fields = { ...producer, baseOffset, partitionLeaderEpoch: leaderEpoch };
      const bytes = batchOf(records, fields, CODEC_IDS[codec]);
      encoded.push(bytes);
      batches.push({
        ...{ ...NOBODY, ...producer, baseOffset, lastOffset: baseOffset + records.length - 1, leaderEpoch },
        ...{ marker: undefined, records: recordsAt(records, baseOffset), sizeBytes: bytes.length },
      });
    }
    await pair.log.appendEncoded(Buffer.concat(encoded), 'given');
    for (const batch of batches) model.append(batch);
  }

  override toString(): string {
    return `appendGiven(${JSON.stringify(this.#given)})`;
  }
}

export class EndTransaction extends Command {
  protected override readonly appends = true;
  readonly #id: number;
  readonly #result: 'commit' | 'abort';
  readonly #coordinatorEpoch: number;

  constructor(sample: number, id: number, result: 'commit' | 'abort', coordinatorEpoch: number) {
    super(sample);
    this.#id = id;
    this.#result = result;
    this.#coordinatorEpoch = coordinatorEpoch;
  }

  override check(model: Readonly<NaiveLog>): boolean {
    return model.producers.producers.has(this.#id);
  }

  protected override async apply(model: NaiveLog, pair: Pair): Promise<void> {
    const producerEpoch = Math.max(0, model.producers.producers.get(this.#id)?.epoch ?? 0);
    const marker = { type: this.#result, coordinatorEpoch: this.#coordinatorEpoch };
    const offset = model.end;
    const batch: NaiveBatch = {
      ...{ ...NOBODY, producerId: this.#id, producerEpoch, isTransactional: true, baseOffset: offset },
      ...{ lastOffset: offset, leaderEpoch: model.appendEpoch, marker, sizeBytes: 78 },
      records: [{ offset, timestamp: pair.clock.now(), key: null, value: null }],
    };
    const refusal = model.producers.refusal(producerBatchOf(batch), 'coordinator');
    const end = { producerId: this.#id, producerEpoch, result: this.#result, coordinatorEpoch: this.#coordinatorEpoch };
    expect(await codeOf(() => pair.log.endTransaction(end))).toBe(refusal);
    if (refusal === undefined) model.append(batch);
  }

  override toString(): string {
    return `endTransaction(${this.#id}, ${this.#result}, ${this.#coordinatorEpoch})`;
  }
}

export type Happening =
  | 'lead'
  | 'flush'
  | 'highWatermark'
  | 'deleteRecords'
  | 'truncate'
  | 'truncateFully'
  | 'crash'
  | 'reopen';

/** Everything else: a name, a part of the log, and what to do. */
export class Other extends Command {
  readonly #what: Happening;
  readonly #part: number;
  readonly #tear: Tear;

  constructor(sample: number, what: Happening, part: number, tear: Tear) {
    super(sample);
    this.#what = what;
    this.#part = part;
    this.#tear = tear;
  }

  override check(model: Readonly<NaiveLog>): boolean {
    return this.#what !== 'highWatermark' || model.isManaged;
  }

  protected override async apply(model: NaiveLog, pair: Pair): Promise<void> {
    const { log } = pair;
    const offset = Math.round(this.#part * (model.end + 1));
    switch (this.#what) {
      case 'lead':
        return lead(model, pair, Math.round(this.#part));
      case 'flush':
        await log.flush();
        pair.clock.advance(6000);
        model.flushed = model.end;
        return;
      case 'highWatermark': {
        const at = model.batches[Math.floor(this.#part * (model.batches.length + 1))]?.baseOffset ?? model.end;
        log.updateHighWatermark(at);
        return model.moveHighWatermark(at);
      }
      case 'deleteRecords': {
        const isInside = offset <= model.highWatermark;
        expect(await codeOf(() => log.deleteRecordsBefore(offset))).toBe(isInside ? undefined : 'OFFSET_OUT_OF_RANGE');
        if (isInside) model.deleteRecordsBefore(offset);
        return;
      }
      case 'truncate': {
        const [firstBase] = pair.bases;
        const wasCut = model.truncateTo(offset, firstBase as number);
        expect(await log.truncateTo(offset)).toBe(wasCut);
        if (wasCut) pair.adoptProducers();
        return;
      }
      case 'truncateFully': {
        const logStart = Math.max(0, offset - (this.#tear.kind === 'cut' ? 2 : 0));
        await log.truncateFullyAndStartAt(offset, logStart);
        return model.truncateFullyAndStartAt(offset, logStart);
      }
      case 'crash':
        return pair.crash(this.#tear);
      case 'reopen':
        return pair.reopen();
    }
  }

  override toString(): string {
    return `${this.#what}(${this.#part}, ${JSON.stringify(this.#tear)})`;
  }
}
