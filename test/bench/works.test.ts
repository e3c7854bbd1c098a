/** The works that came after the first ones: in this process, on the engine that runs. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LatencySummary } from '../../src/bench/latency.ts';
import type { AppendLine, BenchLine, MixedLine, TailLine } from '../../src/bench/line.ts';
import { registerBench } from '../../src/cli/bench.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { Log } from '../../src/log/log.ts';
import { scratch } from '../support/temp.ts';
import { runCommand } from './run-command.ts';

const SMALL = ['--records', '2500', '--record-bytes', '50', '--batch-records', '100'];
const LATENCY = ['count', 'minUs', 'meanUs', 'p50Us', 'p90Us', 'p99Us', 'p999Us', 'p9999Us', 'maxUs'];
const COST = ['cpuSeconds', 'peakRssBytes', 'bytesWritten', 'storageBytesRead'];

async function lines<Line extends BenchLine = BenchLine>(...args: string[]): Promise<Line[]> {
  const { out } = await runCommand(registerBench, 'bench', ...args, '--json');
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

async function contentOf(directory: string): Promise<{ values: Buffer[]; keys: (string | null)[]; counts: number[] }> {
  const log = await Log.open(join(directory, 'bench-0'));
  const counts = [...log.readSync()].map(({ count }) => count);
  const records = [...log.readSync()].flatMap((batch) => [...batch.records()]);
  const values = records.map(({ value }) => Buffer.from(value as Uint8Array));
  const keys = records.map(({ key }) => (key === null ? null : Buffer.from(key).toString()));
  expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
  await log.close();
  return { values, keys, counts };
}

function sizesOf(directory: string): Record<string, number> {
  const names = readdirSync(directory).filter((name) => !name.startsWith('.'));
  return Object.fromEntries(names.map((name) => [name, statSync(join(directory, name)).size]));
}

/** In order, and of as many as there should be. */
function expectLatency(latency: LatencySummary | undefined, count: number): void {
  expect(Object.keys(latency ?? {})).toEqual(LATENCY);
  const { minUs, p50Us, p90Us, p99Us, p999Us, p9999Us, maxUs } = latency as LatencySummary;
  const rising = [minUs, p50Us, p90Us, p99Us, p999Us, p9999Us, maxUs];
  expect(rising).toEqual([...rising].sort((a, b) => a - b));
  expect(latency?.count).toBe(count);
}

describe('what a round costs', () => {
  it('append: the bytes written are those of the files, and a few for what closing notes', async () => {
    const dir = scratch();
    const [line] = await lines('append', ...SMALL, '--rounds', '1', '--dir', dir);
    expect(Object.keys(line as BenchLine)).toEqual(expect.arrayContaining(COST));
    const sizes = sizesOf(join(dir, 'bench-0'));
    const files = Object.values(sizes).reduce((sum, size) => sum + size);
    expect(sizes['00000000000000000000.log']).toBe(line?.bytes);
    expect(sizes['00000000000000000000.index']).toBeGreaterThan(0);
    expect((line?.bytesWritten ?? 0) - files).toBeGreaterThanOrEqual(0);
    expect((line?.bytesWritten ?? 0) - files).toBeLessThan(1000);
    expect(line?.peakRssBytes).toBeGreaterThan(20e6);
    expect(line?.cpuSeconds).toBeGreaterThan(0);
  });

  it('read: nothing is written, and what was in memory is not read from the disk', async () => {
    const [line] = await lines('read', ...SMALL, '--rounds', '1');
    expect(line).toMatchObject({ cache: 'warm', bytesWritten: 0, storageBytesRead: 0 });
  });

  it('compact: what is written is what stays', async () => {
    const args = ['--records', '3000', '--record-bytes', '400', '--distinct-keys', '10', '--batch-records', '100'];
    const [line] = await lines('compact', ...args, '--segment-bytes', '500000', '--rounds', '1');
    const { bytesAfter = 0, segmentsBefore } = line as BenchLine & { bytesAfter?: number; segmentsBefore?: number };
    expect(segmentsBefore).toBe(2);
    expect(line?.bytesWritten).toBeGreaterThanOrEqual(bytesAfter);
    expect((line?.bytesWritten ?? 0) - bytesAfter).toBeLessThan(1000);
  });
});

