/** Rows F14 to F16 of the fault list: a disk that says no, once or for good, on files in memory so that each call can. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { FaultyFileSystem, type FaultyOperation } from '../../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { Log, type LogOptions, recoverPartition } from '../../../src/index.ts';
import { codeOf, codeOfError, readAll, unclean } from './partition.ts';

const DIRECTORY = '/logs/t-0';
const LOG_FILE = `${DIRECTORY}/00000000000000000000.log`;
const MARK = `${DIRECTORY}/.seglog_cleanshutdown`;
const ROLLING: LogOptions = { segmentBytes: 300, indexIntervalBytes: 50 };

function disk(): { fs: FaultyFileSystem; memory: MemoryFileSystem } {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  return { fs: new FaultyFileSystem(memory), memory };
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `record ${from + i}`);

describe('F14: a sync fails once, and would succeed after that', () => {
  test.each(['sync', 'syncDirectory'] as const)(
    'whichever call of %s of a flush it is: its waiters are told, and the log is offline for good',
    async (operation) => {
      const rehearsal = disk();
      const count = await (async () => {
        const log = await Log.open(DIRECTORY, { fs: rehearsal.fs, ...ROLLING });
        for (const value of numbered(0, 10)) log.appendSync({ value });
        const before = rehearsal.fs.count(operation);
        await log.flush();
        const calls = rehearsal.fs.count(operation) - before;
        await log.close();
        return calls;
      })();
      expect(count).toBeGreaterThan(0);
      for (let call = 1; call <= count; call++) {
        const { fs } = disk();
        const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
        for (const value of numbered(0, 10)) log.appendSync({ value });
        fs.plan({ operation, call, errno: 'EIO' });
        const codes = await Promise.all([codeOf(log.flush()), codeOf(log.flush())]);
        expect(codes, `call ${call}`).not.toContain('ok');
        for (const again of [
          () => log.flush(),
          () => log.append({ value: 'later' }),
          () => log.truncateTo(1),
          async () => log.flushSync(),
        ]) {
          expect(await codeOf(again()), `call ${call}`).toBe('LOG_OFFLINE');
        }
        await log.close().catch(codeOfError);
        expect(fs.stat(MARK), `call ${call}`).toBeUndefined();
        await using again = await Log.open(DIRECTORY, { fs, ...ROLLING });
        expect(again.status().recovery, 'what was not synced is looked at').toBeDefined();
        expect(readAll(again).values).toEqual(numbered(0, 10));
        expect(await codeOf(again.append({ value: 'after' }).then(() => again.flush()))).toBe('ok');
      }
    },
  );

  test('a sync in the background, behind a roll, fails: no later flush tells of success', async () => {
    const { fs } = disk();
    const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
    fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
    for (const value of numbered(0, 5)) log.appendSync({ value });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await codeOf(log.flush())).not.toBe('ok');
    expect(await codeOf(log.append({ value: 'later' }))).toBe('LOG_OFFLINE');
    expect(log.status().recoveryPoint).toBe(0);
    await log.close().catch(codeOfError);
    await using again = await Log.open(DIRECTORY, { fs, ...ROLLING });
    expect(readAll(again).values).toEqual(numbered(0, 5));
  });

  test('a sync behind a roll fails, with others behind it that would go well: none of them raises the recovery point', async () => {
    const { fs, memory } = disk();
    const clock = new ManualClock(1000);
    const log = await Log.open(DIRECTORY, { fs, clock, ...ROLLING });
    fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
    for (const value of numbered(0, 15)) log.appendSync({ value });
    expect(log.status().segments).toBeGreaterThan(3);
    const before = fs.count('sync');
    // A checkpoint is due with the next sync that goes well.
    clock.advance(10_000);
    await expect.poll(() => fs.count('sync')).toBeGreaterThan(before);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(fs.count('sync') - before, 'what failed is not tried again').toBe(1);
    expect(log.status().recoveryPoint).toBe(0);
    expect(await codeOf(log.append({ value: 'later' }))).toBe('LOG_OFFLINE');
    await log.close().catch(codeOfError);
    const checkpoint = memory.readSmall('/logs/recovery-point-offset-checkpoint');
    expect(['0\n1\nt 0 0\n', '0\n0\n', '']).toContain(Buffer.from(checkpoint ?? []).toString());
  });

  test('a sync that was under way when another one failed raises no recovery point', async () => {
    const { fs } = disk();
    const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
    let release: (() => void) | undefined;
    const open = fs.open.bind(fs);
    fs.open = (path, mode) => {
      const file = open(path, mode);
      const sync = file.sync.bind(file);
      if (path !== LOG_FILE) return file;
      file.sync = async () => {
        await new Promise<void>((resolve) => (release = resolve));
        await sync();
      };
      return file;
    };
    for (const value of numbered(0, 10)) log.appendSync({ value });
    const flushed = codeOf(log.flush());
    await expect.poll(() => release).toBeDefined();
    fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
    expect(await codeOf((async () => log.flushSync())())).toBe('IO EIO');
    release?.();
    expect(await flushed).toBe('LOG_OFFLINE');
    expect(log.status().recoveryPoint).toBe(0);
    await log.close().catch(codeOfError);
  });

  test('reading goes on', async () => {
    const { fs } = disk();
    const log = await Log.open(DIRECTORY, { fs });
    await log.append({ value: 'record 0' });
    fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
    expect(await codeOf(log.flush())).toBe('IO EIO');
    expect(() => [...log.readSync()]).not.toThrow(TypeError);
    await log.close();
  });

  test('the recovery point on the disk is the last one that a sync covers', async () => {
    const { fs, memory } = disk();
    const log = await Log.open(DIRECTORY, { fs });
    await log.append({ value: 'record 0' });
    await log.flush();
    await log.append({ value: 'record 1' });
    fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
    expect(await codeOf(log.flush())).toBe('IO EIO');
    expect(log.status().recoveryPoint).toBe(1);
    await log.close();
    const checkpoint = memory.readSmall('/logs/recovery-point-offset-checkpoint');
    expect(['0\n1\nt 0 1\n', '']).toContain(Buffer.from(checkpoint ?? []).toString());
  });
});

describe.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EINTR', 'EAGAIN'])('F15: a write fails with %s', (errno) => {
  test.each([
    ['whole', {}],
    ['after some of it', { shortBy: 9 }],
  ])('%s, whichever write it is: the error tells, and the same log goes on once there is room', async (_what, how) => {
    const run = async (fs: FaultyFileSystem, call: number): Promise<string[]> => {
      const failed: string[] = [];
      const kept: string[] = [];
      const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
      if (call > 0) fs.plan({ operation: 'write', call, errno, ...how });
      for (const value of numbered(0, 12)) {
        const code = await codeOf(log.append({ value }));
        if (code === 'ok') kept.push(value);
        else failed.push(code);
      }
      expect(failed, `call ${call}`).toEqual(failed.length === 0 ? [] : [`IO ${errno}`]);
      expect(readAll(log).values, `call ${call}`).toEqual(kept);
      expect(log.logEndOffset).toBe(kept.length);
      fs.heal();
      await log.close();
      await using again = await Log.open(DIRECTORY, { fs, ...ROLLING });
      expect(readAll(again).values, `call ${call}, opened again`).toEqual(kept);
      return failed;
    };
    const rehearsal = disk().fs;
    await run(rehearsal, 0);
    let failures = 0;
    for (let call = 1; call <= rehearsal.count('write'); call++) failures += (await run(disk().fs, call)).length;
    expect(failures).toBeGreaterThan(0);
  });
});

const FULL = ['write', 'rename', 'open'] as const satisfies readonly FaultyOperation[];

describe.each(FULL)('F16: the disk is full from a %s on, for good', (operation) => {
  test('whichever it is: opening, appending, rolling and closing fail by name, and what was accepted is there after', async () => {
    const run = async (fs: FaultyFileSystem): Promise<{ kept: string[]; isClean: boolean }> => {
      const kept: string[] = [];
      let log: Log;
      try {
        log = await Log.open(DIRECTORY, { fs, ...ROLLING });
      } catch (error) {
        codeOfError(error);
        return { kept, isClean: false };
      }
      for (const value of numbered(0, 8)) if ((await codeOf(log.append({ value }))) === 'ok') kept.push(value);
      return { kept, isClean: (await codeOf(log.close())) === 'ok' };
    };
    const rehearsal = disk().fs;
    expect((await run(rehearsal)).kept.length).toBe(8);
    const marked: string[] = [];
    for (let call = 1; call <= rehearsal.count(operation); call++) {
      const { fs, memory } = disk();
      fs.plan({ operation, call, errno: 'ENOSPC', forGood: true });
      const { kept, isClean } = await run(fs);
      const where = `${operation} ${call}`;
      if (!isClean && memory.stat(MARK) !== undefined) marked.push(where);
      fs.heal();
      await using log = await Log.open(DIRECTORY, { fs, ...ROLLING });
      const { values } = readAll(log);
      expect(
        values.filter((value) => kept.includes(value)),
        where,
      ).toEqual(kept);
      expect(
        memory.list(DIRECTORY).filter((name) => /\.(?:tmp|swap|cleaned)$/.test(name)),
        where,
      ).toEqual([]);
      await log.append({ value: 'after' });
      expect(readAll(log).values, where).toEqual([...values, 'after']);
    }
    expect(marked, 'marked as clean by a close that failed').toEqual([]);
  });
});

describe('F16: there is no space for what recovery would cut', () => {
  async function torn(): Promise<{ fs: FaultyFileSystem; memory: MemoryFileSystem; tornBytes: number }> {
    const { fs, memory } = disk();
    {
      await using log = await Log.open(DIRECTORY, { fs });
      for (const value of numbered(0, 4)) log.appendSync({ value });
    }
    const size = memory.stat(LOG_FILE)?.sizeBytes as number;
    const file = memory.open(LOG_FILE, 'update');
    file.truncate(size - 5);
    file.close();
    return { fs, memory, tornBytes: size / 4 - 5 };
  }

  test.each(['ENOSPC', 'EDQUOT'])(
    '(%s): nothing is cut, the log opens for reading alone, and says how much to free',
    async (errno) => {
      const { fs, memory, tornBytes } = await torn();
      const before = memory.readSmall(LOG_FILE);
      fs.plan({ operation: 'write', call: 1, errno, forGood: true });
      const log = await Log.open(DIRECTORY, { fs, ...unclean() });
      expect(readAll(log)).toMatchObject({ values: numbered(0, 3), readError: undefined });
      await expect(log.append({ value: 'x' })).rejects.toMatchObject({
        ...{ code: 'READ_ONLY', file: LOG_FILE },
        action: expect.stringContaining(`Free ${tornBytes} bytes`) as string,
      });
      await log.close();
      expect(memory.readSmall(LOG_FILE)).toEqual(before);
      expect(memory.stat(MARK)).toBeUndefined();
      expect(await codeOf(recoverPartition(DIRECTORY, { fs }))).toBe('READ_ONLY ENOSPC');
      fs.heal();
      await using again = await Log.open(DIRECTORY, { fs, ...unclean() });
      expect(again.status().recovery?.cutBytes).toBe(tornBytes);
      await again.append({ value: 'record 3' });
      expect(readAll(again).values).toEqual(numbered(0, 4));
      expect(memory.list(`${DIRECTORY}/quarantine`)).toHaveLength(1);
    },
  );

  test('a sync of the copy that fails keeps the log as it was, too', async () => {
    const { fs, memory } = await torn();
    const before = memory.readSmall(LOG_FILE);
    fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
    expect(await codeOf(Log.open(DIRECTORY, { fs, ...unclean() }))).toBe('IO EIO');
    expect(memory.readSmall(LOG_FILE)).toEqual(before);
    await using again = await Log.open(DIRECTORY, { fs, ...unclean() });
    expect(readAll(again).values).toEqual(numbered(0, 3));
  });
});

test('F16: records are deleted on a full disk all the same', async () => {
  const { fs, memory } = disk();
  const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
  for (const value of numbered(0, 12)) log.appendSync({ value });
  await log.flush();
  const before = log.status().sizeBytes;
  fs.plan({ operation: 'write', call: 1, errno: 'ENOSPC', forGood: true });
  expect(await codeOf(log.deleteRecordsBefore(9))).toBe('ok');
  expect(log.status().sizeBytes).toBeLessThan(before);
  fs.heal();
  await log.close();
  expect(memory.list(DIRECTORY).filter((name) => name.endsWith('.deleted'))).toEqual([]);
});
