/** `seglog compact`: what it leaves is what Kafka's own cleaner left, and it leaves nothing else. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Log } from '../../src/index.ts';
import { linesOf, segmentsOf } from '../cleaner/partition.ts';
import { type ExpectedLine, FIXTURES, jsonLines } from '../support/fixtures.ts';
import { scratch, scratchPartition } from '../support/temp.ts';
import { bytesOf } from './changes.ts';
import { objects, runCli, startCli } from './run-cli.ts';

const EXPECTED = join(FIXTURES, 'expected/compacted');
const PARTITIONS = [...new Set(readdirSync(EXPECTED).map((name) => name.split('.')[0] as string))];
const PASSES = [1_800_000_000_000, 1_800_086_400_001];

type Line = ExpectedLine | { type: 'segment'; file: string };

function copied(partition: string): string {
  const directory = join(scratch(), partition);
  cpSync(join(FIXTURES, 'clean', partition), directory, { recursive: true, preserveTimestamps: true });
  return directory;
}

/** What does not depend on a codec's encoder. */
function told(lines: readonly object[]): object[] {
  return lines.map((line) => {
    const { lastSequence, crc, valid, position, size, ...rest } = line as Record<string, unknown>;
    return rest;
  });
}

function leftIn(directory: string): object[] {
  return segmentsOf(directory)
    .filter(({ sizeBytes }) => sizeBytes > 0)
    .flatMap(({ baseOffset }) => {
      const file = `${String(baseOffset).padStart(20, '0')}.log`;
      return [{ type: 'segment', file }, ...linesOf(join(directory, file))];
    });
}

const leftovers = (directory: string): string[] =>
  readdirSync(directory).filter((name) => /\.(cleaned|swap|deleted)$/.test(name));

describe.each(PARTITIONS)('%s', (partition) => {
  test('comes to what Kafka made of it, in both passes', async () => {
    const directory = copied(partition);
    const active = segmentsOf(directory).at(-1)?.baseOffset;
    const segmentBytes = partition.startsWith('f-txn') ? '60000' : '120000';
    for (const [at, now] of PASSES.entries()) {
      const args = ['compact', directory, '--now', String(now), '--segment-bytes', segmentBytes];
      const run = await runCli([...args, '--delete-retention-ms', '86400000', '--json']);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      const path = join(EXPECTED, `${partition}.pass${at + 1}.jsonl.gz`);
      const expected = jsonLines<Line>(gunzipSync(readFileSync(path)).toString());
      expect(told(leftIn(directory))).toEqual(told(expected));
      expect(leftovers(directory)).toEqual([]);
      expect(objects(run)[0]).toMatchObject({ dir: partition, now, from: 0, to: active, bound: 'active-segment' });
    }
  });
});

/** Records with keys 0 to 4 over and over, two a segment. */
async function keyed(count: number): Promise<string> {
  const directory = scratchPartition();
  const log = await Log.open(directory, { segmentBytes: 160 });
  for (let number = 0; number < count; number++) {
    await log.append({ key: String(number % 5), value: String(number), timestamp: 1000 });
  }
  await log.close();
  return directory;
}

