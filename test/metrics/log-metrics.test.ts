/** What a log counts of its work. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, type LogOptions } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { samplesOf, valueOf } from './support.ts';

function open(options: LogOptions = {}): Promise<Log> {
  return Log.open(join(scratch(), 'events-3'), options);
}

it('counts records, batches and bytes of appends, what was sent twice, and what was refused', async () => {
  await using log = await open({ maxMessageBytes: 1000 });
  const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 };
  const first = await log.append([{ value: 'a' }, { value: 'b' }], { producer });
  const second = await log.append({ value: 'c' });
  await log.append([{ value: 'a' }, { value: 'b' }], { producer });
  await expect(log.append({ value: 'x'.repeat(1000) })).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
  await expect(log.appendEncoded(new Uint8Array(70))).rejects.toMatchObject({ code: 'BATCH_SIZE_INVALID' });
  const nobody = { producerId: -1, producerEpoch: 0, result: 'abort' } as const;
  await expect(log.endTransaction(nobody)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  const metrics = log.metrics();
  const count = (what: string): number =>
    valueOf(metrics, `seglog_append_${what}`, { topic: 'events', partition: '3' });
  expect(count('records_total')).toBe(3);
  expect(count('batches_total')).toBe(2);
  expect(count('bytes_total')).toBe(first.sizeBytes + second.sizeBytes);
  expect(count('duplicates_total')).toBe(1);
  expect(count('failures_total')).toBe(3);
  expect(samplesOf(metrics, 'seglog_append_batch_bytes')[0]?.distribution).toMatchObject({
    count: 2,
    sum: first.sizeBytes + second.sizeBytes,
  });
});

it('counts the batches and bytes of reads on this thread and on others, and the slices of fetches', async () => {
  await using log = await open();
  const sizes: number[] = [];
  for (const value of ['a', 'b', 'c']) sizes.push((await log.append({ value })).sizeBytes);
  const bytes = sizes.reduce((a, b) => a + b, 0);
  expect([...log.readSync()]).toHaveLength(3);
  expect(valueOf(log.metrics(), 'seglog_read_batches_total')).toBe(3);
  expect(valueOf(log.metrics(), 'seglog_read_bytes_total')).toBe(bytes);
  for await (const batch of log.read()) void batch;
  expect(valueOf(log.metrics(), 'seglog_read_batches_total')).toBe(6);
  expect(valueOf(log.metrics(), 'seglog_read_seconds')).toBe(2);
  log.fetch(0, { maxBytes: 10_000 });
  log.fetch(3, { maxBytes: 10_000 });
  expect(valueOf(log.metrics(), 'seglog_fetches_total')).toBe(2);
  expect(valueOf(log.metrics(), 'seglog_fetch_bytes_total')).toBe(bytes);
});

it('counts flushes, rolls and truncations, and says what is not flushed', async () => {
  await using log = await open({ segmentBytes: 100 });
  for (const value of ['a', 'b', 'c']) await log.append({ value });
  const segments = log.segments().length;
  expect(valueOf(log.metrics(), 'seglog_segment_rolls_total')).toBe(segments - 1);
  expect(valueOf(log.metrics(), 'seglog_segment_roll_seconds')).toBe(segments - 1);
  await log.flush();
  log.flushSync();
  expect(valueOf(log.metrics(), 'seglog_flushes_total')).toBe(2);
  expect(valueOf(log.metrics(), 'seglog_flush_seconds')).toBe(2);
  expect(valueOf(log.metrics(), 'seglog_log_unflushed_offsets')).toBe(0);
  await log.append({ value: 'd' });
  expect(valueOf(log.metrics(), 'seglog_log_unflushed_offsets')).toBe(1);
  await log.truncateTo(9);
  await log.truncateTo(2);
  await log.truncateFullyAndStartAt(50);
  expect(valueOf(log.metrics(), 'seglog_truncations_total')).toBe(2);
  expect(valueOf(log.metrics(), 'seglog_log_start_offset')).toBe(50);
  expect(valueOf(log.metrics(), 'seglog_log_end_offset')).toBe(50);
});

it('counts what retention took by rule, and every look', async () => {
  const clock = new ManualClock(1_000_000);
  await using log = await open({ segmentBytes: 100, retentionBytes: 200, retentionMs: 1000, clock });
  for (const value of ['a', 'b', 'c', 'd']) await log.append({ value: value.repeat(20) });
  const before = log.status();
  const { deleted } = await log.applyRetention();
  expect(deleted.map(({ rule }) => rule)).toEqual(['size']);
  clock.advance(2000);
  await log.applyRetention();
  await log.applyRetention();
  const metrics = log.metrics();
  const by = (rule: string): number => valueOf(metrics, 'seglog_retention_segments_total', { rule });
  expect({ size: by('size'), time: by('time'), start: by('log-start') }).toEqual({ size: 1, time: 3, start: 0 });
  expect(valueOf(metrics, 'seglog_retention_bytes_total')).toBe(before.sizeBytes);
  expect(valueOf(metrics, 'seglog_retention_seconds')).toBe(3);
});

it('counts what compactions read, wrote and removed', async () => {
  await using log = await open({ segmentBytes: 100, cleanupPolicy: ['compact'] });
  for (const value of ['1', '2', '3']) await log.append({ key: 'k', value: value.repeat(30) });
  const { statistics } = await log.compact();
  const stop = AbortSignal.abort(new Error('no'));
  await log.append({ key: 'k', value: '4'.repeat(30) });
  await expect(log.compact({ signal: stop })).rejects.toThrow('no');
  const metrics = log.metrics();
  const count = (what: string): number => valueOf(metrics, `seglog_compaction${what}`);
  expect(statistics.superseded).toBe(1);
  expect(valueOf(metrics, 'seglog_compaction_removed_records_total', { reason: 'superseded' })).toBe(1);
  expect(count('_read_records_total')).toBe(statistics.recordsRead);
  expect(count('_read_bytes_total')).toBe(statistics.bytesRead);
  expect(count('_written_bytes_total')).toBe(statistics.bytesWritten);
  expect([count('s_total'), count('_failures_total'), count('_seconds')]).toEqual([1, 1, 1]);
});

it('still tells what was counted when it is closed', async () => {
  const log = await open();
  await log.append({ value: 'a' });
  await log.close();
  expect(valueOf(log.metrics(), 'seglog_append_records_total')).toBe(1);
  expect(valueOf(log.metrics(), 'seglog_log_unflushed_offsets')).toBe(0);
});