describe('append', () => {
  it.each([
    ['write', []],
    ['send', ['--in-flight', '300']],
  ])('--api %s: every record is there, gathered by the writer', async (api, extra) => {
    const dir = scratch();
    const size = ['--records', '5000', '--record-bytes', '200', '--batch-bytes', '20000', '--linger', '1'];
    const [line] = await lines<AppendLine>('append', '--api', api, ...size, ...extra, '--rounds', '1', '--dir', dir);
    const bytes = sizesOf(join(dir, 'bench-0'))['00000000000000000000.log'];
    expect(line).toMatchObject({ work: 'append', api, records: 5000, bytes });
    const { counts, values } = await contentOf(dir);
    expect(values).toHaveLength(5000);
    expect(Math.max(...counts)).toBeLessThan(100);
    expect(Math.max(...counts)).toBeGreaterThan(80);
  });

  it('--api write --batch-records: batches of as many', async () => {
    const dir = scratch();
    await lines('append', '--api', 'write', ...SMALL, '--rounds', '1', '--dir', dir);
    const { counts } = await contentOf(dir);
    expect(counts).toEqual(Array.from({ length: 25 }, () => 100));
  });

  it('has the sizes, keys, entropy and level that were asked for', async () => {
    const dir = scratch();
    const content = ['--record-bytes', 'mix:10x1,300x1', '--keys', '7', '--entropy', '1', '--compression', 'gzip'];
    const args = [...content, '--records', '1000', '--batch-records', '100', '--rounds', '1', '--dir', dir];
    const [fast] = await lines('append', ...args, '--compression-level', '1');
    const [small] = await lines('append', ...args, '--compression-level', '9');
    expect(small?.bytes).toBeLessThan(fast?.bytes as number);
    const { values, keys } = await contentOf(dir);
    expect(new Set(values.map(({ length }) => length))).toEqual(new Set([10, 300]));
    expect(new Set(keys).size).toBe(7);
    expect(new Set(values.flatMap((value) => [...value])).size).toBe(2);
  });

  it('--segment-bytes: rolls', async () => {
    const dir = scratch();
    await lines('append', ...SMALL, '--segment-bytes', '50000', '--rounds', '1', '--dir', dir);
    const logs = Object.entries(sizesOf(join(dir, 'bench-0'))).filter(([name]) => name.endsWith('.log'));
    expect(logs.length).toBeGreaterThan(2);
    expect(logs.every(([, size]) => size <= 50_000)).toBe(true);
  });

  it('--latency times each append, and --rate from when it was due', async () => {
    const [free] = await lines('append', ...SMALL, '--latency', '--rounds', '1');
    expectLatency(free?.serviceTime, 25);
    expect(free).not.toHaveProperty('latency');
    const [paced] = await lines('append', ...SMALL, '--rate', '1000', '--rounds', '1');
    expect(paced).toMatchObject({ rate: 1000 });
    expectLatency(paced?.latency, 25);
    expectLatency(paced?.serviceTime, 25);
    // 24 intervals of a millisecond lie between the first and the last.
    expect(paced?.seconds).toBeGreaterThan(0.0239);
    const [send] = await lines('append', '--api', 'send', '--records', '60', '--rate', '2000', '--rounds', '1');
    expectLatency(send?.latency, 60);
    const [write] = await lines('append', '--api', 'write', '--records', '60', '--latency', '--rounds', '1');
    expectLatency(write?.serviceTime, 60);
  });

  it('--durability --latency times each append until it is on the disk', async () => {
    const [line, bare] = await lines(
      'append',
      '--durability',
      'fsync',
      '--records',
      '30',
      '--latency',
      '--rounds',
      '1',
    );
    expectLatency(line?.serviceTime, 30);
    expect(bare).not.toHaveProperty('serviceTime');
  });
});

describe('seek-time', () => {
  it('finds the first record of each time, in as many seeks', async () => {
    const [line] = await lines('seek-time', ...SMALL, '--seeks', '300', '--rounds', '1', '--latency');
    expect(line).toMatchObject({ work: 'seek-time', records: 300, bytes: 0, engine: defaultEngine().name });
    expectLatency(line?.serviceTime, 300);
  });

  it('goes at a rate, as seek does', async () => {
    for (const work of ['seek', 'seek-time']) {
      const [line] = await lines(work, ...SMALL, '--seeks', '20', '--rate', '1000', '--rounds', '1');
      expect(line).toMatchObject({ work, records: 20, rate: 1000 });
      expectLatency(line?.latency, 20);
    }
  });
});

