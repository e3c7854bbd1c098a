/**
 * Random damage to partitions, random checkpoints: what we make of them is what Kafka makes of them, but for differences
 * that we mean. SEGLOG_FUZZ_CASES and SEGLOG_FUZZ_SEED say how many and which.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { fuzzPlan, Random } from '../support/random.ts';
import { type Difference, DIFFERENCES, differenceOf } from './allowed-differences.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';
import { comparable, compareAll, type Compared } from './recoveries.ts';
import { randomCase } from './recovery-cases.ts';
import { fixtureSources, FreshSources } from './sources.ts';

/** Enough to see what is wrong. */
const MAX_SHOWN = 5;

/** The fields in which the answers differ, ours and Kafka's. */
function differing({ kafka, ours, one }: Compared): object {
  const { source, edits, ...told } = one;
  const about = { case: told, source: source.name, edits: JSON.stringify(edits), config: source.config };
  if (ours.recovered === undefined) return { ...about, ours: String(ours.error), kafka: kafka.error ?? 'opens it' };
  if (kafka.error !== undefined) return { ...about, ours: ours.recovered, kafka: kafka.error };
  const [our, their]: Record<string, unknown>[] = [{ ...ours.recovered }, { ...comparable(kafka) }];
  const fields = Object.keys(their ?? {}).filter((key) => JSON.stringify(our?.[key]) !== JSON.stringify(their?.[key]));
  const values = fields.map((key) => [key, { ours: our?.[key], kafka: their?.[key] }]);
  return { ...about, corruption: ours.corruption, ...Object.fromEntries(values) };
}

await withKafka(() => {
  const { seed, cases } = fuzzPlan(150);
  const fresh = new FreshSources();
  afterAll(() => fresh[Symbol.dispose]());

  describe(`recovery, seed ${seed}`, () => {
    test(`${cases} damaged partitions become what Kafka makes of them`, { timeout: PATIENCE_MS }, async () => {
      const written = await fresh.write(new Random(seed), 12);
      const sources = [...fixtureSources('clean', 'unclean', 'legacy'), ...written, ...written];
      const tally = new Map<Difference | 'wrong', number>(DIFFERENCES.map((difference) => [difference, 0]));
      const wrong: object[] = [];
      const asked = Array.from({ length: cases }, (_, i) => randomCase(seed, i, sources));
      await compareAll(asked, async (compared) => {
        const difference = (await differenceOf(compared)) ?? 'wrong';
        tally.set(difference, (tally.get(difference) ?? 0) + 1);
        if (difference === 'wrong') wrong.push(differing(compared));
      });
      process.stderr.write(`recovery, seed ${seed}: ${JSON.stringify(Object.fromEntries(tally))}\n`);
      expect(wrong.slice(0, MAX_SHOWN)).toEqual([]);
      expect(tally.get('none')).toBeGreaterThan(cases / 2);
    });
  });
});
