/** Row F17 of the fault list: files that may not be opened, renamed or removed, and too many that are open. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FaultyFileSystem, type FaultyOperation } from '../../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { Log, LogReader, SeglogError } from '../../../src/index.ts';
import { codeOf, fileOf, filled, logOf, placed, readAll, unclean, valuesTo, withFile } from './partition.ts';

const DIRECTORY = '/logs/t-0';
const OPTIONS = { segmentBytes: 300, indexIntervalBytes: 50 };
const DIST = new URL('../../../dist/index.js', import.meta.url).href;

async function filledDisk(): Promise<FaultyFileSystem> {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  const fs = new FaultyFileSystem(memory);
  await using log = await Log.open(DIRECTORY, { fs, ...OPTIONS });
  for (let i = 0; i < 8; i++) log.appendSync({ value: `record ${i}` });
  return fs;
}

const OPERATIONS: readonly FaultyOperation[] = [
  'open',
  'read',
  'write',
  'rename',
  'remove',
  'truncate',
  'syncDirectory',
];

describe.each(['EACCES', 'EPERM', 'EROFS', 'EMFILE', 'ENFILE'])('F17: %s', (errno) => {
  test.each(OPERATIONS)(
    'at any %s while a log opens and closes: told with its path, and the lock is given back',
    async (operation) => {
      const rehearsal = await filledDisk();
      const before = rehearsal.count(operation);
      await (await Log.open(DIRECTORY, { fs: rehearsal, ...OPTIONS, ...unclean() })).close();
      const calls = rehearsal.count(operation) - before;
      for (let call = 1; call <= calls; call++) {
        const fs = await filledDisk();
        fs.plan({ operation, call, errno });
        try {
          const log = await Log.open(DIRECTORY, { fs, ...OPTIONS, ...unclean() });
          await log.close();
        } catch (error) {
          expect(error, `call ${call}`).toBeInstanceOf(SeglogError);
          expect(error, `call ${call}`).toMatchObject({ errno, file: expect.stringContaining('/logs') as string });
        }
        fs.heal();
        await using log = await Log.open(DIRECTORY, { fs, ...OPTIONS });
        expect(readAll(log).values, `call ${call}`).toEqual(valuesTo(8));
      }
    },
  );
});

test('F17: a reader needs nothing but reading', async () => {
  const fs = await filledDisk();
  for (const operation of ['write', 'truncate', 'rename', 'remove', 'sync', 'syncDirectory'] as const) {
    fs.plan({ operation, call: 1, errno: 'EROFS', forGood: true });
  }
  using reader = LogReader.open(DIRECTORY, { fs });
  expect(readAll(reader).values).toEqual(valuesTo(8));
  expect(reader.offsetForTimestamp(0)).toMatchObject({ offset: 0 });
});

/** Runs a program in a process that may not write to the directory, even where this one is root's. */
function asNobody(program: string, directory: string): { stdout: string; stderr: string } {
  const isRoot = process.getuid?.() === 0;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `const seglog = await import('${DIST}');\n${program}`, directory],
    { encoding: 'utf8', cwd: '/', ...(isRoot ? { uid: 65534, gid: 65534 } : {}) },
  );
  return { stdout, stderr };
}

describe.runIf(process.platform === 'linux')('F17: a log directory that may only be read', () => {
  async function readOnly(): Promise<string> {
    const directory = placed(await filled({ batches: 3 }));
    for (const name of readdirSync(directory)) chmodSync(`${directory}/${name}`, 0o444);
    chmodSync(directory, 0o555);
    chmodSync(dirname(directory), 0o555);
    return directory;
  }
  const restore = (directory: string): void => {
    chmodSync(dirname(directory), 0o755);
    chmodSync(directory, 0o755);
  };

  test('is read', async () => {
    const directory = await readOnly();
    const { stdout, stderr } = asNobody(
      `using: { const reader = seglog.LogReader.open(process.argv[1]);
       let n = 0; for (const batch of reader.readSync()) n += batch.records().length; reader.close();
       process.stdout.write(String(n)); }`,
      directory,
    );
    restore(directory);
    expect([stdout, stderr]).toEqual(['6', '']);
  });

  test('is refused to a writer, with the path, and nothing is changed', async () => {
    const directory = await readOnly();
    const { stdout, stderr } = asNobody(
      `try { await seglog.Log.open(process.argv[1]); process.stdout.write('opened'); }
       catch (error) { process.stdout.write([error.code, error.errno, error.file].join(' ')); }`,
      directory,
    );
    restore(directory);
    expect(stderr).toBe('');
    expect(stdout).toMatch(new RegExp(`^IO E(?:ACCES|PERM|ROFS) ${dirname(directory)}`));
    await using log = await Log.open(directory);
    expect([readAll(log).values, log.status().recovery]).toEqual([valuesTo(6), undefined]);
  });

  test('is refused to a writer where the directory may be written, but not the log in it', async () => {
    const directory = placed(await filled({ batches: 3 }));
    if (process.getuid?.() === 0) chownSync(dirname(directory), 65534, 65534);
    chmodSync(directory, 0o555);
    for (const name of readdirSync(directory)) chmodSync(`${directory}/${name}`, 0o444);
    const { stdout } = asNobody(
      `try { await seglog.Log.open(process.argv[1]); process.stdout.write('opened'); }
       catch (error) { process.stdout.write([error.code, error.errno, error.file].join(' ')); }`,
      directory,
    );
    chmodSync(directory, 0o755);
    expect(stdout).toMatch(new RegExp(`^IO E(?:ACCES|PERM|ROFS) ${directory}/`));
    await using log = await Log.open(directory);
    expect([readAll(log).values, log.status().recovery]).toEqual([valuesTo(6), undefined]);
  });
});

