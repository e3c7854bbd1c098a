/** `seglog explain`: its lines, its table, and how it ends. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REASONS, WARNINGS } from '../../src/inspect/explain/reasons.ts';
import { makePartition, writeCheckpoint } from '../inspect/explain/partitions.ts';
import { scratch, scratchPartition } from '../support/temp.ts';
import { objects, runCli } from './run-cli.ts';

/** 2026-11-21T00:00:00Z. */
const NOW = 1_795_219_200_000;
const DAY = 86_400_000;

/** A segment of last month, one with a record of 2031 in it, and an active one. */
function pinned(directory = scratchPartition()): string {
  makePartition(directory, [
    { baseOffset: 0, batches: [{ timestamp: BigInt(NOW - 30 * DAY) }] },
    { baseOffset: 1, batches: [{ timestamp: BigInt(NOW - 29 * DAY) }, { timestamp: BigInt(Date.UTC(2031, 10, 21)) }] },
    { baseOffset: 3, batches: [{ timestamp: BigInt(NOW - DAY) }] },
  ]);
  writeCheckpoint(directory, 'replication-offset-checkpoint', ['t 0 4']);
  return directory;
}

describe('as text', () => {
  it('is a table with a line for each surprise', async () => {
    const directory = pinned();
    const { code, stdout, stderr } = await runCli(['explain', 'retention', directory, '--at', '2026-11-21T00:00:00Z']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.replace(directory, 't-0')).toBe(`retention of t-0 as of 2026-11-21T00:00:00.000Z
offsets 0 to 4, high watermark 4 (checkpoint), 3 segments, 304 bytes
cleanup.policy=delete retention.ms=604800000 retention.bytes=-1 file.delete.delay.ms=60000

   segment  bytes  largest timestamp         decision  from                      reason            why
         0     76  2026-10-22T00:00:00.000Z  delete    2026-11-21T00:00:00.000Z  TIME_BREACHED     its largest timestamp is 30 d ago (2026-10-22T00:00:00.000Z); retention.ms is 7 d
         1    152  2031-11-21T00:00:00.000Z  keep      2031-11-28T00:00:00.001Z  FUTURE_TIMESTAMP  its largest timestamp, 2031-11-21T00:00:00.000Z, is 5 y 1 d ahead; retention.ms, 7 d, counts from there; it goes from 2031-11-28T00:00:00.001Z on
3 (active)     76  2026-11-20T00:00:00.000Z  keep      2031-11-28T00:00:00.001Z  TIME_NOT_REACHED  its largest timestamp is 1 d ago (2026-11-20T00:00:00.000Z); retention.ms is 7 d; it goes from 2031-11-28T00:00:00.001Z on, if nothing is appended (not before segment 1, of 2031-11-21T00:00:00.000Z)

! segment 1: FUTURE_TIMESTAMP: the record at offset 2 is stamped 2031-11-21T00:00:00.000Z, 5 y 1 d ahead of the time asked about

- 1 segment is deleted, 76 bytes; the log then starts at offset 1
- a broker looks every log.retention.check.interval.ms (5 min unless set otherwise), renames the files to .deleted and unlinks them 1 min later (file.delete.delay.ms)
`);
  });

  it('shows no character that steers a terminal', async () => {
    const directory = pinned(join(scratch(), 'x\u001b[2J-0'));
    const { stdout, stderr } = await runCli(['explain', 'roll', directory]);
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stdout).toContain('x\\x1b[2J-0');
  });
});

describe('as JSON', () => {
  it('is a line for the partition and one for each segment, with exact numbers', async () => {
    const directory = makePartition(scratchPartition(), [
      { baseOffset: 0, batches: [{ timestamp: 2n ** 63n - 1n }] },
      { baseOffset: 1, batches: [] },
    ]);
    const run = await runCli(['explain', 'retention', directory, '--at', String(NOW), '--json']);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('"largestTimestamp":9223372036854775807,');
    expect(run.stdout).toContain('"at":9223372037459575808,');
    expect(objects(run)).toMatchObject([
      {
        type: 'partition',
        schema: 1,
        explain: 'retention',
        dir: directory,
        now: NOW,
        segments: 2,
        highWatermarkSource: 'assumed',
      },
      {
        type: 'segment',
        dir: directory,
        baseOffset: 0,
        reason: 'FUTURE_TIMESTAMP',
        warnings: [{ code: 'FUTURE_TIMESTAMP' }],
      },
      { type: 'segment', dir: directory, baseOffset: 1, reason: 'ACTIVE_SEGMENT_EMPTY', at: null },
    ]);
    expect(run.stderr).toContain('no high watermark of this partition is checkpointed');
  });

  it('has only codes that are told of', async () => {
    const directory = pinned();
    for (const what of ['retention', 'compaction', 'roll']) {
      const [, ...segments] = objects(
        await runCli(['explain', what, directory, '--json', '--config', 'cleanup.policy=compact,delete']),
      );
      for (const { reason, warnings } of segments) {
        expect(Object.keys(REASONS)).toContain(reason);
        for (const { code } of warnings as { code: string }[]) expect(Object.keys(WARNINGS)).toContain(code);
      }
      expect(segments).toHaveLength(3);
    }
  });
});

describe('the settings', () => {
  it('come from --config and a file, of which --config has the last word', async () => {
    const file = join(scratch(), 'topic.properties');
    writeFileSync(file, 'retention.ms=1000\ncleanup.policy=compact,delete\nmin.insync.replicas=2\n');
    const args = ['explain', 'retention', pinned(), '--json', '--config-file', file, '--config', 'retention.ms=-1'];
    const run = await runCli(args);
    expect(objects(run)[0]).toMatchObject({ config: { 'cleanup.policy': 'compact,delete', 'retention.ms': -1 } });
    expect(run.stderr).toContain("passed over, as no settings of a topic's log here: min.insync.replicas");
  });
});

describe('it ends', () => {
  it('with 2 for wrong usage, settings and places, and goes on with the other partitions', async () => {
    const directory = pinned();
    const codes = async (...args: string[]): Promise<[number | null, string]> => {
      const { code, stderr } = await runCli(['explain', ...args]);
      return [code, stderr.split(': ')[1] ?? ''];
    };
    expect(await codes('weather', directory)).toEqual([2, 'INVALID_ARGUMENT']);
    expect(await codes('roll')).toEqual([2, 'INVALID_ARGUMENT']);
    expect(await codes('roll', directory, '--at', 'yesterday')).toEqual([2, 'INVALID_ARGUMENT']);
    expect(await codes('roll', directory, '--config', 'retention.ms=soon')).toEqual([2, 'INVALID_CONFIG']);
    expect(await codes('roll', directory, '--config-file', join(directory, 'none'))).toEqual([2, 'IO']);
    expect(await codes('roll', join(directory, '00000000000000000000.log'))).toEqual([2, 'IO']);
    const run = await runCli(['explain', 'roll', `${directory}-gone`, directory, '--json']);
    expect(run.code).toBe(2);
    expect(objects(run)).toHaveLength(4);
  });

  it('with every file as it was', async () => {
    const directory = pinned();
    const state = (): unknown =>
      readdirSync(directory).map((name) => {
        const path = join(directory, name);
        return [name, statSync(path).mtimeMs, readFileSync(path).toString('hex')];
      });
    const before = state();
    for (const what of ['retention', 'compaction', 'roll'])
      expect((await runCli(['explain', what, directory, '--config', 'cleanup.policy=compact'])).code).toBe(0);
    expect(state()).toEqual(before);
  });
});
