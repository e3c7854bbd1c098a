/** Stores of versions that kept their topics in a file of their own: taken over into the metadata log, once, whenever a crash comes. */
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { printTopicsFile, type TopicEntry, type TopicsFile } from '../../src/format/topics-file.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store, StoreReader } from '../../src/index.ts';
import { StoppingFileSystem } from '../repair/stopping-fs.ts';
import { failing, filled, smallText, valuesOf } from './support.ts';

const DIRECTORIES = ['/one', '/two'] as const;
const FILES = ['/one/.seglog_topics', '/two/.seglog_topics'] as const;

function printed(file: TopicsFile): Uint8Array {
  return printTopicsFile(file, (bytes, start, end) => defaultEngine().crc32c(bytes, start, end));
}

/** Log directories as an earlier version left them; `t` has a configuration, and one of `old` was not renamed yet. */
async function ofBefore(): Promise<{ fs: MemoryFileSystem; topics: TopicEntry[]; file: TopicsFile }> {
  const fs = new MemoryFileSystem();
  await filled(DIRECTORIES, { t: ['a'], u: ['b'], old: ['c'] }, { fs });
  const ids = DIRECTORIES.map(
    (path) => /directory\.id=(.*)/.exec(smallText(fs, `${path}/meta.properties`) ?? '')?.[1] ?? '',
  );
  const place = (name: string): string => ids[fs.list('/one').includes(`${name}-0`) ? 0 : 1] ?? '';
  const idOf = (name: string): string => {
    const path = `${fs.list('/one').includes(`${name}-0`) ? '/one' : '/two'}/${name}-0/partition.metadata`;
    return /topic_id: (.*)/.exec(smallText(fs, path) ?? '')?.[1] ?? '';
  };
  const topics = ['t', 'u'].map((name) => ({
    ...{ name, topicId: idOf(name), partitions: { 0: place(name) } },
    configs: name === 't' ? { 'retention.ms': '60000' } : {},
  }));
  const file: TopicsFile = {
    ...{ generation: 4, copies: Object.fromEntries(ids.map((id) => [id, 4])), topics },
    deleting: [{ name: 'old', topicId: idOf('old'), directories: [place('old')] }],
  };
  fs.removeTree('/one/__cluster_metadata-0');
  for (const path of DIRECTORIES) {
    for (const name of ['bootstrap.checkpoint', '.seglog_metadata']) fs.remove(`${path}/${name}`);
    fs.replaceSmall(`${path}/.seglog_topics`, printed(file));
  }
  return { fs, topics, file };
}

async function expectTakenOver(fs: FileSystem, topics: readonly TopicEntry[], at = ''): Promise<void> {
  const store = await Store.open(DIRECTORIES, { fs });
  expect(store.topics(), at).toEqual(['t', 'u']);
  for (const { name, topicId, configs } of topics) {
    expect(store.describeTopic(name), at).toMatchObject({ topicId, configs, partitionCount: 1 });
  }
  expect(await valuesOf(store.partition('t', 0)), at).toEqual(['a']);
  expect(store.status(), at).toMatchObject({ problems: [], troubled: [], stray: [] });
  await store.close();
  const names = DIRECTORIES.flatMap((path) => fs.list(path));
  expect(names, at).not.toContain('.seglog_topics');
  expect(names, at).not.toContain('old-0');
  expect(names, at).toContain('__cluster_metadata-0');
}

test('topics, configurations and what was being deleted are taken over, and the files go', async () => {
  const { fs, topics } = await ofBefore();
  await expectTakenOver(fs, topics);
  await expectTakenOver(fs, topics, 'again');
});

test('a crash at any change in between leaves the one or the other, and opening it again ends it', async () => {
  const { fs: rehearsal } = await ofBefore();
  const whole = new StoppingFileSystem(rehearsal, Infinity);
  Object.assign(whole, { lockDirectory: async (path: string) => ({ path, release: async () => undefined }) });
  await (await Store.open(DIRECTORIES, { fs: whole })).close();
  expect(whole.changes).toBeGreaterThan(15);
  for (let at = 1; at <= whole.changes; at++) {
    const { fs: memory, topics } = await ofBefore();
    const fs = new StoppingFileSystem(memory, at);
    Object.assign(fs, { lockDirectory: async (path: string) => ({ path, release: async () => undefined }) });
    const lived = await Store.open(DIRECTORIES, { fs })
      .then((store) => store.close())
      .catch((error: unknown) => error);
    if (!fs.isDead) throw lived;
    const after = new StoppingFileSystem(memory, Infinity);
    Object.assign(after, { lockDirectory: async (path: string) => ({ path, release: async () => undefined }) });
    await expectTakenOver(after, topics, `died at change ${at} of ${whole.changes}`);
  }
});

test('a reader finds the topics in the old files as well', async () => {
  const { fs, topics } = await ofBefore();
  using reader = StoreReader.open(DIRECTORIES, { fs });
  expect(reader.topics()).toEqual(['old', 't', 'u']);
  expect(reader.topic('t')).toMatchObject({ topicId: topics[0]?.topicId, configs: { 'retention.ms': '60000' } });
});

