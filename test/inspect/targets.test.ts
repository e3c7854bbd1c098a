/** What paths on the command line are taken for. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SeglogError } from '../../src/errors/errors.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { findTargets } from '../../src/inspect/targets.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';

const CLEAN = join(FIXTURES, 'clean');

const directoryWith = (name: string, ...files: string[]): string => {
  const path = join(scratch(), name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), '');
  return path;
};

const one = (path: string) => findTargets(nodeFileSystem, [path])[0];

describe('a directory', () => {
  it("of a broker's logs is known by what is in it", () => {
    const target = one(CLEAN);
    expect(target).toMatchObject({ kind: 'log-directory', path: CLEAN });
    if (target?.kind !== 'log-directory') return;
    expect(target.partitions).toContain('__consumer_offsets-3');
    expect(target.partitions).toContain('f-none-0');
    expect(target.names).toContain('meta.properties');
    expect(target.names).not.toContain('f-none-0');
  });

  it('of a partition is known by what is in it, and its topic by its name', () => {
    expect(one(join(CLEAN, 'f-txn-1'))).toMatchObject({ kind: 'partition', topic: 'f-txn', partition: 1 });
    expect(one(directoryWith('copied', '00000000000000000000.log'))).toMatchObject({
      kind: 'partition',
      topic: undefined,
      partition: undefined,
    });
  });

  it('of logs may have the name of a partition', () => {
    const path = directoryWith('kafka-1', 'meta.properties');
    mkdirSync(join(path, 'events-0'));
    expect(one(path)).toMatchObject({ kind: 'log-directory', partitions: ['events-0'], names: ['meta.properties'] });
  });

  it('that is empty is what its name says', () => {
    expect(one(directoryWith('events-0'))).toMatchObject({ kind: 'partition', topic: 'events', names: [] });
  });

  it('keeps deleted, stray and future partitions apart, and links, and files that are named like partitions', () => {
    const path = directoryWith('logs', 'recovery-point-offset-checkpoint', 'file-0');
    const future = `events-0.${'a'.repeat(32)}-future`;
    for (const name of ['events-0', future]) mkdirSync(join(path, name));
    symlinkSync(join(path, 'events-0'), join(path, 'link-0'));
    expect(one(path)).toMatchObject({
      partitions: ['events-0'],
      names: [future, 'file-0', 'link-0', 'recovery-point-offset-checkpoint'].sort(),
    });
  });

  it('of something else is refused', () => {
    for (const path of [
      directoryWith('photos', 'a.jpg'),
      directoryWith('nothing'),
      directoryWith('var-log', 'server.log'),
    ]) {
      expect(() => one(path)).toThrow(SeglogError);
      expect(() => one(path)).toThrow(/is a directory/);
    }
  });
});

describe('a file', () => {
  it.each([
    ['00000000000000000042.log', 'log', 42n, undefined],
    ['00000000000000000042.timeindex.deleted', 'time-index', 42n, '.deleted'],
    ['00000000000000000042.log.swap', 'log', 42n, '.swap'],
    ['00000000000000000042.index.cleaned', 'offset-index', 42n, '.cleaned'],
    ['00000000000000000042-0000000007.checkpoint', 'log', undefined, undefined],
    ['00000000000000000042.log.2', 'log', 42n, '.2'],
    ['00000000000000000042.log.from-1234.1', 'log', 42n, '.from-1234.1'],
    ['00000000000000000042.log.from-1234', 'log', 42n, '.from-1234'],
    ['bootstrap.checkpoint', 'log', undefined, undefined],
    ['meta.properties', 'meta-properties', undefined, undefined],
    ['quorum-state', 'quorum-state', undefined, undefined],
    ['.kafka_cleanshutdown', 'clean-mark', undefined, undefined],
    ['replication-offset-checkpoint', 'partition-offsets', undefined, undefined],
  ])('%s is a %s', (name, kind, baseOffset, stage) => {
    expect(one(join('/nowhere', name))).toMatchObject({ kind: 'file', known: { kind, baseOffset, stage } });
  });

  it.each(['server.log.1', 'constructor', 'toString', 'x.txt', '__proto__'])('%s is none', (name) => {
    expect(() => one(join('/nowhere', name))).toThrow(/no kind of file/);
  });
});

it('directories of 100,000 files are gone over without a look at each', () => {
  class Counting extends MemoryFileSystem {
    stats = 0;
    override stat(path: string) {
      this.stats += 1;
      return super.stat(path);
    }
    override list(): string[] {
      return Array.from({ length: 100_000 }, (_, i) => `${String(i).padStart(20, '0')}.log`);
    }
  }
  const fs = new Counting();
  fs.makeDirectory('/events-0');
  const [target] = findTargets(fs, ['/events-0']);
  expect(target).toMatchObject({ kind: 'partition', topic: 'events' });
  expect(fs.stats).toBe(1);
});
