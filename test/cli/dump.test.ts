import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';
import { objects, runCli } from './run-cli.ts';

const CLEAN = join(FIXTURES, 'clean');
const LOG = join(CLEAN, 'f-txn-0', '00000000000000000000.log');
const INDEX = join(CLEAN, '__cluster_metadata-0', '00000000000000000000.index');

describe('several files', () => {
  it('have a segment line each in JSON, and a heading in text', async () => {
    const run = await runCli(['dump', '--json', LOG, INDEX, join(CLEAN, 'f-txn-0', 'leader-epoch-checkpoint')]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(
      objects(run)
        .filter(({ type }) => type === 'segment')
        .map(({ file }) => file),
    ).toEqual([LOG, INDEX, join(CLEAN, 'f-txn-0', 'leader-epoch-checkpoint')]);
    const text = await runCli(['dump', LOG, INDEX]);
    expect(text.stdout).toMatch(/^Dumping .*\.log\nLog starting offset: 0\nbaseOffset: 0 /);
    expect(text.stdout).toContain(`\nDumping ${INDEX}\noffset: 65 position: 4097\n`);
  });

  it('are all shown, also behind one that is missing', async () => {
    const run = await runCli(['dump', '--json', '/nowhere/00000000000000000000.log', INDEX]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^seglog: IO: [^\n]*nowhere[^\n]*\n$/);
    expect(objects(run).at(-1)).toEqual({ type: 'index', offset: 244, position: 15705 });
  });

  it('one alone has no segment line', async () => {
    expect(objects(await runCli(['dump', '--json', LOG]))[0]).toMatchObject({ type: 'batch', position: 0 });
  });
});

describe('findings', () => {
  it('are on stderr, and the exit code is 1', async () => {
    const path = join(scratch(), '00000000000000000000.log');
    const bytes = readFileSync(LOG);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const run = await runCli(['dump', '--json', path]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(
      /^seglog: BATCH_CRC_MISMATCH: .*expected crc \d+, found crc \d+ \(.* at byte 0\); the next batch is at byte \d+\n$/,
    );
    expect(objects(run)[0]).toMatchObject({ valid: false });
    expect(objects(run).filter(({ type, valid }) => type === 'batch' && valid === true).length).toBeGreaterThan(0);
  });

  it('are not told by the million', async () => {
    const path = join(scratch(), '00000000000000000000.index');
    writeFileSync(path, Buffer.alloc(80_000, 1));
    const run = await runCli(['dump', path]);
    expect(run.code).toBe(1);
    expect(run.stderr.split('\n')).toHaveLength(102);
    expect(run.stderr).toContain('9899 more findings');
  });
});

describe('what is no file to dump', () => {
  it('a directory of something else, also one named like a segment', async () => {
    const other = scratch();
    writeFileSync(join(other, 'notes.txt'), 'x');
    const path = join(scratch(), '00000000000000000000.log');
    mkdirSync(path);
    for (const directory of [other, path]) {
      const run = await runCli(['dump', directory]);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(/is a directory/);
    }
  });

  it('an unknown name, told in one line that steers no terminal', async () => {
    const run = await runCli(['dump', join(scratch(), 'a\u001b[31m\nb.txt')]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^seglog: INVALID_ARGUMENT: [^\n]*\.timeindex[^\n]*a\\x1b\[31m\\nb\.txt\n$/);
  });

  it.skipIf(process.platform === 'win32')('a FIFO, a device and a link, without hanging', async () => {
    const directory = scratch();
    const fifo = join(directory, '00000000000000000000.log');
    execFileSync('mkfifo', [fifo]);
    const link = join(directory, '00000000000000000001.log');
    symlinkSync('/dev/zero', link);
    for (const path of [fifo, link]) {
      const run = await runCli(['dump', '--json', path]);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(/^seglog: NOT_A_REGULAR_FILE: /);
    }
  });

  it('nothing at all', async () => {
    expect(await runCli(['dump'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: "seglog: INVALID_ARGUMENT: missing required argument 'paths'\n",
    });
  });
});

it('a huge sparse file is not read to its end', async () => {
  const path = join(scratch(), '00000000000000000000.log');
  const file = openSync(path, 'w');
  ftruncateSync(file, 2 ** 42);
  closeSync(file);
  const run = await runCli(['dump', '--json', path]);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/^seglog: BATCH_SIZE_INVALID: zeros where a batch should be/);
});

describe('the program', () => {
  it.each(['--version', '-V'])('%s tells the engine and why', async (option) => {
    const run = await runCli([option]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(/^seglog \d+\.\d+\.\d+\nengine: (native|ts) \(.+\)\n/);
  });

  it('refuses an engine that is not known', async () => {
    const run = await runCli(['--version'], '', { SEGLOG_ENGINE: 'fast' });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^seglog: INVALID_CONFIG: /);
  });

  it('prints help with 0, and without a command with 2', async () => {
    expect((await runCli(['--help'])).code).toBe(0);
    expect((await runCli(['help', 'dump'])).code).toBe(0);
    expect((await runCli([])).code).toBe(2);
    expect(await runCli(['nope'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: "seglog: INVALID_ARGUMENT: unknown command 'nope'\n",
    });
  });
});