describe('tail-latency', () => {
  it('every batch is appended when it is due, and seen by the reader', async () => {
    const dir = scratch();
    const args = ['--records', '90', '--batch-records', '3', '--rate', '500', '--rounds', '1', '--dir', dir];
    const [line] = await lines<TailLine>('tail-latency', ...args);
    const bytes = sizesOf(join(dir, 'bench-0'))['00000000000000000000.log'];
    expect(line).toMatchObject({ work: 'tail-latency', records: 90, rate: 500, bytes });
    expectLatency(line?.latency, 30);
    expectLatency(line?.delivery, 30);
    expect(line?.delivery.minUs).toBeGreaterThanOrEqual(line?.latency?.minUs as number);
    expect((await contentOf(dir)).counts).toEqual(Array.from({ length: 30 }, () => 3));
  });
});

describe('mixed', () => {
  const MIXED = ['--keys', '50', '--segment-bytes', '20000', '--cleaner', 'here', '--rounds', '1'];

  it('appends all, the readers see the end, and cleaning leaves the last record of each key', async () => {
    const dir = scratch();
    const [line] = await lines<MixedLine>('mixed', ...SMALL, ...MIXED, '--rate', '200', '--readers', '2', '--dir', dir);
    expect(line).toMatchObject({ work: 'mixed', records: 2500, readers: 2, cleaner: 'here', rate: 200 });
    expectLatency(line?.latency, 25);
    const { recordsRead, cleanings, bytesCleaned, bytesKept, bytes, bytesWritten } = line as MixedLine;
    expect(recordsRead).toBeGreaterThan(0);
    expect(recordsRead).toBeLessThanOrEqual(5000);
    expect(cleanings).toBeGreaterThan(0);
    expect(bytesKept).toBeLessThan(bytesCleaned);
    expect(bytesWritten).toBeGreaterThanOrEqual(bytes + bytesKept);
    const log = await Log.open(join(dir, 'bench-0'));
    const last = new Map<string, number>();
    for (const batch of log.readSync()) {
      for (const { key, offset } of batch.records()) last.set(Buffer.from(key as Uint8Array).toString(), offset);
    }
    expect(log.status()).toMatchObject({ logEndOffset: 2500, recovery: undefined });
    await log.close();
    expect(last.size).toBe(50);
    expect(Math.max(...last.values())).toBe(2499);
  });

  it('each reader sees every record where nothing is taken away', async () => {
    const args = ['--cleaner', 'none', '--readers', '2', '--rate', '2000', '--rounds', '1'];
    const [line] = await lines<MixedLine>('mixed', ...SMALL, ...args);
    expect(line).toMatchObject({ records: 2500, recordsRead: 5000, bytesRead: 2 * (line?.bytes ?? 0) });
  });

  it('needs neither readers nor cleaning', async () => {
    const [line] = await lines<MixedLine>('mixed', ...SMALL, '--cleaner', 'none', '--readers', '0', '--rounds', '1');
    expect(line).toMatchObject({ recordsRead: 0, cleanings: 0, bytesCleaned: 0, cleaner: 'none', records: 2500 });
  });
});

describe('what is told', () => {
  it('--table: a row a work, and one for each kind of latency', async () => {
    const { out } = await runCommand(
      registerBench,
      'bench',
      'append',
      ...SMALL,
      '--rounds',
      '3',
      '--latency',
      '--table',
    );
    const rows = out.split('\n').filter((row) => row.trim() !== '');
    expect(rows).toEqual([
      expect.stringMatching(
        /^ {2}work +engine +rounds +median .* MB\/s +CPU s\/million +peak memory +written +from disk$/,
      ),
      expect.stringMatching(/^ {2}append +(native|ts) +3 +[\d.,]+ (M |k )?records\/s /),
      expect.stringMatching(/^ {2}microseconds +times +least +50 % .* longest$/),
      expect.stringMatching(/^ {2}append: service time, from when it began +25 /),
    ]);
  });

  it('--html: a page with the numbers of every line, beside what is printed', async () => {
    const page = join(scratch(), 'page.html');
    const args = [...SMALL, '--rounds', '2', '--rate', '2000', '--html', page, '--json'];
    const { out } = await runCommand(registerBench, 'bench', 'append', ...args);
    const html = readFileSync(page, 'utf8');
    for (const line of out.trimEnd().split('\n')) expect(html).toContain(line.replaceAll('"', '&quot;'));
    expect(html.match(/<svg /g)).toHaveLength(2);
  });

  it('a page that could not be written is refused before anything is measured', async () => {
    const html = join(scratch(), 'none', 'page.html');
    const dir = join(scratch(), 'data');
    const args = ['append', ...SMALL, '--html', html, '--dir', dir];
    await expect(runCommand(registerBench, 'bench', ...args)).rejects.toThrow(/none/);
    expect(existsSync(dir)).toBe(false);
  });

  it('lines of text say what was asked of latency', async () => {
    const { out } = await runCommand(registerBench, 'bench', 'append', ...SMALL, '--rounds', '1', '--rate', '5000');
    expect(out).toMatch(
      / at 5,000\/s {2}latency p50 [\d.,]+ us, p99 .* longest [\d,]+ us {2}CPU [\d.]+ s {2}peak [\d.,]+ MB\n$/,
    );
  });

  it('--warm-up and --duration: rounds that count, from 0', async () => {
    const got = await lines('append', ...SMALL, '--warm-up', '2', '--duration', '0.001');
    expect(got.map(({ round }) => round)).toEqual(got.map((_, i) => i));
    const seconds = got.map((line) => line.seconds);
    expect(seconds.reduce((sum, one) => sum + one)).toBeGreaterThanOrEqual(0.001);
    expect(seconds.slice(0, -1).reduce((sum, one) => sum + one, 0)).toBeLessThan(0.001);
  });
});

