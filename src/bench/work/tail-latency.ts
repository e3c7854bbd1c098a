/**
 * How long it takes from when a batch is due to when a reader that waits at the end of the log has it. Appends come at a
 * fixed rate, whatever those before took.
 */
import { SeglogError } from '../../errors/errors.ts';
import type { Log } from '../../log/log.ts';
import { Latencies } from '../latency.ts';
import { benchLine, type TailLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import { benchConfig, type BenchContext, firstTimestampOf, openEmpty } from './context.ts';
import { contentOf, type LoadContent, LoadWriter } from './load.ts';

/** How many batches may be on their way to the reader before we call it lost. */
const DELIVERIES = 1 << 16;

/** When batches were due that the reader has not seen. */
class Deliveries {
  readonly #dues = new Float64Array(DELIVERIES);
  readonly #batchRecords: number;
  readonly latencies = new Latencies();
  #seenBatches = 0;

  constructor(batchRecords: number) {
    this.#batchRecords = batchRecords;
  }

  /** The batch at `offset` was due then. */
  expect(offset: number, due: number): void {
    const batch = offset / this.#batchRecords;
    if (batch - this.#seenBatches >= DELIVERIES) {
      throw new SeglogError('INVALID_ARGUMENT', 'the reader is too far behind for this rate', {
        expected: `at most ${DELIVERIES} batches`,
        found: batch - this.#seenBatches,
        action: 'Name a lower --rate',
      });
    }
    this.#dues[batch % DELIVERIES] = due;
  }

  /** The reader has the batch at `offset`. */
  see(offset: number, now: number): void {
    const batch = offset / this.#batchRecords;
    this.latencies.note(now - (this.#dues[batch % DELIVERIES] as number));
    this.#seenBatches = batch + 1;
  }
}

/** Follows the log until it has seen `records`. */
async function follow(
  log: Log,
  deliveries: Deliveries,
  { clock, place }: RoundMeter<BenchContext>,
  signal: AbortSignal,
): Promise<number> {
  let seen = 0;
  for await (const batch of log.tail({ signal, reuseBuffers: true })) {
    deliveries.see(batch.baseOffset, clock.monotonicMs());
    seen += batch.count;
    if (seen >= place.load.records) break;
  }
  return seen;
}

async function appendAndFollow(
  log: Log,
  meter: RoundMeter<BenchContext>,
  content: LoadContent,
  rate: number,
): Promise<Deliveries> {
  const { load, signal } = meter.place;
  const writer = new LoadWriter(log, load, firstTimestampOf(load), content);
  const deliveries = new Deliveries(load.batchRecords);
  const stop = new AbortController();
  const following = follow(log, deliveries, meter, stop.signal);
  const append = (due: number): Promise<void> | undefined => {
    // Noted before: the reader may run as soon as the append is done.
    deliveries.expect(log.logEndOffset, due);
    return meter.times.run(() => void writer.append(), due);
  };
  try {
    await meter.times.pace(Math.ceil(load.records / load.batchRecords), rate, append, signal);
  } catch (error) {
    stop.abort();
    await following.catch(() => undefined);
    throw error;
  }
  const seen = await following;
  if (seen !== load.records) {
    throw new SeglogError('INTERNAL', 'the reader did not see what was appended', {
      expected: load.records,
      found: seen,
      file: log.directory,
    });
  }
  return deliveries;
}

/** Appends the load at `rate` batches a second to a new log in each round, and follows it. The last round's log stays. */
export async function* benchTailLatency(context: BenchContext, rate: number): AsyncGenerator<TailLine, void, void> {
  const { load, rounds, engine, signal } = context;
  const content = contentOf(load);
  for (let round = 0; round < rounds; round++) {
    signal?.throwIfAborted();
    const meter = new RoundMeter(context, { rate });
    const log = await openEmpty(meter.place, benchConfig(meter.place));
    let deliveries: Deliveries;
    try {
      deliveries = await meter.time(() => appendAndFollow(log, meter, content, rate));
    } finally {
      await log.close();
    }
    const measured = { records: load.records, bytes: log.status().sizeBytes, elapsedMs: meter.elapsedMs };
    const delivery = deliveries.latencies.summary();
    if (delivery === undefined) continue;
    const line = benchLine('tail-latency', round, engine.name, measured);
    yield { ...line, ...meter.cost(), ...meter.latencies(), delivery };
  }
}
