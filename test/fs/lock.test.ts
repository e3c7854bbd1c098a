/** The lock of a log directory: between processes, threads and paths, and when its holder dies. */
import { closeSync, existsSync, mkdirSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import type { Lock } from '../../src/fs/contract.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { kernelLockOf } from '../../src/fs/kernel-locks.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { socketName } from '../../src/fs/socket-lock.ts';
import { HOLDER_PROGRAM, killHolder, letGo, nodeHolder } from '../support/lock-holder.ts';
import { scratch } from '../support/temp.ts';

const engine = defaultEngine();
const lockWith = (directory: string): Promise<Lock> => engine.lockDirectory(nodeFileSystem, directory);
const lockedOut = (directory: string): Error =>
  expect.objectContaining({ code: 'LOG_LOCKED', file: directory, action: expect.stringContaining('Stop') }) as Error;

/** On each engine, and where there is an addon between the two. */
const HOLDERS = engine.name === 'native' ? (['native', 'ts'] as const) : (['ts'] as const);

describe.each([
  ['node', (): [MemoryFileSystem | typeof nodeFileSystem, string] => [nodeFileSystem, scratch()]],
  [
    'memory',
    (): [MemoryFileSystem | typeof nodeFileSystem, string] => {
      const fs = new MemoryFileSystem();
      fs.makeDirectory('/logs');
      return [fs, '/logs'];
    },
  ],
])('a directory of the %s file system', (_, make) => {
  test('is locked once, until it is released', async () => {
    const [fs, directory] = make();
    const first = await engine.lockDirectory(fs, directory);
    expect(first.path).toBe(directory);
    await expect(engine.lockDirectory(fs, directory)).rejects.toThrow(lockedOut(directory));
    await expect(fs.lockDirectory(directory)).rejects.toThrow(lockedOut(directory));
    await first.release();
    const second = await engine.lockDirectory(fs, directory);
    // A release too many must not free somebody else's lock.
    await first.release();
    await expect(engine.lockDirectory(new FaultyFileSystem(fs), directory)).rejects.toThrow(lockedOut(directory));
    await second.release();
    await (await fs.lockDirectory(directory)).release();
  });

  test('is locked apart from its neighbours', async () => {
    const [fs, directory] = make();
    fs.makeDirectory(`${directory}/a`);
    const outer = await engine.lockDirectory(fs, directory);
    const inner = await engine.lockDirectory(fs, `${directory}/a`);
    expect([outer.path, inner.path]).toEqual([directory, `${directory}/a`]);
    await Promise.all([outer.release(), inner.release()]);
  });

  test('must be there', async () => {
    const [fs, directory] = make();
    const absent = `${directory}/absent`;
    await expect(engine.lockDirectory(fs, absent)).rejects.toMatchObject({ code: 'IO', errno: 'ENOENT', file: absent });
  });
});

test('a file is no directory to lock', async () => {
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  await expect(lockWith(file)).rejects.toMatchObject({ code: 'IO', errno: 'ENOTDIR' });
});

test.runIf(process.platform === 'linux')(
  'the name of a lock is as long as Node 20 makes it, so that Node 22 finds it',
  () => {
    const descriptor = openSync(scratch(), 'r');
    expect(socketName(descriptor)).toHaveLength(108);
    closeSync(descriptor);
  },
);

test('a directory that is removed while it is locked leaves its lock to no later one', async () => {
  const parent = scratch();
  for (let n = 0; n < 10; n++) {
    const directory = join(parent, 'logs');
    mkdirSync(directory);
    // File systems give the numbers of removed directories to new ones, mostly at once.
    expect((await nodeFileSystem.lockDirectory(directory)).path).toBe(directory);
    rmSync(directory, { recursive: true });
  }
});

test('every path to a directory names the same lock', async () => {
  const directory = scratch();
  const [real, link] = [join(directory, 'real'), join(directory, 'link')];
  mkdirSync(real);
  symlinkSync(real, link);
  const lock = await lockWith(link);
  await expect(lockWith(real)).rejects.toThrow(lockedOut(real));
  await expect(lockWith(`${directory}/../${directory.split('/').at(-1)}/real`)).rejects.toMatchObject({
    code: 'LOG_LOCKED',
  });
  await lock.release();
});

test('a lock that nobody refers to any more is held all the same', async () => {
  const directory = scratch();
  await lockWith(directory);
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let n = 0; n < 5; n++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { answer } = await nodeHolder(directory, engine.name);
  expect(answer).toMatch(/^LOG_LOCKED /);
  if (engine.name === 'native' && process.platform === 'linux')
    expect(kernelLockOf(join(directory, '.lock'))).toEqual({ pid: undefined });
});

describe.each(HOLDERS)('a directory that another process holds on the %s engine', (theirs) => {
  test('is refused with the number of that process, and free at once when it is killed', async () => {
    const directory = scratch();
    const holder = await nodeHolder(directory, theirs);
    expect(holder.answer).toBe('held');
    const refusal = await lockWith(directory).catch((error: unknown) => error);
    expect(refusal).toEqual(lockedOut(directory));
    if (process.platform === 'linux')
      expect((refusal as Error).message).toContain(`in use by process ${holder.child.pid}`);
    await killHolder(holder);
    const ours = await lockWith(directory);
    const second = await nodeHolder(directory, theirs);
    expect(second.answer).toContain('LOG_LOCKED');
    if (process.platform === 'linux') expect(second.answer).toContain(`in use by process ${process.pid}`);
    await ours.release();
    const third = await nodeHolder(directory, theirs);
    expect(third.answer).toBe('held');
    await letGo(third);
    await (await lockWith(directory)).release();
    expect(existsSync(join(directory, '.lock'))).toBe(theirs === 'native' || engine.name === 'native');
  });
});

const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  (async () => {
    ${HOLDER_PROGRAM}
    const { answer, lock } = await take(workerData);
    process.stdin.on('end', () => void lock.release()).resume();
    parentPort.postMessage(answer);
  })();
`;

async function threadHolder(directory: string): Promise<{ worker: Worker; answer: string }> {
  const worker = new Worker(THREAD, { eval: true, stdin: true, workerData: directory });
  const [answer] = (await once(worker, 'message')) as [string];
  return { worker, answer };
}

// They share the sockets that they listen to, unless told not to.
test('workers of node:cluster exclude each other', async () => {
  const directory = scratch();
  const program = join(directory, 'cluster.mjs');
  writeFileSync(
    program,
    `import cluster from 'node:cluster';
     ${HOLDER_PROGRAM}
     if (cluster.isWorker) process.send((await take(process.argv[2])).answer);
     else {
       const answerOf = (worker) => new Promise((resolve) => worker.on('message', resolve));
       const [first, second] = [await answerOf(cluster.fork()), await answerOf(cluster.fork())];
       process.stdout.write(first + '; ' + second);
       for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
     }`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program, directory]);
  expect(stdout).toMatch(/^held; LOG_LOCKED /);
});

describe('threads of one process', () => {
  test('exclude each other', async () => {
    const directory = scratch();
    const lock = await lockWith(directory);
    const refused = await threadHolder(directory);
    expect(refused.answer).toMatch(/^LOG_LOCKED /);
    await refused.worker.terminate();
    await lock.release();
    const holder = await threadHolder(directory);
    expect(holder.answer).toBe('held');
    await expect(lockWith(directory)).rejects.toThrow(lockedOut(directory));
    const gone = once(holder.worker, 'exit');
    holder.worker.stdin?.end();
    await gone;
    await (await lockWith(directory)).release();
  });

  test('free their locks when they are stopped', async () => {
    const directory = scratch();
    const holder = await threadHolder(directory);
    expect(holder.answer).toBe('held');
    await holder.worker.terminate();
    await (await lockWith(directory)).release();
  });

  test('keep no process alive by a lock', async () => {
    const directory = scratch();
    const worker = new Worker(
      `(async () => { ${HOLDER_PROGRAM} await take(require('node:worker_threads').workerData); })();`,
      { eval: true, workerData: directory },
    );
    expect(await once(worker, 'exit')).toEqual([0]);
  });
});

test.runIf(engine.name === 'native')('a `.lock` that is no file is refused, and nothing stays locked', async () => {
  const directory = scratch();
  mkdirSync(join(directory, '.lock'));
  await expect(lockWith(directory)).rejects.toMatchObject({
    code: 'NOT_A_REGULAR_FILE',
    file: join(directory, '.lock'),
  });
  await (await nodeFileSystem.lockDirectory(directory)).release();
});

test.runIf(process.platform === 'linux' && engine.name === 'native')(
  'where `.lock` cannot be made, the system says why',
  async () => {
    // No file can be made in /proc, not even by root.
    const failure = await lockWith('/proc/self').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'IO', file: '/proc/self/.lock' });
    await expect(lockWith('/proc/self')).rejects.toMatchObject({ code: 'IO' });
  },
);
