/** Rows F12 and F14: the names of the files that a roll made are synced on another thread, and something comes in between. */
import { expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log } from '../../src/index.ts';
import { LogDirectory } from '../../src/log/log-directory.ts';
import { codeOf, readAll } from '../log/fault-rows/partition.ts';
import { CrashingFileSystem } from '../support/crashing-fs.ts';

const DIRECTORY = '/logs/t-0';
const MARK = `${DIRECTORY}/.seglog_cleanshutdown`;
/** A record is a segment. */
const ROLLING = { segmentBytes: 80 };

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A disk whose syncs of directories wait, where nobody does on this thread. */
function slowDisk(): { readonly fs: CrashingFileSystem; readonly waiting: (() => void)[] } {
  const fs = new CrashingFileSystem();
  fs.makeDirectory('/logs');
  const waiting: (() => void)[] = [];
  fs.directorySync = () => new Promise((resolve) => waiting.push(resolve));
  return { fs, waiting };
}

function flushing(log: Log): { isDone: boolean } {
  const flush = { isDone: false };
  void log.flush().then(() => (flush.isDone = true));
  return flush;
}

/** What is there when the power fails, and nothing is that was not synced. */
async function afterPowerLoss(fs: CrashingFileSystem): Promise<readonly (string | undefined)[]> {
  const disk = fs.afterPowerLoss(() => false);
  disk.makeDirectory(DIRECTORY);
  await using log = await Log.open(DIRECTORY, { fs: disk, ...ROLLING });
  expect(log.status().corruption).toBeUndefined();
  return readAll(log).values;
}

test('F12: the power fails while the names of a roll are synced: no flush had told that what depends on them is there', async () => {
  const { fs, waiting } = slowDisk();
  const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
  await log.append({ value: 'record 0' });
  log.flushSync();
  await log.append({ value: 'record 1' });
  const flush = flushing(log);
  await turns();
  expect(waiting, 'one sync of the directory is under way').toHaveLength(1);
  expect([flush.isDone, log.status().recoveryPoint]).toEqual([false, 1]);
  expect(await afterPowerLoss(fs)).toEqual(['record 0']);
  while (!flush.isDone) {
    waiting.shift()?.();
    await turns();
  }
  expect(log.status().recoveryPoint).toBe(2);
  expect(await afterPowerLoss(fs)).toEqual(['record 0', 'record 1']);
});

test('F12: flushSync beside a sync of names syncs them itself', async () => {
  const { fs, waiting } = slowDisk();
  const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
  for (let i = 0; i < 3; i++) await log.append({ value: `record ${i}` });
  await turns();
  expect(waiting).toHaveLength(1);
  log.flushSync();
  expect(log.status().recoveryPoint).toBe(3);
  expect(await afterPowerLoss(fs)).toEqual(['record 0', 'record 1', 'record 2']);
});

test('F12: with flush.messages = 1 an append behind a roll waits for the names', async () => {
  const { fs, waiting } = slowDisk();
  const log = await Log.open(DIRECTORY, { fs, ...ROLLING, flushMessages: 1 });
  let acknowledged = 0;
  const appends = (async () => {
    for (let i = 0; i < 4; i++, acknowledged++) await log.append({ value: `record ${i}` });
  })();
  let released = 0;
  for (let round = 0; round < 30 && acknowledged < 4; round++) {
    await turns();
    expect((await afterPowerLoss(fs)).length, `after ${released} syncs`).toBeGreaterThanOrEqual(acknowledged);
    if (waiting.length > 0) released++;
    waiting.shift()?.();
  }
  await appends;
  expect(released, 'syncs that were waited for').toBeGreaterThan(0);
  expect(await afterPowerLoss(fs)).toHaveLength(4);
});

test('F12: names that are made while others are synced are not taken for synced', async () => {
  const { fs, waiting } = slowDisk();
  const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
  for (let i = 0; i < 2; i++) await log.append({ value: `record ${i}` });
  await turns();
  expect(waiting).toHaveLength(1);
  await log.append({ value: 'record 2' });
  const flush = flushing(log);
  for (let round = 0; round < 5 && !flush.isDone; round++) {
    waiting.shift()?.();
    await turns();
  }
  expect(flush.isDone).toBe(true);
  expect(await afterPowerLoss(fs)).toEqual(['record 0', 'record 1', 'record 2']);
});

