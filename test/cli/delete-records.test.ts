import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scratchPartition } from '../support/temp.ts';
import { bytesOf, change, tenRecords, valuesOf } from './changes.ts';
import { objects, runCli } from './run-cli.ts';

const cases: [number, string, unknown[]][] = [
  [0, '0123456789', [0, 10, 3]],
  [1, '123456789', [1, 10, 3]],
  [4, '456789', [4, 10, 2]],
  [7, '789', [7, 10, 2]],
  [8, '89', [8, 10, 1]],
  [10, '', [10, 10, 1]],
  [-1, '', [10, 10, 1]],
];

describe('--before', () => {
  it.each(cases)('%i leaves %s', async (before, left, after) => {
    const directory = await tenRecords();
    const args = ['delete-records', directory, '--before', String(before), '--json'];
    const bytes = bytesOf(directory);
    const dry = await runCli([...args, '--dry-run']);
    expect(bytesOf(directory)).toEqual(bytes);
    const run = await runCli(args);
    expect(run.code).toBe(0);
    expect(change(run)).toEqual({ before: [0, 10, 3], after });
    expect(objects(dry)).toEqual([{ ...objects(run)[0], dryRun: true }]);
    expect(await valuesOf(directory)).toBe(left);
    expect(objects(await runCli(['offsets', directory, '--json', '--timestamp', '-2']))).toMatchObject([
      { offset: after[0] },
    ]);
    expect((await runCli(['append', directory], 'x\n')).stdout).toBe('baseOffset: 10 lastOffset: 10\n');
  });

  it('the log start, or less, says that there is nothing to delete', async () => {
    const directory = await tenRecords();
    await runCli(['delete-records', directory, '--before', '5']);
    const run = await runCli(['delete-records', directory, '--before', '3']);
    expect(run).toMatchObject({ code: 0, stderr: 'seglog: note: the log starts at 5; there is nothing to delete\n' });
    expect(run.stdout).toMatch(
      /^t-0 was: log start 5, log end 10, 2 segments, \d+ bytes\nt-0 is: log start 5, log end 10, 2 segments, \d+ bytes\n$/,
    );
  });

  it.each([[[]], [['--dry-run']]])('more than there is is refused, with %j', async (more) => {
    const directory = await tenRecords();
    const run = await runCli(['delete-records', directory, '--before', '11', ...more]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^seglog: OFFSET_OUT_OF_RANGE: [^\n]*expected at most 10, found 11\n$/);
    expect(await valuesOf(directory)).toBe('0123456789');
  });

  it.each([[[]], [['--before', '-2']], [['--before', '1.5']]])('%j is refused', async (args) => {
    const run = await runCli(['delete-records', await tenRecords(), ...args]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^seglog: INVALID_ARGUMENT: [^\n]+\n$/);
  });
});

describe('a log', () => {
  it.each([[[]], [['--dry-run']]])('whose policy does not delete is left alone, with %j', async (more) => {
    const directory = await tenRecords();
    const args = ['--before', '5', '--config', 'cleanup.policy=compact', ...more];
    const run = await runCli(['delete-records', directory, ...args]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^seglog: POLICY_VIOLATION: [^\n]+\n$/);
    expect(await valuesOf(directory)).toBe('0123456789');
  });

  it('that is not there is not made', async () => {
    const directory = scratchPartition();
    const run = await runCli(['delete-records', directory, '--before', '0']);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(directory)).toBe(false);
  });
});
