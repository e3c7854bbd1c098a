/** What is found in the partitions that Kafka wrote: nothing where it stopped cleanly, and only what is so elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recoverPartition } from '../../../../src/log/recover-partition.ts';
import { applyEdits, type Edit } from '../../../support/edits.ts';
import { FIXTURES, jsonLines } from '../../../support/fixtures.ts';
import { copied, findingsOf, findingsWithin, inShort } from './support.ts';

interface Recipe {
  name: string;
  source: string;
  edits: Edit[];
}

const partitionsIn = (kind: string): string[] =>
  readdirSync(join(FIXTURES, kind))
    .filter((name) => /-\d+$/.test(name))
    .map((name) => join(FIXTURES, kind, name));
const recipes = jsonLines<Recipe>(readFileSync(join(FIXTURES, 'damage.jsonl'), 'utf8'));

describe('partitions', () => {
  test('of a broker that stopped cleanly give no finding, alone and within their log directory', () => {
    const partitions = partitionsIn('clean');
    expect(partitions.length).toBe(23);
    expect(partitions.flatMap((path) => inShort(findingsOf(path)))).toEqual([]);
    expect(partitions.flatMap((path) => inShort(findingsWithin(path)))).toEqual([]);
  });

  test('in formats 0 and 1 give none', () => {
    const partitions = partitionsIn('legacy');
    expect(partitions.length).toBe(8);
    expect(partitions.flatMap((path) => inShort(findingsOf(path)))).toEqual([]);
  });

  test('of a broker that was killed have files on their way out, and transactions that nobody wrote down', () => {
    const found = partitionsIn('unclean').flatMap((path) => findingsWithin(path));
    const deleted = found.filter(({ code }) => code === 'LEFTOVER_DELETED');
    expect(deleted.every(({ file }) => file.endsWith('.deleted'))).toBe(true);
    expect(deleted.length).toBe(19);
    const others = found.filter(({ code }) => code !== 'LEFTOVER_DELETED');
    expect(others.map(({ path, offsets }) => [path.slice(FIXTURES.length), offsets])).toEqual([
      ['/unclean/f-txn-0/00000000000000000839.log', [1587, 1626]],
      ['/unclean/f-txn-1/00000000000000000845.log', [1598, 1634]],
    ]);
    expect(new Set(others.map(({ severity, code }) => `${severity} ${code}`))).toEqual(
      new Set(['info TRANSACTION_OPEN']),
    );
  });
});

describe('a damaged snapshot', () => {
  test.each([
    ['008', 'warning SNAPSHOT_VERSION 00000000000000012000.snapshot 0'],
    ['021', 'warning SNAPSHOT_CORRUPT 00000000000000002500.snapshot 6'],
    ['034', 'warning SNAPSHOT_CORRUPT 00000000000000004000.snapshot 2'],
    ['047', 'warning SNAPSHOT_CORRUPT 00000000000000041181.snapshot 6'],
    ['060', 'warning SNAPSHOT_CORRUPT 00000000000000002500.snapshot 6'],
    ['073', 'warning SNAPSHOT_CORRUPT 00000000000000004001.snapshot 6'],
  ])('of recipe %s is found where it is damaged', (number, expected) => {
    const { source, edits } = recipes.find(({ name }) => name.startsWith(number)) as Recipe;
    const directory = copied(source);
    applyEdits(directory, edits);
    expect(inShort(findingsOf(directory))).toEqual([expected]);
  });
});

describe('damage to the segments themselves', () => {
  const others = recipes.filter(({ name }) => !name.includes('snapshot'));

  test('gives nothing here that the segment does not tell', () => {
    const found = others.flatMap(({ name, source, edits }) => {
      const directory = copied(source);
      applyEdits(directory, edits);
      return inShort(findingsOf(directory)).map((line) => `${name}: ${line}`);
    });
    expect(others.length).toBe(72);
    expect(found).toEqual([]);
  });

  test('once recovered leaves nothing to find but what was kept', { timeout: 120_000 }, async () => {
    const codes = new Set<string>();
    for (const { source, edits } of recipes.filter((_recipe, index) => index % 4 === 0)) {
      const directory = copied(source);
      applyEdits(directory, edits);
      await recoverPartition(directory, { segmentIndexBytes: 102_400 });
      for (const { code } of findingsOf(directory)) codes.add(code);
    }
    expect([...codes]).toEqual(['QUARANTINE']);
  });
});
