/** Benches on several threads: of the built command line, since a thread starts from a file. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BenchLine, MixedLine } from '../../src/bench/line.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { Log } from '../../src/log/log.ts';
import { objects, runCli, startCli } from '../cli/run-cli.ts';
import { scratch } from '../support/temp.ts';

const SMALL = ['--records', '2000', '--record-bytes', '50', '--batch-records', '100'];

async function lines(...args: string[]): Promise<BenchLine[]> {
  const finished = await runCli(['bench', ...args, '--json']);
  expect(finished.stderr).toBe('');
  expect(finished.code).toBe(0);
  return objects(finished) as unknown as BenchLine[];
}

function logBytes(directory: string): number {
  const names = readdirSync(directory).filter((name) => name.endsWith('.log'));
  return names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

async function statusOf(directory: string) {
  const log = await Log.open(directory);
  const status = log.status();
  await log.close();
  return status;
}

describe('--threads', () => {
  it('append: each has a partition of its own with all the records, and a line has the sums', async () => {
    const dir = scratch();
    const got = await lines('append', ...SMALL, '--threads', '3', '--rounds', '2', '--latency', '--dir', dir);
    const partitions = [0, 1, 2].map((thread) => join(dir, `thread-${thread}`, 'bench-0'));
    const bytes = partitions.reduce((sum, partition) => sum + logBytes(partition), 0);
    for (const [round, line] of got.entries()) {
      expect(line).toMatchObject({
        work: 'append',
        round,
        records: 6000,
        bytes,
        threads: 3,
        engine: defaultEngine().name,
      });
      expect(line.serviceTime?.count).toBe(60);
      expect(line.bytesWritten).toBeGreaterThan(bytes);
      expect(Math.abs(line.records / line.seconds / line.recordsPerSecond - 1)).toBeLessThan(0.05);
    }
    expect(got).toHaveLength(2);
    expect(existsSync(join(dir, 'thread-3'))).toBe(false);
    for (const partition of partitions) {
      expect(await statusOf(partition)).toMatchObject({ logEndOffset: 2000, recovery: undefined });
    }
  });

  it.each([
    ['read', { records: 4000, as: 'cursor', cache: 'warm' }],
    ['recover', { records: 4000, segments: 2, cache: 'warm' }],
  ])('%s: so do they', async (work, fields) => {
    const dir = scratch();
    const [line] = await lines(work, ...SMALL, '--threads', '2', '--rounds', '1', '--dir', dir);
    const bytes = [0, 1].reduce((sum, thread) => sum + logBytes(join(dir, `thread-${thread}`, 'bench-0')), 0);
    expect(line).toMatchObject({ work, threads: 2, bytes, ...fields });
  });

  it.each(['seek', 'seek-time'])('%s: seeks, and their latencies, are those of all', async (work) => {
    const [line] = await lines(work, ...SMALL, '--threads', '2', '--seeks', '15', '--rate', '1000', '--rounds', '1');
    expect(line).toMatchObject({ work, threads: 2, records: 30, rate: 1000 });
    expect(line?.latency?.count).toBe(30);
  });

  it('what a thread refuses is told as this one would', async () => {
    const { code, stderr } = await runCli(['bench', 'append', ...SMALL, '--threads', '2', '--keys', '2000000']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^seglog: INVALID_ARGUMENT: .*1048576/);
  });

  it('stopped in the middle, their logs are closed clean', async () => {
    const dir = scratch();
    const args = ['append', '--batch-records', '10', '--records', '5000', '--rounds', '100000', '--threads', '2'];
    const running = startCli(['bench', ...args, '--dir', dir, '--json']);
    await running.lines(1);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.finished;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    for (const thread of ['thread-0', 'thread-1']) {
      expect((await statusOf(join(dir, thread, 'bench-0'))).recovery).toBeUndefined();
    }
  });

  it('a directory of somebody else is refused', async () => {
    const dir = scratch();
    const { code, stderr } = await runCli([
      'bench',
      'append',
      ...SMALL,
      '--threads',
      '2',
      '--dir',
      join(dir, 'x', 'y'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const second = await runCli(['bench', 'append', ...SMALL, '--threads', '2', '--dir', join(dir, 'x')]);
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(second.stderr).toMatch(/INVALID_ARGUMENT.* is not a scratch directory/);
  });
});

describe('the built command', () => {
  it('--engine counts before the environment, in threads too', async () => {
    const env = { SEGLOG_ENGINE: 'auto' };
    for (const extra of [[], ['--threads', '1']]) {
      const args = ['bench', 'append', ...SMALL, '--engine', 'ts', '--rounds', '1', '--json', ...extra];
      expect(objects(await runCli(args, '', env))).toMatchObject([{ engine: 'ts', records: 2000 }]);
    }
  });

  it('mixed cleans on a thread of its own', async () => {
    const args = ['--keys', '50', '--segment-bytes', '20000', '--rounds', '1'];
    const [line] = (await lines('mixed', ...SMALL, ...args)) as MixedLine[];
    expect(line).toMatchObject({ work: 'mixed', cleaner: 'worker', readers: 1, records: 2000 });
    expect(line?.cleanings).toBeGreaterThan(0);
    expect(line?.bytesWritten).toBeGreaterThan((line?.bytes ?? 0) + (line?.bytesKept ?? 0));
  });
});
