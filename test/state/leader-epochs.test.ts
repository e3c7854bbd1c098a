import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SeglogError } from '../../src/errors/errors.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { type LeaderEpoch, LeaderEpochs } from '../../src/state/leader-epochs.ts';
import { scratchPartition } from '../support/temp.ts';

const FILE = 'leader-epoch-checkpoint';

/** A partition directory that is there, and its file system. */
function memory(): [FileSystem, string] {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/log/t-0');
  return [fs, '/log/t-0'];
}

function onDisk(): [FileSystem, string] {
  const directory = scratchPartition();
  nodeFileSystem.makeDirectory(directory);
  return [nodeFileSystem, directory];
}

function load(fs: FileSystem, directory: string): LeaderEpochs {
  return LeaderEpochs.load(fs, directory, (problem) => {
    throw problem;
  });
}

/** Epochs in memory, those assigned as given. */
function epochs(...assigned: readonly (readonly [epoch: number, startOffset: number])[]): LeaderEpochs {
  const cache = load(...memory());
  for (const [epoch, startOffset] of assigned) cache.assign(epoch, startOffset);
  return cache;
}

const pairs = (entries: readonly LeaderEpoch[]): number[][] => entries.map((entry) => [entry.epoch, entry.startOffset]);

function text(fs: FileSystem, directory: string): string | undefined {
  const bytes = fs.readSmall(`${directory}/${FILE}`);
  return bytes && new TextDecoder().decode(bytes);
}

function write(fs: FileSystem, directory: string, content: string): void {
  fs.replaceSmall(`${directory}/${FILE}`, new TextEncoder().encode(content));
}

describe('where an epoch ends', () => {
  test('the latest epoch ends where the log does', () => {
    expect(epochs([2, 10]).endOffsetFor(2, 15)).toEqual({ epoch: 2, endOffset: 15 });
  });

  test('nothing is known without entries, of a later epoch, and of no epoch', () => {
    const unknown = { epoch: -1, endOffset: -1 };
    expect(epochs().endOffsetFor(0, 15)).toEqual(unknown);
    expect(epochs([2, 10]).endOffsetFor(3, 15)).toEqual(unknown);
    expect(epochs([2, 10]).endOffsetFor(-1, 15)).toEqual(unknown);
  });

  test('an epoch below the first ends where the first starts', () => {
    const cache = epochs([5, 11], [6, 12], [7, 13]);
    expect(cache.endOffsetFor(4, 20)).toEqual({ epoch: 4, endOffset: 11 });
  });

  test('an epoch ends where the next one that is known starts, under the name of the one before', () => {
    const cache = epochs([2, 10], [5, 20], [6, 30]);
    expect(cache.endOffsetFor(2, 40)).toEqual({ epoch: 2, endOffset: 20 });
    expect(cache.endOffsetFor(4, 40)).toEqual({ epoch: 2, endOffset: 20 });
    expect(cache.endOffsetFor(5, 40)).toEqual({ epoch: 5, endOffset: 30 });
  });
});

