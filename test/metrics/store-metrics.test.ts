/** What a store counts, and how finely it tells. */
import { expect, it } from 'vitest';
import type { MeasuredLog } from '../../src/metrics/log-catalogue.ts';
import { LogMeasures } from '../../src/metrics/measures.ts';
import { type StoreFacts, StoreMeasures } from '../../src/metrics/store-families.ts';
import { Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { samplesOf, valueOf } from './support.ts';

it('tells of each partition, of each topic, or of the whole, as it is asked', async () => {
  await using store = await Store.open(scratch());
  await store.createTopic({ name: 'a', partitions: 2 });
  await store.createTopic({ name: 'b' });
  await store.partition('a', 0).append({ value: '1' });
  await store.partition('a', 1).append([{ value: '2' }, { value: '3' }]);
  await store.partition('b', 0).append({ value: '4' });
  const records = 'seglog_append_records_total';
  expect(samplesOf(store.metrics(), records)).toEqual([
    { labels: { topic: 'a', partition: '0' }, value: 1 },
    { labels: { topic: 'a', partition: '1' }, value: 2 },
    { labels: { topic: 'b', partition: '0' }, value: 1 },
  ]);
  expect(samplesOf(store.metrics('topic'), records)).toEqual([
    { labels: { topic: 'a' }, value: 3 },
    { labels: { topic: 'b' }, value: 1 },
  ]);
  expect(samplesOf(store.metrics('store'), records)).toEqual([{ labels: {}, value: 4 }]);
  // Sums of offsets mean nothing, those of sizes do.
  expect(samplesOf(store.metrics('partition'), 'seglog_log_end_offset')).toHaveLength(3);
  expect(samplesOf(store.metrics('topic'), 'seglog_log_end_offset')).toEqual([]);
  expect(valueOf(store.metrics('store'), 'seglog_log_size_bytes')).toBe(
    valueOf(store.metrics(), 'seglog_directory_size_bytes'),
  );
  const own = store.partition('a', 1).metrics();
  expect(samplesOf(own, records)).toEqual([{ labels: { topic: 'a', partition: '1' }, value: 2 }]);
  expect(own.filter(({ type }) => type === 'histogram')).toEqual([]);
  // Distributions are those of all logs together.
  expect(samplesOf(store.metrics(), 'seglog_append_batch_bytes')).toMatchObject([{ labels: {}, value: 3 }]);
});

it('keeps what was done in a topic that was deleted, for the store alone', async () => {
  await using store = await Store.open(scratch());
  await store.createTopic({ name: 'a' });
  await store.createTopic({ name: 'b' });
  await store.partition('a', 0).append({ value: '1' });
  await store.deleteTopic('a');
  const records = 'seglog_append_records_total';
  expect(samplesOf(store.metrics(), records)).toEqual([{ labels: { topic: 'b', partition: '0' }, value: 0 }]);
  expect(valueOf(store.metrics('store'), records)).toBe(1);
  await store.createTopic({ name: 'a' });
  await store.partition('a', 0).append({ value: '1' });
  expect(valueOf(store.metrics(), records, { topic: 'a' })).toBe(1);
  expect(valueOf(store.metrics('store'), records)).toBe(2);
});

it('counts topics, partitions, directories and problems, also behind its closing', async () => {
  const [one, two] = [scratch(), scratch()];
  const store = await Store.open([one, two], { logCleanerThreads: 2 });
  await store.createTopic({ name: 'a', partitions: 3 });
  await store.close();
  const metrics = store.metrics();
  expect(valueOf(metrics, 'seglog_store_topics')).toBe(1);
  expect(valueOf(metrics, 'seglog_store_partitions')).toBe(3);
  expect(valueOf(metrics, 'seglog_cleaner_threads')).toBe(2);
  expect(samplesOf(metrics, 'seglog_directory_online').map(({ labels }) => labels['directory'])).toEqual([one, two]);
  expect(valueOf(metrics, 'seglog_store_open_seconds')).toBeGreaterThanOrEqual(0);
  expect(samplesOf(metrics, 'seglog_store_problems_total')).toEqual([]);
});

function factsOf(measured: readonly MeasuredLog[], topics: number): StoreFacts {
  const counts = { uncleanablePartitions: 0, deletingDirectories: 0, cleanerThreads: 1, compactionsRunning: 0 };
  return { logs: measured, topics, directories: [], ...counts };
}

function logs(topics: number, partitions: number): MeasuredLog[] {
  return Array.from({ length: topics * partitions }, (_, at) => ({
    ...{ topic: `t${Math.floor(at / partitions)}`, partition: at % partitions, measures: new LogMeasures() },
    ...{ state: undefined, dirtyRatio: undefined },
  }));
}

it('has of several partitions the largest dirty ratio', () => {
  const ratios = [0.2, undefined, 0.7, 0.5];
  const facts = factsOf(
    logs(1, 4).map((log, at) => ({ ...log, dirtyRatio: ratios[at] })),
    1,
  );
  const told = (detail: 'partition' | 'topic'): number[] =>
    samplesOf(new StoreMeasures().families(facts, detail), 'seglog_log_dirty_ratio').map(({ value }) => value);
  expect(told('partition')).toEqual([0.2, 0.7, 0.5]);
  expect(told('topic')).toEqual([0.7]);
});

it.each([
  [1, 1000, 1000],
  [1, 1001, 1],
  [1000, 2, 1000],
  [1001, 1, 1],
])('bounds the series of %i topics with %i partitions each to %i of a name', (topics, partitions, series) => {
  const facts = factsOf(logs(topics, partitions), topics);
  const families = new StoreMeasures().families(facts);
  expect(samplesOf(families, 'seglog_append_records_total')).toHaveLength(series);
  expect(Math.max(...families.map(({ samples }) => samples.length))).toBeLessThanOrEqual(4 * series);
});
