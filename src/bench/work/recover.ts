/** How fast a log is opened that was not closed clean, from its first byte on. Making it and closing are not timed. */
import { SeglogError } from '../../errors/errors.ts';
import { Log } from '../../log/log.ts';
import { benchLine, type RecoverLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import { type BenchContext, benchConfig, makeData } from './context.ts';

/** No clean end, and nothing known to be on the disk: every byte is gone over. */
const UNCLEAN = { clean: false, recoveryPoint: 0 } as const;
const GIGABYTE = 1e9;

function checkRecovered(log: Log, records: number): void {
  const { logEndOffset, sizeBytes, recovery } = log.status();
  // Markers of transactions have offsets, too.
  if (logEndOffset >= records && recovery?.scannedBytes === sizeBytes && recovery.cuts.length === 0) return;
  throw new SeglogError('INTERNAL', 'the log was not recovered as it was written', {
    file: log.directory,
    expected: `${records} records and ${sizeBytes} bytes gone over`,
    found: `${logEndOffset} and ${recovery?.scannedBytes ?? 'none'}, ${recovery?.cuts.length ?? 0} cuts`,
  });
}

/** Opens the load's log as after an unclean stop in each round. It stays, closed clean. */
export async function* benchRecover(context: BenchContext): AsyncGenerator<RecoverLine, void, void> {
  const { load, engine, rounds, signal, cache = 'warm' } = context;
  const { directory } = await makeData(context);
  for (let round = 0; round < rounds; round++) {
    signal?.throwIfAborted();
    const meter = new RoundMeter(context);
    meter.chill(directory);
    const config = { ...benchConfig(meter.place), recovery: UNCLEAN };
    const log = await meter.time(() => Log.open(directory, config));
    const { sizeBytes, segments } = log.status();
    try {
      checkRecovered(log, load.records);
    } finally {
      await log.close();
    }
    meter.checkCold();
    const measured = { records: load.records, bytes: sizeBytes, elapsedMs: meter.elapsedMs };
    const line = benchLine('recover', round, engine.name, measured);
    const gigabytesPerSecond = Number((sizeBytes / GIGABYTE / line.seconds).toFixed(3));
    yield { ...line, segments, gigabytesPerSecond, cache, ...meter.cost() };
  }
}