describe('an epoch is assigned', () => {
  test('once: a later offset of the same epoch changes nothing', () => {
    const cache = epochs([2, 6], [2, 7], [2, 8]);
    expect(pairs(cache.entries())).toEqual([[2, 6]]);
  });

  test('to an earlier offset, and start offsets keep rising: the tail that contradicts it goes', () => {
    expect(pairs(epochs([2, 6], [3, 8], [4, 9], [5, 8]).entries())).toEqual([
      [2, 6],
      [5, 8],
    ]);
    expect(pairs(epochs([2, 6], [3, 8], [4, 9], [3, 7]).entries())).toEqual([
      [2, 6],
      [3, 7],
    ]);
    expect(pairs(epochs([2, 6], [3, 8], [1, 20]).entries())).toEqual([[1, 20]]);
    expect(pairs(epochs([2, 6], [2, 5]).entries())).toEqual([[2, 5]]);
  });

  test('only from 0 on', () => {
    const cache = epochs();
    expect(() => cache.assign(-1, 0)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => cache.assign(0, -1)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(cache.latest).toBeUndefined();
  });
});

describe('the log is cut', () => {
  const three = (): LeaderEpochs => epochs([2, 6], [3, 8], [4, 11]);

  test('at its end: epochs that start there or later go', () => {
    const cache = three();
    cache.truncateFromEnd(12);
    expect(pairs(cache.entries())).toHaveLength(3);
    cache.truncateFromEnd(11);
    expect(pairs(cache.entries())).toEqual([
      [2, 6],
      [3, 8],
    ]);
    cache.truncateFromEnd(0);
    expect(cache.entries()).toEqual([]);
  });

  test('between two starts at its beginning: the start of the first survivor moves up', () => {
    const cache = three();
    cache.truncateFromStart(9);
    expect(pairs(cache.entries())).toEqual([
      [3, 9],
      [4, 11],
    ]);
  });

  test('at a start: that epoch stays as it is', () => {
    const cache = three();
    cache.truncateFromStart(8);
    expect(pairs(cache.entries())).toEqual([
      [3, 8],
      [4, 11],
    ]);
  });

  test('behind all starts: the latest epoch is retained', () => {
    const cache = three();
    cache.truncateFromStart(20);
    expect(pairs(cache.entries())).toEqual([[4, 20]]);
  });

  test('before all of them, nothing changes', () => {
    const cache = three();
    cache.truncateFromStart(5);
    expect(pairs(cache.entries())).toHaveLength(3);
  });
});

test('an offset belongs to the last epoch that starts at or below it', () => {
  const cache = epochs([2, 6], [3, 8], [4, 11]);
  expect([5, 6, 7, 8, 10, 11, 99].map((offset) => cache.epochForOffset(offset))).toEqual([
    ...[undefined, 2, 2, 3, 3, 4, 4],
  ]);
});

describe.each([
  ['in memory', memory],
  ['on disk', onDisk],
])('the file %s', (_where, place) => {
  test('keeps the epochs between instances', () => {
    const [fs, directory] = place();
    const cache = load(fs, directory);
    cache.assign(2, 6);
    cache.assign(4, 11);
    expect(text(fs, directory)).toBe('0\n2\n2 6\n4 11\n');
    expect(load(fs, directory).entries()).toEqual(cache.entries());
  });

  test('is not made by loading, nor by a change that changes nothing', () => {
    const [fs, directory] = place();
    const cache = load(fs, directory);
    cache.clear();
    cache.truncateFromEnd(0);
    cache.truncateFromStart(5);
    expect(fs.list(directory)).toEqual([]);
  });

  test('is empty once all are cleared', () => {
    const [fs, directory] = place();
    const cache = load(fs, directory);
    cache.assign(1, 0);
    cache.clear();
    expect(text(fs, directory)).toBe('0\n0\n');
    expect(load(fs, directory).latest).toBeUndefined();
  });

  test.each([
    ['text', 'what?\n', 'CORRUPT_CHECKPOINT'],
    ['a wrong count', '0\n2\n1 0\n', 'CORRUPT_CHECKPOINT'],
    ['a later version', '1\n0\n', 'UNSUPPORTED_VERSION'],
    ['an offset beyond 2^53', '0\n1\n1 9007199254740993\n', 'CORRUPT_CHECKPOINT'],
    ['an offset below 0', '0\n1\n1 -1\n', 'CORRUPT_CHECKPOINT'],
    ['an epoch beyond int32', '0\n1\n2147483648 0\n', 'CORRUPT_CHECKPOINT'],
  ])('with %s is told of, stays, and counts as empty', (_what, content, code) => {
    const [fs, directory] = place();
    write(fs, directory, content);
    const problems: SeglogError[] = [];
    const cache = LeaderEpochs.load(fs, directory, (problem) => problems.push(problem));
    expect(problems).toMatchObject([{ code, file: expect.stringContaining(FILE) as string }]);
    expect(cache.entries()).toEqual([]);
    expect(text(fs, directory)).toBe(content);
  });

  test('with entries that contradict each other is read as if they had been assigned in turn', () => {
    const [fs, directory] = place();
    write(fs, directory, '0\n4\n1 0\n3 20\n2 10\n2 15\n');
    expect(pairs(load(fs, directory).entries())).toEqual([
      [1, 0],
      [2, 10],
    ]);
  });
});

test('is written only when something changed', () => {
  const [inner, directory] = memory();
  const fs = new FaultyFileSystem(inner);
  const cache = load(fs, directory);
  cache.assign(1, 0);
  cache.assign(2, 10);
  expect(fs.count('rename')).toBe(2);
  cache.assign(2, 10);
  cache.assign(2, 99);
  cache.truncateFromEnd(11);
  cache.truncateFromStart(0);
  expect(fs.count('rename')).toBe(2);
});

test('a file that cannot be written leaves the epochs as they were', () => {
  const [inner, directory] = onDisk();
  const fs = new FaultyFileSystem(inner);
  const cache = load(fs, directory);
  cache.assign(1, 0);
  fs.plan({ operation: 'rename', call: 1, errno: 'EIO', forGood: true });
  expect(() => cache.assign(2, 10)).toThrow(expect.objectContaining({ code: 'IO', errno: 'EIO' }));
  fs.heal();
  expect(pairs(cache.entries())).toEqual([[1, 0]]);
  expect(load(inner, directory).entries()).toEqual(cache.entries());
});

test('whatever is done, epochs and starts rise, and the file says the same', () => {
  const step = fc.record({
    what: fc.constantFrom('assign', 'truncateFromEnd', 'truncateFromStart', 'clear'),
    epoch: fc.nat(6),
    offset: fc.nat(30),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const [fs, directory] = memory();
      const cache = load(fs, directory);
      for (const { what, epoch, offset } of steps) {
        if (what === 'assign') {
          cache.assign(epoch, offset);
          expect(cache.latest?.epoch).toBe(epoch);
        } else if (what === 'truncateFromEnd') cache.truncateFromEnd(offset);
        else if (what === 'truncateFromStart') cache.truncateFromStart(offset);
        else cache.clear();
        const entries = cache.entries();
        for (const [at, entry] of entries.slice(1).entries()) {
          expect(entry.epoch).toBeGreaterThan(entries[at]?.epoch ?? Infinity);
          expect(entry.startOffset).toBeGreaterThan(entries[at]?.startOffset ?? Infinity);
        }
        expect(load(fs, directory).entries()).toEqual(entries);
      }
    }),
  );
});
