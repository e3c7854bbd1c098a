import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Consumer, ConsumerOptions } from '../../src/index.ts';
import { drain, fill, type GroupBench, groupBench, join, owned } from './support.ts';

let bench: GroupBench;

beforeEach(async () => {
  bench = await groupBench();
  await bench.store.createTopic({ name: 't', partitions: 4 });
  await fill(bench.store, 't', 2);
});
afterEach(() => bench.store.close());

function consumer(options: Partial<ConsumerOptions<Uint8Array, Uint8Array>> = {}): Consumer {
  return bench.store.consumer({ group: 'g', topics: 't', groupInstanceId: 'i1', ...options });
}

const FENCED = { code: 'FENCED_INSTANCE_ID' };

test('the newer of two consumers of an instance takes the place of the older, which is refused from then on', async () => {
  const [older, newer] = [consumer(), consumer()];
  expect(await drain(older)).toHaveLength(8);
  await join(newer);
  expect(owned(older, newer)).toEqual([[], ['t-0', 't-1', 't-2', 't-3']]);
  const { members } = await bench.store.group('g').describe();
  expect(members.map(({ memberId }) => memberId)).toEqual([newer.memberId]);
  await expect(older.poll()).rejects.toMatchObject(FENCED);
  await expect(older.poll({ timeoutMs: 0 })).rejects.toMatchObject(FENCED);
  await expect(older.commit()).rejects.toMatchObject(FENCED);
  await expect(older.commit([{ topic: 't', partition: 0, offset: 1 }])).rejects.toMatchObject(FENCED);
  expect(await drain(newer)).toHaveLength(8);
  await newer.commit();
  await older.close();
  await expect(newer.poll({ timeoutMs: 0 })).resolves.toEqual([]);
});

test('one that waits for records is told at once, and one that waits for its generation', async () => {
  const [first, second, third] = [consumer({ autoCommitIntervalMs: 1000 }), consumer(), consumer()];
  await drain(first);
  const [waiting, joining] = [first, second].map((one) => one.poll().catch((error: unknown) => error));
  await join(third);
  for (const error of [await waiting, await joining]) expect(error).toMatchObject(FENCED);
  expect(owned(third)).toEqual([['t-0', 't-1', 't-2', 't-3']]);
  await Promise.all([first.close(), second.close()]);
});

test('one that takes a place may name another assignor, where nobody else is there', async () => {
  const older = consumer();
  await join(older);
  const newer = consumer({ assignor: 'sticky' });
  await join(newer);
  await expect(consumer({ assignor: 'range', groupInstanceId: 'i2' }).poll()).rejects.toMatchObject({
    code: 'INCONSISTENT_GROUP_PROTOCOL',
  });
});

test('instances with other ids share partitions', async () => {
  const [a, b] = [consumer(), consumer({ groupInstanceId: 'i2' })];
  await join(a, b);
  expect(owned(a, b).flat()).toHaveLength(4);
});
