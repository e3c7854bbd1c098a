import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch, scratchPartition } from '../support/temp.ts';
import { bytesOf, change, tenRecords, valuesOf } from './changes.ts';
import { objects, runCli } from './run-cli.ts';

const cases: [number, string, unknown[]][] = [
  [10, '0123456789', [0, 10, 3]],
  [99, '0123456789', [0, 10, 3]],
  [9, '01234567', [0, 8, 3]],
  [8, '01234567', [0, 8, 3]],
  [6, '012345', [0, 6, 2]],
  [5, '0123', [0, 4, 2]],
  [1, '', [0, 0, 1]],
  [0, '', [0, 0, 1]],
];

describe('--to', () => {
  it.each(cases)('%i leaves %s', async (to, left, after) => {
    const directory = await tenRecords();
    const args = ['truncate', directory, '--to', String(to), '--json'];
    const before = bytesOf(directory);
    const dry = await runCli([...args, '--dry-run']);
    expect(bytesOf(directory)).toEqual(before);
    const run = await runCli(args);
    expect(run.code).toBe(0);
    expect(change(run)).toEqual({ before: [0, 10, 3], after });
    // What was foretold is what happened, to the byte.
    expect(objects(dry)).toEqual([{ ...objects(run)[0], dryRun: true }]);
    expect(dry.stderr).toBe(to < 10 ? run.stderr : '');
    expect(await valuesOf(directory)).toBe(left);
    // The log goes on where it ends now.
    const more = await runCli(['append', directory, '--json', '--bytes', 'utf8'], '{"value":"x"}');
    expect(more).toMatchObject({ stderr: '' });
    expect(objects(more)).toMatchObject([{ baseOffset: after[1] }]);
  });

  it('within a batch says that the batch goes whole', async () => {
    const run = await runCli(['truncate', await tenRecords(), '--to', '5']);
    expect(run.stderr).toBe('seglog: note: offset 5 is within the batch of offsets 4 to 5, which goes whole\n');
    expect(run.stdout).toMatch(
      /^t-0 was: log start 0, log end 10, 3 segments, \d+ bytes\nt-0 is: log start 0, log end 4, 2 segments, \d+ bytes\n$/,
    );
  });

  it('at the end says that there is nothing to cut', async () => {
    const run = await runCli(['truncate', await tenRecords(), '--to', '10']);
    expect(run).toMatchObject({ code: 0, stderr: 'seglog: note: the log ends at 10; there is nothing to cut\n' });
  });

  it('within the batch that holds the log start empties the log, which goes on there', async () => {
    const directory = await tenRecords();
    await runCli(['delete-records', directory, '--before', '5']);
    const args = ['truncate', directory, '--to', '5', '--json'];
    const dry = await runCli([...args, '--dry-run']);
    const run = await runCli(args);
    expect(change(run)).toEqual({ before: [5, 10, 2], after: [5, 5, 1] });
    expect(change(dry)).toEqual(change(run));
    expect(await runCli(['append', directory], 'x\n')).toMatchObject({
      stdout: 'baseOffset: 5 lastOffset: 5\n',
      stderr: '',
    });
  });

  it('below the log start is refused: it would empty the log', async () => {
    const directory = await tenRecords();
    await runCli(['delete-records', directory, '--before', '4']);
    for (const more of [[], ['--dry-run']]) {
      const run = await runCli(['truncate', directory, '--to', '3', ...more]);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(/^seglog: OFFSET_OUT_OF_RANGE: [^\n]*expected at least 4[^\n]*found 3\n$/);
    }
    expect(await valuesOf(directory)).toBe('456789');
  });

  it.each([[[]], [['--to', '-1']], [['--to', 'x']], [['--to', '1', '--config', 'x=1']]])(
    '%j is refused',
    async (args) => {
      const run = await runCli(['truncate', await tenRecords(), ...args]);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(/^seglog: INVALID_(ARGUMENT|CONFIG): [^\n]+\n$/);
    },
  );
});

describe('where there is no log', () => {
  it('none is made', async () => {
    const missing = scratchPartition();
    const empty = join(scratch(), 'empty-0');
    mkdirSync(empty);
    const noName = join(empty, '..');
    for (const [directory, code] of [
      [missing, 'IO'],
      [empty, 'INVALID_ARGUMENT'],
      [noName, 'INVALID_NAME'],
    ] as const) {
      const run = await runCli(['truncate', directory, '--to', '0']);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(new RegExp(`^seglog: ${code}: [^\\n]+\\n$`));
    }
    expect(existsSync(missing)).toBe(false);
    expect(readdirSync(empty)).toEqual([]);
  });
});

describe('a log that was not closed clean', () => {
  const LAST = '00000000000000000008.log';

  /** As after a crash: no mark, and the last batch is torn. */
  async function torn(): Promise<string> {
    const directory = await tenRecords();
    rmSync(join(directory, '.seglog_cleanshutdown'));
    const checkpoint = join(directory, '..', 'recovery-point-offset-checkpoint');
    writeFileSync(checkpoint, '0\n1\nt 0 0\n');
    truncateSync(join(directory, LAST), 70);
    return directory;
  }

  it('is recovered first, and what was cut is told', async () => {
    const directory = await torn();
    const run = await runCli(['truncate', directory, '--to', '6', '--json']);
    expect(change(run)).toEqual({ before: [0, 8, 3], after: [0, 6, 2] });
    expect(run.stderr).toMatch(/had not been closed clean, and was recovered up to offset 8\n/);
    expect(run.stderr).toMatch(/note: cut 70 bytes of 0{19}8\.log from byte 0 on \(torn-tail\): /);
    expect(run.stderr).toContain(`what was cut is in ${join(directory, 'quarantine')}`);
  });

  it('is not recovered by a dry run, which says that it would be', async () => {
    const directory = await torn();
    const before = bytesOf(directory);
    const run = await runCli(['truncate', directory, '--to', '6', '--json', '--dry-run']);
    expect(change(run)).toEqual({ before: [0, 8, 3], after: [0, 6, 2] });
    expect(run.stderr).toMatch(/^seglog: note: opening the log for changes would cut it first: [^\n]+\n$/);
    expect(bytesOf(directory)).toEqual(before);
  });

  it('is told of by append too', async () => {
    const run = await runCli(['append', await torn()], 'x\n');
    expect(run).toMatchObject({ code: 0, stdout: 'baseOffset: 8 lastOffset: 8\n' });
    expect(run.stderr).toContain('recovered up to offset 8');
  });

  it('and is damaged below its recovery point takes no changes, until it is recovered', async () => {
    const directory = await tenRecords();
    rmSync(join(directory, '.seglog_cleanshutdown'));
    const path = join(directory, LAST);
    const bytes = readFileSync(path);
    bytes[65] = (bytes[65] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    for (const args of [
      ['truncate', directory, '--to', '2'],
      ['delete-records', directory, '--before', '5'],
      ['append', directory],
    ]) {
      const run = await runCli(args);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toMatch(/^seglog: LOG_CORRUPT: [^\n]+`seglog recover`\n$/);
    }
    expect(readFileSync(path)).toEqual(bytes);
    expect((await runCli(['recover', directory])).code).toBe(0);
    expect((await runCli(['truncate', directory, '--to', '2'])).code).toBe(0);
    expect(await valuesOf(directory)).toBe('01');
  });
});
