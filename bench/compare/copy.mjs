/** How near appending comes to plain 1 MiB copies into a fresh mapping: `seglog bench copy`, which takes the turns itself. */
import { rmSync } from 'node:fs';
import { RECORDS_PER_BATCH, runProgram, seglogBench } from './programs.mjs';
import { summary } from './statistics.mjs';

const RECORD_BYTES = 1000;
const MEASURED_ROUNDS = 5;
const TARGET = { least: 0.65, aim: 0.8 };

/** The share that appending reaches of copying, with the rounds of both; or `{ reason }`. */
export async function runCopyCase({ directory, records, warm }) {
  const { ok, lines, reason } = await runProgram(
    seglogBench('native', 'copy', directory, {
      records: Math.ceil(records / 5),
      'record-bytes': RECORD_BYTES,
      'batch-records': RECORDS_PER_BATCH,
      rounds: MEASURED_ROUNDS + warm,
    }),
  );
  rmSync(directory, { recursive: true, force: true });
  if (!ok) return { reason };
  const speedOf = (wanted) =>
    summary(lines.filter(({ work, round }) => work === wanted && round >= warm).map((line) => line.megabytesPerSecond));
  const [append, copy] = [speedOf('append'), speedOf('copy')];
  const share = append.median / copy.median;
  return {
    append,
    copy,
    share,
    target: { ...TARGET, reached: share >= TARGET.least, aimReached: share >= TARGET.aim },
  };
}
