/** Files that cannot be read, or not to their end: they are named, and the others are counted. */
import { describe, expect, it } from 'vitest';
import { defaultEngine } from '../../../src/engine/select.ts';
import { SeglogError } from '../../../src/errors/errors.ts';
import type { File, FileSystem } from '../../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { cutsOf } from '../../../src/inspect/stats/plan.ts';
import { lostTask } from '../../../src/inspect/stats/task.ts';
import { threadsFor } from '../../../src/inspect/task-pool.ts';
import { batch, record } from '../make-batch.ts';
import { statsOf } from './support.ts';

const FIRST = '/d/t-0/00000000000000000000.log';
const SECOND = '/d/t-0/00000000000000000100.log';

/** So many batches of about 10 kB. */
function large(count: number, baseOffset = 0): Buffer {
  const records = record(0, 'key', 'v'.repeat(10_000));
  return Buffer.concat(
    Array.from({ length: count }, (_, at) => batch({ baseOffset: BigInt(baseOffset + at), records })),
  );
}

function memory(files: Readonly<Record<string, Buffer>>): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/d');
  fs.makeDirectory('/d/t-0');
  for (const [path, bytes] of Object.entries(files)) {
    const file = fs.open(path, 'new');
    file.write(bytes, 0, bytes.length, 0);
    file.close();
  }
  return fs;
}

/** A file system whose files are opened by `open`. */
function opening(fs: FileSystem, open: FileSystem['open']): FileSystem {
  return new Proxy(fs, {
    get: (target, name) => {
      if (name === 'open') return open;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function refused(path: string): SeglogError {
  return new SeglogError('IO', 'permission denied', { file: path });
}

describe('a file', () => {
  it('that cannot be opened is named, and the others are counted', async () => {
    const fs = memory({ [FIRST]: large(3), [SECOND]: large(2, 100) });
    const one = opening(fs, (path, mode) => {
      if (path === FIRST) throw refused(path);
      return fs.open(path, mode);
    });
    const { total, partitions, failures } = await statsOf(['/d/t-0'], {}, one);
    expect(failures).toEqual([{ path: FIRST, code: 'IO', message: expect.stringContaining('permission denied') }]);
    expect(partitions[0]?.failures).toEqual(failures);
    expect(total).toMatchObject({ segments: 1, batches: 2, records: 2 });
    expect(partitions[0]?.segmentList.map(({ path, records }) => [path, records])).toEqual([
      [FIRST, 0],
      [SECOND, 2],
    ]);
  });

  it('that becomes shorter while it is read counts as far as it was read, itself included', async () => {
    const bytes = large(100);
    const fs = memory({ [FIRST]: bytes });
    const shrinking = opening(fs, (path, mode) => {
      const file = fs.open(path, mode);
      return new Proxy(file, {
        get: (target, name) => {
          if (name === 'sizeBytes') return () => target.sizeBytes() + 1000;
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    });
    const { total, failures } = await statsOf(['/d/t-0'], {}, shrinking);
    expect(failures).toMatchObject([{ path: FIRST, code: 'FILE_SHRANK' }]);
    expect(total.batches).toBeGreaterThan(40);
    expect(total.batches).toBeLessThan(100);
    expect(total).toMatchObject({ segments: 1, fileBytes: bytes.length + 1000 });
  });

  it('whose thread died is named, with the others that the thread had', () => {
    const range = { source: 0, from: 0, to: Infinity, isLive: false, samples: [] };
    const ranges = [
      { ...range, path: FIRST },
      { ...range, path: SECOND },
    ];
    const { tally, ranges: done } = lostTask({ ranges }, new Error('out of memory'));
    expect(tally).toBeUndefined();
    const message = 'the thread that scanned this died: out of memory';
    const failure = { code: 'INTERNAL', message };
    expect(done).toMatchObject([
      { path: FIRST, scanned: undefined, failure, findings: [] },
      { path: SECOND, scanned: undefined, failure, findings: [] },
    ]);
  });
});

describe('a plan', () => {
  it('leaves no file open where it cannot open the second', () => {
    const index = FIRST.replace('.log', '.index');
    const fs = memory({ [FIRST]: large(10), [index]: Buffer.alloc(8) });
    let open = 0;
    const counting = opening(fs, (path, mode): File => {
      if (path === FIRST) throw refused(path);
      const file = fs.open(path, mode);
      open++;
      return new Proxy(file, {
        get: (target, name) => {
          if (name === 'close') return () => (open--, target.close());
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    });
    const file = { path: FIRST, source: 0, baseOffset: 0, sizeBytes: 100_000, isLive: false, index };
    expect(cutsOf({ engine: defaultEngine(), fs: counting }, file, 1000)).toEqual([]);
    expect(open).toBe(0);
  });

  it('has threads by how much there is, or as many as are asked for, and never more than 16', () => {
    expect(threadsFor(10, 100, undefined)).toBe(0);
    expect(threadsFor(1000, 100, undefined)).toBeGreaterThan(0);
    expect(threadsFor(10, 100, 3)).toBe(3);
    expect(threadsFor(1000, 100, 100_000)).toBe(16);
  });
});
