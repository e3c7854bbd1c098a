/**
 * Whether plain appending and reading are as fast as in an older version: `--before DIR` names a checkout of it that is
 * built. Both take turns, each turn in a new process.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { RECORDS_PER_BATCH, runProgram, seglogBench } from './programs.mjs';
import { summary } from './statistics.mjs';

const RECORD_BYTES = 100;
/** What rounds of one and the same version differ by, nearly. */
const TARGET = { least: 0.95 };

/** The same program of the checkout in `before`. */
function ofBefore(program, before) {
  const cli = path.resolve(before, 'dist', 'cli', 'main.js');
  return { ...program, args: [cli, ...program.args.slice(1)], needs: cli };
}

async function speedsOf(program, { directory, warm }) {
  const { ok, lines, reason } = await runProgram(program);
  rmSync(directory, { recursive: true, force: true });
  return ok ? { speeds: lines.slice(warm).map(({ recordsPerSecond }) => recordsPerSecond) } : { reason };
}

async function runOne(engine, work, options, say) {
  const { directory, records, rounds, warm, cycles, before } = options;
  const now = seglogBench(engine, work, directory, {
    records,
    'record-bytes': RECORD_BYTES,
    'batch-records': RECORDS_PER_BATCH,
    rounds: rounds + warm,
  });
  const sides = { before: { program: ofBefore(now, before), speeds: [] }, now: { program: now, speeds: [] } };
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (const [side, { program, speeds }] of Object.entries(sides)) {
      say(`before: ${engine}, ${work} ${side}, turn ${cycle + 1} of ${cycles}`);
      const measured = await speedsOf(program, options);
      if (measured.reason !== undefined) return { engine, work, reason: `${side}: ${measured.reason}` };
      speeds.push(...measured.speeds);
    }
  }
  const [old, current] = [summary(sides.before.speeds), summary(sides.now.speeds)];
  const ratio = current.median / old.median;
  return { engine, work, before: old, now: current, ratio, target: { ...TARGET, reached: ratio >= TARGET.least } };
}

/** For each engine and work the ratio to the older version, or `reason`. */
export async function runBeforeCase(options, { available, say }) {
  const results = [];
  for (const engine of ['native', 'ts']) {
    for (const work of ['append', 'read']) {
      const reason = available[engine];
      results.push(reason === undefined ? await runOne(engine, work, options, say) : { engine, work, reason });
    }
  }
  return results;
}
