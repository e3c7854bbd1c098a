/**
 * The short form of `npm run simulate`: whatever a crash leaves, at any change of files, a log comes up with what was promised.
 * `SEGLOG_FUZZ_CASES` and `SEGLOG_FUZZ_SEED` set how many scenarios, and which.
 */
import { expect, test } from 'vitest';
import { fuzzPlan } from '../support/random.ts';
import { runWorkload, workloads } from './exhaustive.ts';
import { noCounts, runScenario, scenarioOf } from './scenario.ts';

const HOUR = 3_600_000;

test('F10, F11, F12, F13: each crash in each workload of two operations leaves a log that comes up whole', async () => {
  const counts = noCounts();
  for (const word of workloads(2)) expect(await runWorkload(word, counts), word).toBeUndefined();
  expect(counts.crashes).toBeGreaterThan(400);
});

test('F10 to F18: random lives with crashes and failing disks keep every promise', { timeout: HOUR }, async () => {
  const { seed, cases } = fuzzPlan(40);
  const counts = noCounts();
  for (let at = 0; at < cases; at++) {
    expect(await runScenario(scenarioOf(seed + at), counts), `seed ${seed + at}`).toBeUndefined();
  }
  expect(counts.crashes).toBeGreaterThan(0);
  expect(counts.faults).toBeGreaterThan(0);
});
