/** Row F17 of the fault list: log directories that may not be touched, are gone, or are somebody else's; too many open files. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { FaultyFileSystem, type FaultyOperation } from '../../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { Log, SeglogError, Store } from '../../../src/index.ts';
import { scratch } from '../../support/temp.ts';
import { failing, fileNames, filled, textIn, turns, valuesOf } from '../support.ts';

const DIRECTORIES = ['/one', '/two'];
const DIST = new URL('../../../dist/index.js', import.meta.url).href;
const OPERATIONS: readonly FaultyOperation[] = ['open', 'read', 'write', 'rename', 'remove', 'syncDirectory'];

async function disks(): Promise<FaultyFileSystem> {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  await filled(DIRECTORIES, { t: ['a'], u: ['b'] }, { fs });
  return fs;
}

describe.each(['EACCES', 'EROFS', 'EMFILE'])('F17: %s', (errno) => {
  test.each(OPERATIONS)(
    'at any %s while a store opens and closes: told with its path, and locks are given back',
    async (operation) => {
      const rehearsal = await disks();
      const before = rehearsal.count(operation);
      await (await Store.open(DIRECTORIES, { fs: rehearsal })).close();
      const calls = rehearsal.count(operation) - before;
      let tolerated = 0;
      for (let call = 1; call <= calls; call++) {
        const fs = await disks();
        fs.plan({ operation, call, errno });
        const told: SeglogError[] = [];
        const tell = (problem: SeglogError): void => void told.push(problem);
        try {
          const store = await Store.open(DIRECTORIES, { fs, onProblem: tell });
          await store.close();
        } catch (error) {
          if (!(error instanceof SeglogError)) throw error;
          tell(error);
        }
        const where = `call ${call} of ${calls}`;
        // A file that is looked at twice may be read the second time.
        if (told.length === 0) tolerated++;
        for (const problem of told) {
          expect(problem, where).toMatchObject({ errno, file: expect.stringMatching(/^\/(?:one|two)/) as string });
        }
        fs.heal();
        await using store = await Store.open(DIRECTORIES, { fs });
        expect(store.status(), where).toMatchObject({ troubled: [], problems: [] });
        expect(await valuesOf(store.partition('t', 0)), where).toEqual(['a']);
        expect(await valuesOf(store.partition('u', 0)), where).toEqual(['b']);
      }
      expect(tolerated).toBeLessThan(calls / 2);
    },
  );
});

describe('F17: a log directory that is gone while its store is open', () => {
  test('goes offline with the next checkpoint, and the others go on', async () => {
    const fs = new MemoryFileSystem();
    const clock = new ManualClock(1_000_000);
    const store = await Store.open(DIRECTORIES, { fs, clock });
    for (const name of ['t', 'u']) {
      await store.createTopic({ name });
      await store.partition(name, 0).append({ value: name });
    }
    const gone = fs.list('/two').includes('t-0') ? 't' : 'u';
    fs.rename('/two', '/unplugged');
    clock.advance(5000);
    await turns();
    expect(store.status().directories).toMatchObject([
      { isOnline: true },
      { isOnline: false, problem: { errno: 'ENOENT' } },
    ]);
    expect(store.status().troubled).toMatchObject([{ topic: gone }]);
    await store.createTopic({ name: 'new' });
    expect(fs.list('/one')).toContain('new-0');
    await store.close();
    expect(fs.list('/')).not.toContain('two');
    fs.rename('/unplugged', '/two');
    await using again = await Store.open(DIRECTORIES, { fs });
    expect(again.topics()).toEqual(['new', 't', 'u']);
    expect(await valuesOf(again.partition(gone, 0))).toEqual([gone]);
  });

  test('is not mistaken for a new one: what it had is offline, and is there when it comes back', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([second, first], { t: ['a'], u: ['b'] });
    const gone = fileNames(first).includes('t-0') ? 't' : 'u';
    renameSync(first, `${first}-away`);
    const store = await Store.open([first, second]);
    expect(store.status().directories).toMatchObject([{ isOnline: true }, { isOnline: true }]);
    expect(() => store.partition(gone, 0)).toThrow(expect.objectContaining({ code: 'LOG_OFFLINE' }));
    expect(fileNames(first).filter((name) => /^[tu]-/.test(name))).toEqual([]);
    await store.close();
    renameSync(first, `${first}-new`);
    renameSync(`${first}-away`, first);
    await using again = await Store.open([first, second]);
    expect(await valuesOf(again.partition('t', 0))).toEqual(['a']);
    expect(await valuesOf(again.partition('u', 0))).toEqual(['b']);
  });
});

describe('F17: a directory of something else', () => {
  test('is left alone but for the files of a log directory', async () => {
    const directory = scratch();
    mkdirSync(join(directory, 'photos-2024', 'album'), { recursive: true });
    mkdirSync(join(directory, 'lost+found'));
    writeFileSync(join(directory, 'notes.txt'), 'kept');
    writeFileSync(join(directory, 'list-1'), 'a file');
    const store = await Store.open(directory);
    await store.createTopic({ name: 't' });
    await store.deleteTopic('t');
    await store.removeDeleted();
    await store.close();
    expect(fileNames(directory)).toEqual(expect.arrayContaining(['list-1', 'lost+found', 'notes.txt', 'photos-2024']));
    expect(textIn(directory, 'notes.txt')).toBe('kept');
    expect(readdirSync(join(directory, 'photos-2024'))).toContain('album');
  });

  test('of another cluster is refused before anything in any directory is changed', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'] }, { fs });
    await filled(['/theirs'], { x: ['b'] }, { fs });
    const before = ['/one', '/theirs'].map((path) => fs.list(path));
    const changes: string[] = [];
    for (const call of ['rename', 'replaceSmall'] as const) {
      failing(fs, call, 'EIO', (path) => {
        changes.push(path);
        return false;
      });
    }
    await expect(Store.open(['/one', '/theirs'], { fs })).rejects.toMatchObject({ code: 'DIRECTORY_MISMATCH' });
    expect(changes).toEqual([]);
    expect(['/one', '/theirs'].map((path) => fs.list(path))).toEqual(before);
  });
});

describe.runIf(process.platform === 'linux')('F17: on the machine', () => {
  /** Runs a program as somebody who may not write what is root's. */
  function asNobody(program: string, ...args: string[]): { stdout: string; stderr: string } {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `const { Store, SeglogError } = await import('${DIST}');\n${program}`, ...args],
      { encoding: 'utf8', cwd: '/', ...(process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}) },
    );
    return { stdout, stderr };
  }

  const OPEN = `
    try {
      const store = await Store.open(process.argv.slice(1));
      process.stdout.write(store.status().directories.map(({ isOnline, problem }) => isOnline ? 'online' : problem.errno).join());
      await store.close();
    } catch (error) { process.stdout.write([error.code, error.errno, error.file].join(' ')); }
  `;

  test('a log directory that may only be read is refused by its name, or offline where another one can be written', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([second, first], { t: ['a'], u: ['b'] });
    if (process.getuid?.() === 0) chownAll(second);
    const before = fileNames(first);
    chmodSync(first, 0o555);
    const alone = asNobody(OPEN, first);
    const both = asNobody(OPEN, first, second);
    chmodSync(first, 0o755);
    expect(alone).toEqual({
      stdout: expect.stringMatching(new RegExp(`^IO E(?:ACCES|PERM|ROFS) ${first}`)) as string,
      stderr: '',
    });
    expect(both).toEqual({ stdout: expect.stringMatching(/^E(?:ACCES|PERM|ROFS),online$/) as string, stderr: '' });
    expect(fileNames(first)).toEqual(before);
    if (process.getuid?.() === 0) chownAll(second, 0);
    await using store = await Store.open([first, second]);
    expect(store.status()).toMatchObject({ troubled: [], problems: [] });
  });

  test('nothing is left open by stores that could not be opened', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([first, second], { t: ['a'], u: ['b'] });
    await (await Store.open([first, second])).close();
    const file = join(first, '__cluster_metadata-0', '00000000000000000000.log');
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('damaged')]));
    await using log = await Log.open(join(scratch(), 'x-0'));
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    for (let i = 0; i < 10; i++) {
      await expect(Store.open([first, second])).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
      await expect(Store.open([first, join(log.directory, '..')])).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    }
    expect(descriptors() - before).toBeLessThan(5);
  });

  test('with fewer files than its partitions need a store serves those that it can, and says which it cannot', async () => {
    const directory = scratch();
    const store = await Store.open(directory);
    await store.createTopic({ name: 't', partitions: 40 });
    for (let i = 0; i < 40; i++) await store.partition('t', i).append({ value: String(i) });
    await store.close();
    const program = `
      const { openSync, closeSync } = await import('node:fs');
      const { Store } = await import('${DIST}');
      const taken = [];
      try { for (;;) taken.push(openSync('/dev/null')); } catch {}
      for (let i = 0; i < 60; i++) closeSync(taken.pop());
      const store = await Store.open(process.argv[1]);
      const { troubled, directories } = store.status();
      const codes = new Set(troubled.map(({ problem }) => problem.code + ' ' + problem.errno));
      process.stdout.write([directories[0].isOnline, troubled.length > 0, troubled.length < 40, [...codes]].join(' '));
      for (const descriptor of taken) closeSync(descriptor);
      await store.close();
    `;
    const { stdout, stderr } = spawnSync(
      '/bin/sh',
      ['-c', 'ulimit -n 300 && exec "$0" "$@"', process.execPath, '--input-type=module', '-e', program, directory],
      { encoding: 'utf8' },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'true true true IO EMFILE', stderr: '' });
    await using again = await Store.open(directory);
    expect(again.status()).toMatchObject({ troubled: [], problems: [] });
    for (let i = 0; i < 40; i++) expect(await valuesOf(again.partition('t', i))).toEqual([String(i)]);
  });
});

function chownAll(directory: string, id = 65534): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    chownSync(join(directory, name), id, id);
  chownSync(directory, id, id);
}
