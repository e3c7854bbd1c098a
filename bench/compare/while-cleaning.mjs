/** What a clean that runs on another thread costs whoever appends to the same log meanwhile. */
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runProgram } from './programs.mjs';
import { summary } from './statistics.mjs';

/** Of the appends a second: at full speed, at half of it, at least so much is to be left. */
export const LEAST_LEFT = { full: 0.75, half: 0.9 };
/** The 99.9th percentile of an append's latency is to be at most so many times that without a clean. */
export const MOST_TIMES_LATENCY = 2;
/** Five sealed segments, as in the case `compact`; fewer, and a clean is over before anything is seen. */
const RECORDS = 5_000_000;
const worker = fileURLToPath(new URL('./while-cleaning-worker.mjs', import.meta.url));

function looksAt(lines, speed, isCleaning, field) {
  return summary(lines.filter((line) => line.speed === speed && line.isCleaning === isCleaning).map((l) => l[field]));
}

/** `{ alone, cleaning, ratio }` of one field, medians over the turns. */
function sidesOf(lines, speed, field) {
  const [alone, cleaning] = [false, true].map((isCleaning) => looksAt(lines, speed, isCleaning, field));
  return { alone, cleaning, ratio: cleaning.median / alone.median };
}

function resultOf(engine, lines) {
  return ['full', 'half'].map((speed) => {
    const rate = sidesOf(lines, speed, 'perSecond');
    const latency = sidesOf(lines, speed, 'p99.9');
    return {
      ...{ engine, speed, rate, latency, cleanMs: looksAt(lines, speed, true, 'cleanMs') },
      ...{ rateReached: rate.ratio >= LEAST_LEFT[speed], latencyReached: latency.ratio <= MOST_TIMES_LATENCY },
    };
  });
}

/** For each engine and speed the appends with and without a clean, or `reason`. */
export async function runWhileCleaningCase({ directory, cycles, rounds }, { available, say }) {
  const results = [];
  for (const engine of ['native', 'ts']) {
    const turns = cycles * rounds;
    say(`while-cleaning: ${engine}, ${turns} turns`);
    mkdirSync(directory, { recursive: true });
    const args = [worker, directory, RECORDS, turns].map(String);
    const reason = available[engine];
    const run =
      reason === undefined
        ? await runProgram({ command: process.execPath, args, env: { SEGLOG_ENGINE: engine } })
        : { ok: false, reason };
    rmSync(directory, { recursive: true, force: true });
    if (run.ok) results.push(...resultOf(engine, run.lines));
    else results.push({ engine, reason: run.reason });
  }
  return results;
}
