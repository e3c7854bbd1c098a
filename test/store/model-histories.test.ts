/**
 * Random lives of whole stores against a simple model (test/support/store-model*.ts): topics with random configurations, appends of
 * every kind, transactions, retention, compaction, restarts and clocks that jump. `SEGLOG_FUZZ_CASES` and `SEGLOG_FUZZ_SEED` set
 * how many lives, and which; a failing one is made short before it is told, and its steps run again with `runHistory`.
 */
import { expect, test } from 'vitest';
import { fuzzPlan } from '../support/random.ts';
import { failureOf, historyOf } from '../support/store-model-history.ts';

const HOUR = 3_600_000;

test('whatever happens to a store, its partitions hold what the model says', { timeout: 10 * HOUR }, async () => {
  const { seed, cases } = fuzzPlan(50);
  for (let at = 0; at < cases; at++) expect(await failureOf(seed + at, historyOf(seed + at, 40, 0))).toBeUndefined();
});
