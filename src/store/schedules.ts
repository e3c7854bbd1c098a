/** The one place where a store's periodic work is registered. */
import { SeglogError } from '../errors/errors.ts';
import type { CheckpointName } from '../log/log-directory.ts';
import type { StoreCleaner } from './cleaning.ts';
import type { StoreEnvironment } from './environment.ts';
import { Scheduler } from './scheduler.ts';
import type { StoreDirectory } from './store-directory.ts';
import type { StorePartition } from './store-partition.ts';

/** What the work is done on. */
export interface ScheduledStore {
  readonly environment: StoreEnvironment;
  readonly directories: readonly StoreDirectory[];
  readonly cleaner: StoreCleaner;
  /** All that there are at that moment. */
  partitions(): Iterable<StorePartition>;
  /** A directory went offline: its logs are to be closed. */
  failed(directory: StoreDirectory): void;
}

/**
 * Starts the periodic work: the checkpoints, each at its own time; retention and compaction unless they are not wanted. A flush by `flush.ms` is each log's own, counted from its
 * first append that was not synced.
 */
export function startSchedules(store: ScheduledStore): Scheduler {
  const { clock, settings, problems } = store.environment;
  const scheduler = new Scheduler(clock, (error) => problems.add(error));
  const checkpoint = (name: CheckpointName, periodMs: number): void =>
    scheduler.every({ name, periodMs, run: () => writeCheckpoint(store, name) }, settings.initialTaskDelayMs);
  checkpoint('recoveryPoints', settings.recoveryPointIntervalMs);
  checkpoint('logStartOffsets', settings.logStartIntervalMs);
  // Kafka begins with this one at once.
  scheduler.every(
    {
      name: 'highWatermarks',
      periodMs: settings.highWatermarkIntervalMs,
      run: () => writeCheckpoint(store, 'highWatermarks'),
    },
    settings.highWatermarkIntervalMs,
  );
  if (settings.periodicCleaning) scheduleCleaning(store, scheduler);
  return scheduler;
}

/** What takes records away. */
function scheduleCleaning(store: ScheduledStore, scheduler: Scheduler): void {
  const { settings } = store.environment;
  const retention = {
    name: 'retention',
    periodMs: settings.retentionIntervalMs,
    run: (signal: AbortSignal) => applyRetention(store, signal),
  };
  scheduler.every(retention, settings.initialTaskDelayMs);
  const { cleanerBackoffMs: periodMs } = settings;
  scheduler.every({ name: 'compaction', periodMs, run: (signal) => store.cleaner.run(signal) }, periodMs);
}

/** One log after the other: what is deleted is renamed at once, and nobody waits for it. */
async function applyRetention(store: ScheduledStore, signal: AbortSignal): Promise<void> {
  for (const partition of [...store.partitions()]) {
    if (signal.aborted) return;
    if (!partition.isAvailable) continue;
    try {
      await partition.log.applyRetention();
    } catch (error) {
      // Its topic was deleted meanwhile.
      if (!(error instanceof SeglogError) || error.code !== 'LOG_CLOSED') store.environment.problems.add(error);
    }
  }
}

function writeCheckpoint(store: ScheduledStore, name: CheckpointName): void {
  for (const partition of store.partitions()) if (partition.root?.isOnline === true) partition.noteOffsets();
  for (const directory of store.directories) {
    if (directory.isOnline && !directory.writeCheckpoints([name])) store.failed(directory);
  }
}