describe('what makes no sense is refused', () => {
  it.each([
    ['append', '--record-bytes', 'uniform:9-3'],
    ['append', '--entropy', '9'],
    ['append', '--entropy', '-1'],
    ['append', '--keys', '0'],
    ['append', '--rate', '0'],
    ['append', '--api', 'stream'],
    ['append', '--linger', '-1'],
    ['append', '--threads', '0'],
    ['append', '--engine', 'rust'],
    ['append', '--duration', '0'],
    ['append', '--warm-up', '-1'],
    ['append', '--compression-level', 'high'],
    ['read', '--cache', 'lukewarm'],
    ['seek-time', '--seeks', '0'],
    ['tail-latency', '--rate', 'many'],
    ['mixed', '--cleaner', 'somewhere'],
    ['mixed', '--readers', '-1'],
    ['compact', '--entropy', 'low'],
  ])('%s %s %s is a usage error', async (...args) => {
    await expect(runCommand(registerBench, 'bench', ...args)).rejects.toMatchObject({
      code: 'commander.invalidArgument',
    });
  });

  it.each([
    [['append', '--duration', '1', '--rounds', '2'], 'commander.conflictingOption'],
    [['append', '--json', '--table'], 'commander.conflictingOption'],
    [['append', '--linger', '3'], 'INVALID_ARGUMENT'],
    [['append', '--in-flight', '3'], 'INVALID_ARGUMENT'],
    [['append', '--api', 'write', '--in-flight', '3'], 'INVALID_ARGUMENT'],
    [['append', '--api', 'send', '--producer', 'idempotent'], 'INVALID_ARGUMENT'],
    [['append', '--api', 'write', '--durability', 'group'], 'INVALID_ARGUMENT'],
    [['append', '--rate', '10', '--durability', 'fsync'], 'INVALID_ARGUMENT'],
    [['append', '--threads', '2', '--durability', 'fsync'], 'INVALID_ARGUMENT'],
    [['append', '--appenders', '2'], 'INVALID_ARGUMENT'],
    [['append', '--keys', '2000000'], 'INVALID_ARGUMENT'],
    [['append', '--compression', 'snappy', '--compression-level', '3'], 'INVALID_ARGUMENT'],
    [['append', '--compression', 'zstd', '--compression-level', '99'], 'INVALID_CONFIG'],
    [['open', '--threads', '2'], 'commander.unknownOption'],
    [['compact', '--threads', '2'], 'commander.unknownOption'],
  ])('%j', async (args, code) => {
    await expect(runCommand(registerBench, 'bench', ...args)).rejects.toMatchObject({ code });
  });

  it('another engine than the one that this process has', async () => {
    const other = defaultEngine().name === 'native' ? 'ts' : 'native';
    const before = process.env['SEGLOG_ENGINE'];
    try {
      await expect(runCommand(registerBench, 'bench', 'append', '--engine', other)).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
      });
    } finally {
      if (before === undefined) delete process.env['SEGLOG_ENGINE'];
      else process.env['SEGLOG_ENGINE'] = before;
    }
  });
});
