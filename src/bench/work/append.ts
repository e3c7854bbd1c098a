/** How fast records go to the end of a log. Opening and closing are not timed. */
import type { Log } from '../../log/log.ts';
import { type AppendLine, benchLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import type { Timing } from '../operation-times.ts';
import { Turns } from '../turn.ts';
import { benchConfig, type BenchContext, firstTimestampOf, openEmpty } from './context.ts';
import { appendLoad, contentOf, type LoadContent, LoadWriter } from './load.ts';
import { type WriterUse, writeLoad } from './write-load.ts';

/** How the records are appended. */
export interface AppendUse extends Timing {
  /** A writer that is given records one by one; without it the caller builds batches. */
  readonly writer?: WriterUse;
}

/** Appends the load to a new log in each round. The last round's log stays. */
export async function* benchAppend(context: BenchContext, use: AppendUse = {}): AsyncGenerator<AppendLine, void, void> {
  const content = contentOf(context.load);
  for (let round = 0; round < context.rounds; round++) yield await appendRound(context, round, content, use);
}

/** Appends batch by batch, each of them timed. */
async function appendTimed(
  log: Log,
  { place, times }: RoundMeter<BenchContext>,
  content: LoadContent,
  rate: number | undefined,
): Promise<void> {
  const { load, signal } = place;
  const writer = new LoadWriter(log, load, firstTimestampOf(load), content);
  const append = (): Promise<unknown> | undefined => {
    writer.append();
    return writer.commit();
  };
  if (rate !== undefined) {
    return times.runPaced(Math.ceil(load.records / load.batchRecords), rate, append, signal);
  }
  const turns = new Turns(signal);
  while (!writer.isDone) {
    const wait = times.run(append) ?? turns.next();
    if (wait !== undefined) await wait;
  }
}

function appendAll(log: Log, meter: RoundMeter<BenchContext>, content: LoadContent, use: AppendUse): Promise<void> {
  const { load, signal } = meter.place;
  if (use.writer !== undefined) return writeLoad(log, meter, content, { ...use, ...use.writer });
  if (use.rate !== undefined || use.latency === true) return appendTimed(log, meter, content, use.rate);
  return appendLoad(log, load, firstTimestampOf(load), content, signal);
}

/** One round of {@link benchAppend}. */
export async function appendRound(
  context: BenchContext,
  round: number,
  content: LoadContent,
  use: AppendUse = {},
): Promise<AppendLine> {
  context.signal?.throwIfAborted();
  const meter = new RoundMeter(context, use);
  const { load, engine } = context;
  const log = await openEmpty(meter.place, benchConfig(meter.place));
  try {
    await meter.time(() => appendAll(log, meter, content, use));
  } finally {
    await log.close();
  }
  const measured = { records: load.records, bytes: log.status().sizeBytes, elapsedMs: meter.elapsedMs };
  return {
    ...benchLine('append', round, engine.name, measured),
    ...{ producer: load.producer, api: use.writer?.api ?? 'batch' },
    ...meter.cost(),
    ...meter.latencies(),
  };
}
