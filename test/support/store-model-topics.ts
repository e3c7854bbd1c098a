/** Steps that change topics: making, altering, growing, deleting. */
import type { LogConfig } from '../../src/index.ts';
import type { Random } from './random.ts';
import { type ModelPartition, type ModelStore, newPartition } from './store-model.ts';
import type { Deed, Life } from './store-model-life.ts';
import { DAY, heed, MINUTE, somewhere } from './store-model-places.ts';
import { append } from './store-model-records.ts';

const NAMES = ['a', 'b.c', 'd-0'];

/** Any configuration that can be told by. */
export function randomConfig(random: Random): Partial<LogConfig> {
  return {
    cleanupPolicy: random.pick([['delete'], ['compact'], ['compact'], ['compact', 'delete']]),
    segmentBytes: random.pick([480, 600, 900, 1500]),
    indexIntervalBytes: random.pick([0, 100, 4096]),
    retentionMs: random.pick([-1, -1, 10 * MINUTE, DAY]),
    retentionBytes: random.pick([-1, -1, -1, 1500]),
    minCleanableDirtyRatio: random.pick([0, 0.01, 0.5]),
    minCompactionLagMs: random.pick([0, 0, 0, MINUTE]),
    maxCompactionLagMs: random.pick([Infinity, Infinity, 2 * MINUTE]),
    deleteRetentionMs: random.pick([0, MINUTE, DAY]),
    compressionType: random.pick(['producer', 'producer', 'uncompressed', 'lz4', 'gzip']),
    flushMessages: random.pick([Infinity, Infinity, Infinity, 1, 5]),
    segmentMs: random.pick([7 * DAY, 7 * DAY, 2 * MINUTE]),
    preallocate: random.chance(0.1),
  };
}

function newPartitions(count: number, config: Record<string, unknown>, now: number): ModelPartition[] {
  return Array.from({ length: count }, () => {
    const made = newPartition(now);
    heed(made, config);
    return made;
  });
}

/** Makes a topic, unless it is there. */
export function create(life: Life, random: Random): Deed | undefined {
  const name = random.pick(NAMES);
  if (life.model[name] !== undefined) return append(life, random);
  const partitions = random.between(1, 3);
  const config = randomConfig(random);
  return {
    run: async () => void (await life.store.createTopic({ name, partitions, config })),
    apply: (model) => {
      model[name] = { config: { ...config }, partitions: newPartitions(partitions, { ...config }, life.clock.now()) };
    },
  };
}

/** Alters some of a configuration. */
export function alter(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined) return undefined;
  const wanted = randomConfig(random);
  const keys = (Object.keys(wanted) as (keyof LogConfig)[]).filter(() => random.chance(0.4));
  const set = Object.fromEntries(keys.map((key) => [key, wanted[key]]));
  const config = { ...place.config, ...set };
  const heedAll = (model: ModelStore): void => {
    for (const partition of model[place.name]?.partitions ?? []) heed(partition, config);
  };
  return {
    run: async () => void (await life.store.alterTopic(place.name, { set })),
    apply: (model) => {
      heedAll(model);
      (model[place.name] as ModelStore[string]).config = config;
    },
  };
}

/** Adds one or two partitions. */
export function grow(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  const topic = life.model[place?.name ?? ''];
  if (place === undefined || topic === undefined || topic.partitions.length >= 5) return append(life, random);
  const total = topic.partitions.length + random.between(1, 2);
  return {
    run: async () => void (await life.store.createPartitions(place.name, total)),
    apply: (model) => {
      const { partitions, config } = model[place.name] as ModelStore[string];
      partitions.push(...newPartitions(total - partitions.length, config, life.clock.now()));
    },
  };
}

/** Deletes a topic, now and then. */
export function remove(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined || random.chance(0.5)) return append(life, random);
  return {
    run: () => life.store.deleteTopic(place.name),
    apply: (model) => {
      delete model[place.name];
    },
  };
}