describe('seglog compact', () => {
  test('tells what it did: segments, bytes, and records by reason', async () => {
    const directory = await keyed(12);
    const run = await runCli(['compact', directory]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(
      /^t-0: offsets 0 to 9 compacted, up to the active segment, in \d+\.\d{3} s\nsegments: 5 before, 1 after; \d+ bytes before, \d+ after\nrecords: 10 read, 5 kept; 5 superseded, 0 tombstones, 0 without a key, 0 aborted or markers\n$/,
    );
    expect((await runCli(['read', directory])).stdout).toBe('5\n6\n7\n8\n9\n10\n11\n');
  });

  test('gives JSON with the same numbers', async () => {
    const run = await runCli(['compact', await keyed(12), '--json', '--now', '77']);
    const [told77] = objects(run);
    expect(told77).toMatchObject({
      ...{ dir: 't-0', now: 77, from: 0, to: 10, bound: 'active-segment', rounds: 1 },
      ...{ segmentsBefore: 5, segmentsAfter: 1, recordsRead: 10, recordsKept: 5, superseded: 5 },
      ...{ tombstones: 0, keyless: 0, discarded: 0 },
    });
    expect(Number(told77?.['bytesBefore'])).toBeGreaterThan(Number(told77?.['bytesAfter']));
    expect(told77?.['seconds']).toBeGreaterThanOrEqual(0);
  });

  test('has nothing to do where there is an active segment alone, and exits 0', async () => {
    const directory = await keyed(2);
    const bytes = bytesOf(directory);
    const run = await runCli(['compact', directory]);
    const stdout = 't-0: nothing to compact from offset 0 up to the active segment\n';
    expect(run).toMatchObject({ code: 0, stdout, stderr: '' });
    expect(bytesOf(directory)).toEqual(bytes);
  });

  test('starts at the log start, and ignores what the cleaner noted', async () => {
    const directory = await keyed(12);
    await runCli(['delete-records', directory, '--before', '5']);
    writeFileSync(join(directory, '..', 'cleaner-offset-checkpoint'), '0\n1\nt 0 10\n');
    const [told5] = objects(await runCli(['compact', directory, '--json']));
    expect(told5).toMatchObject({ from: 5, to: 10, rounds: 1 });
    expect((await runCli(['read', directory])).stdout).toBe('5\n6\n7\n8\n9\n10\n11\n');
    expect(readFileSync(join(directory, '..', 'cleaner-offset-checkpoint'), 'utf8')).toBe('0\n1\nt 0 10\n');
  });

  test('ends at a transaction that is open, and says so', async () => {
    const directory = await keyed(4);
    const log = await Log.open(directory, { segmentBytes: 160 });
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    await log.append({ key: '0', value: 'open' }, { producer });
    for (let number = 0; number < 5; number++) await log.append({ key: '0', value: 'x' });
    await log.close();
    const run = await runCli(['compact', directory]);
    expect(run.stdout).toContain('t-0: offsets 0 to 3 compacted, up to the last stable offset, in ');
    expect((await runCli(['read', directory, '--isolation', 'read_uncommitted'])).stdout).toContain('open');
  });

  test('clears up what a compaction left that did not come to its end', async () => {
    const directory = await keyed(12);
    const stem = join(directory, '0'.repeat(20));
    for (const name of [`${stem}.log.cleaned`, `${stem}.index.cleaned`, `${stem}.log.deleted`])
      writeFileSync(name, 'x');
    expect((await runCli(['compact', directory])).code).toBe(0);
    expect(leftovers(directory)).toEqual([]);
  });

  test('that is killed in the middle of its swaps leaves what the next opening ends', async () => {
    const source = scratchPartition();
    const log = await Log.open(source, { segmentBytes: 4000 });
    for (let number = 0; number < 6000; number++) log.appendSync({ key: String(number % 100), value: String(number) });
    await log.close();
    const last = Array.from({ length: 100 }, (_, at) => 5900 + at);
    for (let kill = 0; kill < 4; kill++) {
      const directory = join(scratch(), 't-0');
      cpSync(source, directory, { recursive: true });
      const running = startCli(['compact', directory, '--segment-bytes', '20000']);
      const isSwapping = (): boolean => leftovers(directory).some((name) => !name.endsWith('.cleaned'));
      while (running.child.exitCode === null && !isSwapping()) await new Promise(setImmediate);
      await new Promise((resolve) => setTimeout(resolve, kill * 7));
      running.child.kill('SIGKILL');
      await running.finished;
      await using again = await Log.open(directory);
      expect(leftovers(directory)).toEqual([]);
      expect(again.status().recovery?.cutBytes ?? 0).toBe(0);
      const offsets = [...again.readSync()].flatMap((batch) => batch.records().map(({ offset }) => offset));
      expect(offsets.slice(-100)).toEqual(last);
      expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    }
  });

  test('does nothing to a log that somebody has open', async () => {
    const directory = await keyed(12);
    await using log = await Log.open(directory, {});
    const run = await runCli(['compact', directory]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^seglog: LOG_LOCKED: [^\n]+\n$/);
    expect(log.segments()).toHaveLength(6);
  });

  test('leaves a log alone that is damaged below its active segment, and says where', async () => {
    const directory = await keyed(12);
    const path = join(directory, `${'0'.repeat(19)}4.log`);
    const bytes = readFileSync(path);
    bytes[65] = (bytes[65] as number) ^ 1;
    writeFileSync(path, bytes);
    const before = bytesOf(directory);
    const run = await runCli(['compact', directory]);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toMatch(/^seglog: BATCH_CRC_MISMATCH: [^\n]*00000000000000000004\.log[^\n]*\n$/);
    expect(leftovers(directory)).toEqual([]);
    for (const [name, file] of before) if (name.endsWith('.log')) expect(bytesOf(directory).get(name)).toBe(file);
  });

  test('makes no log where there is none', async () => {
    const directory = scratchPartition();
    expect(await runCli(['compact', directory])).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(directory)).toBe(false);
    mkdirSync(directory);
    expect(await runCli(['compact', directory])).toMatchObject({ code: 2, stdout: '' });
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([[[]], [['x', '--now', '-1']], [['x', '--segment-bytes', '0']], [['x', '--delete-retention-ms', 'a']]])(
    'refuses %j',
    async (args) => {
      const run = await runCli(['compact', ...args]);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(/^seglog: INVALID_ARGUMENT: [^\n]+\n$/);
    },
  );
});
