/** Damaged partitions are explained as far as they can be read, or refused with a code: nothing crashes or hangs on them. */
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SeglogError } from '../../../src/errors/errors.ts';
import { EXPLAIN_KINDS } from '../../../src/inspect/explain/contract.ts';
import { randomDamage } from '../../support/damage.ts';
import { applyEdits } from '../../support/edits.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { fuzzPlan, Random } from '../../support/random.ts';
import { scratch, scratchPartition } from '../../support/temp.ts';
import { explainMade, type MadeSegment, makePartition } from './partitions.ts';

const NOW = 1_800_000_000_000;
const CONFIG = { cleanupPolicy: ['compact', 'delete'] } as const;

test('randomly damaged partitions', { timeout: 120_000 }, () => {
  const { seed, cases } = fuzzPlan(60);
  const random = new Random(seed);
  const root = scratch();
  const names = readdirSync(join(FIXTURES, 'clean')).filter((name) => /^f-.*-\d$/.test(name) && name !== 'f-none-0');
  let explained = 0;
  for (let i = 0; i < cases; i++) {
    const name = random.pick(names);
    const directory = join(root, String(i), name);
    cpSync(join(FIXTURES, 'clean', name), directory, { recursive: true });
    applyEdits(directory, randomDamage(random, directory));
    for (const kind of EXPLAIN_KINDS) {
      try {
        const { segments } = explainMade(kind, directory, NOW, CONFIG);
        expect(segments.length).toBeGreaterThan(0);
        explained++;
      } catch (error) {
        expect(error).toBeInstanceOf(SeglogError);
      }
    }
  }
  expect(explained).toBeGreaterThan(cases);
});

describe('bytes that lie', () => {
  const explainAll = (segments: readonly MadeSegment[]): void => {
    const directory = makePartition(scratchPartition(), segments);
    for (const kind of EXPLAIN_KINDS) {
      try {
        expect(explainMade(kind, directory, NOW, CONFIG).segments).toHaveLength(segments.length);
      } catch (error) {
        expect(error).toMatchObject({ name: 'SeglogError', code: 'OFFSET_NOT_EXACT' });
      }
    }
  };
  const far = 2n ** 63n - 1n;

  test.each<[string, MadeSegment['batches'][number]]>([
    ['the largest offset', { timestamp: 1n, baseOffset: far }],
    ['an offset beyond 2^53', { timestamp: 1n, baseOffset: 2n ** 53n + 1n }],
    ['a negative offset', { timestamp: 1n, baseOffset: -far }],
    ['the largest timestamp', { timestamp: far }],
    ['the smallest timestamp', { timestamp: -far - 1n }],
    ['a producer beyond 2^53 in a transaction', { timestamp: 1n, producerId: far, attributes: 0x10 }],
    ['a marker without a body', { timestamp: 1n, producerId: 5n, attributes: 0x30, records: Buffer.alloc(0) }],
    ['more records than bytes', { timestamp: far, count: 2 ** 31 - 1, lastOffsetDelta: 2 ** 31 - 1 }],
    ['a delete horizon without end', { timestamp: far, attributes: 0x40 }],
    ['a size beyond the file', { timestamp: 1n, length: 2 ** 31 - 1 }],
    ['a negative size', { timestamp: 1n, length: -5 }],
  ])('as %s are explained or refused', (_, lying) => {
    explainAll([
      { baseOffset: 0, batches: [{ timestamp: 1n }, lying, { timestamp: 2n }] },
      { baseOffset: 50, batches: [{ timestamp: 1n }, lying] },
    ]);
  });
});
