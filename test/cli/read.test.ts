import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ExpectedRecord, expectedLines, FIXTURES, jsonLines, segments } from '../support/fixtures.ts';
import { scratch, scratchPartition } from '../support/temp.ts';
import { objects, runCli, startCli } from './run-cli.ts';

const CLEAN = join(FIXTURES, 'clean');
const LOG = '00000000000000000000.log';

/** A partition with `count` batches of one record. */
async function partition(count: number): Promise<string> {
  const directory = scratchPartition();
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ value: `v${i}`, timestamp: 1_700_000_000_000 + i }),
  );
  const run = await runCli(
    ['append', directory, '--json', '--bytes', 'utf8', '--batch-records', '1'],
    lines.join('\n'),
  );
  expect(run.code).toBe(0);
  return directory;
}

/** Sizes, times and names of all files below. */
function state(directory: string): unknown {
  return readdirSync(directory, { recursive: true }).map((name) => {
    const { size, mtimeMs } = statSync(join(directory, String(name)));
    return [name, size, mtimeMs];
  });
}

describe("Kafka's partitions", () => {
  it('give their data records, and no control records', async () => {
    const wanted = segments('clean')
      .filter((segment) => segment.partition === 'f-txn-0')
      .sort((a, b) => (a.file < b.file ? -1 : 1))
      .flatMap((segment) => {
        let isControl = false;
        return expectedLines(segment).filter((line): line is ExpectedRecord => {
          if (line.type === 'batch') isControl = line.isControl;
          return line.type === 'record' && !isControl;
        });
      });
    const run = await runCli(['read', join(CLEAN, 'f-txn-0'), '--json']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(objects(run).map(({ offset }) => offset)).toEqual(wanted.map(({ offset }) => offset));
    expect(objects(run).map(({ timestamp }) => timestamp)).toEqual(wanted.map(({ timestamp }) => timestamp));
  });

  it.each(['magic0-gzip-0', 'magic1-lz4-0'])('of the old format %s are read too', async (name) => {
    const run = await runCli(['read', join(FIXTURES, 'legacy', name), '--json', '--limit', '3']);
    expect(run.code).toBe(0);
    expect(objects(run)).toHaveLength(3);
  });

  it('are not changed by reading, asking and dumping, clean or not', async () => {
    const directory = join(scratch(), 'unclean');
    cpSync(join(FIXTURES, 'unclean'), directory, { recursive: true, preserveTimestamps: true });
    const before = state(directory);
    for (const name of ['f-none-0', 'f-txn-0', 'f-zstd-0']) {
      const path = join(directory, name);
      expect((await runCli(['read', path, '--json'])).code).toBe(0);
      expect((await runCli(['offsets', path])).code).toBe(0);
      expect(
        (
          await runCli([
            'dump',
            ...readdirSync(path)
              .filter((file) => /\.(log|index|timeindex)$/.test(file))
              .map((file) => join(path, file)),
          ])
        ).code,
      ).toBe(0);
    }
    expect(state(directory)).toEqual(before);
  });
});

describe('where to start and stop', () => {
  it('--from, --from-time and --limit', async () => {
    const directory = await partition(10);
    const read = async (...args: string[]): Promise<string[]> =>
      (await runCli(['read', directory, ...args])).stdout.split('\n').slice(0, -1);
    expect(await read('--from', '7')).toEqual(['v7', 'v8', 'v9']);
    expect(await read('--from', '2', '--limit', '2')).toEqual(['v2', 'v3']);
    expect(await read('--from-time', '1700000000008')).toEqual(['v8', 'v9']);
    expect(await read('--from-time', '1800000000000')).toEqual([]);
    expect(await read('--from', '10')).toEqual([]);
    expect(await read('--limit', '0')).toEqual([]);
  });

  it('an offset within a batch starts at the record', async () => {
    const directory = scratchPartition();
    expect(await runCli(['append', directory], 'a\nb\nc\n')).toMatchObject({ code: 0, stderr: '' });
    expect(await runCli(['read', directory, '--from', '2'])).toEqual({ code: 0, stdout: 'c\n', stderr: '' });
  });

  it.each([
    [['--from', '-1']],
    [['--from', '11']],
    [['--from', '9007199254740993']],
    [['--from', '1.5']],
    [['--limit', '-1']],
    [['--limit', 'x']],
    [['--from', '1', '--from-time', '1']],
    [['--bytes', 'utf16']],
    [['--nope']],
  ])('%j is refused', async (args) => {
    const run = await runCli(['read', await partition(1), ...args]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^seglog: [A-Z_]+: [^\n]+\n$/);
  });
});

describe('following', () => {
  it('shows what another process appends, until a signal', async () => {
    const directory = await partition(1);
    const follow = startCli(['read', directory, '--follow']);
    await follow.lines(1);
    await runCli(['append', directory], 'later\n');
    expect(await follow.lines(2)).toEqual(['v0', 'later']);
    const append = startCli(['append', directory]);
    append.child.stdin.write('at once\n');
    expect(await follow.lines(3)).toEqual(['v0', 'later', 'at once']);
    follow.child.kill('SIGINT');
    expect(await follow.finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends at --limit', async () => {
    const run = await runCli(['read', await partition(3), '--follow', '--limit', '2']);
    expect(run).toMatchObject({ code: 0, stdout: 'v0\nv1\n' });
  });
});

describe('output', () => {
  it('ends quietly when nobody reads any more', async () => {
    const directory = scratchPartition();
    await runCli(['append', directory], `${'x'.repeat(1000)}\n`.repeat(5000));
    const read = startCli(['read', directory]);
    read.child.stdout.once('data', () => read.child.stdout.destroy());
    expect(await read.finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('is one line a record, with nothing that steers a terminal', async () => {
    const directory = scratchPartition();
    await runCli(
      ['append', directory, '--json', '--bytes', 'utf8'],
      '{"value":"a\\n\\u001b[2J\\u009b"}\n{"value":null}\n',
    );
    expect((await runCli(['read', directory])).stdout).toBe('a\\n\\x1b[2J\\x9b\nnull\n');
  });
});

describe('damage', () => {
  it('is told with its place and the next valid batch, after what came before', async () => {
    const directory = await partition(5);
    const path = join(directory, LOG);
    const bytes = readFileSync(path);
    const size = bytes.length / 5;
    bytes[2 * size + 65] = (bytes[2 * size + 65] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const run = await runCli(['read', directory]);
    expect(run).toMatchObject({ code: 1, stdout: 'v0\nv1\n' });
    expect(run.stderr).toMatch(/^seglog: BATCH_CRC_MISMATCH: [^\n]+\n$/);
    expect(run.stderr).toContain(`${path} at byte ${2 * size}`);
    expect(run.stderr).toContain(`the next valid batch is at byte ${3 * size}`);
  });

  it('of the last batch is told too, where a torn one is only noted', async () => {
    const directory = await partition(3);
    const path = join(directory, LOG);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 1));
    const torn = await runCli(['read', directory]);
    expect(torn).toMatchObject({ code: 0, stdout: 'v0\nv1\n' });
    expect(torn.stderr).toMatch(/^seglog: note: the file ends within a batch/);
    bytes[bytes.length - 1] = 7;
    writeFileSync(path, bytes);
    const broken = await runCli(['read', directory]);
    expect(broken).toMatchObject({ code: 1, stdout: 'v0\nv1\n' });
    expect(broken.stderr).toContain('no valid batch follows');
  });
});

describe('offsets', () => {
  const queries = jsonLines<{
    query: string;
    topic: string;
    partition: number;
    offset: number;
    foundTimestamp: number;
    timestamp: number;
  }>(readFileSync(join(FIXTURES, 'expected', 'clean-queries.jsonl'), 'utf8'));
  const names = [...new Set(queries.map(({ topic, partition: number }) => `${topic}-${number}`))];

  it.each(names)('of %s are those that a running Kafka answers', async (name) => {
    const asked = queries.filter(
      ({ topic, partition: number, query }) => `${topic}-${number}` === name && query !== 'read-committed',
    );
    const special: Record<string, number> = { earliest: -2, latest: -1, 'max-timestamp': -3 };
    const wanted = asked.map(({ query, timestamp, offset, foundTimestamp }) => ({
      timestamp: special[query] ?? timestamp,
      offset,
      foundTimestamp,
    }));
    const run = await runCli([
      'offsets',
      join(CLEAN, name),
      '--json',
      ...wanted.flatMap(({ timestamp }) => ['--timestamp', String(timestamp)]),
    ]);
    expect(run.code).toBe(0);
    expect(objects(run)).toEqual(wanted);
  });

  it('without a timestamp are earliest, latest and max-timestamp', async () => {
    const run = await runCli(['offsets', await partition(3), '--json']);
    expect(objects(run)).toEqual([
      { timestamp: -2, offset: 0, foundTimestamp: -1 },
      { timestamp: -1, offset: 3, foundTimestamp: -1 },
      { timestamp: -3, offset: 2, foundTimestamp: 1_700_000_000_002 },
    ]);
  });

  it('print a timestamp of any size exactly', async () => {
    const run = await runCli(['offsets', await partition(1), '--json', '--timestamp', '9223372036854775807']);
    expect(run.stdout).toBe('{"timestamp":9223372036854775807,"offset":-1,"foundTimestamp":-1}\n');
    expect((await runCli(['offsets', await partition(1), '--timestamp', '9223372036854775808'])).code).toBe(2);
    expect((await runCli(['offsets', await partition(1), '--timestamp', '-4'])).code).toBe(2);
  });

  it('of an empty segment that ends the search say so', async () => {
    const directory = join(scratch(), 't-0');
    mkdirSync(directory);
    writeFileSync(join(directory, LOG), '');
    const run = await runCli(['offsets', directory, '--json', '--timestamp', '1']);
    expect(run.stdout).toBe('{"timestamp":1,"offset":-1,"foundTimestamp":-1}\n');
    expect(run.stderr).toMatch(/^seglog: note: the search for 1 ended at /);
  });
});
