/**
 * The lives of test/store/model-histories.test.ts on a disk that knows what was synced: the process ends, or the machine loses
 * its power, at random changes of files, in openings and closings too. What was flushed is there, nothing comes back that was
 * gone, nothing is there that was never written.
 */
import { expect, test } from 'vitest';
import { fuzzPlan } from '../support/random.ts';
import { failureOf, historyOf } from '../support/store-model-history.ts';

const HOUR = 3_600_000;

test('whenever a process or a machine dies, its store comes up as the model says', { timeout: 10 * HOUR }, async () => {
  const { seed, cases } = fuzzPlan(60);
  for (let at = 0; at < cases; at++) expect(await failureOf(seed + at, historyOf(seed + at, 30, 0.2))).toBeUndefined();
});
