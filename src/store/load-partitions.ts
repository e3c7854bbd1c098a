/** The partitions of the topics of a store that is being opened: where each is, and opening them in parallel. */
import { join } from 'node:path';
import type { LogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { StoreEnvironment } from './environment.ts';
import type { FoundByTopic } from './plan.ts';
import type { StoreDirectory } from './store-directory.ts';
import { StorePartition } from './store-partition.ts';
import { Topic } from './topic.ts';
import { topicConfig } from './topic-config.ts';

/** A topic with its partitions, which are yet to be opened. */
export function topicOf(
  environment: StoreEnvironment,
  entry: TopicEntry,
  found: FoundByTopic,
  directories: readonly StoreDirectory[],
): Topic {
  const { name } = entry;
  const topic = new Topic(entry, understoodConfig(environment, entry));
  const partitions: StorePartition[] = [];
  for (const [number, directoryId] of Object.entries(entry.partitions)) {
    const partition = Number(number);
    const there = found.get(name)?.get(partition);
    // Where it is to be was not decided: Kafka ended before its directory was made.
    const chosen = (root: StoreDirectory): boolean => (directoryId === '' ? root.isOnline : root.id === directoryId);
    const root = there?.root ?? directories.find(chosen);
    const path = there?.path ?? (root === undefined ? '' : join(root.path, `${name}-${partition}`));
    const made = new StorePartition({ topic: name, partition, root, path });
    if (there === undefined && root?.isOnline === true) makeAnew(environment, made, root);
    partitions.push(made);
  }
  topic.add(partitions);
  return topic;
}

/** What of it cannot be understood is told of. */
function understoodConfig({ defaults, problems }: StoreEnvironment, { name, configs }: TopicEntry): LogConfig {
  const { config, problem } = topicConfig(defaults, configs);
  if (problem !== undefined) {
    problems.add(
      new SeglogError(
        problem.code,
        `the configuration of the topic ${name}, of which nothing is deleted: ${problem.message}`,
        {
          cause: problem,
        },
      ),
    );
  }
  return config;
}

/** A crash came before the directory was made, or somebody has removed it. Whatever else lies there keeps the partition offline. */
function makeAnew({ fs, problems }: StoreEnvironment, partition: StorePartition, root: StoreDirectory): void {
  if (isThere(fs, partition.path)) return;
  root.forget(partition);
  problems.add(
    new SeglogError('IO', 'the directory of a partition was not there: it is made anew, empty', {
      file: partition.path,
      errno: 'ENOENT',
    }),
  );
}

/** Whether there is something, also when it cannot be looked at. */
function isThere(fs: FileSystem, path: string): boolean {
  try {
    return fs.stat(path) !== undefined;
  } catch {
    return true;
  }
}

/** Opens all partitions whose log directories are here: so many at a time in each. */
export async function loadPartitions(environment: StoreEnvironment, topics: ReadonlyMap<string, Topic>): Promise<void> {
  const byRoot = new Map<StoreDirectory, { partition: StorePartition; topic: Topic }[]>();
  for (const topic of topics.values()) {
    for (const partition of topic.partitions.values()) {
      const { root } = partition;
      // Its directory has said why.
      if (root?.isOnline !== true) continue;
      const waiting = byRoot.get(root);
      if (waiting === undefined) byRoot.set(root, [{ partition, topic }]);
      else waiting.push({ partition, topic });
    }
  }
  const totalPartitions = [...byRoot.values()].reduce((total, { length }) => total + length, 0);
  let loadedPartitions = 0;
  let failedPartitions = 0;
  const workers = [...byRoot.values()].flatMap((waiting) => {
    const next = waiting.values();
    const work = async (): Promise<void> => {
      for (const { partition, topic } of next) {
        await partition.open(environment, topic.entry.topicId, topic.config);
        loadedPartitions++;
        if (partition.problem !== undefined) failedPartitions++;
        environment.onProgress({
          partition: `${partition.topic}-${partition.partition}`,
          directory: partition.root?.path ?? '',
          ...{ loadedPartitions, totalPartitions, failedPartitions },
        });
      }
    };
    return Array.from({ length: environment.settings.loadsPerDirectory }, work);
  });
  // Whoever gives the locks back after a failure must find nothing that is still being opened.
  for (const outcome of await Promise.allSettled(workers)) if (outcome.status === 'rejected') throw outcome.reason;
}
