/**
 * Both engines on what mutations make of Kafka's bytes. Here a short round; `npm run fuzz:differential` goes on for minutes.
 * `SEGLOG_FUZZ_SEED=N SEGLOG_FUZZ_CASES=1` runs the one that was printed.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fuzzPlan } from '../support/random.ts';
import { scratch } from '../support/temp.ts';
import { differ } from './differential.ts';
import { describeParity } from './engines.ts';

const minutes = Number(process.env['SEGLOG_FUZZ_MINUTES'] ?? 0);

describeParity('mutations of what Kafka wrote', (engines) => {
  test(
    'F2 and F23: every function gives the same, or refuses with the same code',
    async () => {
      const { seed, cases } = fuzzPlan(250);
      const path = join(scratch(), 'mutated.log');
      const end = Date.now() + minutes * 60_000;
      let run = 0;
      for (; run < cases || Date.now() < end; run++) {
        const difference = await differ(engines, seed + run, path);
        expect(difference, `SEGLOG_FUZZ_SEED=${seed + run} SEGLOG_FUZZ_CASES=1`).toBeUndefined();
      }
      const tally = process.env['SEGLOG_FUZZ_TALLY'];
      if (tally !== undefined) writeFileSync(tally, JSON.stringify({ inputs: run, seed }));
    },
    180_000 + minutes * 120_000,
  );
});
