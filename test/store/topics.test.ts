/** Making, growing, altering and deleting topics. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { fileNames, filled, textIn, turns, valuesOf } from './support.ts';

describe('a new topic', () => {
  test('has its partitions in directories as Kafka names them, an id, and the configuration of the store', async () => {
    const directory = scratch();
    await using store = await Store.open(directory, { segmentBytes: 4096 });
    const topic = await store.createTopic({ name: 'events', partitions: 3, config: { retentionMs: 1000 } });
    expect(topic).toMatchObject({ name: 'events', partitionCount: 3, configs: { 'retention.ms': '1000' } });
    expect(topic.topicId).toMatch(/^[\w-]{22}$/);
    expect(topic.config).toMatchObject({ segmentBytes: 4096, retentionMs: 1000 });
    expect(topic.partitions.map(({ directory: path }) => path)).toEqual(
      [0, 1, 2].map((partition) => join(directory, `events-${partition}`)),
    );
    expect(store.partition('events', 2).status().topicId).toBe(topic.topicId);
  });

  test('survives as it was made', async () => {
    const directory = scratch();
    const store = await Store.open(directory);
    const made = await store.createTopic({
      name: 'a',
      partitions: 2,
      config: { cleanupPolicy: ['compact', 'delete'], maxCompactionLagMs: Infinity, minCleanableDirtyRatio: 0.1 },
    });
    await store.close();
    await using again = await Store.open(directory);
    expect(again.describeTopic('a')).toEqual(made);
  });

  test.each(['', '.', '..', 'a/b', 'a\0b', 'ä', 'x'.repeat(250), '../x', 'a b'])('cannot be named %j', async (name) => {
    const directory = scratch();
    await using store = await Store.open(directory);
    const before = fileNames(directory);
    await expect(store.createTopic({ name })).rejects.toMatchObject({ code: 'INVALID_NAME' });
    expect(fileNames(directory)).toEqual(before);
  });

  test('can have the longest name that Kafka allows, and be deleted', async () => {
    const directory = scratch();
    await using store = await Store.open(directory);
    const name = 'x'.repeat(249);
    await store.createTopic({ name });
    await store.deleteTopic(name);
    expect(store.status().deleting).toEqual([
      expect.stringMatching(new RegExp(`^${directory}/x{213}-0\\.[0-9a-f]{32}-delete$`)),
    ]);
  });

  test.each(['a.b', 'a_b'])('cannot have the name of another one but for dots and underscores: %s', async (name) => {
    await using store = await Store.open(scratch());
    await store.createTopic({ name: 'a.b' });
    await expect(store.createTopic({ name })).rejects.toMatchObject({ code: 'TOPIC_ALREADY_EXISTS', found: 'a.b' });
  });

  test.each([0, -1, 1.5, 10_001])('cannot have %d partitions', async (partitions) => {
    await using store = await Store.open(scratch());
    await expect(store.createTopic({ name: 't', partitions })).rejects.toMatchObject({ code: 'INVALID_PARTITIONS' });
    expect(store.topics()).toEqual([]);
  });

  test('has one copy: a replication factor above the number of brokers is refused', async () => {
    await using store = await Store.open(scratch());
    await expect(store.createTopic({ name: 't', replicationFactor: 2 })).rejects.toMatchObject({
      code: 'INVALID_REPLICATION_FACTOR',
    });
  });

  test('goes where the fewest partitions are', async () => {
    const [first, second] = [scratch(), scratch()];
    await using store = await Store.open([first, second]);
    await store.createTopic({ name: 'a', partitions: 3 });
    await store.createTopic({ name: 'b', partitions: 3 });
    const counts = store.status().directories.map(({ partitions }) => partitions);
    expect(counts).toEqual([3, 3]);
    expect(fileNames(first).filter((name) => /^[ab]-/.test(name))).toEqual(['a-0', 'a-2', 'b-1']);
  });

  test('does not take a directory that is there already', async () => {
    const directory = scratch();
    await using store = await Store.open(directory);
    mkdirSync(join(directory, 't-1'));
    await expect(store.createTopic({ name: 't', partitions: 2 })).rejects.toMatchObject({
      code: 'TOPIC_ALREADY_EXISTS',
      file: join(directory, 't-1'),
    });
    expect(fileNames(directory)).toContain('t-1');
    expect(store.topics()).toEqual([]);
  });
});

describe('partitions', () => {
  test('are added, and what is there stays', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a'] });
    const store = await Store.open(directory);
    expect((await store.createPartitions('t', 3)).partitionCount).toBe(3);
    await store.partition('t', 2).append({ value: 'b' });
    await store.close();
    await using again = await Store.open(directory);
    expect(await valuesOf(again.partition('t', 0))).toEqual(['a']);
    expect(await valuesOf(again.partition('t', 2))).toEqual(['b']);
  });

  test.each([1, 2])('are never taken away: %d of two', async (total) => {
    await using store = await Store.open(scratch());
    await store.createTopic({ name: 't', partitions: 2 });
    await expect(store.createPartitions('t', total)).rejects.toMatchObject({ code: 'INVALID_PARTITIONS' });
  });
});

describe('a configuration that is altered', () => {
  test('counts for the next append of a log that is open, and after opening again', async () => {
    const directory = scratch();
    const store = await Store.open(directory, { maxMessageBytes: 1000 });
    await store.createTopic({ name: 't' });
    const log = store.partition('t', 0);
    await store.alterTopic('t', { set: { maxMessageBytes: 100, segmentBytes: 200 } });
    await expect(log.append({ value: 'x'.repeat(100) })).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    for (let i = 0; i < 4; i++) await log.append({ value: 'x'.repeat(20) });
    expect(log.segments()).toHaveLength(2);
    await store.createTopic({ name: 'u' });
    await store.close();
    await using again = await Store.open(directory, { maxMessageBytes: 1000 });
    expect(again.describeTopic('t').config).toMatchObject({ maxMessageBytes: 100, segmentBytes: 200 });
    await again.alterTopic('t', { reset: ['maxMessageBytes'] });
    expect(again.describeTopic('t').configs).toEqual({ 'segment.bytes': '200' });
    await again.partition('t', 0).append({ value: 'x'.repeat(100) });
  });

  test('may let a segment grow beyond the size with which its file was opened', async () => {
    await using store = await Store.open(scratch(), { segmentBytes: 5000 });
    await store.createTopic({ name: 't' });
    const log = store.partition('t', 0);
    await log.append({ value: 'x' });
    await store.alterTopic('t', { set: { segmentBytes: 10_000_000, maxMessageBytes: 10_000_000 } });
    const value = 'y'.repeat(900_000);
    for (let i = 0; i < 8; i++) await log.append({ value });
    expect(log.segments()).toHaveLength(1);
    expect((await valuesOf(log)).slice(1)).toEqual(Array.from({ length: 8 }, () => value));
  });

  test('is refused whole when a part of it is not valid', async () => {
    await using store = await Store.open(scratch());
    await store.createTopic({ name: 't' });
    const change = { set: { retentionMs: 5, minCompactionLagMs: 10, maxCompactionLagMs: 5 } };
    await expect(store.alterTopic('t', change)).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    expect(store.describeTopic('t').configs).toEqual({});
  });

  test('syncs by flush.ms from then on', async () => {
    const clock = new ManualClock(1000);
    await using store = await Store.open(scratch(), { clock });
    await store.createTopic({ name: 't' });
    await store.alterTopic('t', { set: { flushMs: 50 } });
    const log = store.partition('t', 0);
    await log.append({ value: 'a' });
    expect(log.status().recoveryPoint).toBe(0);
    clock.advance(50);
    await expect.poll(() => log.status().recoveryPoint).toBe(1);
  });
});

describe('a topic that is deleted', () => {
  test('is renamed at once, gone from the checkpoints, and removed after the delay', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a'], u: ['b'] });
    const clock = new ManualClock(1000);
    await using store = await Store.open(directory, { clock, fileDeleteDelayMs: 500 });
    const log = store.partition('t', 0);
    await store.deleteTopic('t');
    expect(store.topics()).toEqual(['u']);
    expect(fileNames(directory).filter((name) => name.startsWith('t-'))).toEqual([
      expect.stringMatching(/^t-0\.[0-9a-f]{32}-delete$/),
    ]);
    expect(textIn(directory, 'recovery-point-offset-checkpoint')).toBe('0\n1\nu 0 1\n');
    await expect(log.append({ value: 'x' })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    expect(() => store.partition('t', 0)).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOPIC_OR_PARTITION' }));
    clock.advance(499);
    expect(store.status().deleting).toHaveLength(1);
    clock.advance(1);
    await turns();
    expect(fileNames(directory).filter((name) => name.startsWith('t-'))).toEqual([]);
    expect(store.status().deleting).toEqual([]);
  });

  test('goes on being removed when the store is opened again', async () => {
    const directory = scratch();
    const store = await Store.open(directory);
    await store.createTopic({ name: 't' });
    await store.deleteTopic('t');
    await store.close();
    const clock = new ManualClock(1000);
    await using again = await Store.open(directory, { clock });
    expect(again.status().deleting).toHaveLength(1);
    // The machine's times of files are some milliseconds behind its clock.
    clock.advance(60_100);
    await turns();
    expect(fileNames(directory).filter((name) => name.startsWith('t-'))).toEqual([]);
  });

  test('can be made again at once, with another id and without its records', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a', 'b'] });
    await using store = await Store.open(directory);
    await store.partition('t', 0).deleteRecordsBefore(1);
    const { topicId } = store.describeTopic('t');
    await store.deleteTopic('t');
    const again = await store.createTopic({ name: 't' });
    expect(again.topicId).not.toBe(topicId);
    expect(store.partition('t', 0).logEndOffset).toBe(0);
  });

  test('leaves no offsets to one of its name, also when a crash came before the checkpoints were written', async () => {
    const directory = scratch();
    await (await Store.open(directory)).close();
    writeFileSync(join(directory, 'log-start-offset-checkpoint'), '0\n1\nt 0 5\n');
    await using store = await Store.open(directory);
    await store.createTopic({ name: 't' });
    expect(store.partition('t', 0).logStartOffset).toBe(0);
    expect(store.partition('t', 0).logEndOffset).toBe(0);
  });

  test('that is not there is no topic', async () => {
    await using store = await Store.open(scratch());
    await expect(store.deleteTopic('t')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });
});
