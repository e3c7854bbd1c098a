/** How long opening all partitions of a log directory takes after a clean close. */
import { join } from 'node:path';
import { Log } from '../../log/log.ts';
import type { LogOptions } from '../../log/options.ts';
import { benchLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import { emptyScratchLog } from '../scratch.ts';
import { randomValues } from '../values.ts';
import type { BenchPlace } from './context.ts';
import type { OpenLine } from './open.ts';

/** The log directory in the scratch directory. */
const LOG_DIRECTORY = 'partitions';
/** How many are opened at the same time. */
const AT_ONCE = 64;
const RECORDS_PER_PARTITION = 10;
const RECORD_BYTES = 100;

/** Opens all; those that are open are closed again when one fails or the bench is stopped. */
async function openAll(
  place: BenchPlace,
  directory: string,
  partitions: number,
  opened: (log: Log) => void = () => {},
): Promise<Log[]> {
  const { engine, fs, signal } = place;
  const config: LogOptions = { engine, fs };
  const logs: Log[] = [];
  const openOne = async (partition: number): Promise<void> => {
    const log = await Log.open(join(directory, `bench-${partition}`), config);
    logs.push(log);
    opened(log);
  };
  try {
    for (let first = 0; first < partitions; first += AT_ONCE) {
      signal?.throwIfAborted();
      const count = Math.min(AT_ONCE, partitions - first);
      const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, i) => openOne(first + i)));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    }
    return logs;
  } catch (error) {
    await closeAll(logs);
    throw error;
  }
}

async function closeAll(logs: readonly Log[]): Promise<void> {
  for (const log of logs) await log.close();
}

/** `records` of the lines are partitions opened. Making them and closing are not timed. The partitions stay. */
export async function* benchOpenPartitions(
  place: BenchPlace,
  partitions: number,
): AsyncGenerator<OpenLine, void, void> {
  const { cache = 'warm' } = place;
  const directory = emptyScratchLog(place.fs, place.directory, LOG_DIRECTORY);
  const values = randomValues(RECORD_BYTES).slice(0, RECORDS_PER_PARTITION);
  const records = values.map((value) => ({ value }));
  await closeAll(await openAll(place, directory, partitions, (log) => void log.appendSync(records)));
  for (let round = 0; round < place.rounds; round++) {
    const meter = new RoundMeter(place);
    for (let i = 0; i < partitions; i++) meter.chill(join(directory, `bench-${i}`));
    const residentBefore = process.memoryUsage.rss();
    const logs = await meter.time(() => openAll(meter.place, directory, partitions));
    const residentGrowthBytes = process.memoryUsage.rss() - residentBefore;
    const bytes = logs.reduce((sum, log) => sum + log.status().sizeBytes, 0);
    await closeAll(logs);
    meter.checkCold();
    const measured = { records: partitions, bytes, elapsedMs: meter.elapsedMs };
    const line = benchLine('open-partitions', round, place.engine.name, measured);
    yield { ...line, residentGrowthBytes, cache, ...meter.cost() };
  }
}
