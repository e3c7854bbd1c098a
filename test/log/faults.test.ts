/** Row F15 of the fault list, and what a failed sync does. On memory files, so that each call can be made to fail in turn. */
import { describe, expect, test } from 'vitest';
import { FaultyFileSystem, type FaultyOperation } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, LogReader, SeglogError } from '../../src/index.ts';

const DIRECTORY = '/logs/t-0';
const OPTIONS = { segmentBytes: 300, indexIntervalBytes: 100 };

function faultyDisk(): FaultyFileSystem {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  return new FaultyFileSystem(memory);
}

function valuesIn(fs: FaultyFileSystem): string[] {
  using reader = LogReader.open(DIRECTORY, { fs });
  return [...reader.readSync()].flatMap((batch) => batch.records().map(({ value }) => value?.toString() ?? ''));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'ok',
    (error: unknown) => (error instanceof SeglogError ? `${error.code} ${error.errno ?? ''}`.trim() : String(error)),
  );
}

describe.each(['EIO', 'ENOSPC', 'EDQUOT', 'EFBIG'])('a write that fails with %s', (errno) => {
  test.each([0, 1, 12, 40])(
    'after all but %i bytes got through leaves the log as it was, and the next one works',
    async (shortBy) => {
      const fs = faultyDisk();
      await using log = await Log.open(DIRECTORY, { fs });
      await log.append({ value: 'first' });
      fs.plan({ operation: 'write', call: 1, errno, shortBy });
      expect(await codeOf(log.append({ value: 'second' }))).toBe(`IO ${errno}`);
      expect(log.logEndOffset).toBe(1);
      expect(valuesIn(fs)).toEqual(['first']);
      await log.append({ value: 'third' });
      expect(valuesIn(fs)).toEqual(['first', 'third']);
    },
  );
});

test('a write that fails and cannot be put back takes the file offline for good', async () => {
  const fs = faultyDisk();
  const log = await Log.open(DIRECTORY, { fs });
  await log.append({ value: 'first' });
  fs.plan({ operation: 'write', call: 1, errno: 'EIO', shortBy: 5 });
  fs.plan({ operation: 'truncate', call: 1, errno: 'EIO' });
  expect(await codeOf(log.append({ value: 'second' }))).toBe('IO EIO');
  expect(await codeOf(log.append({ value: 'third' }))).toBe('LOG_OFFLINE');
  await log.close().catch(() => undefined);
  fs.heal();
  await using again = await Log.open(DIRECTORY, { fs });
  expect(again.logEndOffset).toBe(1);
});

test('a failed sync is not tried again as if it had worked: the log is offline until it is opened anew', async () => {
  const fs = faultyDisk();
  const log = await Log.open(DIRECTORY, { fs });
  await log.append({ value: 'first' });
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  expect(await codeOf(log.flush())).toBe('IO EIO');
  expect(await codeOf(log.flush())).toBe('LOG_OFFLINE');
  expect(await codeOf(log.append({ value: 'second' }))).toBe('LOG_OFFLINE');
  await log.close();
  await using again = await Log.open(DIRECTORY, { fs });
  expect(again.status().recovery).toBeDefined();
  expect(again.logEndOffset).toBe(1);
});

test('with flush.messages an append says so when its sync fails', async () => {
  const fs = faultyDisk();
  const log = await Log.open(DIRECTORY, { fs, flushMessages: 1 });
  await log.append({ value: 'first' });
  expect(log.status().recoveryPoint).toBe(1);
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  expect(await codeOf(log.append({ value: 'second' }))).toBe('IO EIO');
  await log.close();
});

/** The same work, with the n-th call of one operation failing, for every n there is. */
async function runWorkload(fs: FaultyFileSystem): Promise<{ acknowledged: string[]; failed: string[] }> {
  const acknowledged: string[] = [];
  const failed: string[] = [];
  let log: Log | undefined;
  const attempt = async (run: () => Promise<unknown>): Promise<boolean> => {
    const code = await codeOf(run());
    if (code !== 'ok') failed.push(code);
    return code === 'ok';
  };
  await attempt(async () => (log = await Log.open(DIRECTORY, { fs, ...OPTIONS })));
  for (let i = 0; i < 12 && log !== undefined; i++) {
    const value = `record ${i}`;
    if (await attempt(async () => log?.append({ value, timestamp: 1000 + i }))) acknowledged.push(value);
  }
  await attempt(async () => log?.close());
  return { acknowledged, failed };
}

const OPERATIONS: FaultyOperation[] = [
  'open',
  'read',
  'write',
  'truncate',
  'sync',
  'rename',
  'remove',
  'syncDirectory',
];

describe.each(OPERATIONS)(
  'when the n-th call of %s fails, for every n, while opening, appending, rolling and closing',
  (operation) => {
    test('nothing that was acknowledged is lost, nothing is invented, and the log opens again', async () => {
      const counted = faultyDisk();
      expect((await runWorkload(counted)).failed).toEqual([]);
      const calls = counted.count(operation);
      expect(calls).toBeGreaterThan(0);
      for (let call = 1; call <= calls; call++) {
        const fs = faultyDisk();
        fs.plan({ operation, call, errno: 'EIO' });
        const { acknowledged } = await runWorkload(fs);
        fs.heal();
        await using log = await Log.open(DIRECTORY, { fs, ...OPTIONS });
        const found = [...log.readSync()].flatMap((batch) =>
          batch.records().map(({ value }) => value?.toString() ?? ''),
        );
        const inOrder = found.filter((value) => acknowledged.includes(value));
        expect(inOrder, `${operation} call ${call}`).toEqual(acknowledged);
        expect(
          found.every((value) => value.startsWith('record ')),
          `${operation} call ${call}`,
        ).toBe(true);
        await log.append({ value: 'after' });
      }
    });
  },
);
