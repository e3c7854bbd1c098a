/** Partitions that are to be made: how many there may be, and where each goes. */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import { MAX_INT32 } from '../units/units.ts';
import type { StoreEnvironment } from './environment.ts';
import type { StoreDirectory } from './store-directory.ts';
import { StorePartition } from './store-partition.ts';
import type { Topic } from './topic.ts';

/** As in Kafka: so many partitions are made at once. */
export const MAX_NEW_PARTITIONS = 10_000;

/** Where partitions can go, and what is there. */
interface Surroundings {
  readonly environment: StoreEnvironment;
  readonly directories: readonly StoreDirectory[];
  readonly topics: ReadonlyMap<string, Topic>;
}

/** @param before how many there are @throws SeglogError `INVALID_PARTITIONS` */
export function checkCount(total: number, before = 0): void {
  const least = before + 1;
  // A partition's number is an int32, and so is how many there are.
  const most = Math.min(before + MAX_NEW_PARTITIONS, MAX_INT32);
  if (Number.isSafeInteger(total) && total >= least && total <= most) return;
  const range = least > most ? 'no more than there are' : `from ${least} to ${most}`;
  throw new SeglogError('INVALID_PARTITIONS', 'the number of partitions is not possible', {
    expected: `${range}${before > 0 ? ': partitions are added, and never taken away' : ''}`,
    found: String(total),
  });
}

/**
 * The ids of the log directories of new partitions, by number: one after the other where the fewest partitions are.
 *
 * @throws SeglogError `LOG_OFFLINE` when no log directory is online, `TOPIC_ALREADY_EXISTS` when there is something of
 * that name, `IO`
 */
export function placesFor(
  { environment, directories, topics }: Surroundings,
  topic: string,
  from: number,
  to: number,
): Record<number, string> {
  const counts = new Map(directories.filter(({ isOnline }) => isOnline).map((directory) => [directory, 0]));
  if (counts.size === 0) throw new SeglogError('LOG_OFFLINE', 'no log directory is online');
  for (const { partitions } of topics.values()) {
    for (const { root } of partitions.values()) {
      if (root !== undefined && counts.has(root)) counts.set(root, (counts.get(root) ?? 0) + 1);
    }
  }
  const places: Record<number, string> = {};
  for (let partition = from; partition < to; partition++) {
    const [root, count] = [...counts].reduce((least, one) => (one[1] < least[1] ? one : least));
    const path = join(root.path, `${topic}-${partition}`);
    if (environment.fs.stat(path) !== undefined) {
      throw new SeglogError('TOPIC_ALREADY_EXISTS', 'there is a directory of that name', {
        file: path,
        action: 'Look at it with `seglog dump`, and move it out of the log directory',
      });
    }
    counts.set(root, count + 1);
    places[partition] = root.id ?? '';
  }
  return places;
}

/** The partitions at those places: nothing of them is open, or on the disk. */
export function partitionsAt(
  directories: readonly StoreDirectory[],
  { name }: TopicEntry,
  places: Readonly<Record<number, string>>,
): StorePartition[] {
  return Object.entries(places).map(([number, directoryId]) => {
    const root = directories.find(({ id }) => id === directoryId);
    const path = join(root?.path ?? '', `${name}-${number}`);
    return new StorePartition({ topic: name, partition: Number(number), root, path });
  });
}
