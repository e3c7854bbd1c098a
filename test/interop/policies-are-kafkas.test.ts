/**
 * Random settings, offsets and moments: what retention, rolling and the cleaner's choice come to here is what they come to in
 * Kafka, on the same files. SEGLOG_FUZZ_CASES and SEGLOG_FUZZ_SEED say how many and which.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fuzzPlan, Random } from '../support/random.ts';
import { askKafka, PATIENCE_MS, withKafka } from './kafka.ts';
import { ourAnswer, type PolicyAnswer, policyCase } from './policy-cases.ts';
import { fixtureSources, FreshSources } from './sources.ts';

/** Enough to see what is wrong. */
const MAX_SHOWN = 3;

type KafkaAnswer = PolicyAnswer & { readonly dir: string; readonly error?: string };

await withKafka(() => {
  const { seed, cases } = fuzzPlan(200);
  const root = mkdtempSync(join(tmpdir(), 'seglog-policies-'));
  const fresh = new FreshSources();
  afterAll(() => {
    fresh[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });

  describe(`policies, seed ${seed}`, () => {
    test(`${cases} partitions meet the fate that Kafka decides`, { timeout: PATIENCE_MS }, async () => {
      const written = await fresh.write(new Random(seed), 10);
      const sources = [...fixtureSources('clean', 'legacy'), ...written, ...written];
      const asked = Array.from({ length: cases }, (_, i) => policyCase(seed, i, sources, root));
      // Before Kafka changes the files.
      const ours = asked.map((one) => ourAnswer(one));
      const kafkas = await askKafka<KafkaAnswer>('OraclePolicy', asked);
      const wrong = kafkas.flatMap(({ dir: _, ...kafka }, i) =>
        JSON.stringify(kafka, sortedKeys) === JSON.stringify(ours[i], sortedKeys)
          ? []
          : [{ case: asked[i], kafka, ours: ours[i] }],
      );
      expect(wrong.length === 0 ? [] : [wrong.length, ...wrong.slice(0, MAX_SHOWN)]).toEqual([]);
      // A comparison of nothings would tell nothing.
      const some = cases / 20;
      expect(kafkas.filter(({ deleted }) => deleted > 0).length).toBeGreaterThan(some);
      expect(kafkas.filter(({ deleted }) => deleted === 0).length).toBeGreaterThan(some);
      expect(kafkas.filter(({ rolls }) => rolls).length).toBeGreaterThan(some);
      expect(kafkas.filter(({ rolls }) => !rolls).length).toBeGreaterThan(some);
      expect(kafkas.filter(({ compaction }) => compaction.isEligible).length).toBeGreaterThan(some);
      expect(kafkas.filter(({ compaction }) => compaction.cleanableBytes > 0).length).toBeGreaterThan(some);
    });
  });
});

/** Members in one order, whoever wrote them. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
