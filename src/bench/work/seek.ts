/**
 * How fast the batch of a random offset is found and its header read, and how fast the first record of a random time. The
 * same offsets in every run.
 */
import { SeglogError } from '../../errors/errors.ts';
import { Log } from '../../log/log.ts';
import { type BenchLine, benchLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import type { Timing } from '../operation-times.ts';
import { seededRandom } from '../random.ts';
import { Turns } from '../turn.ts';
import { type BenchContext, benchConfig, type BenchData, makeData } from './context.ts';
import { timestampOf } from './load.ts';

const SEED = 2;

/** How many, and what they look for. */
export interface SeekUse extends Timing {
  readonly seeks: number;
  readonly by: 'offset' | 'time';
}

/** Finds one; gives the bytes of the batch that was found, 0 where they are not known. */
type Seek = (offset: number) => number;

function wrong(expected: number, found: number | undefined): SeglogError {
  return new SeglogError('INTERNAL', 'a seek found the wrong place', { expected, found: found ?? 'nothing' });
}

function byOffset(log: Log): Seek {
  return (offset) => {
    const found = log.find(offset);
    if (found === undefined || found.baseOffset > offset || found.lastOffset < offset) {
      throw wrong(offset, found?.baseOffset);
    }
    return found.sizeBytes;
  };
}

/** The records of a batch have one time: the first of them is found. */
function byTime(log: Log, { load }: BenchContext, { firstTimestamp }: BenchData): Seek {
  return (offset) => {
    const found = log.offsetForTimestamp(timestampOf(firstTimestamp, load, offset));
    const first = offset - (offset % load.batchRecords);
    if (found?.offset !== first) throw wrong(first, found?.offset);
    return 0;
  };
}

/** Seeks, and gives the bytes of the batches that were found. */
async function seekAll(seek: Seek, { place, times }: RoundMeter<BenchContext>, use: SeekUse): Promise<number> {
  const { load, signal } = place;
  const random = seededRandom(SEED);
  let bytes = 0;
  const next = (): undefined => {
    bytes += seek(Math.floor(random() * load.records));
  };
  if (use.rate !== undefined) {
    await times.runPaced(use.seeks, use.rate, next, signal);
    return bytes;
  }
  const turns = new Turns(signal);
  const one = use.latency === true ? (): void => void times.run(next) : next;
  for (let i = 0; i < use.seeks; i++) {
    one();
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
  return bytes;
}

/** `records` of the lines are seeks. The log stays. */
export async function* benchSeek(context: BenchContext, use: SeekUse): AsyncGenerator<BenchLine, void, void> {
  const { rounds, engine, cache = 'warm' } = context;
  const work = use.by === 'offset' ? 'seek' : 'seek-time';
  const data = await makeData(context);
  const log = await Log.open(data.directory, benchConfig(context));
  const seek = use.by === 'offset' ? byOffset(log) : byTime(log, context, data);
  try {
    for (let round = 0; round < rounds; round++) {
      const meter = new RoundMeter(context, use);
      meter.chill(data.directory);
      const bytes = await meter.time(() => seekAll(seek, meter, use));
      meter.checkCold();
      const line = benchLine(work, round, engine.name, { records: use.seeks, bytes, elapsedMs: meter.elapsedMs });
      yield { ...line, cache, ...meter.cost(), ...meter.latencies() };
    }
  } finally {
    await log.close();
  }
}
