/**
 * Group commit: 64 appenders that each wait for their own record to be on the disk, in turn with a bare loop of writes and
 * syncs on a file of the same kind. `seglog bench append --durability group` takes the turns itself.
 */
import { rmSync } from 'node:fs';
import { runProgram, seglogBench } from './programs.mjs';
import { summary } from './statistics.mjs';

const APPENDERS = 64;
const MEASURED_ROUNDS = 5;
const TARGET = { least: 0.8 };
const LEAST_GROUP = 48;

async function runEngine(engine, { directory, warm }) {
  const { ok, lines, reason } = await runProgram(
    seglogBench(engine, 'append', directory, {
      durability: 'group',
      appenders: APPENDERS,
      rounds: MEASURED_ROUNDS + warm,
    }),
  );
  rmSync(directory, { recursive: true, force: true });
  if (!ok) return { engine, reason };
  const warmed = lines.filter(({ round }) => round >= warm);
  const [durable, bare] = ['append', 'sync'].map((wanted) => warmed.filter(({ work }) => work === wanted));
  const syncs = summary(durable.map(({ syncsPerSecond }) => syncsPerSecond));
  const bareSyncs = summary(bare.map(({ recordsPerSecond }) => recordsPerSecond));
  const appends = summary(durable.map(({ appendsPerSecond }) => appendsPerSecond));
  const group = summary(durable.map(({ meanGroup }) => meanGroup));
  const share = syncs.median / bareSyncs.median;
  return {
    ...{ engine, syncs, bareSyncs, appends, group, share },
    target: { ...TARGET, reached: share >= TARGET.least },
    groupTarget: { least: LEAST_GROUP, reached: group.median >= LEAST_GROUP },
  };
}

/** For each engine the share of a bare loop's syncs that a log reaches and the mean group, or `reason`. */
export async function runGroupCase(options, { available, say }) {
  const results = [];
  for (const engine of ['native', 'ts']) {
    say(`group-commit: ${engine}`);
    const reason = available[engine];
    results.push(reason === undefined ? await runEngine(engine, options) : { engine, reason });
  }
  return results;
}
