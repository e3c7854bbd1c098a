/** Runs one work on all sides, in turn, and sums up the rounds that were warm. */
import { rmSync } from 'node:fs';
import { kafkaBench, RECORDS_PER_BATCH, runProgram, seglogBench, SIDES } from './programs.mjs';
import { summary } from './statistics.mjs';

const RECORD_BYTES = 100;

function programOf(
  side,
  { work, peerWork = work, settings = {}, compression = 'none' },
  { directory, records, rounds, warm },
) {
  const all = rounds + warm;
  const load = { records, recordBytes: RECORD_BYTES, compression, rounds: all };
  if (side === 'kafka') return kafkaBench(peerWork, directory, load);
  return seglogBench(side, work, directory, {
    records,
    'record-bytes': RECORD_BYTES,
    'batch-records': RECORDS_PER_BATCH,
    compression,
    rounds: all,
    ...settings,
  });
}

/** A side that ran on another engine than asked would spoil the comparison without a sign. */
function whyNotUsable(side, lines, wanted) {
  if (lines.length < wanted) return `gave ${lines.length} rounds instead of ${wanted}`;
  if (side !== 'kafka' && lines.some(({ engine }) => engine !== side)) return `ran on the engine ${lines[0].engine}`;
  return undefined;
}

async function runSide(side, speedCase, options) {
  const { ok, lines, reason } = await runProgram(programOf(side, speedCase, options));
  rmSync(options.directory, { recursive: true, force: true }); // Its dirty pages must not be written during another's turn.
  if (!ok) return { reason };
  const wanted = (side === 'kafka' ? speedCase.peerWork : undefined) ?? speedCase.work;
  const ofWork = lines.filter(({ work }) => work === wanted);
  const unusable = whyNotUsable(side, ofWork, options.rounds + options.warm);
  if (unusable !== undefined) return { reason: unusable };
  return { rounds: ofWork.slice(options.warm) };
}

function targetOf(speedCase, side, ratio) {
  const target = speedCase.targets[side];
  if (target === undefined) return {};
  return {
    ...target,
    reached: ratio >= target.least,
    aimReached: target.aim === undefined ? undefined : ratio >= target.aim,
  };
}

/** Adds ratio and target to each side of seglog that has figures; without Kafka's there is no ratio. */
function compare(speedCase, sides) {
  const { speed: kafka } = sides.kafka;
  for (const side of ['native', 'ts']) {
    const { speed } = sides[side];
    if (kafka === undefined || speed === undefined) continue;
    const ratio = speed.median / kafka.median;
    Object.assign(sides[side], { ratio, target: targetOf(speedCase, side, ratio) });
  }
  return sides;
}

/** What came of one case: for each side `{ speed, bytesPerRecord, rounds, ratio?, target? }`, or `{ reason }` where it is not available. */
export async function runSpeedCase(speedCase, options, { available, say }) {
  const sides = Object.fromEntries(SIDES.map((side) => [side, { reason: available[side], rounds: [] }]));
  for (let cycle = 0; cycle < options.cycles; cycle++) {
    for (const side of SIDES) {
      const known = sides[side];
      if (known.reason !== undefined) continue;
      say(`${speedCase.name}: ${side}, turn ${cycle + 1} of ${options.cycles}`);
      const { rounds = [], reason } = await runSide(side, speedCase, options);
      known.rounds.push(...rounds);
      known.reason = reason;
    }
  }
  for (const known of Object.values(sides)) {
    if (known.reason !== undefined) continue;
    known.speed = summary(known.rounds.map(({ recordsPerSecond }) => recordsPerSecond));
    if (speedCase.work !== 'seek') known.bytesPerRecord = known.rounds[0].bytes / known.rounds[0].records;
  }
  return compare(speedCase, sides);
}
