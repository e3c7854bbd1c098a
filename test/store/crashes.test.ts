/** The end of the process between any two changes of files, in the life of a store: all of an operation is there, or nothing. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import type { Lock } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store } from '../../src/index.ts';
import { StoppingFileSystem } from '../repair/stopping-fs.ts';
import { expectAgreement } from '../support/metadata-agrees.ts';
import { valuesOf } from './support.ts';

const DIRECTORIES = ['/one', '/two'];

/** The locks of the dead are free. */
class DyingFileSystem extends StoppingFileSystem {
  override async lockDirectory(path: string): Promise<Lock> {
    return { path, release: async () => undefined };
  }
}

/** What was done, as whoever called knows it; `doing` may be done or not. */
interface Known {
  done: string[];
  doing: string | undefined;
}

/** One life, up to its end or to the change at which it dies. */
async function live(fs: DyingFileSystem): Promise<Known> {
  const known: Known = { done: [], doing: undefined };
  const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    known.doing = name;
    await work();
    if (fs.isDead) throw new Error('went on after its death');
    known.done.push(name);
    known.doing = undefined;
  };
  const clock = new ManualClock(1_000_000);
  try {
    const store = await Store.open(DIRECTORIES, { fs, clock, fileDeleteDelayMs: 1000 });
    await step('create a', () => store.createTopic({ name: 'a', partitions: 2 }));
    await step('append a', () => store.partition('a', 1).append({ value: 'in a' }));
    await step('create b', () => store.createTopic({ name: 'b' }));
    await step('append b', () => store.partition('b', 0).append({ value: 'in b' }));
    await step('alter a', () => store.alterTopic('a', { set: { segmentMs: 5 } }));
    await step('grow a', () => store.createPartitions('a', 3));
    await step('flush', () => store.flush());
    clock.advance(60_000);
    await step('delete b', () => store.deleteTopic('b'));
    clock.advance(1000);
    await step('create b again', () => store.createTopic({ name: 'b' }));
    await step('close', () => store.close());
  } catch (error) {
    if (!fs.isDead) throw error;
  }
  return known;
}

async function check(memory: MemoryFileSystem, { done, doing }: Known, at: string): Promise<void> {
  const was = (name: string): boolean => done.includes(name);
  const mayBe = (name: string): boolean => was(name) || doing === name;
  const fs = new DyingFileSystem(memory, Infinity);
  const store = await Store.open(DIRECTORIES, { fs, clock: new ManualClock(2_000_000) });
  const { troubled, problems } = store.status();
  expect(troubled, at).toEqual([]);
  // A topic whose making was cut off may lack directories; nothing else is odd.
  expect(
    problems.filter(({ errno }) => errno !== 'ENOENT'),
    at,
  ).toEqual([]);
  expectAgreement(memory, DIRECTORIES, at);
  const topics = store.topics();
  if (was('create a')) expect(topics, at).toContain('a');
  if (topics.includes('a')) {
    expect(mayBe('create a'), at).toBe(true);
    const { partitions, configs } = store.describeTopic('a');
    expect(mayBe('grow a') ? [2, 3] : [2], at).toContain(partitions.length);
    if (was('grow a')) expect(partitions, at).toHaveLength(3);
    if (was('append a')) expect(await valuesOf(store.partition('a', 1)), at).toEqual(['in a']);
    if (!mayBe('alter a')) expect(configs, at).toEqual({});
    if (was('alter a')) expect(configs, at).toEqual({ 'segment.ms': '5' });
  }
  const hasFirstB = was('create b') && !mayBe('delete b');
  if (hasFirstB || was('create b again')) expect(topics, at).toContain('b');
  if (was('delete b') && !mayBe('create b again')) expect(topics, at).not.toContain('b');
  if (hasFirstB && was('append b')) expect(await valuesOf(store.partition('b', 0)), at).toEqual(['in b']);
  if (was('delete b') && topics.includes('b')) expect(await valuesOf(store.partition('b', 0)), at).toEqual([]);
  await store.close();
  const lines = DIRECTORIES.map((path) =>
    Buffer.from(memory.readSmall(`${path}/.kafka_cleanshutdown`) ?? '').toString(),
  );
  expect(lines, at).toEqual(
    DIRECTORIES.map(() => expect.stringMatching(/^\{"version":0,"brokerEpoch":\d+\}$/) as string),
  );
}

test('whatever was done is there, what was not is not, and the store opens whole', async () => {
  const whole = new DyingFileSystem(new MemoryFileSystem(), Infinity);
  expect((await live(whole)).doing).toBeUndefined();
  expect(whole.changes).toBeGreaterThan(80);
  for (let at = 1; at <= whole.changes; at++) {
    const memory = new MemoryFileSystem();
    const fs = new DyingFileSystem(memory, at);
    const known = await live(fs);
    await check(memory, known, `died at change ${at} of ${whole.changes}, doing ${known.doing}`);
  }
});
