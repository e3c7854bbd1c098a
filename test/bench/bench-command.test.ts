import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BenchLine } from '../../src/bench/line.ts';
import { registerBench } from '../../src/cli/bench.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { Log } from '../../src/log/log.ts';
import { scratch } from '../support/temp.ts';
import { runCommand } from './run-command.ts';

const SMALL = ['--records', '2500', '--record-bytes', '50', '--batch-records', '100'];
const FIELDS = ['work', 'round', 'records', 'bytes', 'seconds', 'recordsPerSecond', 'megabytesPerSecond', 'engine'];

async function lines(...args: string[]): Promise<BenchLine[]> {
  const { out } = await runCommand(registerBench, 'bench', ...args, '--json');
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as BenchLine);
}

function logBytes(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

describe('seglog bench --json', () => {
  it.each([
    ['append', []],
    ['read', []],
    ['read', ['--as', 'records']],
    ['read', ['--as', 'columns']],
  ])('%s %j: a line a round, with the bytes of the log', async (work, extra) => {
    const dir = scratch();
    const got = await lines(work, ...extra, ...SMALL, '--rounds', '2', '--dir', dir);
    expect(got.map(({ round }) => round)).toEqual([0, 1]);
    for (const line of got) {
      expect(Object.keys(line)).toEqual(expect.arrayContaining(FIELDS));
      expect(line).toMatchObject({
        work,
        records: 2500,
        bytes: logBytes(join(dir, 'bench-0')),
        engine: defaultEngine().name,
      });
      expect(Math.abs(line.records / line.seconds / line.recordsPerSecond - 1)).toBeLessThan(0.05);
    }
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('read checks what append wrote, in %s', async (codec) => {
    const [line] = await lines('read', ...SMALL, '--compression', codec, '--rounds', '1');
    expect(line?.records).toBe(2500);
  });

  it('seek: counts seeks, and bytes of the batches found', async () => {
    const dir = scratch();
    const [line] = await lines('seek', ...SMALL, '--seeks', '300', '--rounds', '1', '--dir', dir);
    const log = await Log.open(join(dir, 'bench-0'));
    const batchBytes = log.find(100)?.sizeBytes ?? 0;
    await log.close();
    expect(line).toMatchObject({ work: 'seek', round: 0, records: 300, engine: defaultEngine().name });
    expect(Math.abs((line?.bytes ?? 0) - 300 * batchBytes)).toBeLessThan(300 * 200);
  });

  it('open: a partition of as many segments', async () => {
    const dir = scratch();
    const got = await lines('open', '--segments', '50', '--rounds', '2', '--dir', dir);
    expect(got).toMatchObject([
      { work: 'open', round: 0, records: 50 },
      { work: 'open', round: 1, records: 50 },
    ]);
    expect(readdirSync(join(dir, 'bench-0')).filter((name) => name.endsWith('.log'))).toHaveLength(50);
  });

  it('appends what is left over as a smaller batch, and closes clean', async () => {
    const dir = scratch();
    await lines('append', '--records', '250', '--batch-records', '100', '--rounds', '1', '--dir', dir);
    const log = await Log.open(join(dir, 'bench-0'));
    const { logEndOffset, recovery } = log.status();
    const sizes = [...log.readSync()].map(({ count }) => count);
    await log.close();
    expect({ logEndOffset, recovery, sizes }).toEqual({
      logEndOffset: 250,
      recovery: undefined,
      sizes: [100, 100, 50],
    });
  });

  it('makes room for batches beyond max.message.bytes', async () => {
    const [line] = await lines(
      'append',
      '--records',
      '20',
      '--record-bytes',
      '100000',
      '--batch-records',
      '20',
      '--rounds',
      '1',
    );
    expect(line?.records).toBe(20);
  });
});

describe('seglog bench', () => {
  it('prints a line of text a round', async () => {
    const { out } = await runCommand(registerBench, 'bench', 'append', ...SMALL, '--rounds', '2');
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^append {2}round 0 .* records\/s /),
      expect.stringMatching(/^append {2}round 1 /),
    ]);
  });

  it('leaves nothing in the temporary directory', async () => {
    const temporary = scratch();
    vi.stubEnv('TMPDIR', temporary).stubEnv('TEMP', temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    await runCommand(registerBench, 'bench', 'append', ...SMALL, '--rounds', '1');
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('refuses a directory that holds anything else', async () => {
    const dir = scratch();
    mkdirSync(join(dir, 'bench-0'));
    writeFileSync(join(dir, 'bench-0', 'precious'), 'data');
    await expect(runCommand(registerBench, 'bench', 'append', ...SMALL, '--dir', dir)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(readdirSync(join(dir, 'bench-0'))).toEqual(['precious']);
  });

  it.each([
    ['append', '--records', '0'],
    ['append', '--records', '1e3'],
    ['append', '--rounds', '-1'],
    ['append', '--compression', 'brotli'],
    ['read', '--as', 'rows'],
    ['seek', '--seeks', 'many'],
  ])('%s %s %s is a usage error', async (...args) => {
    await expect(runCommand(registerBench, 'bench', ...args)).rejects.toMatchObject({
      code: 'commander.invalidArgument',
    });
  });

  it('copy is not available on the TypeScript engine', async (context) => {
    context.skip(defaultEngine().name !== 'ts', 'the engine in use is the native one, which has copy');
    await expect(runCommand(registerBench, 'bench', 'copy', ...SMALL)).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
    });
  });

  it('copy appends and copies in turn, and compares the medians', async (context) => {
    context.skip(defaultEngine().name !== 'native', 'the engine in use is the TypeScript one, which has no copy');
    const dir = scratch();
    const { out, err } = await runCommand(registerBench, 'bench', 'copy', ...SMALL, '--rounds', '2', '--dir', dir);
    const works = out
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, 'append  round 0'.length));
    expect(works).toEqual(['append  round 0', 'copy    round 0', 'append  round 1', 'copy    round 1']);
    expect(err).toMatch(/^append reaches \d+ % of plain copies /);
    expect(readdirSync(dir)).not.toContain('copy.probe');
  });
});
