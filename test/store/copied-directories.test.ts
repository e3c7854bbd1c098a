/** Directories that somebody has copied beside their own: an id is that of one topic, whatever the names of its directories are. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { printDeletions } from '../../src/format/deletions-file.ts';
import { printTopicsFile } from '../../src/format/topics-file.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Store } from '../../src/index.ts';
import { replayMetadata } from '../../src/metadata/replay.ts';
import { scratch } from '../support/temp.ts';
import { fileNames, filled, valuesOf } from './support.ts';

const METADATA = '__cluster_metadata-0';

function checksum(bytes: Uint8Array, start: number, end: number): number {
  return defaultEngine().crc32c(bytes, start, end);
}

function idIn(...path: string[]): string {
  return /topic_id: (.*)/.exec(readFileSync(join(...path, 'partition.metadata'), 'utf8'))?.[1] ?? '';
}

function directoryIdOf(directory: string): string {
  return /directory\.id=(.*)/.exec(readFileSync(join(directory, 'meta.properties'), 'utf8'))?.[1] ?? '';
}

/** Names and places of partitions, as the metadata log has them. */
function written(directory: string): Record<string, unknown> {
  const environment = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
  const { image } = replayMetadata(environment, join(directory, METADATA), false);
  return Object.fromEntries(
    [...image.topics.values()].map(({ name, partitions }) => [
      name,
      [...partitions.values()].map(({ partitionId, directories }) => [partitionId, directories[0]]),
    ]),
  );
}

function copied(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}

describe('a copy beside a topic that is known', () => {
  test.each(['events.bak-0', 'copy-3', 'events_old-1'])('as %s is left alone, and told of', async (name) => {
    const directory = scratch();
    await filled([directory], { events: ['a', 'b'] });
    copied(join(directory, 'events-0'), join(directory, name));
    for (const time of ['first', 'again']) {
      const store = await Store.open(directory);
      expect(store.topics(), time).toEqual(['events']);
      expect(store.describeTopic('events').partitionCount, time).toBe(1);
      expect(store.status().problems, time).toMatchObject([
        { code: 'TOPIC_ID_MISMATCH', file: join(directory, name), found: idIn(directory, 'events-0') },
      ]);
      await store.alterTopic('events', { set: { segmentMs: time.length * 1000 } });
      await store.close();
    }
    expect(written(directory)).toEqual({ events: [[0, directoryIdOf(directory)]] });
    expect(existsSync(join(directory, name))).toBe(true);
  });

  test('leaves the topic to be deleted for good', async () => {
    const directory = scratch();
    await filled([directory], { events: ['a', 'b'] });
    copied(join(directory, 'events-0'), join(directory, 'events.bak-0'));
    const store = await Store.open(directory);
    await store.deleteTopic('events');
    await store.close();
    expect(written(directory)).toEqual({});
    await using again = await Store.open(directory);
    expect(again.topics()).toEqual([]);
    expect(fileNames(directory)).toContainEqual(expect.stringMatching(/^events\.bak-0\..*-stray$/));
  });

  test('in another log directory moves nothing', async () => {
    const [a, b] = [scratch(), scratch()];
    await filled([a, b], { events: ['a'] });
    const [from, to] = existsSync(join(a, 'events-0')) ? [a, b] : [b, a];
    copied(join(from, 'events-0'), join(to, 'old-0'));
    const store = await Store.open([a, b]);
    expect(store.topics()).toEqual(['events']);
    await store.close();
    expect(written(a)).toEqual({ events: [[0, directoryIdOf(from)]] });
  });

  test('of which only one partition has an id becomes no topic either', async () => {
    const directory = scratch();
    {
      await using store = await Store.open(directory);
      await store.createTopic({ name: 'events', partitions: 2 });
      await store.partition('events', 0).append({ value: 'a' });
    }
    for (const partition of [0, 1])
      copied(join(directory, `events-${partition}`), join(directory, `copy-${partition}`));
    rmSync(join(directory, 'copy-1', 'partition.metadata'), { force: true });
    await using store = await Store.open(directory);
    expect(store.topics()).toEqual(['events']);
    expect(store.status().problems).toMatchObject([{ code: 'TOPIC_ID_MISMATCH' }, { code: 'TOPIC_ID_MISMATCH' }]);
    expect(fileNames(directory)).toEqual(expect.arrayContaining(['copy-0', 'copy-1']));
  });
});

test('a copy of a topic whose deletion is not done is put aside, and not deleted with it', async () => {
  const directory = scratch();
  await filled([directory], { events: ['a'], other: ['b'] });
  copied(join(directory, 'events-0'), join(directory, 'events.bak-0'));
  const deleted = { name: 'events', topicId: idIn(directory, 'events-0'), directories: [directoryIdOf(directory)] };
  await using store = await Store.open(directory);
  await store.deleteTopic('events');
  await store.close();
  writeFileSync(join(directory, '.seglog_deletions'), printDeletions([deleted], checksum));
  await using again = await Store.open(directory);
  expect(again.topics()).toEqual(['other']);
  expect(fileNames(directory)).toContainEqual(expect.stringMatching(/^events\.bak-0\..*-stray$/));
});

describe('without a metadata log', () => {
  test('nobody can tell which one is the copy: none becomes a topic until one is moved away', async () => {
    const directory = scratch();
    await filled([directory], { events: ['a', 'b'], other: ['c'] });
    rmSync(join(directory, METADATA), { recursive: true });
    copied(join(directory, 'events-0'), join(directory, 'events.bak-0'));
    for (const time of ['first', 'again']) {
      const store = await Store.open(directory);
      expect(store.topics(), time).toEqual(['other']);
      expect(store.status().problems, time).toMatchObject([
        { code: 'TOPIC_ID_MISMATCH', file: join(directory, 'events-0') },
        { code: 'TOPIC_ID_MISMATCH', file: join(directory, 'events.bak-0') },
      ]);
      await store.close();
    }
    rmSync(join(directory, 'events.bak-0'), { recursive: true });
    await using store = await Store.open(directory);
    expect(await valuesOf(store.partition('events', 0))).toEqual(['a', 'b']);
    expect(store.status().problems).toEqual([]);
  });

  test('two topics of one id in a file of topics are taken over as the first one', async () => {
    const directory = scratch();
    await filled([directory], { events: ['a'] });
    copied(join(directory, 'events-0'), join(directory, 'events.bak-0'));
    for (const name of [METADATA, 'bootstrap.checkpoint']) rmSync(join(directory, name), { recursive: true });
    const [topicId, id] = [idIn(directory, 'events-0'), directoryIdOf(directory)];
    const topics = ['events', 'events.bak'].map((name) => ({ name, topicId, configs: {}, partitions: { 0: id } }));
    const file = { generation: 1, copies: { [id]: 1 }, topics, deleting: [] };
    writeFileSync(join(directory, '.seglog_topics'), printTopicsFile(file, checksum));
    for (const time of ['first', 'again']) {
      const store = await Store.open(directory);
      expect(store.topics(), time).toEqual(['events']);
      await store.close();
    }
    expect(existsSync(join(directory, 'events.bak-0'))).toBe(true);
  });
});
