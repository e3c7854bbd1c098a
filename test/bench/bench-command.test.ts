import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BenchLine, DurableLine } from '../../src/bench/line.ts';
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

  it('open --partitions: as many in one log directory, all closed clean', async () => {
    const dir = scratch();
    const got = await lines('open', '--partitions', '70', '--rounds', '2', '--dir', dir);
    expect(got).toMatchObject([
      { work: 'open-partitions', round: 0, records: 70 },
      { work: 'open-partitions', round: 1, records: 70 },
    ]);
    const partitions = readdirSync(join(dir, 'partitions')).filter((name) => /^bench-\d+$/.test(name));
    expect(partitions).toHaveLength(70);
    const logs = await Promise.all(partitions.map((name) => Log.open(join(dir, 'partitions', name))));
    const found = logs.map((log) => log.status());
    for (const log of logs) await log.close();
    for (const { logEndOffset, recovery } of found) expect({ logEndOffset, recovery }).toEqual({ logEndOffset: 10 });
  });

  it.each([
    ['one segment', [], 1],
    ['many', ['--segment-bytes', '30000'], 5],
    ['of transactions', ['--producer', 'transactional'], 1],
  ])('recover: goes over every byte of %s', async (_, extra, segments) => {
    const dir = scratch();
    const got = await lines('recover', ...SMALL, ...extra, '--rounds', '2', '--dir', dir);
    const bytes = logBytes(join(dir, 'bench-0'));
    expect(got).toMatchObject([
      { work: 'recover', round: 0, records: 2500, bytes, segments },
      { work: 'recover', round: 1, records: 2500, bytes, segments },
    ]);
  });

  it('append --producer idempotent: numbers the records of one producer', async () => {
    const dir = scratch();
    const args = [...SMALL, '--producer', 'idempotent', '--rounds', '1', '--dir', dir];
    expect(await lines('append', ...args)).toMatchObject([{ work: 'append', records: 2500, producer: 'idempotent' }]);
    const log = await Log.open(join(dir, 'bench-0'));
    const batches = [...log.readSync()].map(({ baseOffset, baseSequence, isTransactional }) => {
      return { baseOffset, baseSequence, isTransactional };
    });
    await log.close();
    expect(batches).toHaveLength(25);
    for (const batch of batches) {
      const { baseOffset } = batch;
      expect(batch).toEqual({ baseOffset, baseSequence: baseOffset, isTransactional: false });
    }
  });

  it('append --producer transactional: commits every so many batches, and the rest', async () => {
    const dir = scratch();
    const args = ['--producer', 'transactional', '--transaction-batches', '10', '--rounds', '1', '--dir', dir];
    await lines('append', ...SMALL, ...args);
    const log = await Log.open(join(dir, 'bench-0'));
    const kinds = [...log.readSync()].map(({ isControl }) => (isControl ? 'C' : '.')).join('');
    const { lastStableOffset, logEndOffset } = log.status();
    await log.close();
    expect(kinds).toBe('..........C..........C.....C');
    expect({ lastStableOffset, logEndOffset }).toEqual({ lastStableOffset: 2503, logEndOffset: 2503 });
  });

  it('append --durability fsync: a sync for each batch, in turn with as many bare ones', async () => {
    const dir = scratch();
    const args = ['--durability', 'fsync', '--records', '50', '--rounds', '2', '--dir', dir];
    const synced = { appenders: 1, appends: 50, syncs: 50, meanGroup: 1 };
    expect(await lines('append', ...args)).toMatchObject([
      { work: 'append', round: 0, records: 50, durability: 'fsync', ...synced },
      { work: 'sync', round: 0, records: 50 },
      { work: 'append', round: 1, records: 50, durability: 'fsync', ...synced },
      { work: 'sync', round: 1, records: 50 },
    ]);
    expect(readdirSync(dir)).not.toContain('sync.probe');
  });

  it('append --durability group: appenders share syncs', async () => {
    const [line, bare] = (await lines(
      'append',
      ...['--durability', 'group', '--appenders', '16', '--records', '640', '--rounds', '1'],
    )) as DurableLine[];
    expect(line).toMatchObject({ work: 'append', records: 640, appends: 640, appenders: 16, durability: 'group' });
    expect(line?.syncs).toBeLessThan(640 / 4);
    expect(line?.meanGroup).toBeCloseTo(640 / (line?.syncs ?? 0), 1);
    expect(bare).toMatchObject({ work: 'sync', records: line?.syncs });
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

  it('compares syncs with bare ones', async () => {
    const args = ['--durability', 'group', '--appenders', '4', '--records', '64', '--batch-records', '2'];
    const { out, err } = await runCommand(registerBench, 'bench', 'append', ...args, '--rounds', '1');
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^append {2}round 0 .* group: .* mean group /),
      expect.stringMatching(/^sync {4}round 0 .* syncs\/s /),
    ]);
    expect(err).toMatch(/^the log reaches \d+ % of a bare loop's syncs .* mean group \d/);
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
    ['append', '--durability', 'some'],
    ['append', '--producer', 'any'],
    ['open', '--partitions', '0'],
    ['recover', '--segment-bytes', '0'],
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
