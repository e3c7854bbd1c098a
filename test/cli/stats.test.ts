/** `seglog stats` as a user runs it. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { batch, record } from '../inspect/make-batch.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';
import { bytesOf } from './changes.ts';
import { objects, runCli } from './run-cli.ts';

const CLEAN = join(FIXTURES, 'clean');
const LOG = '00000000000000000000.log';

function copied(partition: string): string {
  const directory = join(scratch(), basename(partition));
  cpSync(join(CLEAN, partition), directory, { recursive: true });
  return directory;
}

/** A partition `t-0` of these batches. */
function partitionOf(...batches: readonly Buffer[]): string {
  const directory = join(scratch(), 't-0');
  mkdirSync(directory);
  writeFileSync(join(directory, LOG), Buffer.concat(batches));
  return directory;
}

/** Speeds are those of the run. */
function withoutSpeeds(text: string): string {
  return text.replace(/"megabytesPerSecond":[^,}]*/g, '').replace(/"now":\d+/g, '');
}

describe('seglog stats --json', () => {
  it('prints a line for each partition and one for all, the same on any number of threads', async () => {
    const runs = [];
    for (const threads of ['0', '1', '3']) runs.push(await runCli(['stats', '--json', '--threads', threads, CLEAN]));
    const lines = objects(runs[0] as (typeof runs)[0]);
    expect(lines.map(({ type, schema }) => [type, schema])).toEqual([
      ...Array.from({ length: lines.length - 1 }, () => ['partition', 1]),
      ['total', 1],
    ]);
    expect(lines.at(-1)).toMatchObject({ findings: 0, segments: expect.any(Number), failures: [] });
    for (const run of runs) {
      expect(run.code).toBe(0);
      expect(run.stderr).toMatch(/^seglog: \d+ segments, 5\.\d MB in [\d.]+ s\n$/);
      expect(withoutSpeeds(run.stdout)).toBe(withoutSpeeds(runs[0]?.stdout ?? ''));
    }
  });

  it('counts what dump shows', async () => {
    const [stats, dump] = [
      await runCli(['stats', '--json', '--no-what-if', join(CLEAN, 'f-lz4-0')]),
      await runCli(['dump', '--json', join(CLEAN, 'f-lz4-0')]),
    ];
    const lines = objects(dump);
    expect(objects(stats)[0]).toMatchObject({
      name: 'f-lz4-0',
      topic: 'f-lz4',
      partition: 0,
      records: lines.filter(({ type }) => type === 'record').length,
      batches: lines.filter(({ type }) => type === 'batch').length,
    });
    expect(objects(stats)[1]).toMatchObject({ whatIf: null });
  });

  it('takes offsets and times as dump does', async () => {
    const range = ['--from-offset', '100', '--to-offset', '199'];
    const run = await runCli(['stats', '--json', '--no-what-if', ...range, join(CLEAN, 'f-none-0')]);
    expect(objects(run)[0]).toMatchObject({ records: 100 });
    const none = await runCli(['stats', '--json', '--from-time', '2040-01-01', join(CLEAN, 'f-none-0')]);
    expect(objects(none)[0]).toMatchObject({ records: 0 });
  });
});

describe('seglog stats', () => {
  it('prints tables of a partition', async () => {
    const { code, stdout } = await runCli(['stats', join(CLEAN, 'f-txn-0')]);
    expect(code).toBe(0);
    for (const part of [
      'f-txn-0: ',
      'Keys: ',
      'Sizes in bytes',
      'Codecs',
      'Timestamps: 20',
      'Producers: ',
      'Growth',
      'batches (format 2) of 1 partition, ',
    ])
      expect(stdout).toContain(part);
    expect(stdout).not.toContain('Findings');
  });

  it('prints a row for each partition of a log directory, and with --each their tables too', async () => {
    const run = await runCli(['stats', '--no-what-if', CLEAN]);
    expect(run.stdout).toMatch(/^\d+ partitions: /);
    expect(run.stdout).toMatch(/\n {2}f-gzip-0 +\d+ /);
    expect(run.stdout.match(/^Codecs$/gm)).toHaveLength(1);
    const each = await runCli(['stats', '--no-what-if', '--each', '--top', '2', CLEAN]);
    expect(each.stdout.match(/^Codecs$/gm)?.length).toBeGreaterThan(8);
  });

  it('tells of damage in its place, counts on behind it, and exits with 1', async () => {
    const directory = copied('f-lz4-0');
    const path = join(directory, LOG);
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const run = await runCli(['stats', '--no-what-if', directory]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('Findings: 1 place without a readable batch');
    expect(run.stdout).toMatch(/error BATCH_CRC_MISMATCH \S+\.log at byte 0, offset 0\n/);
    const json = await runCli(['stats', '--json', '--no-what-if', directory]);
    expect(json.code).toBe(1);
    expect(objects(json)[0]).toMatchObject({
      damagedBatches: 1,
      findingList: [{ code: 'BATCH_CRC_MISMATCH', position: 0 }],
    });
  });

  it('shows hostile keys as text', async () => {
    const keys = ['\u001b]0;owned\u0007', '\u202egnp.exe', '<script>alert(1)</script>', 'a\nb', '\u009b31m'];
    const records = Buffer.concat(keys.map((key, at) => record(at, key, 'v')));
    const directory = partitionOf(batch({ records, count: keys.length, lastOffsetDelta: keys.length - 1 }));
    for (const form of [[], ['--json']]) {
      const { stdout } = await runCli(['stats', '--no-what-if', ...form, directory]);
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      expect(stdout).toContain('<script>alert(1)</script>');
    }
  });

  it('changes nothing', async () => {
    const directory = copied('f-none-0');
    const before = bytesOf(directory);
    await runCli(['stats', directory]);
    expect(bytesOf(directory)).toEqual(before);
  });

  it('refuses what it cannot scan, and scans the rest', async () => {
    const nothing = await runCli(['stats', join(scratch(), 'missing-0')]);
    expect(nothing).toMatchObject({ code: 2, stdout: '' });
    expect(nothing.stderr).toContain('INVALID_ARGUMENT');
    const some = await runCli(['stats', '--json', join(scratch(), 'missing-0'), join(CLEAN, 'f-none-0')]);
    expect(some.code).toBe(2);
    expect(objects(some)).toHaveLength(2);
    expect(some.stderr).toContain('is not there');
    const index = await runCli(['stats', join(CLEAN, 'f-none-0', '00000000000000000000.index')]);
    expect(index.stderr).toContain('has no batches');
  });
});
