/**
 * Everything at once on one log: appending keyed records, readers that follow the end, and cleaning of what is sealed,
 * again and again, until all records are appended, the readers have seen the end, and nothing is left to clean.
 */
import { CleanerPool } from '../../cleaner/pool.ts';
import type { CleanSegments } from '../../log/cleaning/compaction.ts';
import type { Log } from '../../log/log.ts';
import { benchLine, type MixedLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import type { Timing } from '../operation-times.ts';
import { turnOfLoop } from '../pace.ts';
import { benchConfig, type BenchContext, firstTimestampOf, openEmpty } from './context.ts';
import { contentOf, type LoadContent, LoadWriter } from './load.ts';

/** Who does what beside appending. */
export interface MixedUse extends Timing {
  /** How many readers follow the end. */
  readonly readers: number;
  /** Where cleaning runs: a thread of its own, this one, or not at all. */
  readonly cleaner: MixedLine['cleaner'];
}

/** Sealed segments that make another cleaning worth it. */
const SEALED_LEAST = 2;
/** How long the cleaner waits before it looks again. */
const LOOK_MS = 5;

/** What went on beside. */
interface Beside {
  recordsRead: number;
  bytesRead: number;
  cleanings: number;
  bytesCleaned: number;
  bytesKept: number;
  bytesWritten: number;
  bytesAppended: number;
  /** All is appended, and seen by the readers. */
  isAtEnd: boolean;
}

/** Follows the log until the last record is seen; what compaction took away meanwhile is not seen. */
async function followAll(log: Log, beside: Beside, lastOffset: number, signal: AbortSignal): Promise<void> {
  for await (const batch of log.tail({ signal, reuseBuffers: true })) {
    beside.recordsRead += batch.count;
    beside.bytesRead += batch.sizeBytes;
    if (batch.lastOffset >= lastOffset) return;
  }
}

/** Cleans whenever some segments were sealed since the last time, until nothing of it is left at the end. */
async function cleanOn(
  log: Log,
  { clock }: RoundMeter<BenchContext>,
  beside: Beside,
  clean: CleanSegments | undefined,
  signal: AbortSignal,
): Promise<void> {
  let firstDirtyOffset = 0;
  for (;;) {
    const sealed = log.segments().slice(0, -1);
    if (sealed.filter(({ baseOffset }) => baseOffset >= firstDirtyOffset).length < SEALED_LEAST) {
      if (beside.isAtEnd) return;
      await clock.sleep(LOOK_MS, signal);
      signal.throwIfAborted();
      continue;
    }
    const { endOffset, bytesBefore, bytesAfter, statistics } = await log.compact({ firstDirtyOffset, signal }, clean);
    firstDirtyOffset = endOffset;
    beside.cleanings++;
    beside.bytesCleaned += bytesBefore;
    beside.bytesKept += bytesAfter;
    beside.bytesWritten += statistics.bytesWritten;
  }
}

/** Appends the load; gives its bytes. */
async function appendAll(
  log: Log,
  { place, times }: RoundMeter<BenchContext>,
  content: LoadContent,
  { rate, latency }: Timing,
): Promise<number> {
  const { load, signal } = place;
  const writer = new LoadWriter(log, load, firstTimestampOf(load), content);
  const append = (): undefined => void writer.append();
  const batches = Math.ceil(load.records / load.batchRecords);
  if (rate !== undefined) await times.runPaced(batches, rate, append, signal);
  while (!writer.isDone) {
    if (latency === true) void times.run(append);
    else append();
    signal?.throwIfAborted();
    // The readers are on this thread.
    await turnOfLoop();
  }
  return writer.sizeBytes;
}

async function runAll(
  log: Log,
  meter: RoundMeter<BenchContext>,
  content: LoadContent,
  use: MixedUse,
  clean: CleanSegments | undefined,
): Promise<Beside> {
  const beside: Beside = {
    ...{ recordsRead: 0, bytesRead: 0, cleanings: 0, bytesCleaned: 0, bytesKept: 0 },
    ...{ bytesWritten: 0, bytesAppended: 0, isAtEnd: false },
  };
  const stop = new AbortController();
  const lastOffset = meter.place.load.records - 1;
  const follow = (): Promise<void> => followAll(log, beside, lastOffset, stop.signal);
  const readers = Array.from({ length: use.readers }, follow);
  const appending = appendAll(log, meter, content, use);
  const atEnd = Promise.all([appending, ...readers]).then(([bytesAppended]) => {
    beside.bytesAppended = bytesAppended;
    beside.isAtEnd = true;
  });
  const cleaning = use.cleaner === 'none' ? undefined : cleanOn(log, meter, beside, clean, stop.signal);
  try {
    await Promise.all([atEnd, cleaning]);
    return beside;
  } catch (error) {
    // One that fails ends the round; the others would go on for nothing.
    stop.abort(error);
    await Promise.allSettled([cleaning, ...readers]);
    throw error;
  }
}

async function mixedRound(
  context: BenchContext,
  round: number,
  content: LoadContent,
  use: MixedUse,
  clean: CleanSegments | undefined,
): Promise<MixedLine> {
  const { load, engine } = context;
  const meter = new RoundMeter(context, use);
  const log = await openEmpty(meter.place, { ...benchConfig(meter.place), cleanupPolicy: ['compact'] });
  let beside: Beside;
  try {
    beside = await meter.time(() => runAll(log, meter, content, use, clean));
  } finally {
    await log.close();
  }
  const { bytesWritten, bytesAppended, isAtEnd: _, ...said } = beside;
  const cost = meter.cost();
  const measured = { records: load.records, bytes: bytesAppended, elapsedMs: meter.elapsedMs };
  return {
    ...benchLine('mixed', round, engine.name, measured),
    ...{ ...said, readers: use.readers, cleaner: use.cleaner },
    ...cost,
    // What another thread writes does not go through this one's files.
    bytesWritten: cost.bytesWritten + (use.cleaner === 'worker' ? bytesWritten : 0),
    ...meter.latencies(),
  };
}

/** A new log in each round. The last round's log stays, as the last cleaning left it. */
export async function* benchMixed(context: BenchContext, use: MixedUse): AsyncGenerator<MixedLine, void, void> {
  const content = contentOf(context.load);
  const pool = use.cleaner === 'worker' ? new CleanerPool(1) : undefined;
  const clean: CleanSegments | undefined = pool && ((request, hooks) => pool.clean(request, hooks));
  try {
    for (let round = 0; round < context.rounds; round++) {
      context.signal?.throwIfAborted();
      yield await mixedRound(context, round, content, use, clean);
    }
  } finally {
    await pool?.close();
  }
}