test('F12: a checkpoint that is written while names are synced has a sealed segment looked at whose names may be lost', async () => {
  const { fs, waiting } = slowDisk();
  const held = await LogDirectory.hold(defaultEngine(), fs, '/logs');
  const { log, state } = await Log.openHeld(held, DIRECTORY, { fs, ...ROLLING });
  await log.append({ value: 'record 0' });
  log.flushSync();
  const written = (): string => {
    state.checkpoint.write();
    return Buffer.from(fs.readSmall('/logs/recovery-point-offset-checkpoint') ?? []).toString();
  };
  await log.append({ value: 'record 1' });
  await turns();
  expect(waiting).toHaveLength(1);
  // Its transaction index, or its snapshot, may be among them.
  expect(written()).toBe('0\n1\nt 0 0\n');
  waiting.shift()?.();
  await turns();
  expect(written(), 'once they are there').toBe('0\n1\nt 0 1\n');
});

/** A log whose sync of names behind a roll waits until it is told how to end. */
async function rolled(): Promise<{ fs: FaultyFileSystem; log: Log; end: (errno?: string) => Promise<void> }> {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  const fs = new FaultyFileSystem(memory);
  const log = await Log.open(DIRECTORY, { fs, ...ROLLING });
  const real = fs.syncDirectoryAsync.bind(fs);
  let release: (() => void) | undefined;
  fs.syncDirectoryAsync = async (path) => {
    await new Promise<void>((resolve) => (release = resolve));
    await real(path);
  };
  for (let i = 0; i < 2; i++) await log.append({ value: `record ${i}` });
  await expect.poll(() => release).toBeDefined();
  return {
    ...{ fs, log },
    async end(errno) {
      if (errno !== undefined) fs.plan({ operation: 'syncDirectory', call: 1, errno });
      fs.syncDirectoryAsync = real;
      release?.();
      await turns();
    },
  };
}

test('F14: a sync of names behind a roll that fails is told by the next call, and the log is offline', async () => {
  const { fs, log, end } = await rolled();
  const flushed = codeOf(log.flush());
  await end('EIO');
  expect(await flushed).toBe('LOG_OFFLINE');
  expect(log.status().recoveryPoint).toBe(0);
  expect(await codeOf(log.append({ value: 'later' }))).toBe('LOG_OFFLINE');
  expect(await codeOf((async () => log.flushSync())())).toBe('LOG_OFFLINE');
  expect(await codeOf(log.close())).toBe('ok');
  expect(fs.stat(MARK)).toBeUndefined();
  await using again = await Log.open(DIRECTORY, { fs, ...ROLLING });
  expect(readAll(again).values).toEqual(['record 0', 'record 1']);
});

test('F14: a sync of names behind a roll that fails is told by the close when nothing else is called', async () => {
  const { fs, log, end } = await rolled();
  await end('EIO');
  expect(await codeOf(log.close())).toBe('LOG_OFFLINE');
  expect(fs.stat(MARK)).toBeUndefined();
});

test('F14: closing beside a sync of names waits for it, and tells how it ended', async () => {
  for (const errno of ['EIO', undefined]) {
    const { fs, log, end } = await rolled();
    let closed: string | undefined;
    const closing = codeOf(log.close()).then((code) => (closed = code));
    await turns();
    expect(closed, 'the close waits').toBeUndefined();
    await end(errno);
    expect(await closing).toBe(errno === undefined ? 'ok' : 'LOG_OFFLINE');
    expect(fs.stat(MARK) !== undefined, 'the mark').toBe(errno === undefined);
  }
});

test('F14: flushSync beside a sync of names that fails later: what it told stays, and no later one tells of success', async () => {
  const { log, end } = await rolled();
  log.flushSync();
  expect(log.status().recoveryPoint).toBe(2);
  await end('EIO');
  expect(log.status().recoveryPoint).toBe(2);
  expect(await codeOf(log.flush())).toBe('LOG_OFFLINE');
  expect(await codeOf(log.append({ value: 'later' }))).toBe('LOG_OFFLINE');
  await log.close();
});

test('F17: a sync of names behind a roll for which there is no descriptor loses nothing, and the next flush does it', async () => {
  const { fs, log, end } = await rolled();
  await end('EMFILE');
  const before = fs.count('syncDirectory');
  expect(await codeOf(log.flush())).toBe('ok');
  expect(fs.count('syncDirectory')).toBe(before + 1);
  expect(log.status().recoveryPoint).toBe(2);
  expect(await codeOf(log.close())).toBe('ok');
});
