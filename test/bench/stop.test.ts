import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchAppend } from '../../src/bench/work/append.ts';
import type { BenchContext } from '../../src/bench/work/context.ts';
import { benchDurable } from '../../src/bench/work/durable.ts';
import { benchOpenPartitions } from '../../src/bench/work/open-partitions.ts';
import { benchRead } from '../../src/bench/work/read.ts';
import { runDemo } from '../../src/bench/demo/run.ts';
import { untilStopped } from '../../src/cli/signals.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log } from '../../src/log/log.ts';
import { scratch } from '../support/temp.ts';

const RECORDS = 1_000_000;
const load = {
  records: RECORDS,
  recordBytes: 100,
  batchRecords: 100,
  compression: 'none',
  producer: 'none',
  transactionBatches: 1,
} as const;

function contextOf(directory: string, signal: AbortSignal): BenchContext {
  return { engine: defaultEngine(), fs: nodeFileSystem, directory, rounds: 1, load, signal };
}

async function statusOf(path: string) {
  const log = await Log.open(path);
  const status = log.status();
  await log.close();
  return status;
}

/** Aborts at the next turn of the event loop: in the middle of the work. */
function soon(): AbortSignal {
  const controller = new AbortController();
  setImmediate(() => controller.abort(new Error('enough')));
  return controller.signal;
}

describe('stopped in the middle, a log is closed clean', () => {
  it('of bench append', async () => {
    const directory = scratch();
    await expect(benchAppend(contextOf(directory, soon())).next()).rejects.toThrow('enough');
    const status = await statusOf(join(directory, 'bench-0'));
    expect(status.recovery).toBeUndefined();
    expect(status.logEndOffset).toBeGreaterThan(0);
    expect(status.logEndOffset).toBeLessThan(RECORDS);
  });

  it('of bench read, while it makes its data', async () => {
    const directory = scratch();
    await expect(benchRead(contextOf(directory, soon()), 'cursor').next()).rejects.toThrow('enough');
    expect((await statusOf(join(directory, 'bench-0'))).recovery).toBeUndefined();
  });

  it('of bench append with appenders that wait for the disk', async () => {
    const directory = scratch();
    const durability = { durability: 'group', appenders: 4 } as const;
    await expect(benchDurable(contextOf(directory, soon()), durability).next()).rejects.toThrow('enough');
    const status = await statusOf(join(directory, 'bench-0'));
    expect(status.recovery).toBeUndefined();
    expect(status.logEndOffset).toBeLessThan(RECORDS);
    expect(readdirSync(directory)).not.toContain('sync.probe');
  });

  it('of bench open, every partition', async () => {
    const directory = scratch();
    await expect(benchOpenPartitions(contextOf(directory, soon()), 200).next()).rejects.toThrow('enough');
    const logs = join(directory, 'partitions');
    for (const name of readdirSync(logs).filter((entry) => entry.startsWith('bench-'))) {
      expect((await statusOf(join(logs, name))).recovery).toBeUndefined();
    }
  });

  it('of the demo', async () => {
    const directory = scratch();
    let stopped = 0;
    const follow = () => ({ update: () => {}, stop: () => void stopped++ });
    const run = runDemo({
      engine: defaultEngine(),
      fs: nodeFileSystem,
      directory,
      records: RECORDS,
      signal: soon(),
      follow,
    });
    await expect(run).rejects.toThrow('enough');
    expect((await statusOf(join(directory, 'demo-0'))).recovery).toBeUndefined();
    expect(stopped).toBe(1);
  });
});

describe('untilStopped', () => {
  it('aborts the work at SIGINT, and leaves the exit code that shells expect', async () => {
    const exitCode = process.exitCode;
    const finished = untilStopped(
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    process.emit('SIGINT', 'SIGINT');
    expect(await finished).toBe(false);
    expect(process.exitCode).toBe(130);
    process.exitCode = exitCode;
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  it('passes errors on, and tells when the work was done', async () => {
    await expect(untilStopped(() => Promise.reject(new Error('disk')))).rejects.toThrow('disk');
    expect(await untilStopped(() => Promise.resolve())).toBe(true);
  });
});
