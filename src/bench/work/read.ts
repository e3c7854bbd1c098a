/** How fast a log is read from its start to its end, checksums verified, every record seen in JavaScript. */
import { SeglogError } from '../../errors/errors.ts';
import { Log } from '../../log/log.ts';
import { type BenchLine, benchLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import { Turns } from '../turn.ts';
import { type BenchContext, benchConfig, type BenchData, makeData } from './context.ts';
import { contentOf, timestampOf } from './load.ts';
import { type Expected, LOOKS, type ReadWay } from './looks.ts';

/** Reads all; gives the bytes of the batches. */
async function readAll(
  log: Log,
  { load, signal }: BenchContext,
  data: BenchData,
  way: ReadWay,
  valueLengths: Int32Array,
): Promise<number> {
  const look = LOOKS[way];
  const expected: Expected = { valueLengths, offset: 0, timestamp: 0, wrong: 0 };
  const turns = new Turns(signal);
  let bytes = 0;
  for await (const batch of log.read({ from: 0, verify: true, reuseBuffers: true })) {
    expected.timestamp = timestampOf(data.firstTimestamp, load, batch.baseOffset);
    bytes += batch.sizeBytes;
    look(batch, expected);
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
  if (expected.offset !== load.records || expected.wrong > 0) {
    throw new SeglogError('INTERNAL', 'the log does not read back as it was written', {
      expected: `${load.records} records`,
      found: `${expected.offset}, ${expected.wrong} of them wrong`,
      file: data.directory,
    });
  }
  return bytes;
}

/** A line of `bench read`: with the way in which records were looked at. */
export interface ReadLine extends BenchLine {
  readonly as: ReadWay;
}

/** Reads the load in each round. The log stays. */
export async function* benchRead(context: BenchContext, as: ReadWay): AsyncGenerator<ReadLine, void, void> {
  const { load, engine, rounds, cache = 'warm' } = context;
  const data = await makeData(context);
  const lengths = Int32Array.from(contentOf(load).values, ({ length }) => length);
  const log = await Log.open(data.directory, benchConfig(context));
  try {
    for (let round = 0; round < rounds; round++) {
      const meter = new RoundMeter(context);
      meter.chill(data.directory);
      const bytes = await meter.time(() => readAll(log, context, data, as, lengths));
      meter.checkCold();
      const measured = { records: load.records, bytes, elapsedMs: meter.elapsedMs };
      yield { ...benchLine('read', round, engine.name, measured), as, cache, ...meter.cost() };
    }
  } finally {
    await log.close();
  }
}
