/** `npm run soak`, for a few seconds: nothing grows, nothing is lost, and a full disk is recovered from. No times are judged. */
import { closeSync, openSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { growth } from '../../scripts/lib/growth.mjs';
import { heldFiles, heldThoughDeleted, mappedFiles } from '../../scripts/lib/held-files.mjs';
import { tool } from '../../scripts/lib/run.mjs';
import {
  complaintOfHeld,
  complaintOfKeys,
  complaintOfTally,
  readWhole,
  Tally,
} from '../../scripts/lib/soak-checks.mjs';
import { defaultEngine } from '../../src/engine/select.ts';
import { Log } from '../../src/index.ts';
import { scratch, scratchPartition } from '../support/temp.ts';

const SOAK = fileURLToPath(new URL('../../scripts/soak.mjs', import.meta.url));

test('F16: a store under load lets go of every file, keeps every record and key, and goes on behind a full disk', async () => {
  const { code, output, stdout } = await tool(SOAK, ['--minutes', '0.06', '--rate', '50', '--dir', scratch()]);
  expect(code, output).toBe(0);
  const report = JSON.parse(stdout) as Record<string, unknown>;
  const appended = report['appended'] as { records: number; updates: number };
  expect(report).toMatchObject({ engine: defaultEngine().name, samples: 60, problems: [] });
  expect(appended.updates).toBeGreaterThan(100);
  // What retention kept of the one topic, and all of the other.
  expect(report['recordsRead']).toBeGreaterThan(appended.updates);
  if (report['diskFilledWith'] === undefined) console.warn('SKIPPED: the full disk: no tmpfs can be mounted here');
  else expect(report['diskFilledWith']).toBeGreaterThan(500);
});

test('what grows is found, and what only moves is not', () => {
  const samples = (valueAt: (n: number) => number) =>
    Array.from({ length: 60 }, (_, n) => ({ atMs: n * 100, handles: valueAt(n) }));
  const handles = (one: { handles: number }): number => one.handles;
  expect(
    growth(
      samples((n) => n),
      handles,
    ),
  ).toBeCloseTo(35);
  expect(
    Math.abs(
      growth(
        samples((n) => 50 + (n % 5)),
        handles,
      ),
    ),
  ).toBeLessThan(2);
  // A warm-up does not count.
  expect(
    growth(
      samples((n) => Math.min(n, 20)),
      handles,
    ),
  ).toBeCloseTo(0);
});

describe.runIf(process.platform === 'linux')('the files that a process holds', () => {
  test('are those of a directory that are open, also when their names are gone', () => {
    // Linux tells of files where they are, and the directory for temporary ones may be a link.
    const directory = realpathSync(scratch());
    const path = join(directory, 'a b.log');
    const descriptor = openSync(path, 'w');
    try {
      expect(heldFiles(directory)).toEqual([path]);
      expect(heldFiles(scratch())).toEqual([]);
      expect(heldThoughDeleted(directory)).toEqual([]);
      renameSync(path, `${path}.deleted`);
      expect(heldThoughDeleted(directory)).toEqual([`${path}.deleted`]);
      rmSync(`${path}.deleted`);
      expect(heldThoughDeleted(directory)).toEqual([`${path}.deleted (deleted)`]);
    } finally {
      closeSync(descriptor);
    }
    expect(heldFiles(directory)).toEqual([]);
  });

  test('are those that are mapped, too', () => {
    const lines = [
      '7f6140300000-7f6140400000 rw-s 00000000 fe:00 9996633                    /data/a b/00.log',
      '7f6140400000-7f6140500000 rw-s 00100000 fe:00 9996633                    /data/a b/00.log (deleted)',
      '7f6140500000-7f6140600000 rw-p 00000000 00:00 0 ',
      '7ffd1b5e0000-7ffd1b601000 rw-p 00000000 00:00 0                          [stack]',
      '',
    ];
    expect(mappedFiles(lines.join('\n'))).toEqual(['/data/a b/00.log', '/data/a b/00.log (deleted)']);
  });

  test('are none once a log is closed', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await log.append({ value: 'x' });
    expect(heldFiles(directory).map((path) => basename(path))).toContain('00000000000000000000.log');
    await log.close();
    expect(heldFiles(directory)).toEqual([]);
  });
});

describe('what is looked for at the end of a soak', () => {
  test('no file that is held', () => {
    expect(complaintOfHeld('deleted, and held', [])).toBeUndefined();
    expect(complaintOfHeld('deleted, and held', ['a', 'b', 'c', 'd'])).toBe('4 files are deleted, and held: a, b, c');
  });

  /** A log of so many records a batch, whose values are their offsets. */
  const logOf = (batches: readonly (readonly [offset: number, value: string, key?: string][])[], end: number) => ({
    ...{ logStartOffset: 2, logEndOffset: end },
    readSync: () =>
      batches.map((records) => ({
        records: () => records.map(([offset, value, key]) => ({ offset, value: Buffer.from(value), key: key ?? null })),
      })),
  });
  const isRight = (value: Buffer, offset: number): boolean => value.toString() === `${offset}`;
  const WHOLE = [
    [
      [1, '1'],
      [2, '2'],
    ],
    [[3, '3']],
  ] as const satisfies readonly (readonly [number, string][])[];

  test('every record from the log start on, with its value', () => {
    expect(readWhole(logOf(WHOLE, 4), isRight)).toEqual({ records: 2, complaint: undefined });
    expect(readWhole(logOf(WHOLE, 5), isRight).complaint).toBe('the log ends at 4, and not at 5');
    expect(readWhole(logOf([[[2, '2']], [[4, '4']]], 5), isRight).complaint).toBe('offset 4 is where 3 should be');
    expect(readWhole(logOf([[[2, '3']]], 3), isRight).complaint).toBe("record 2 has another one's value");
    expect(readWhole(logOf([[[2, '2']], [[2, '2']]], 3), isRight).complaint).toBe('offset 2 is where 3 should be');
  });

  test('the last value of every key', () => {
    const log = logOf(
      [
        [
          [0, '0', 'key 0'],
          [3, '3', 'key 1'],
          [4, '4', 'key 0'],
        ],
      ],
      5,
    );
    expect(complaintOfKeys(log, { keys: 2, count: 5 })).toBeUndefined();
    expect(complaintOfKeys(log, { keys: 2, count: 6 })).toBe('the last value of key 1 is 5, and 3 is there');
    expect(complaintOfKeys(log, { keys: 3, count: 5 })).toBe('2 of 3 keys are there');
  });

  test('as many records as were appended, in their order', () => {
    const tallyOf = (...values: string[]): Tally => {
      const tally = new Tally();
      for (const value of values) tally.add(value);
      return tally;
    };
    expect(complaintOfTally('it', tallyOf('1', '2'), tallyOf('1', '2'))).toBeUndefined();
    expect(complaintOfTally('it', tallyOf('1', '2'), tallyOf('2', '1'))).toMatch(/^it saw 2 records/);
    expect(complaintOfTally('it', tallyOf('1', '2'), tallyOf('1'))).toMatch(/^it saw 1 records/);
  });
});
