/** How fast batches of separate values go to the end of a log. Opening and closing are not timed. */
import { systemClock } from '../../clock/clock.ts';
import { type AppendLine, benchLine } from '../line.ts';
import { randomValues } from '../values.ts';
import { benchConfig, type BenchContext, firstTimestampOf, openEmpty } from './context.ts';
import { appendLoad } from './load.ts';

/** Appends the load to a new log in each round. The last round's log stays. */
export async function* benchAppend(context: BenchContext): AsyncGenerator<AppendLine, void, void> {
  const values = randomValues(context.load.recordBytes);
  for (let round = 0; round < context.rounds; round++) yield await appendRound(context, round, values);
}

/** One round of {@link benchAppend}. */
export async function appendRound(
  context: BenchContext,
  round: number,
  values: readonly Uint8Array[],
): Promise<AppendLine> {
  const { load, signal } = context;
  signal?.throwIfAborted();
  const firstTimestamp = firstTimestampOf(load);
  const log = await openEmpty(context, benchConfig(context));
  try {
    const start = systemClock.monotonicMs();
    await appendLoad(log, load, firstTimestamp, values, signal);
    const elapsedMs = systemClock.monotonicMs() - start;
    const measured = { records: load.records, bytes: log.status().sizeBytes, elapsedMs };
    return { ...benchLine('append', round, context.engine.name, measured), producer: load.producer };
  } finally {
    await log.close();
  }
}