describe('a copy that cannot be read', () => {
  test('because it is of a later version is refused, and nothing is written', async () => {
    const { fs } = await ofBefore();
    const later = smallText(fs, FILES[0])?.replace('seglog-topics 0', 'seglog-topics 1') ?? '';
    fs.replaceSmall(FILES[0], Buffer.from(later));
    const refused = { code: 'UNSUPPORTED_VERSION', file: FILES[0] };
    await expect(Store.open(DIRECTORIES, { fs })).rejects.toMatchObject(refused);
    expect(fs.list('/one')).toEqual(expect.arrayContaining(['.kafka_cleanshutdown', '.seglog_topics']));
    expect(fs.list('/one')).not.toContain('__cluster_metadata-0');
  });

  test('while no other one is there keeps the store closed: what is known of topics is not made up', async () => {
    const { fs } = await ofBefore();
    fs.remove(FILES[1]);
    failing(fs, 'readSmall', 'EIO', (path) => path === FILES[0]);
    await expect(Store.open(DIRECTORIES, { fs })).rejects.toMatchObject({ code: 'IO', file: FILES[0] });
  });

  test('because it is damaged is told of, and kept aside', async () => {
    const { fs, topics } = await ofBefore();
    fs.replaceSmall(FILES[0], Buffer.from('damaged'));
    const store = await Store.open(DIRECTORIES, { fs });
    expect(store.status().problems).toMatchObject([{ code: 'CORRUPT_CHECKPOINT', file: FILES[0] }]);
    await store.close();
    expect(smallText(fs, `${FILES[0]}.unreadable`)).toBe('damaged');
    await expectTakenOver(fs, topics);
  });

  test('since all are damaged is refused by its name', async () => {
    const { fs } = await ofBefore();
    for (const path of FILES) fs.replaceSmall(path, Buffer.from('damaged'));
    await expect(Store.open(DIRECTORIES, { fs })).rejects.toMatchObject({ code: 'CORRUPT_CHECKPOINT', file: FILES[0] });
  });

  test('as another one since both were changed apart is refused with both names', async () => {
    const { fs, file } = await ofBefore();
    const apart = { ...file, generation: 9, copies: { ...file.copies }, topics: file.topics.slice(1) };
    fs.replaceSmall(FILES[0], printed({ ...file, generation: 6 }));
    fs.replaceSmall(FILES[1], printed(apart));
    await expect(Store.open(DIRECTORIES, { fs })).rejects.toMatchObject({
      ...{ code: 'DIRECTORY_MISMATCH', file: FILES[0], message: expect.stringContaining(FILES[1]) as string },
    });
  });
});

describe('a copy beside a metadata log', () => {
  /** Directories that were taken over, with a file of topics that somebody wrote since. */
  async function withFile(change: (file: TopicsFile) => Uint8Array): Promise<MemoryFileSystem> {
    const { fs, file, topics } = await ofBefore();
    await expectTakenOver(fs, topics);
    fs.replaceSmall(FILES[1], change({ ...file, generation: 9, deleting: [] }));
    return fs;
  }

  test('that says the same goes, however it is written', async () => {
    const fs = await withFile((file) => printed({ ...file, topics: file.topics.toReversed() }));
    await using store = await Store.open(DIRECTORIES, { fs });
    expect(store.status().problems).toEqual([]);
    expect(fs.list('/two').filter((name) => name.startsWith('.seglog_topics'))).toEqual([]);
  });

  test.each<[string, (topics: readonly TopicEntry[]) => TopicEntry[]]>([
    [
      'another configuration',
      ([t, u]) => [{ ...(t as TopicEntry), configs: { 'retention.ms': '5' } }, u as TopicEntry],
    ],
    [
      'a topic more',
      (topics) => [...topics, { ...(topics[0] as TopicEntry), name: 'v', topicId: 'AUg7yDPQTEqNlMQNtASyWg' }],
    ],
    ['a topic less', (topics) => topics.slice(1)],
    [
      'a partition more',
      ([t, u]) => [{ ...(t as TopicEntry), partitions: { ...t?.partitions, 1: '' } }, u as TopicEntry],
    ],
  ])('that has %s is kept aside, counts for nothing, and is told of', async (_what, change) => {
    const fs = await withFile((file) => printed({ ...file, topics: change(file.topics) }));
    const text = smallText(fs, FILES[1]);
    const store = await Store.open(DIRECTORIES, { fs });
    expect(store.topics()).toEqual(['t', 'u']);
    expect(store.describeTopic('t').configs).toEqual({ 'retention.ms': '60000' });
    expect(store.status().problems).toMatchObject([{ code: 'DIRECTORY_MISMATCH', file: FILES[1] }]);
    expect(fs.list('/two')).not.toContain('.seglog_topics');
    expect(smallText(fs, `${FILES[1]}.other`)).toBe(text);
    await store.close();
    await using again = await Store.open(DIRECTORIES, { fs });
    expect(again.status().problems).toEqual([]);
  });

  test('that is damaged is kept aside, and told of', async () => {
    const fs = await withFile(() => Buffer.from('damaged'));
    await using store = await Store.open(DIRECTORIES, { fs });
    expect(store.status().problems).toMatchObject([{ code: 'CORRUPT_CHECKPOINT', file: FILES[1] }]);
    expect(smallText(fs, `${FILES[1]}.unreadable`)).toBe('damaged');
  });
});
