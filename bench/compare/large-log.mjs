/** Appending to, reading, following and dumping a large partition: none of it may take more than 200 MB. */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { canMeasure, watchMemory } from './memory.mjs';
import { RECORDS_PER_BATCH, runProgram, seglog, seglogBench } from './programs.mjs';

export const MOST_MEGABYTES = 200;
const RECORD_BYTES = 100;
/** What a record takes in the .log file, nearly. */
const RECORD_FILE_BYTES = 109.9;

function worksOf(engine, directory, records) {
  const log = path.join(directory, 'seglog', 'bench-0');
  const load = { records, 'record-bytes': RECORD_BYTES, 'batch-records': RECORDS_PER_BATCH, rounds: 1 };
  const segments = () =>
    readdirSync(log)
      .filter((name) => name.endsWith('.log'))
      .map((name) => path.join(log, name));
  return [
    { work: 'append', program: () => seglogBench(engine, 'append', directory, load) },
    { work: 'read', program: () => seglog(engine, ['read', log, '--json']) },
    { work: 'tail', program: () => seglog(engine, ['read', log, '--follow', '--from', 0, '--limit', records]) },
    { work: 'dump', program: () => seglog(engine, ['dump', '--json', ...segments()]) },
  ];
}

async function runEngine(engine, { directory, gib }, say) {
  const records = Math.ceil((gib * 2 ** 30) / RECORD_FILE_BYTES / RECORDS_PER_BATCH) * RECORDS_PER_BATCH;
  const results = [];
  for (const { work, program } of worksOf(engine, directory, records)) {
    say(`memory: ${engine}, ${work} of ${gib} GiB`);
    const peaks = {};
    const start = performance.now();
    const { ok, reason } = await runProgram(program(), { keepOutput: false, watch: watchMemory(directory, peaks) });
    if (!ok) results.push({ engine, work, reason });
    else
      results.push({
        engine,
        work,
        seconds: (performance.now() - start) / 1000,
        peaks,
        reached: peaks.withoutLog < MOST_MEGABYTES,
      });
    if (!ok && work === 'append') break; // There is nothing to read then.
  }
  rmSync(directory, { recursive: true, force: true });
  return results;
}

/** For each engine and work the peaks, or `reason`. */
export async function runLargeLog(options, { available, say }) {
  const results = [];
  for (const engine of ['native', 'ts']) {
    const reason = available[engine] ?? (canMeasure ? undefined : 'only Linux tells');
    if (reason === undefined) results.push(...(await runEngine(engine, options, say)));
    else results.push({ engine, work: 'all', reason });
  }
  return results;
}
