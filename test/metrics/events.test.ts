/** What logs and stores tell a logger, made and read by the real pino. */
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, LOG_EVENTS, type LogEvent, type Logger, Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { valueOf } from './support.ts';

type Line = Record<string, unknown> & { event: LogEvent };

/** A pino that writes to memory, and its lines so far. */
function recorded(): { logger: Logger; lines: Line[]; of: (event: LogEvent) => Line[]; events: () => LogEvent[] } {
  const lines: Line[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  return {
    logger: pino({ level: 'debug' }, stream),
    lines,
    of: (event) => lines.filter((line) => line.event === event),
    events: () => lines.map(({ event }) => event),
  };
}

const PINO_LEVELS: Readonly<Record<string, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

/** Each line has the level, the text and the fields that the table says, and no others. */
function checkShape(lines: readonly Line[]): void {
  for (const {
    event,
    level,
    msg,
    time: _,
    pid: _pid,
    hostname: _host,
    topic: _topic,
    partition: _number,
    ...fields
  } of lines) {
    const { level: wanted, message, fields: known } = LOG_EVENTS[event];
    expect({ level, msg }).toEqual({ level: PINO_LEVELS[wanted], msg: message });
    expect(known).toEqual(expect.arrayContaining(Object.keys(fields)));
  }
}

it('a log tells of its opening, rolls, truncation and closing', async () => {
  const { logger, lines, of, events } = recorded();
  const directory = join(scratch(), 'events-3');
  const log = await Log.open(directory, { logger, segmentBytes: 100 });
  await log.append({ value: 'a' });
  await log.append({ value: 'b' });
  await log.truncateTo(1);
  await log.close();
  expect(events()).toEqual(['log_opened', 'segment_rolled', 'log_truncated', 'log_closed']);
  expect(of('log_opened')).toMatchObject([
    { topic: 'events', partition: 3, directory, wasClean: true, logEndOffset: 0 },
  ]);
  expect(of('segment_rolled')).toMatchObject([{ baseOffset: 1, reason: 'size', sealedBytes: log.segments()[0]?.size }]);
  expect(of('log_truncated')).toMatchObject([{ fromOffset: 2, toOffset: 1 }]);
  expect(of('log_closed')).toMatchObject([{ clean: true, logEndOffset: 1 }]);
  checkShape(lines);
});

it('a log tells what recovery cut', async () => {
  const directory = join(scratch(), 'events-3');
  await using log = await Log.open(directory);
  await log.append({ value: 'a' });
  await log.close();
  for (const name of readdirSync(directory)) if (name.startsWith('.')) rmSync(join(directory, name));
  appendFileSync(join(directory, `${'0'.repeat(20)}.log`), 'torn');
  const { logger, lines, of } = recorded();
  await (await Log.open(directory, { logger })).close();
  expect(of('log_opened')).toMatchObject([{ wasClean: false, logEndOffset: 1 }]);
  expect(of('log_recovered')).toMatchObject([{ scannedSegments: 1, cuts: 1, cutBytes: 4 }]);
  checkShape(lines);
});

it('a log tells of what retention deleted, and of a flush that takes longer than a second', async () => {
  const clock = new ManualClock(1_000_000);
  const { logger, lines, of } = recorded();
  const options = { logger, clock, segmentBytes: 100, retentionMs: 1000 };
  await using log = await Log.open(join(scratch(), 'events-3'), options);
  for (const value of ['1', '2']) await log.append({ value: value.repeat(30) });
  const { sizeBytes } = log.status();
  clock.advance(5000);
  await log.applyRetention();
  await log.applyRetention();
  const deleted = { segments: 2, sizeBytes, byTime: 2, bySize: 0, byLogStart: 0, logStartOffset: 2 };
  expect(of('retention_deleted')).toMatchObject([deleted]);
  expect(of('segment_rolled').map(({ reason }) => reason)).toEqual(['size', 'retention']);
  const flushing = log.flush();
  clock.advance(1001);
  await flushing;
  expect(of('flush_slow')).toMatchObject([{ seconds: 1.001, toOffset: 2 }]);
  checkShape(lines);
});

it('a log tells of a compaction that had something to do', async () => {
  const { logger, lines, of } = recorded();
  const options = { logger, segmentBytes: 100, cleanupPolicy: ['compact'] } as const;
  await using log = await Log.open(join(scratch(), 'events-3'), options);
  for (const value of ['1', '2', '3']) await log.append({ key: 'k', value: value.repeat(30) });
  await log.compact();
  await log.compact({ firstDirtyOffset: 2 });
  expect(of('compaction_finished')).toMatchObject([{ fromOffset: 0, toOffset: 2, recordsRead: 2, recordsKept: 1 }]);
  checkShape(lines);
});

it('a log tells once that a sync failed, and that it is offline', async () => {
  const { logger, lines, of } = recorded();
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  const fs = new FaultyFileSystem(memory);
  const log = await Log.open('/logs/events-3', { logger, fs });
  await log.append({ value: 'a' });
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  await expect(log.flush()).rejects.toMatchObject({ code: 'IO' });
  await expect(log.flush()).rejects.toMatchObject({ code: 'LOG_OFFLINE' });
  await log.close();
  expect(of('log_offline')).toMatchObject([{ directory: '/logs/events-3', code: 'IO', err: { code: 'IO' } }]);
  expect(of('log_closed')).toMatchObject([{ clean: false }]);
  expect(valueOf(log.metrics(), 'seglog_flush_failures_total')).toBe(1);
  checkShape(lines);
});

it('a log tells of damage that a read met', async () => {
  const directory = join(scratch(), 'events-3');
  const { logger, lines, of } = recorded();
  const log = await Log.open(directory, { logger, segmentBytes: 100 });
  for (const value of ['a', 'b', 'c']) await log.append({ value });
  await log.flush();
  const file = join(directory, '00000000000000000001.log');
  const bytes = readFileSync(file);
  const at = bytes.length - 2;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  expect(() => [...log.readSync()]).toThrow(expect.objectContaining({ code: 'BATCH_CRC_MISMATCH' }));
  expect(() => [...log.readSync()]).toThrow(expect.objectContaining({ code: 'BATCH_CRC_MISMATCH' }));
  expect(of('log_corrupt')).toMatchObject([{ file, position: 0, offset: 1, code: 'BATCH_CRC_MISMATCH' }]);
  await log.close();
  checkShape(lines);
});

it('a store tells of itself, its topics and its logs', async () => {
  const { logger, lines, of, events } = recorded();
  const store = await Store.open(scratch(), { logger });
  await store.createTopic({ name: 't', partitions: 2, config: { retentionMs: 5 } });
  await store.createPartitions('t', 3);
  await store.alterTopic('t', { reset: ['retentionMs'] });
  await store.deleteTopic('t');
  await store.close();
  expect(events()[0]).toBe('store_opened');
  expect(events().at(-1)).toBe('store_closed');
  expect(of('store_opened')).toMatchObject([{ directories: 1, topics: 0, partitions: 0, offlinePartitions: 0 }]);
  expect(of('topic_created')).toMatchObject([{ name: 't', partitions: 2, configs: { 'retention.ms': '5' } }]);
  expect(of('topic_altered')).toMatchObject([
    { partitions: 3, configs: { 'retention.ms': '5' } },
    { partitions: 3, configs: {} },
  ]);
  expect(of('topic_deleted')).toMatchObject([{ name: 't' }]);
  expect(of('log_opened').map(({ partition }) => partition)).toEqual([0, 1, 2]);
  expect(of('log_closed')).toHaveLength(3);
  expect(of('store_closed')).toMatchObject([{ clean: true }]);
  checkShape(lines);
});

it('a store tells of what it cannot open, with the error taken apart', async () => {
  const directory = scratch();
  const made = await Store.open(directory);
  await made.createTopic({ name: 't' });
  await made.close();
  rmSync(join(directory, 't-0'), { recursive: true });
  writeFileSync(join(directory, 't-0'), 'a file');
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  const { logger, lines, of } = recorded();
  const store = await Store.open([directory, file], { logger });
  await store.close();
  expect(of('partition_offline')).toMatchObject([{ topic: 't', partition: 0, err: { message: expect.any(String) } }]);
  expect(of('problem').length).toBeGreaterThan(0);
  for (const { code, err } of of('problem')) expect((err as { code: string }).code).toBe(code);
  checkShape(lines);
});

it('a store tells of a compaction that failed, of which partition, and how often', async () => {
  const memory = new MemoryFileSystem();
  const options = { segmentBytes: 100, cleanupPolicy: ['compact'], minCleanableDirtyRatio: 0 } as const;
  const clock = new ManualClock(1_000_000);
  const { logger, lines, of } = recorded();
  await using store = await Store.open('/data', { ...options, logger, clock, fs: memory, logCleanerBackoffMs: 1000 });
  await store.createTopic({ name: 't' });
  for (const value of ['a', 'b', 'c']) await store.partition('t', 0).append({ key: 'k', value });
  await store.flush();
  const file = memory.open('/data/t-0/00000000000000000001.log', 'update');
  file.write(new Uint8Array([0xff]), 0, 1, 65);
  file.close();
  clock.advance(1000);
  await vi.waitUntil(() => of('compaction_failed').length > 0, { timeout: 20_000 });
  expect(of('compaction_failed')).toMatchObject([
    { topic: 't', partition: 0, failures: 1, code: 'BATCH_CRC_MISMATCH' },
  ]);
  expect(valueOf(store.metrics(), 'seglog_compaction_failures_total')).toBe(1);
  expect(valueOf(store.metrics(), 'seglog_store_uncleanable_partitions')).toBe(1);
  expect(valueOf(store.metrics(), 'seglog_store_problems_total', { code: 'BATCH_CRC_MISMATCH' })).toBe(1);
  checkShape(lines);
});

it('a store tells of a log directory that fails while it is open', async () => {
  const memory = new MemoryFileSystem();
  const fs = new FaultyFileSystem(memory);
  const clock = new ManualClock(1_000_000);
  const { logger, lines, of } = recorded();
  const store = await Store.open('/data', { logger, fs, clock });
  await store.createTopic({ name: 't' });
  await store.partition('t', 0).append({ value: 'a' });
  fs.plan({ operation: 'rename', call: 1, errno: 'EIO', forGood: true });
  clock.advance(120_000);
  await vi.waitUntil(() => of('directory_offline').length > 0, { timeout: 20_000 });
  await store.close();
  expect(of('directory_offline')).toMatchObject([{ directory: '/data', code: 'IO' }]);
  expect(valueOf(store.metrics(), 'seglog_directory_online', { directory: '/data' })).toBe(0);
  expect(valueOf(store.metrics(), 'seglog_store_offline_partitions')).toBe(1);
  expect(of('store_closed')).toMatchObject([{ clean: false }]);
  checkShape(lines);
});

it('a logger that raises stops nothing', async () => {
  const raise = (): never => {
    throw new Error('full');
  };
  const logger: Logger = { debug: raise, info: raise, warn: raise, error: raise };
  await using store = await Store.open(scratch(), { logger });
  await store.createTopic({ name: 't' });
  await store.partition('t', 0).append({ value: 'a' });
  expect(store.status().problems).toEqual([]);
});
