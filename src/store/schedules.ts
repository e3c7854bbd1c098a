/** The one place where a store's periodic work is registered. */
import { turn } from '../cleaner/turn.ts';
import type { GroupCoordinator } from '../group/coordinator.ts';
import type { CheckpointName } from '../log/log-directory.ts';
import type { StoreCleaner } from './cleaning.ts';
import type { StoreEnvironment } from './environment.ts';
import type { StoreRetention } from './retention.ts';
import { Scheduler } from './scheduler.ts';
import type { StoreDirectory } from './store-directory.ts';
import type { StorePartition } from './store-partition.ts';

/** How often it is looked at whether the metadata log should have a snapshot. */
const SNAPSHOT_CHECK_MS = 60_000;

/** What the work is done on. */
export interface ScheduledStore {
  readonly environment: StoreEnvironment;
  readonly directories: readonly StoreDirectory[];
  readonly cleaner: StoreCleaner;
  readonly retention: StoreRetention;
  readonly groups: GroupCoordinator;
  /** Makes a snapshot of the metadata log if it is time for one. */
  snapshotMetadata(): Promise<void>;
  /** All that there are at that moment. */
  partitions(): Iterable<StorePartition>;
}

/**
 * Starts the periodic work: the checkpoints, each at its own time; retention and compaction unless they are not wanted. A
 * flush by `flush.ms` is each log's own, counted from its first append that was not synced.
 */
export function startSchedules(store: ScheduledStore): Scheduler {
  const { clock, settings, problems } = store.environment;
  const scheduler = new Scheduler(clock, (error) => problems.add(error));
  const checkpoint = (name: CheckpointName, periodMs: number, delayMs = settings.initialTaskDelayMs): void =>
    scheduler.every({ name, periodMs, run: (signal) => writeCheckpoint(store, name, signal) }, delayMs);
  checkpoint('recoveryPoints', settings.recoveryPointIntervalMs);
  checkpoint('logStartOffsets', settings.logStartIntervalMs);
  // Kafka begins with this one at once.
  checkpoint('highWatermarks', settings.highWatermarkIntervalMs, settings.highWatermarkIntervalMs);
  const snapshot = { name: 'metadata snapshot', periodMs: SNAPSHOT_CHECK_MS, run: () => store.snapshotMetadata() };
  scheduler.every(snapshot, SNAPSHOT_CHECK_MS);
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
  const offsets = {
    name: 'offsets retention',
    periodMs: settings.offsetsRetentionIntervalMs,
    run: (signal: AbortSignal) => store.groups.expire(signal),
  };
  scheduler.every(offsets, settings.offsetsRetentionIntervalMs);
  const { cleanerBackoffMs: periodMs } = settings;
  // Each thread by itself: one that is long at a log keeps no other waiting.
  for (let thread = 0; thread < settings.cleanerThreads; thread++) {
    scheduler.every({ name: 'compaction', periodMs, run: (signal) => store.cleaner.run(signal) }, periodMs);
  }
}

/**
 * One log after the other, and whoever appends has a turn between them. Logs that are compacted have their retention from
 * the cleaner, as in Kafka, if there is one.
 */
async function applyRetention(store: ScheduledStore, signal: AbortSignal): Promise<void> {
  const hasCleaner = store.environment.settings.cleanerThreads > 0;
  for (const partition of [...store.partitions()]) {
    if (signal.aborted) return;
    if (hasCleaner && partition.isCompacted) continue;
    await store.retention.apply(partition);
    await turn();
  }
}

/** One log directory after the other, and whoever appends has a turn between them: each write is synced. */
function writeCheckpoint(store: ScheduledStore, name: CheckpointName, signal: AbortSignal): void | Promise<void> {
  const [first, ...others] = store.directories;
  if (first !== undefined) writeCheckpointOf(store, first, name);
  if (others.length === 0) return;
  const work = async (): Promise<void> => {
    for (const directory of others) {
      await turn();
      if (signal.aborted) return;
      writeCheckpointOf(store, directory, name);
    }
  };
  return work();
}

function writeCheckpointOf(store: ScheduledStore, directory: StoreDirectory, name: CheckpointName): void {
  if (!directory.isOnline) return;
  for (const partition of store.partitions()) if (partition.root === directory) partition.noteOffsets();
  directory.writeCheckpoints([name]);
}
