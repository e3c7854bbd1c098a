/** Steps that append: records of all kinds and codecs, with producers and without, again, and the ends of transactions. */
import type { AppendRecordsOptions, RecordInput } from '../../src/index.ts';
import type { Random } from './random.ts';
import { type ModelBatch, type ModelPartition, producerState } from './store-model.ts';
import type { Deed, Life } from './store-model-life.ts';
import { DAY, MINUTE, needsKeys, type Place, placed, somewhere } from './store-model-places.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

function recordsOf(life: Life, random: Random, isKeyed: boolean): RecordInput[] {
  const now = life.clock.now();
  return Array.from({ length: random.between(1, 4) }, () => ({
    key: isKeyed || random.chance(0.8) ? `k${random.between(0, random.pick([2, 5, 40]))}` : null,
    value: random.chance(0.2) ? null : `${life.written++}${'.'.repeat(random.pick([0, 0, 10, 60]))}`,
    timestamp: now - random.pick([0, 0, 1000, 20 * MINUTE]),
  }));
}

/** Whether a producer may be forgotten: its last batch is old, or deleted, or was cleaned before those behind it were cut off. */
function isForgettable(partition: ModelPartition, last: ModelBatch | undefined): boolean {
  if (last === undefined) return false;
  const { logStart, maxNow, wasShortened } = partition;
  if (wasShortened && last.records.every(({ isGone }) => isGone)) return true;
  return last.base < logStart || last.records.some(({ timestamp }) => maxNow - timestamp > DAY / 2);
}

/** Appends a batch. */
export function append(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined) return undefined;
  const records = recordsOf(life, random, needsKeys(place));
  const compression = random.pick(CODECS);
  const wanted = random.pick([0, 0, 1, 2, 3]);
  const state = producerState(place.partition, wanted);
  const isStale = isForgettable(place.partition, state.last);
  const id = isStale && state.isOpen ? 0 : wanted;
  const isNewer = id !== 0 && !state.isOpen && (isStale || random.chance(0.05));
  const producer =
    id === 0
      ? undefined
      : {
          producerId: id,
          producerEpoch: state.epoch + (isNewer ? 1 : 0),
          baseSequence: isNewer ? 0 : state.nextSequence,
          isTransactional: state.isOpen || random.chance(0.7),
        };
  const options: AppendRecordsOptions = { compression, ...(producer === undefined ? {} : { producer }) };
  return appendDeed(life, place, records, options);
}

function appendDeed(life: Life, place: Place, records: RecordInput[], options: AppendRecordsOptions): Deed {
  const base = place.partition.end;
  const { producer } = options;
  const low = life.clock.now();
  const batch: ModelBatch = {
    base,
    last: base + records.length - 1,
    records: records.map(({ key, value, timestamp }, at) => ({
      ...{ offset: base + at, key: key as string | null, value: value as string | null, timestamp: timestamp ?? 0 },
      ...{ low, isGone: false, isExcused: false },
    })),
    ...(producer === undefined
      ? {}
      : {
          producer: {
            id: producer.producerId,
            epoch: producer.producerEpoch,
            sequence: producer.baseSequence,
            isTransactional: producer.isTransactional === true,
          },
        }),
  };
  return {
    run: async () => {
      const { baseOffset, lastOffset, isDuplicate } = await place.log.append(records, options);
      if (baseOffset === base && lastOffset === batch.last && isDuplicate === undefined) return;
      throw new Error(
        `appended at ${baseOffset} to ${lastOffset}, not ${base}${isDuplicate === true ? ', again' : ''}`,
      );
    },
    apply: (model) => add(placed(model, place), structuredClone(batch), place.config['flushMessages'] === 1),
  };
}

function add(partition: ModelPartition, batch: ModelBatch, isFlushed: boolean): void {
  partition.batches.push(batch);
  partition.end = batch.last + 1;
  if (!isFlushed) return;
  partition.flushed = partition.end;
  // Until then a power loss may take the batch, and the end is behind the last one that is there again.
  partition.wasCut = false;
}

/** A producer sends its last batch once more: it is stored once. */
export function again(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined) return undefined;
  const id = random.between(1, 3);
  const { last, epoch } = producerState(place.partition, id);
  const isKnown =
    last?.producer?.epoch === epoch &&
    !isForgettable(place.partition, last) &&
    last.records.every(({ timestamp }) => timestamp < life.clock.now() + MINUTE) &&
    (last.records.every(({ key }) => key !== null) || !needsKeys(place));
  if (!isKnown) return append(life, random);
  const { sequence: baseSequence, isTransactional } = last.producer;
  const producer = { producerId: id, producerEpoch: epoch, baseSequence, isTransactional };
  const records = last.records.map(({ key, value, timestamp }) => ({ key, value, timestamp }));
  return {
    run: async () => {
      const { baseOffset, lastOffset, isDuplicate } = await place.log.append(records, { producer });
      if (baseOffset === last.base && lastOffset === last.last && isDuplicate === true) return;
      throw new Error(
        `${place.name}-${place.at}: producer ${id} sent ${last.base} again, and it came to ${baseOffset}`,
      );
    },
    apply: () => undefined,
  };
}

/** Ends a transaction, if one is open. */
export function end(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined) return undefined;
  const open = [1, 2, 3].filter((id) => producerState(place.partition, id).isOpen);
  if (open.length === 0) return append(life, random);
  const id = random.pick(open);
  const { epoch } = producerState(place.partition, id);
  const result = random.pick(['commit', 'abort'] as const);
  const offset = place.partition.end;
  const batch: ModelBatch = {
    ...{ base: offset, last: offset, records: [], marker: result },
    producer: { id, epoch, sequence: -1, isTransactional: true },
  };
  return {
    run: async () => {
      const { baseOffset } = await place.log.endTransaction({ producerId: id, producerEpoch: epoch, result });
      if (baseOffset !== offset) throw new Error(`the marker is at ${baseOffset}, not ${offset}`);
    },
    apply: (model) => add(placed(model, place), structuredClone(batch), place.config['flushMessages'] === 1),
  };
}
