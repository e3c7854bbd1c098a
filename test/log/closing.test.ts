/** Closing takes time: what waits for it, and which marks are there meanwhile. */
import { expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, SeglogError, Store } from '../../src/index.ts';
import { LogDirectory } from '../../src/log/log-directory.ts';

const MARK = '/logs/.kafka_cleanshutdown';
const OWN_MARK = '/logs/t-0/.seglog_cleanshutdown';

/** Files in memory; syncs of logs wait while `gate` does. */
class SlowDisk extends MemoryFileSystem {
  gate: Promise<void> = Promise.resolve();

  constructor() {
    super();
    this.makeDirectory('/logs');
  }

  /** From now on syncs wait. @returns what lets them go on */
  hold(): () => void {
    let release = (): void => undefined;
    this.gate = new Promise((resolve) => (release = resolve));
    return release;
  }

  override open(...[path, mode]: Parameters<MemoryFileSystem['open']>): ReturnType<MemoryFileSystem['open']> {
    const file = super.open(path, mode);
    const sync = file.sync.bind(file);
    if (path.endsWith('.log')) file.sync = () => this.gate.then(sync);
    return file;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Tells whether a promise is settled. */
function watch(promise: Promise<unknown>): { isDone: boolean } {
  const watched = { isDone: false };
  const note = (): void => {
    watched.isDone = true;
  };
  promise.then(note, note);
  return watched;
}

test('a second close waits for the first, which marks the log', async () => {
  const fs = new SlowDisk();
  const log = await Log.open('/logs/t-0', { fs });
  log.appendSync({ value: 'a' });
  const release = fs.hold();
  const first = log.close();
  const second = log.close();
  const disposed = log[Symbol.asyncDispose]();
  const watched = [first, second, disposed].map(watch);
  await turns();
  expect(watched.map(({ isDone }) => isDone)).toEqual([false, false, false]);
  expect(() => log.appendSync({ value: 'b' })).toThrow(expect.objectContaining({ code: 'LOG_CLOSED' }));
  release();
  await Promise.all([second, disposed]);
  expect(fs.stat(OWN_MARK)).toBeDefined();
  await first;
});

test('a close that fails fails for all who asked, and is not told once more by disposal', async () => {
  const fs = new FaultyFileSystem(new SlowDisk());
  const log = await Log.open('/logs/t-0', { fs });
  log.appendSync({ value: 'a' });
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  const outcomes = await Promise.allSettled([log.close(), log.close()]);
  expect(outcomes).toMatchObject([
    { status: 'rejected', reason: { code: 'IO', errno: 'EIO' } },
    { status: 'rejected', reason: { code: 'IO', errno: 'EIO' } },
  ]);
  await log[Symbol.asyncDispose]();
  expect(fs.stat(OWN_MARK)).toBeUndefined();
});

test('a log directory that is given back while a log of it closes is not marked as closed clean', async () => {
  const fs = new SlowDisk();
  const open = async (): Promise<{ held: LogDirectory; log: Log }> => {
    const held = await LogDirectory.hold(defaultEngine(), fs, '/logs');
    const { log } = await Log.openHeld(held, '/logs/t-0', { fs });
    log.appendSync({ value: 'a' });
    return { held, log };
  };
  const early = await open();
  const release = fs.hold();
  const closing = early.log.close();
  await early.held.release(true);
  expect(fs.stat(MARK)).toBeUndefined();
  release();
  await closing;
  expect(fs.stat(MARK)).toBeUndefined();
  const late = await open();
  await late.log.close();
  await late.held.release(true);
  expect(fs.stat(MARK)).toBeDefined();
});

test('a store whose log is being closed already waits for it, with its mark and its recovery point', async () => {
  const fs = new SlowDisk();
  const store = await Store.open('/logs', { fs });
  await store.createTopic({ name: 't' });
  store.partition('t', 0).appendSync({ value: 'a' });
  const release = fs.hold();
  const log = store.partition('t', 0).close();
  const closing = store.close();
  const watched = watch(closing);
  await turns();
  expect([watched.isDone, fs.stat(MARK)]).toEqual([false, undefined]);
  await expect(Store.open('/logs', { fs })).rejects.toMatchObject({ code: 'LOG_LOCKED' });
  release();
  await Promise.all([log, closing]);
  expect(fs.stat(MARK)).toBeDefined();
  const points = fs.readSmall('/logs/recovery-point-offset-checkpoint') ?? new Uint8Array();
  expect(Buffer.from(points).toString()).toBe('0\n1\nt 0 1\n');
  await using again = await Store.open('/logs', { fs });
  expect(again.partition('t', 0).status().recovery).toBeUndefined();
});

test('a log whose files do not let themselves be closed gives its lock back', async () => {
  const fs = new SlowDisk();
  const open = fs.open.bind(fs);
  const broke = (): SeglogError => new SeglogError('IO', 'the disk is gone', { errno: 'EIO' });
  let isBroken = true;
  fs.open = (path, mode) => {
    const file = open(path, mode);
    if (!path.endsWith('.log') || !isBroken) return file;
    file.sync = () => Promise.reject(broke());
    file.close = () => {
      throw broke();
    };
    return file;
  };
  const broken = await Log.open('/logs/u-0', { fs });
  await broken.append({ value: 'a' });
  await expect(broken.flush()).rejects.toMatchObject({ errno: 'EIO' });
  await expect(broken.close()).rejects.toMatchObject({ errno: 'EIO' });
  isBroken = false;
  await using again = await Log.open('/logs/u-0', { fs });
  expect(again.logEndOffset).toBe(1);
});
