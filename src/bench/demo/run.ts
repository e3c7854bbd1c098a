/** The demo from an empty log to a closed one. */
import { systemClock } from '../../clock/clock.ts';
import type { Engine } from '../../engine/contract.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { Log } from '../../log/log.ts';
import { emptyScratchLog } from '../scratch.ts';
import { makeReadings } from './readings.ts';
import { appendAll, type DemoContext, readAndCheck, seekOffsets, seekTimes, type Step } from './steps.ts';

/** The log in the demo's directory. */
export const DEMO_LOG = 'demo-0';
/** Small enough that a few million records make several segments. */
const SEGMENT_BYTES = 128 * 1024 * 1024;
const OFFSET_SEEKS = 100_000;
const TIME_SEEKS = 2000;

/** What the demo works on. */
export interface DemoOptions {
  readonly engine: Engine;
  readonly fs: FileSystem;
  /** A scratch directory; what an earlier demo left in it is replaced. */
  readonly directory: string;
  readonly records: number;
  readonly signal: AbortSignal | undefined;
  /** Called as a step on all records begins; what it gives follows the step. */
  readonly follow: (step: 'append' | 'read') => { update(done: number): void; stop(): void };
}

/** What the demo did. */
export interface DemoResult {
  readonly directory: string;
  readonly firstTimestamp: number;
  readonly records: number;
  readonly sizeBytes: number;
  readonly segments: number;
  readonly append: Step;
  readonly read: Step;
  readonly offsetSeeks: Step;
  readonly timeSeeks: Step;
}

async function followed(
  options: DemoOptions,
  name: 'append' | 'read',
  run: (onProgress: (done: number) => void) => Promise<Step>,
): Promise<Step> {
  const progress = options.follow(name);
  try {
    return await run((done) => progress.update(done));
  } finally {
    progress.stop();
  }
}

/**
 * Appends, reads back and checks, seeks. The log is closed clean however it ends.
 *
 * @throws SeglogError `INTERNAL` when anything reads back other than it was written; `INVALID_ARGUMENT` when the
 * directory is not ours; the signal's reason when it aborts
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { engine, fs, records, signal } = options;
  const directory = emptyScratchLog(fs, options.directory, DEMO_LOG);
  const firstTimestamp = systemClock.now() - records;
  const log = await Log.open(directory, { segmentBytes: SEGMENT_BYTES, engine, fs });
  try {
    const context: Omit<DemoContext, 'onProgress'> = {
      engine,
      readings: makeReadings(engine),
      records,
      firstTimestamp,
      signal,
    };
    const quiet: DemoContext = { ...context, onProgress: () => {} };
    const append = await followed(options, 'append', (onProgress) => appendAll(log, { ...context, onProgress }));
    const read = await followed(options, 'read', (onProgress) => readAndCheck(log, { ...context, onProgress }));
    const offsetSeeks = await seekOffsets(log, OFFSET_SEEKS, quiet);
    const timeSeeks = await seekTimes(log, TIME_SEEKS, quiet);
    const { sizeBytes, segments } = log.status();
    return { directory, firstTimestamp, records, sizeBytes, segments, append, read, offsetSeeks, timeSeeks };
  } finally {
    await log.close();
  }
}
