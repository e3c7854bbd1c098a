/** Log directories in memory, handed over and adopted; and all that is in them, to see that nothing was changed. */
import { join } from 'node:path';
import { ManualClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { type Adopted, adopt } from '../../src/handover/adopt.ts';
import { type Handover, handOver, type HandoverOptions, type Refusal } from '../../src/handover/handover.ts';
import { type SeglogError, Store } from '../../src/index.ts';
import type { ControlRecord } from '../../src/metadata/batches.ts';
import type { MetadataImage } from '../../src/metadata/image.ts';
import { imageRecords } from '../../src/metadata/image-records.ts';
import { replayMetadata } from '../../src/metadata/replay.ts';
import { printSnapshot, snapshotName } from '../../src/metadata/snapshot.ts';

export const PATHS = ['/a', '/b'];
const NOW = 1_800_000_000_000;

/** Two directories of a store that was closed: `events` of four partitions with a record in the first, and `logs` of one. */
export async function closedStore(change?: (store: Store) => Promise<void>): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem();
  const store = await Store.open(PATHS, { fs, clock: new ManualClock(NOW) });
  await store.createTopic({ name: 'events', partitions: 4, config: { retentionMs: 1_000_000 } });
  await store.createTopic({ name: 'logs', partitions: 1, config: { cleanupPolicy: ['compact'] } });
  await store.partition('events', 0).append({ value: 'first' });
  await change?.(store);
  await store.close();
  return fs;
}

export function handingOver(
  fs: MemoryFileSystem,
  { paths = PATHS, ...more }: Partial<HandoverOptions> & { paths?: readonly string[] } = {},
): Promise<Handover | Refusal> {
  return handOver(paths, {
    ...{ engine: defaultEngine(), fs, clock: new ManualClock(NOW), defaults: {}, propertiesFile: undefined },
    ...{ listener: { host: 'localhost', port: 9092 }, controllerListener: { host: 'localhost', port: 9093 }, ...more },
  });
}

export function adopting(
  fs: MemoryFileSystem,
  paths: readonly string[] = PATHS,
  onProblem: (problem: SeglogError) => void = () => undefined,
): Promise<Adopted | Refusal> {
  return adopt(paths, { engine: defaultEngine(), fs, clock: new ManualClock(NOW), onProblem });
}

/** Codes and messages of what is wrong; none when it went well. */
export function problemsOf(outcome: object): string[] {
  return 'problems' in outcome ? (outcome as Refusal).problems.map(({ code, message }) => `${code}: ${message}`) : [];
}

/** Every file and its bytes. */
export function contents(fs: MemoryFileSystem, directory = '/'): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of fs.list(directory)) {
    const path = join(directory, name);
    if (fs.stat(path)?.isFile === true) found[path] = Buffer.from(fs.readSmall(path) ?? []).toString('base64');
    else Object.assign(found, { [path]: 'directory' }, contents(fs, path));
  }
  return found;
}

/** What the metadata log says. */
export function image(fs: MemoryFileSystem): MetadataImage {
  return replayed(fs).image;
}

function replayed(fs: MemoryFileSystem) {
  return replayMetadata({ engine: defaultEngine(), fs, clock: new ManualClock(0) }, '/a/__cluster_metadata-0', true);
}

/** The metadata log says something else from here on: a snapshot at its end has `values`, or what it said, and `voters`. */
export function restate(
  fs: MemoryFileSystem,
  change: (values: Uint8Array[]) => Uint8Array[],
  voters: readonly ControlRecord[] = [],
): void {
  const { image: said, logEndOffset: endOffset, epoch, lastTimestampMs } = replayed(fs);
  const times = { epoch, lastTimestampMs, nowMs: NOW };
  const bytes = printSnapshot(defaultEngine(), times, voters, change([...imageRecords(said)]));
  fs.replaceSmall(`/a/__cluster_metadata-0/${snapshotName({ endOffset, epoch })}`, bytes);
}
