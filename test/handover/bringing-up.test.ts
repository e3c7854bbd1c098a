/** What is appended to the metadata log while directories are handed over: nobody comes between, and a failure leaves what was. */
import { expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import type { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { closedStore, contents, handingOver, image, PATHS } from './support.ts';

/** Kafka must give out ids above the one that its records have: that is to be appended. */
function storeWithProducer(): Promise<MemoryFileSystem> {
  return closedStore(async (store) => {
    const producer = { producerId: 1234, producerEpoch: 0, baseSequence: 0 };
    await store.partition('events', 2).append([{ value: 'v' }], { producer });
  });
}

/** Files in which an epoch is claimed before anything is appended in it: the next one is above it. */
function withoutEpochs(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).filter(
      ([path]) => !/__cluster_metadata-0\/(?:quorum-state|leader-epoch-checkpoint)$/.test(path),
    ),
  );
}

test('F10: nobody gets a log directory between the look and the end', async () => {
  const fs = await storeWithProducer();
  const replace = fs.replaceSmall.bind(fs);
  const tries: Promise<unknown>[] = [];
  // A process that opens them here, and is killed, must not leave a mark that says it was closed clean.
  fs.replaceSmall = (path, bytes) => {
    if (path.endsWith('quorum-state')) {
      for (const one of PATHS)
        tries.push(
          defaultEngine()
            .lockDirectory(fs, one)
            .catch((error: unknown) => error),
        );
    }
    replace(path, bytes);
  };
  expect(await handingOver(fs)).toMatchObject({ wasWritten: true });
  expect(await Promise.all(tries)).toMatchObject([{ code: 'LOG_LOCKED' }, { code: 'LOG_LOCKED' }]);
  fs.replaceSmall = replace;
  // The end gives all of them back.
  expect(await handingOver(fs)).toMatchObject({ wasWritten: false });
});

test.each([
  { says: 'the epoch', call: 1, file: /quorum-state/ },
  { says: 'the start of the epoch', call: 2, file: /leader-epoch-checkpoint/ },
  { says: 'the records', call: 3, file: /0\.log/ },
])(
  'F16: without space for $says everything is as it was, and there is no need of a recovery',
  async ({ call, file }) => {
    const fs = await storeWithProducer();
    const before = contents(fs);
    const full = new FaultyFileSystem(fs);
    full.plan({ operation: 'write', call, errno: 'ENOSPC', shortBy: 5 });
    await expect(handingOver(fs, { fs: full })).rejects.toMatchObject({
      code: 'IO',
      errno: 'ENOSPC',
      file: expect.stringMatching(file),
    });
    expect(withoutEpochs(contents(fs))).toEqual(withoutEpochs(before));
    expect(await handingOver(fs)).toMatchObject({ wasWritten: true });
    expect(image(fs).kept.nextProducerId).toBe(2000);
  },
);

test('a sync that fails leaves a log directory without the mark of a clean stop: nobody knows what is on the disk', async () => {
  const fs = await storeWithProducer();
  const broken = new FaultyFileSystem(fs);
  broken.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  await expect(handingOver(fs, { fs: broken })).rejects.toMatchObject({ code: 'IO', errno: 'EIO' });
  expect(fs.stat('/a/.kafka_cleanshutdown')).toBeUndefined();
  expect(fs.stat('/b/.kafka_cleanshutdown')).toBeDefined();
  expect(fs.stat('/a/server.properties')).toBeUndefined();
});
