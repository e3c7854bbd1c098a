/** Opening all partitions of a log directory after a clean close, in a new process each time. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { openOften, openWorker } from './open.mjs';
import { runProgram } from './programs.mjs';
import { summary } from './statistics.mjs';

export const MOST_PARTITION_SECONDS = 2;

async function runOne(engine, { directory, partitions, rounds }, say) {
  const logs = path.join(directory, 'partitions');
  say(`open-partitions: ${engine}, ${partitions} partitions`);
  mkdirSync(logs, { recursive: true });
  const made = await runProgram(openWorker(engine, ['make-partitions', logs, partitions]));
  const opened = made.ok ? await openOften(engine, ['open-partitions', logs, partitions], rounds + 2) : made;
  rmSync(directory, { recursive: true, force: true });
  if (!opened.ok) return { engine, partitions, reason: opened.reason };
  const seconds = summary(opened.lines.map((line) => line.seconds));
  const grownMegabytes = summary(opened.lines.map((line) => line.grownMegabytes));
  return { engine, partitions, seconds, grownMegabytes, reached: seconds.most < MOST_PARTITION_SECONDS };
}

/** For each engine the time and memory, or `reason`. */
export async function runOpenPartitionsCase(options, { available, say }) {
  const results = [];
  for (const engine of ['native', 'ts']) {
    const reason = available[engine];
    const { partitions } = options;
    results.push(reason === undefined ? await runOne(engine, options, say) : { engine, partitions, reason });
  }
  return results;
}
