/** A search starts where an index says, as far as the log bears it out. */
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES } from '../../support/fixtures.ts';
import { Random } from '../../support/random.ts';
import { scratch } from '../../support/temp.ts';
import { search } from './run.ts';

const SOURCE = join(FIXTURES, 'clean', 'f-none-0');
const BASE = '00000000000000000000';
const OFFSET = 900;

/** The first segment of a partition with indexes of some length, alone in a directory. */
function segment(change: (directory: string) => void = () => undefined): string {
  const directory = scratch();
  for (const name of readdirSync(SOURCE)) {
    if (name.startsWith(BASE)) copyFileSync(join(SOURCE, name), join(directory, name));
  }
  change(directory);
  return join(directory, `${BASE}.log`);
}

/** Rewrites a file. */
function edit(directory: string, suffix: string, change: (bytes: Buffer) => Buffer): void {
  const path = join(directory, `${BASE}${suffix}`);
  writeFileSync(path, change(readFileSync(path)));
}

const first = (path: string): { offset: number; timestamp: number } =>
  JSON.parse(search([path], { fromOffset: OFFSET, limit: 1 }).lines[1] as string) as {
    offset: number;
    timestamp: number;
  };

describe('a sound index', () => {
  it('spares what lies before the batch of an offset', () => {
    const { search: found, lines, notes } = search([segment()], { fromOffset: OFFSET, limit: 1 });
    expect(JSON.parse(lines[1] as string)).toMatchObject({ offset: OFFSET });
    expect(found.coverage.indexedBytes).toBeGreaterThan(10_000);
    expect(found.coverage.batches).toBeLessThan(50);
    expect(notes).toEqual([]);
  });

  it('spares what is older than a time', () => {
    const path = segment();
    const { timestamp } = first(path);
    const { search: found, lines, notes } = search([path], { fromTime: timestamp, limit: 1 });
    expect((JSON.parse(lines[1] as string) as { timestamp: number }).timestamp).toBeGreaterThanOrEqual(timestamp);
    expect(found.coverage.indexedBytes).toBeGreaterThan(1000);
    expect(notes).toEqual([]);
  });

  it('is followed too where it was set aside and not trimmed', () => {
    const path = segment((directory) => {
      for (const suffix of ['.index', '.timeindex'])
        edit(directory, suffix, (bytes) => Buffer.concat([bytes, Buffer.alloc(24 * 1000)]));
    });
    const { search: found, notes } = search([path], { fromOffset: OFFSET, fromTime: first(path).timestamp, limit: 1 });
    expect(found.coverage.indexedBytes).toBeGreaterThan(10_000);
    expect(notes).toEqual([]);
  });

  it('skips no segment of a partition that a time may lie in, and those that an offset cannot', () => {
    const all = readdirSync(SOURCE).filter((name) => name.endsWith('.log'));
    expect(all.length).toBeGreaterThan(3);
    const byOffset = search([SOURCE], { fromOffset: 30_000 });
    expect(byOffset.files.length).toBeLessThan(all.length);
    expect(byOffset.files.length + byOffset.search.coverage.segments).toBe(all.length);
    expect(search([SOURCE], { fromTime: 2e12 }).files).toHaveLength(all.length);
  });
});

describe('an index that is not so', () => {
  const whole = (): string[] => search([segment()], { fromOffset: OFFSET }).lines;

  it.each([
    ['is missing', (directory: string) => rmSync(join(directory, `${BASE}.index`)), 0],
    ['is empty', (directory: string) => edit(directory, '.index', () => Buffer.alloc(0)), 0],
    ['names other positions', (directory: string) => edit(directory, '.index', (bytes) => shifted(bytes, 4, 8)), 1],
    ['names other offsets', (directory: string) => edit(directory, '.index', (bytes) => shifted(bytes, 0, 8)), 1],
    ['is all ones', (directory: string) => edit(directory, '.index', (bytes) => bytes.fill(0xff)), 1],
    ['is all zeros', (directory: string) => edit(directory, '.index', (bytes) => bytes.fill(0)), 0],
  ])('leads to a search from the start when it %s', (_, change, notes) => {
    const dump = search([segment(change)], { fromOffset: OFFSET });
    expect(dump.lines).toEqual(whole());
    expect(dump.notes).toHaveLength(notes);
    expect(dump.search.coverage.indexedBytes).toBe(0);
  });

  it('is never believed against the log: one flipped bit loses no record', () => {
    const random = new Random(5);
    const sound = segment();
    const { timestamp } = first(sound);
    const expected = search([sound], { fromTime: timestamp }).lines;
    const byOffset = search([sound], { fromOffset: OFFSET }).lines;
    for (let i = 0; i < 60; i++) {
      const suffix = random.pick(['.index', '.timeindex']);
      const damaged = segment((directory) => {
        edit(directory, suffix, (bytes) => {
          const at = random.between(0, bytes.length - 1);
          bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
          return bytes;
        });
      });
      expect(search([damaged], { fromTime: timestamp }).lines).toEqual(expected);
      expect(search([damaged], { fromOffset: OFFSET }).lines).toEqual(byOffset);
    }
  });

  it('of another kind of file is passed over', () => {
    const dump = search(
      [
        segment((directory) => {
          rmSync(join(directory, `${BASE}.index`));
          rmSync(join(directory, `${BASE}.timeindex`));
        }),
      ],
      { fromTime: 0, fromOffset: OFFSET },
    );
    expect(dump.lines).toEqual(whole());
  });
});

/** Every other int32 from `at` on moved by one. */
function shifted(bytes: Buffer, at: number, every: number): Buffer {
  for (let i = at; i < bytes.length; i += every) bytes.writeInt32BE(bytes.readInt32BE(i) + 1, i);
  return bytes;
}
