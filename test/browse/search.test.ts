/** Searches find what is there, in order, in both directions, and say what they looked at. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { END_PLACE, type Place, type Row, START_PLACE } from '../../src/browse/contract.ts';
import type { PartitionSource } from '../../src/browse/source/partition.ts';
import { isMatch, parseQuery } from '../../src/browse/source/query.ts';
import { Log } from '../../src/log/log.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratchPartition } from '../support/temp.ts';
import { ALL_OPEN, finish, placeText, rowsForward, sourceOf } from './support.ts';

/** All hits, found one from the other. */
function hits(source: PartitionSource, typed: string, isBackwards: boolean): string[] {
  const query = parseQuery(typed);
  const found: string[] = [];
  let from: Place = isBackwards ? END_PLACE : START_PLACE;
  for (;;) {
    const hit = finish(source.search(query).run(from, isBackwards));
    if (hit === undefined) return found;
    found.push(placeText(hit.place));
    from = hit.place;
  }
}

function expectedHits(source: PartitionSource, typed: string): string[] {
  const query = parseQuery(typed);
  return rowsForward(source, ALL_OPEN)
    .filter((row: Row) => row.kind === 'record' && isMatch(query, row.record))
    .map(({ place }) => placeText(place));
}

describe('a search', () => {
  test.each(['clean/f-none-0', 'clean/f-zstd-0', 'clean/f-lz4-0', 'clean/f-compacted-0', 'legacy/magic0-gzip-0'])(
    'finds every record of %s that has the text, forwards and backwards',
    (name) => {
      const source = sourceOf(join(FIXTURES, name));
      for (const typed of ['17', 'key:2', 'value:9', 'hex:3133', 'no such text at all']) {
        const expected = expectedHits(source, typed).slice(0, 300);
        if (expected.length === 300) continue;
        expect([typed, hits(source, typed, false)]).toEqual([typed, expected]);
        expect([typed, hits(source, typed, true)]).toEqual([typed, expected.toReversed()]);
      }
    },
  );

  test('of text, bytes, keys and values is understood as it was typed', () => {
    expect(parseQuery('value:hex:00 fF')).toMatchObject({ bytes: Buffer.of(0, 255), inKeys: false, inValues: true });
    expect(parseQuery('key:a b')).toMatchObject({ bytes: Buffer.from('a b'), inKeys: true, inValues: false });
    expect(parseQuery('text:key:1')).toMatchObject({ bytes: Buffer.from('key:1'), inKeys: true, inValues: true });
    expect(() => parseQuery('hex:0')).toThrow('pairs');
    expect(() => parseQuery('key:')).toThrow('nothing to look for');
  });

  test('that finds nothing tells what it searched and what it could not', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    for (let n = 0; n < 50; n++) await log.append({ key: `k${n}`, value: 'v'.repeat(200) });
    await log.close();
    const path = join(directory, '00000000000000000000.log');
    const bytes = readFileSync(path);
    const size = bytes.length / 50;
    bytes[Math.floor(size * 7) + 150] = 0;
    writeFileSync(path, bytes);
    const search = sourceOf(directory).search(parseQuery('nothing of the kind'));
    expect(finish(search.run(START_PLACE, false))).toBeUndefined();
    expect(search.coverage.text()).toBe(
      `searched offsets 0 to 49: 50 batches, ${bytes.length} bytes, 1 batches unreadable`,
    );
  });

  test.each([false, true])(
    'goes on where a segment is deleted meanwhile, and counts it (backwards: %s)',
    async (isBack) => {
      const directory = scratchPartition();
      const log = await Log.open(directory, { segmentBytes: 4000 });
      for (let n = 0; n < 40; n++) await log.append({ key: `k${n}`, value: 'v'.repeat(500) });
      await log.close();
      const source = sourceOf(directory);
      const bases = [...new Set(rowsForward(source, ALL_OPEN).map(({ place }) => place.base))];
      expect(bases.length).toBeGreaterThan(4);
      rmSync(join(directory, `${String(bases[2]).padStart(20, '0')}.log`));
      const found = source.search(parseQuery(isBack ? 'key:k0' : 'key:k39'));
      const hit = finish(found.run(isBack ? END_PLACE : START_PLACE, isBack));
      expect(hit?.place.base).toBe(isBack ? 0 : bases.at(-2));
      expect(found.coverage.text()).toContain(', 1 segments gone or not read to their end');
      expect(found.coverage.isWhole).toBe(false);
    },
  );

  test('gives others a turn, tells how far it is, and can be given up', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    const value = 'x'.repeat(100_000);
    for (let n = 0; n < 100; n++) await log.append({ value });
    await log.close();
    for (const isBackwards of [false, true]) {
      const search = sourceOf(directory).search(parseQuery('absent'));
      const task = search.run(isBackwards ? END_PLACE : START_PLACE, isBackwards);
      for (let turn = 0; turn < 4; turn++) expect(task.next().done).toBe(false);
      const step = task.next();
      expect(step.done === false && step.value?.totalBytes).toBeGreaterThan(10_000_000);
      expect(step.done === false && step.value?.doneBytes).toBeLessThan(6_000_000);
      task.return(undefined);
      expect(search.coverage.batches).toBeLessThan(60);
      expect(search.coverage.batches).toBeGreaterThan(3);
    }
  });
});