describe.runIf(process.platform === 'linux')('F17: no descriptor is left open', () => {
  const open = (): number => readdirSync('/proc/self/fd').length;

  test('after openings that were refused, damaged logs, and readers', async () => {
    const files = await filled({ batches: 12, segmentBytes: 400 });
    const doubled = new Map(files).set(logOf(4), fileOf(files, logOf(8)));
    const torn = withFile(files, logOf(8), fileOf(files, logOf(8)).subarray(0, 200));
    const base = open();
    const round = async (): Promise<void> => {
      expect(await codeOf(Log.open(placed(doubled), unclean()))).toBe('SEGMENTS_OVERLAP');
      const refuse = { clean: false, recoveryPoint: 0, mode: 'refuse' } as const;
      expect(await codeOf(Log.open(placed(torn), { recovery: refuse }))).toBe('RECOVERY_REFUSED');
      const corrupt = await Log.open(placed(torn), unclean(15));
      readAll(corrupt);
      await corrupt.close();
      const cut = await Log.open(placed(torn), unclean());
      readAll(cut);
      await cut.close();
      const reader = LogReader.open(placed(torn));
      readAll(reader);
      reader.close();
      const directory = placed(files);
      mkdirSync(`${directory}/${logOf(99)}`);
      expect(await codeOf(Log.open(directory))).toBe('NOT_A_REGULAR_FILE');
      const odd = placed(files);
      writeFileSync(`${odd}/09223372036854775807.log`, '');
      expect(await codeOf(Log.open(odd))).toBe('OFFSET_NOT_EXACT');
    };
    for (let i = 0; i < 10; i++) await round();
    expect(open() - base).toBeLessThan(5);
  });

  test('and with as few as a process may have, many segments are read and appended to all the same', async () => {
    const directory = placed(new Map());
    const program = `
      const { Log } = await import('${DIST}');
      const log = await Log.open(process.argv[1], { segmentBytes: 200 });
      for (let i = 0; i < 300; i++) await log.append({ value: 'record ' + i });
      let n = 0;
      for (const batch of log.readSync()) n += batch.records().length;
      for (let i = 0; i < 300; i += 7) log.find(i);
      await log.close();
      process.stdout.write(n + ' of ' + log.segments().length);
    `;
    const { stdout, stderr } = spawnSync(
      '/bin/sh',
      ['-c', 'ulimit -n 700 && exec "$0" "$@"', process.execPath, '--input-type=module', '-e', program, directory],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^300 of \d\d\d$/);
  });

  test('with too few an append goes on in what a sealed segment gives back, or fails by name, and the log is sound', async () => {
    const directory = placed(new Map());
    const program = `
      import { openSync } from 'node:fs';
      const { Log } = await import('${DIST}');
      const log = await Log.open(process.argv[1], { segmentBytes: 200 });
      await log.append({ value: 'record 0' });
      try { for (;;) openSync('/dev/null'); } catch {}
      let kept = 1;
      let code = 'ok';
      for (let i = 1; i < 10 && code === 'ok'; i++) {
        try { await log.append({ value: 'record ' + i }); kept++; } catch (error) { code = error.code + ' ' + error.errno; }
      }
      process.stdout.write(kept + ' ' + code);
      process.exit();
    `;
    const { stdout, stderr } = spawnSync(
      '/bin/sh',
      ['-c', 'ulimit -n 500 && exec "$0" "$@"', process.execPath, '--input-type=module', '-e', program, directory],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\d+ (ok|IO EMFILE)$/);
    await using log = await Log.open(directory);
    expect(readAll(log).values).toEqual(valuesTo(Number.parseInt(stdout, 10)));
  });
});
