/**
 * `npm run fuzz:differential -- --minutes 5 --seed 1`: both engines on mutations of what Kafka wrote, for so many minutes
 * (test/parity/differential.test.ts). Prints how many inputs there were; a difference is printed with the seed that gives it
 * again: `--seed N --inputs 1`. `--result FILE` adds the count to those of the sessions before, for docs/faults.md.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { added, commitNow, readResults, today, writeResults } from './lib/fault-results.mjs';
import { inProject } from './lib/project.mjs';
import { tool } from './lib/run.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0' },
    seed: { type: 'string', default: 'random' },
    inputs: { type: 'string', default: '250' },
    result: { type: 'string' },
  },
});
const folder = mkdtempSync(path.join(os.tmpdir(), 'seglog-fuzz-'));
const tally = path.join(folder, 'tally.json');
const env = {
  SEGLOG_ENGINE: 'native',
  SEGLOG_FUZZ_MINUTES: values.minutes,
  SEGLOG_FUZZ_SEED: values.seed,
  SEGLOG_FUZZ_CASES: values.inputs,
  SEGLOG_FUZZ_TALLY: tally,
};
const vitest = inProject('node_modules', 'vitest', 'vitest.mjs');
let { code } = await tool(vitest, ['run', 'test/parity/differential.test.ts'], { env, show: true });
if (code === 0) {
  const { inputs, seed } = JSON.parse(readFileSync(tally, 'utf8'));
  console.log(`${inputs} inputs from seed ${seed}, no difference`);
  if (!(inputs > 0)) {
    console.log('FAILED: no input was tried');
    code = 1;
  } else if (values.result !== undefined) {
    const session = {
      ...{ name: 'differential fuzzing', command: 'npm run fuzz:differential -- --minutes 10' },
      ...{ rows: ['F2', 'F23'], engine: 'both', counts: { 'mutated inputs': inputs, differences: 0 } },
      ...{ date: today(), commits: [commitNow()] },
    };
    writeResults(values.result, added(readResults(values.result)[0], session));
  }
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = code;
