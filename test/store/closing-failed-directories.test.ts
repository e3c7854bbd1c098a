/** Row F14: logs of a log directory that has failed, which could not be closed well: what was appended to them may be lost. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { SeglogError, Store } from '../../src/index.ts';
import { turns } from './support.ts';

const DIRECTORIES = ['/one', '/two'];

test('F14: how the logs of a failed directory could not be closed is told, once, and the store closes', async () => {
  const memory = new MemoryFileSystem();
  const fs = new FaultyFileSystem(memory);
  const told: SeglogError[] = [];
  const clock = new ManualClock(1_000_000);
  const store = await Store.open(DIRECTORIES, { fs, clock, onProblem: (problem) => void told.push(problem) });
  await store.createTopic({ name: 't', partitions: 4 });
  for (let partition = 0; partition < 4; partition++) await store.partition('t', partition).append({ value: 'a' });
  const replace = fs.replaceSmall.bind(fs);
  fs.replaceSmall = (path, bytes) => {
    if (path === '/one/replication-offset-checkpoint')
      throw new SeglogError('IO', 'refused', { file: path, errno: 'EROFS' });
    replace(path, bytes);
  };
  // The sync of the first log that is closed.
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  clock.advance(5000);
  await turns();
  const lost = (problems: readonly SeglogError[]): SeglogError[] =>
    problems.filter(({ file }) => file?.startsWith('/one/t-') === true);
  expect(lost(told)).toMatchObject([{ code: 'IO', errno: 'EIO' }]);
  expect(lost(store.status().problems)).toEqual(lost(told));
  await store.close();
  expect(lost(told)).toHaveLength(1);
  expect(memory.stat('/one/.kafka_cleanshutdown')).toBeUndefined();
});
