import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';
import { bytesOf } from './changes.ts';
import { objects, runCli } from './run-cli.ts';

const CLEAN = join(FIXTURES, 'clean');
const INDEX = '00000000000000000000.index';

function copied(partition: string): string {
  const directory = join(scratch(), basename(partition));
  cpSync(join(CLEAN, partition), directory, { recursive: true });
  return directory;
}

/** A partition with one index too few. */
function withoutIndex(): string {
  const directory = copied('f-lz4-0');
  rmSync(join(directory, INDEX));
  return directory;
}

describe('a clean log directory', () => {
  it('gives no line, a summary on stderr and exit code 0, on any number of threads', async () => {
    for (const threads of ['0', '1', '3']) {
      const run = await runCli(['verify', '--threads', threads, CLEAN]);
      expect(run).toMatchObject({ code: 0, stdout: '' });
      expect(run.stderr).toMatch(
        /^seglog: \d+ files, 1908 batches, 72463 records, 5\.6 MB in [\d.]+ s: 0 errors, 0 warnings, 0 info\n$/,
      );
    }
  });
});

describe('findings', () => {
  it('are a line of JSON each, with their members in order, and exit code 1', async () => {
    const directory = withoutIndex();
    const run = await runCli(['verify', directory]);
    expect(run.code).toBe(1);
    expect(objects(run)).toHaveLength(1);
    expect(Object.entries(objects(run)[0] ?? {}).slice(0, 7)).toEqual([
      ['code', 'INDEX_MISSING'],
      ['severity', 'warning'],
      ['file', INDEX],
      ['position', null],
      ['offsets', null],
      ['expected', null],
      ['found', null],
    ]);
    expect(Object.keys(objects(run)[0] ?? {}).slice(7)).toEqual(['action', 'message', 'path']);
    expect(run.stderr).toContain('0 errors, 1 warning, 0 info');
  });

  it('are text for people when asked for, and the same on threads', async () => {
    const directory = copied('f-lz4-0');
    const path = join(directory, '00000000000000000000.log');
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const run = await runCli(['verify', '--text', directory]);
    expect(run.stdout).toMatch(
      /^error BATCH_CRC_MISMATCH \S+\.log at byte 0, offset 0\n {2}A batch's checksum .*\n {2}expected crc \d+, found crc \d+\n {2}Restore .*\n$/,
    );
    const [alone, threaded] = [
      await runCli(['verify', '--threads', '0', directory]),
      await runCli(['verify', '--threads', '2', directory]),
    ];
    expect(threaded.stdout).toBe(alone.stdout);
  });

  it('of severity info change the exit code with --strict, and --min-severity hides them', async () => {
    const directory = copied('f-none-0');
    rmSync(join(directory, '00000000000000001131.log'));
    rmSync(join(directory, '00000000000000001131.index'));
    rmSync(join(directory, '00000000000000001131.timeindex'));
    rmSync(join(directory, '00000000000000001131.snapshot'));
    const run = await runCli(['verify', directory]);
    expect(objects(run).map(({ severity }) => severity)).toContain('info');
    const shown = await runCli(['verify', '--min-severity', 'error', directory]);
    expect(shown.stdout).toBe('');
    expect(shown.code).toBe(run.code);
    expect((await runCli(['verify', '--strict', directory])).code).toBe(1);
  });

  it('are limited for each file, and all counted', async () => {
    const directory = copied('f-none-0');
    const path = join(directory, '00000000000000001131.log');
    const bytes = readFileSync(path);
    for (let at = 100; at < bytes.length; at += 500) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const run = await runCli(['verify', '--limit-findings', '2', path]);
    expect(objects(run)).toHaveLength(2);
    expect(run.stderr).toMatch(/\d\d+ errors/);
  });

  it('escape what would steer a terminal', async () => {
    const path = join(scratch(), 'a\u001b[31m-0');
    cpSync(withoutIndex(), path, { recursive: true });
    for (const form of ['--json', '--text']) {
      expect((await runCli(['verify', form, path])).stdout).not.toContain('\u001b');
    }
  });
});

describe('what goes wrong', () => {
  it('with usage is exit code 2', async () => {
    for (const args of [
      ['verify'],
      ['verify', '--threads', 'many', CLEAN],
      ['verify', '--min-severity', 'bad', CLEAN],
      ['verify', '--json', '--text', CLEAN],
    ]) {
      const run = await runCli(args);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(/^seglog: INVALID_ARGUMENT: /);
    }
  });

  it('with one file does not keep the others from being verified', async () => {
    const directory = withoutIndex();
    const run = await runCli(['verify', join(scratch(), '00000000000000000000.log'), directory]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^seglog: IO: .* was not verified to the end: /);
    expect(objects(run).map(({ code }) => code)).toEqual(['INDEX_MISSING']);
  });

  it('never changes what it looks at, also where it may not write', async () => {
    const directory = withoutIndex();
    const before = bytesOf(directory);
    await runCli(['verify', directory]);
    expect(bytesOf(directory)).toEqual(before);
    chmodSync(directory, 0o555);
    expect((await runCli(['verify', directory])).code).toBe(1);
    chmodSync(directory, 0o755);
  });
});

describe('help', () => {
  it('explains a finding code', async () => {
    const run = await runCli(['help', 'index_missing']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(/^INDEX_MISSING \(warning\)\n.*\n\n.*\n\nHow it comes: .*\n\nWhat to do: .*\n$/);
  });

  it('explains commands as before, and refuses what it does not know', async () => {
    expect((await runCli(['help', 'verify'])).stdout).toMatch(/^Usage: seglog verify /);
    expect((await runCli(['help'])).stdout).toMatch(/^Usage: seglog /);
    expect(await runCli(['help', 'NO_SUCH_CODE'])).toMatchObject({ code: 2, stdout: '' });
  });
});
