/** The demo's work on its log: append, read back and check, seek by offset and by time. Each step is timed. */
import { systemClock } from '../../clock/clock.ts';
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import type { Log } from '../../log/log.ts';
import { seededRandom } from '../random.ts';
import { Turns } from '../turn.ts';
import type { Reading } from './readings.ts';

const BATCH_RECORDS = 1000;

/** What a step did. */
export interface Step {
  readonly count: number;
  /** Bytes of the .log files; 0 where they say nothing. */
  readonly bytes: number;
  readonly elapsedMs: number;
}

/** What all steps share. */
export interface DemoContext {
  readonly engine: Engine;
  readonly readings: readonly Reading[];
  readonly records: number;
  /** Of record 0; record `i` is `i` milliseconds later. */
  readonly firstTimestamp: number;
  readonly signal: AbortSignal | undefined;
  /** Told how many records are done, a batch at a time. */
  readonly onProgress: (done: number) => void;
}

function readingOf(context: DemoContext, offset: number): Reading {
  return context.readings[offset % context.readings.length] as Reading;
}

function wrong(what: string, expected: string | number, found: string | number): SeglogError {
  return new SeglogError('INTERNAL', `the log does not read back as it was written: ${what}`, { expected, found });
}

/** Appends all records, batch by batch. */
export async function appendAll(log: Log, context: DemoContext): Promise<Step> {
  const { records, firstTimestamp, onProgress, signal } = context;
  const batch = log.batch();
  const turns = new Turns(signal);
  const start = systemClock.monotonicMs();
  for (let first = 0; first < records; first += BATCH_RECORDS) {
    const end = Math.min(first + BATCH_RECORDS, records);
    for (let i = first; i < end; i++) {
      const { key, value } = readingOf(context, i);
      batch.add(firstTimestamp + i, key, value);
    }
    await log.append(batch);
    onProgress(end);
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
  const elapsedMs = systemClock.monotonicMs() - start;
  return { count: records, bytes: log.status().sizeBytes, elapsedMs };
}

/** Reads all records back; every offset, timestamp and value is checked. */
export async function readAndCheck(log: Log, context: DemoContext): Promise<Step> {
  const { engine, firstTimestamp, onProgress, records, signal } = context;
  const turns = new Turns(signal);
  let offset = 0;
  let bytes = 0;
  const start = systemClock.monotonicMs();
  for await (const batch of log.read({ from: 0, reuseBuffers: true })) {
    const cursor = batch.cursor();
    for (; cursor.next(); offset++) {
      if (cursor.offset !== offset) throw wrong('offset', offset, cursor.offset);
      if (cursor.timestamp !== firstTimestamp + offset)
        throw wrong(`timestamp of ${offset}`, firstTimestamp + offset, cursor.timestamp);
      const { valueCrc } = readingOf(context, offset);
      const found = engine.crc32c(cursor.bytes, cursor.valueStart, cursor.valueStart + cursor.valueLength);
      if (found !== valueCrc) throw wrong(`checksum of value ${offset}`, valueCrc, found);
    }
    bytes += batch.sizeBytes;
    onProgress(offset);
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
  const elapsedMs = systemClock.monotonicMs() - start;
  if (offset !== records) throw wrong('number of records', records, offset);
  return { count: records, bytes, elapsedMs };
}

/** Finds the batches of random offsets. */
export async function seekOffsets(log: Log, seeks: number, { records, signal }: DemoContext): Promise<Step> {
  const random = seededRandom(2);
  const turns = new Turns(signal);
  const start = systemClock.monotonicMs();
  for (let i = 0; i < seeks; i++) {
    const offset = Math.floor(random() * records);
    const found = log.find(offset);
    if (found === undefined || offset < found.baseOffset || offset > found.lastOffset) {
      throw wrong(
        'the batch of an offset',
        offset,
        found === undefined ? 'nothing' : `${found.baseOffset} to ${found.lastOffset}`,
      );
    }
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
  return { count: seeks, bytes: 0, elapsedMs: systemClock.monotonicMs() - start };
}

/** Finds the first record at or after random times. */
export async function seekTimes(
  log: Log,
  seeks: number,
  { records, firstTimestamp, signal }: DemoContext,
): Promise<Step> {
  const random = seededRandom(3);
  const turns = new Turns(signal);
  const start = systemClock.monotonicMs();
  for (let i = 0; i < seeks; i++) {
    const offset = Math.floor(random() * records);
    const found = log.offsetForTimestamp(firstTimestamp + offset);
    if (found?.offset !== offset)
      throw wrong(`the record at time ${firstTimestamp + offset}`, offset, found?.offset ?? 'nothing');
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
  return { count: seeks, bytes: 0, elapsedMs: systemClock.monotonicMs() - start };
}
