/** How fast a log is opened that was not closed clean, from its first byte on. Making it and closing are not timed. */
import { systemClock } from '../../clock/clock.ts';
import { SeglogError } from '../../errors/errors.ts';
import { Log } from '../../log/log.ts';
import { benchLine, type RecoverLine } from '../line.ts';
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
export async function* benchRecover(
  context: BenchContext,
  segmentBytes: number,
): AsyncGenerator<RecoverLine, void, void> {
  const { load, engine, rounds, signal } = context;
  const config = { ...benchConfig(context), segmentBytes };
  const { directory } = await makeData(context, config);
  for (let round = 0; round < rounds; round++) {
    signal?.throwIfAborted();
    const start = systemClock.monotonicMs();
    const log = await Log.open(directory, { ...config, recovery: UNCLEAN });
    const elapsedMs = systemClock.monotonicMs() - start;
    try {
      checkRecovered(log, load.records);
      const { sizeBytes, segments } = log.status();
      const line = benchLine('recover', round, engine.name, { records: load.records, bytes: sizeBytes, elapsedMs });
      const gigabytesPerSecond = Number((sizeBytes / GIGABYTE / line.seconds).toFixed(3));
      yield { ...line, segments, gigabytesPerSecond };
    } finally {
      await log.close();
    }
  }
}
