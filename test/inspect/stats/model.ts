/** The same numbers, counted from the lines of `dump --json`: another reader, another language of numbers. */
import type { SizeDistribution } from '../../../src/inspect/stats/contract.ts';
import { collect } from '../collect.ts';

interface BatchLine {
  type: 'batch';
  size: number;
  magic: number;
  baseOffset: number | null;
  lastOffset: number;
  compression: string;
  timestampType: string;
  maxTimestamp: number;
  producerId: number;
  producerEpoch: number;
  isTransactional: boolean;
  isControl: boolean;
  valid: boolean;
}

interface RecordLine {
  type: 'record';
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: [string, string | null][];
  control?: { type: string };
}

export interface DumpedBatch extends BatchLine {
  records: RecordLine[];
}

/** What is within offsets and times, both inclusive. */
export interface Limits {
  fromOffset?: number;
  toOffset?: number;
  fromTime?: number;
  toTime?: number;
}

/** The valid batches of a file. */
export function dumped(path: string): DumpedBatch[] {
  const batches: DumpedBatch[] = [];
  for (const text of collect(path).lines) {
    const line = JSON.parse(text) as BatchLine | RecordLine;
    if (line.type === 'batch') batches.push({ ...line, records: [] });
    else batches.at(-1)?.records.push(line);
  }
  return batches.filter(({ valid }) => valid);
}

/** What of them is within the limits. */
export function restricted(batches: readonly DumpedBatch[], limits: Limits): DumpedBatch[] {
  const { fromOffset = -Infinity, toOffset = Infinity, fromTime = -Infinity, toTime = Infinity } = limits;
  return batches
    .map((batch) => ({
      ...batch,
      records: batch.records.filter(
        ({ offset, timestamp }) =>
          offset >= fromOffset && offset <= toOffset && timestamp >= fromTime && timestamp <= toTime,
      ),
    }))
    .filter(({ records }) => records.length > 0);
}

function bytesIn(text: string | null): number {
  return text === null ? 0 : Buffer.from(text, 'base64').length;
}

/** Everything of `Stats` that a dump tells, in its form. */
export function countedFromDump(batches: readonly DumpedBatch[]) {
  const ofData = batches.filter(({ isControl }) => !isControl);
  const records = ofData.flatMap((batch) => batch.records);
  const controls = batches.filter(({ isControl }) => isControl).flatMap((batch) => batch.records);
  const withKey = records.filter(({ key }) => key !== null);
  const counts = new Map<string, number>();
  for (const { key } of withKey) counts.set(key as string, (counts.get(key as string) ?? 0) + 1);
  const times = records.map(({ timestamp }) => timestamp).filter((timestamp) => timestamp !== -1);
  const steps = times.slice(1).map((time, at) => (times[at] as number) - time);
  const headers = records.filter((record) => record.headers.length > 0);
  return {
    batches: batches.length,
    bytes: sum(batches.map(({ size }) => size)),
    records: records.length,
    controlRecords: controls.length,
    keys: {
      distinct: counts.size,
      isExact: true,
      standardError: 0,
      withKey: withKey.length,
      withoutKey: records.length - withKey.length,
      tombstones: withKey.filter(({ value }) => value === null).length,
    },
    /** By key, in base64. */
    keyCounts: counts,
    sizes: {
      keys: withKey.map(({ key }) => bytesIn(key)),
      values: records.filter(({ value }) => value !== null).map(({ value }) => bytesIn(value)),
      headers: headers.map((record) => sum(record.headers.map(([name, value]) => bytesIn(name) + bytesIn(value)))),
    },
    fill: { records: ofData.map((batch) => batch.records.length), bytes: batches.map(({ size }) => size) },
    codecs: codecsOf(batches),
    timestamps: {
      min: times.length === 0 ? null : least(times),
      max: times.length === 0 ? null : most(times),
      createTimeBatches: ofData.filter(({ timestampType }) => timestampType === 'CreateTime').length,
      appendTimeBatches: ofData.filter(({ timestampType }) => timestampType === 'LogAppendTime').length,
      withoutTimestamp: records.length - times.length,
      outOfOrder: steps.filter((step) => step > 0).length,
      largestStepBackMs: Math.max(0, most(steps)),
      before2001: times.filter((time) => time < Date.UTC(2001, 0, 1)).length,
    },
    times,
    producers: producersOf(batches),
  };
}

function codecsOf(batches: readonly DumpedBatch[]): Record<string, { batches: number; records: number }> {
  const codecs: Record<string, { batches: number; records: number }> = {};
  for (const { compression, records, isControl } of batches) {
    const codec = (codecs[compression] ??= { batches: 0, records: 0 });
    codec.batches++;
    codec.records += isControl ? 0 : records.length;
  }
  return codecs;
}

interface CountedProducer {
  producerId: string;
  lastEpoch: number;
  batches: number;
  records: number;
  transactionalBatches: number;
  commits: number;
  aborts: number;
  openSince: number | null;
}

function producersOf(batches: readonly DumpedBatch[]): CountedProducer[] {
  const producers = new Map<number, CountedProducer>();
  for (const { producerId, producerEpoch, isControl, isTransactional, records, baseOffset } of batches) {
    if (producerId < 0) continue;
    const none = { batches: 0, records: 0, transactionalBatches: 0, commits: 0, aborts: 0, openSince: null };
    const producer = producers.get(producerId) ?? { producerId: String(producerId), lastEpoch: 0, ...none };
    producers.set(producerId, producer);
    producer.lastEpoch = producerEpoch;
    if (isControl) {
      for (const { control } of records) {
        if (control?.type === 'COMMIT') producer.commits++;
        if (control?.type === 'ABORT') producer.aborts++;
        producer.openSince = null;
      }
    } else {
      producer.batches++;
      producer.records += records.length;
      if (isTransactional) {
        producer.transactionalBatches++;
        producer.openSince ??= baseOffset;
      }
    }
  }
  return [...producers.values()];
}

/** Why a distribution is not that of these sizes; undefined when it is, within what it promises. */
export function distributionFault(found: SizeDistribution, sizes: readonly number[]): string | undefined {
  const sorted = [...sizes].sort((a, b) => a - b);
  const exact = [found.count, found.sum, found.min, found.max];
  const expected = [sorted.length, sum(sorted), sorted[0] ?? null, sorted.at(-1) ?? null];
  if (exact.some((value, at) => value !== expected[at])) return `${exact.join()} in place of ${expected.join()}`;
  for (const [share, told] of [
    [0.5, found.p50],
    [0.9, found.p90],
    [0.99, found.p99],
  ] as const) {
    const real = sorted[Math.ceil(sorted.length * share) - 1];
    if (
      real === undefined
        ? told !== null
        : told === null || told < real || told > Math.max(127, real * 1.016) || (real < 128 && told !== real)
    )
      return `${share}: ${told} in place of ${real}`;
  }
  const classes = found.classes.map(({ from, to, count }) => [
    sorted.filter((size) => size >= from && size <= to).length,
    count,
  ]);
  if (classes.some(([there, told]) => there !== told)) return `classes ${JSON.stringify(found.classes)}`;
  return sum(found.classes.map(({ count }) => count)) === sorted.length ? undefined : 'classes lack sizes';
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, more) => total + more, 0);
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((found, next) => Math.min(found, next), Infinity);
}

function most(numbers: readonly number[]): number {
  return numbers.reduce((found, next) => Math.max(found, next), -Infinity);
}
