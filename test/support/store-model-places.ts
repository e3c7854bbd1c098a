/** Where a step of a history is done, and what all kinds of steps need. */
import type { Log, LogConfig } from '../../src/index.ts';
import type { Random } from './random.ts';
import type { ModelPartition, ModelStore } from './store-model.ts';
import type { Life } from './store-model-life.ts';

/** Milliseconds. */
export const MINUTE = 60_000;
/** Milliseconds. */
export const DAY: number = 24 * 60 * MINUTE;

/** A partition, in the store and in the model. */
export interface Place {
  readonly name: string;
  readonly at: number;
  readonly log: Log;
  readonly partition: ModelPartition;
  readonly config: Record<string, unknown>;
}

/** Any partition; undefined where there is none. */
export function somewhere(life: Life, random: Random): Place | undefined {
  const names = Object.keys(life.model).sort();
  if (names.length === 0) return undefined;
  const name = random.pick(names);
  const { partitions, config } = life.model[name] as ModelStore[string];
  const at = random.between(0, partitions.length - 1);
  return { name, at, log: life.logOf(name, at), partition: partitions[at] as ModelPartition, config };
}

/** The partition of a place in a model, which may be a copy. */
export function placed(model: ModelStore, { name, at }: Place): ModelPartition {
  return model[name]?.partitions[at] as ModelPartition;
}

/** Whether records without a key are refused there. */
export function needsKeys({ config }: Place): boolean {
  return (config['cleanupPolicy'] as string[]).includes('compact');
}

/** From now on a configuration counts for a partition. */
export function heed(partition: ModelPartition, config: Record<string, unknown>): void {
  const { cleanupPolicy, deleteRetentionMs, retentionMs, retentionBytes } = config as unknown as LogConfig;
  partition.wasCompacted ||= cleanupPolicy.includes('compact');
  partition.deleteRetentionMs = Math.min(partition.deleteRetentionMs, deleteRetentionMs);
  const deletes = cleanupPolicy.includes('delete');
  partition.limits.push(deletes ? { retentionMs, retentionBytes } : { retentionMs: -1, retentionBytes: -1 });
}

/** Does something with all partitions of a model. */
export function eachPartition(model: ModelStore, work: (partition: ModelPartition) => void): void {
  for (const { partitions } of Object.values(model)) for (const partition of partitions) work(partition);
}

/** Of the built library's errors, too, which are not of this one's class. */
export function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  throw error;
}
