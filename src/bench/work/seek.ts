/** How fast the batch of a random offset is found and its header read. */
import { systemClock } from '../../clock/clock.ts';
import { SeglogError } from '../../errors/errors.ts';
import { Log } from '../../log/log.ts';
import { type BenchLine, benchLine } from '../line.ts';
import { seededRandom } from '../random.ts';
import { Turns } from '../turn.ts';
import { type BenchContext, benchConfig, makeData } from './context.ts';

const SEED = 2;

/** Seeks, and gives the bytes of the batches that were found. */
async function seekAll(log: Log, seeks: number, records: number, signal?: AbortSignal): Promise<number> {
  const random = seededRandom(SEED);
  const turns = new Turns(signal);
  let bytes = 0;
  for (let i = 0; i < seeks; i++) {
    const offset = Math.floor(random() * records);
    const found = log.find(offset);
    if (found === undefined || found.baseOffset > offset || found.lastOffset < offset) {
      throw new SeglogError('INTERNAL', 'a seek found the wrong batch', {
        expected: offset,
        found: found?.baseOffset ?? 'nothing',
      });
    }
    bytes += found.sizeBytes;
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
  return bytes;
}

/** `records` of the lines are seeks. The log stays. */
export async function* benchSeek(context: BenchContext, seeks: number): AsyncGenerator<BenchLine, void, void> {
  const { load, rounds, signal } = context;
  const { directory } = await makeData(context);
  const log = await Log.open(directory, benchConfig(context));
  try {
    for (let round = 0; round < rounds; round++) {
      const start = systemClock.monotonicMs();
      const bytes = await seekAll(log, seeks, load.records, signal);
      const elapsedMs = systemClock.monotonicMs() - start;
      yield benchLine('seek', round, context.engine.name, { records: seeks, bytes, elapsedMs });
    }
  } finally {
    await log.close();
  }
}
