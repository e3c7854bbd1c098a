/**
 * The lives of test/store/model-histories.test.ts on a disk that knows what was synced: the process ends, or the machine loses
 * its power, at random changes of files, in openings and closings too. What was flushed is there, nothing comes back that was
 * gone, nothing is there that was never written.
 */
import { expect, test } from 'vitest';
import { fuzzPlan } from '../support/random.ts';
import { failureOf, historyOf, runHistory, type Step } from '../support/store-model-history.ts';

const HOUR = 3_600_000;

/** Found by long runs, and shrunk: the recovery point was on the disk above a log start that was not. */
const FOUND: readonly (readonly Step[])[] = [
  [
    { kind: 'create', seed: 465404560 },
    { kind: 'compact', seed: 747252758, death: { isPowerLoss: true, steps: 1, seed: 143956756 } },
    { kind: 'end', seed: 439772588 },
    { kind: 'retain', seed: 2246852, death: { isPowerLoss: true, steps: 22, seed: 847914611 } },
  ],
  [
    { kind: 'create', seed: 218725260, death: { isPowerLoss: true, steps: 33, seed: 305884257 } },
    { kind: 'append', seed: 508297674 },
    { kind: 'deleteRecords', seed: 322013699, death: { isPowerLoss: false, steps: 10, seed: 712005446 } },
    { kind: 'append', seed: 404998906, death: { isPowerLoss: true, steps: 29, seed: 995145618 } },
  ],
];

test('whenever a process or a machine dies, its store comes up as the model says', { timeout: 10 * HOUR }, async () => {
  const { seed, cases } = fuzzPlan(60);
  for (let at = 0; at < cases; at++) expect(await failureOf(seed + at, historyOf(seed + at, 30, 0.2))).toBeUndefined();
});

test.each(FOUND.map((steps, at) => [at, steps] as const))(
  'history %i, which failed once, does not',
  async (_at, steps) => {
    expect(await runHistory(steps)).toBeUndefined();
  },
);
