/** How long opening a partition of many segments takes after a clean close. */
import { systemClock } from '../../clock/clock.ts';
import { Log } from '../../log/log.ts';
import type { LogOptions } from '../../log/options.ts';
import { type BenchLine, benchLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import { Turns } from '../turn.ts';
import { randomValues } from '../values.ts';
import { type BenchPlace, openEmpty } from './context.ts';

/** A segment holds one batch of ten records of 100 B: a second one does not fit behind it. */
const RECORDS_PER_SEGMENT = 10;
const RECORD_BYTES = 100;
const SEGMENT_BYTES = 2000;

async function makeSegments(place: BenchPlace, config: LogOptions, segments: number): Promise<string> {
  const log = await openEmpty(place, config);
  const values = randomValues(RECORD_BYTES);
  const timestamp = systemClock.now();
  const turns = new Turns(place.signal);
  try {
    const batch = log.batch();
    for (let segment = 0; segment < segments; segment++) {
      for (let i = 0; i < RECORDS_PER_SEGMENT; i++) batch.add(timestamp, null, values[i] as Uint8Array);
      await log.append(batch);
      const turn = turns.next();
      if (turn !== undefined) await turn;
    }
  } finally {
    await log.close();
  }
  return log.directory;
}

/** A line of `bench open`. */
export interface OpenLine extends BenchLine {
  /** How much larger the process's resident memory is than before opening; collections of garbage make it uneven. */
  readonly residentGrowthBytes: number;
}

/** `records` of the lines are segments opened. Making them and closing are not timed. The log stays. */
export async function* benchOpen(place: BenchPlace, segments: number): AsyncGenerator<OpenLine, void, void> {
  const { engine, fs, rounds, cache = 'warm' } = place;
  const directory = await makeSegments(place, { segmentBytes: SEGMENT_BYTES, engine, fs }, segments);
  for (let round = 0; round < rounds; round++) {
    place.signal?.throwIfAborted();
    const meter = new RoundMeter(place);
    const config: LogOptions = { segmentBytes: SEGMENT_BYTES, engine: meter.place.engine, fs: meter.place.fs };
    meter.chill(directory);
    const residentBefore = process.memoryUsage.rss();
    const log = await meter.time(() => Log.open(directory, config));
    const residentGrowthBytes = process.memoryUsage.rss() - residentBefore;
    const { sizeBytes } = log.status();
    await log.close();
    meter.checkCold();
    const measured = { records: segments, bytes: sizeBytes, elapsedMs: meter.elapsedMs };
    yield { ...benchLine('open', round, engine.name, measured), residentGrowthBytes, cache, ...meter.cost() };
  }
}
