/**
 * A partition told naively: all batches that were ever appended, and which of their records may be gone. The rules of
 * retention and compaction are told the other way round than the store has them: not what goes, but what must still be there.
 */

/** A record as it was appended. */
export interface ModelRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  /** The lowest time that the clock had since. */
  low: number;
  /** It was looked for and not found: it never comes back. */
  isGone: boolean;
  /** What it went for may have been cut off since. */
  isExcused: boolean;
}

/** A batch as it was appended; a marker has no records. */
export interface ModelBatch {
  readonly base: number;
  readonly last: number;
  readonly records: ModelRecord[];
  readonly producer?: {
    readonly id: number;
    readonly epoch: number;
    readonly sequence: number;
    readonly isTransactional: boolean;
  };
  readonly marker?: 'commit' | 'abort';
}

/** What retention may go by. */
export interface RetentionLimits {
  readonly retentionMs: number;
  readonly retentionBytes: number;
}

/** All of a partition. Plain data, so that it can be copied. */
export interface ModelPartition {
  batches: ModelBatch[];
  logStart: number;
  end: number;
  /** All below it was flushed. */
  flushed: number;
  /** It was cut, and nothing was appended since: the end may be above what the files tell. */
  wasCut: boolean;
  /** Whether batches were ever taken from its end: those that a compaction kept for their producers' sake may be among them. */
  wasShortened: boolean;
  /** Whether it was compacted, or could have been. */
  wasCompacted: boolean;
  /** The shortest `delete.retention.ms` that it ever had. */
  deleteRetentionMs: number;
  /** Those that counted since it was looked at. */
  limits: RetentionLimits[];
  /** The largest time since it was looked at. */
  maxNow: number;
}

/** A topic: what its configuration says itself, and its partitions. */
export interface ModelTopic {
  config: Record<string, unknown>;
  partitions: ModelPartition[];
}

/** Topics by name. */
export type ModelStore = Record<string, ModelTopic>;

/**
 * What became of a batch's records. `forgotten`: of an open transaction whose first records are deleted, or were compacted when
 * it had ended: the log may know nothing of it when it is opened again.
 */
type Fate = 'committed' | 'aborted' | 'open' | 'forgotten' | 'control';

/** The fate of each batch, and the last stable offset as far as it is known for sure. */
export function fatesOf({ batches, end, logStart }: Pick<ModelPartition, 'batches' | 'end' | 'logStart'>): {
  fates: Fate[];
  lastStable: number;
} {
  const fates: Fate[] = [];
  const open = new Map<number, number[]>();
  for (const [at, { producer, marker }] of batches.entries()) {
    if (producer === undefined || !producer.isTransactional) fates.push('committed');
    else if (marker === undefined) {
      fates.push('open');
      open.set(producer.id, [...(open.get(producer.id) ?? []), at]);
    } else {
      fates.push('control');
      for (const one of open.get(producer.id) ?? []) fates[one] = marker === 'commit' ? 'committed' : 'aborted';
      open.delete(producer.id);
    }
  }
  let lastStable = end;
  for (const own of open.values()) {
    const parts = own.map((at) => batches[at] as ModelBatch);
    if (parts.some(({ base, records }) => base < logStart || records.some(({ isGone }) => isGone))) {
      for (const at of own) fates[at] = 'forgotten';
    } else lastStable = Math.min(lastStable, ...parts.map(({ base }) => base));
  }
  return { fates, lastStable };
}

/** The last value of each key, as whoever reads committed records from the log start on knows it; tombstones are no values. */
export function valuesByKey(records: Iterable<Pick<ModelRecord, 'key' | 'value'>>): Map<string, string> {
  const values = new Map<string, string>();
  for (const { key, value } of records) {
    if (key === null) continue;
    if (value === null) values.delete(key);
    else values.set(key, value);
  }
  return values;
}

/** Cuts the end off, as a truncation does or a power loss. @param isExcused whether what records went for may go with it */
export function cut(partition: ModelPartition, end: number, isExcused: boolean): void {
  partition.batches = partition.batches.filter(({ last }) => last < end);
  partition.end = end;
  partition.wasShortened = true;
  partition.flushed = Math.min(partition.flushed, end);
  if (!isExcused) return;
  partition.wasCut = true;
  for (const { records } of partition.batches) for (const record of records) record.isExcused = record.isGone;
}

/** What is next of a producer, as its batches tell. */
export function producerState(
  { batches, logStart }: ModelPartition,
  id: number,
): { epoch: number; nextSequence: number; isOpen: boolean; last: ModelBatch | undefined; beganBelowStart: boolean } {
  let epoch = 0;
  let last: ModelBatch | undefined;
  let first: number | undefined;
  for (const batch of batches) {
    if (batch.producer?.id !== id) continue;
    epoch = batch.producer.epoch;
    if (batch.marker !== undefined) first = undefined;
    else {
      last = batch;
      if (batch.producer.isTransactional) first ??= batch.base;
    }
  }
  const isSame = last?.producer?.epoch === epoch;
  const nextSequence = isSame && last?.producer !== undefined ? last.producer.sequence + last.last - last.base + 1 : 0;
  return { epoch, nextSequence, isOpen: first !== undefined, last, beganBelowStart: (first ?? logStart) < logStart };
}

/** One that is empty. */
export function newPartition(now: number): ModelPartition {
  return {
    ...{ batches: [], logStart: 0, end: 0, flushed: 0, wasCut: false, wasShortened: false, wasCompacted: false },
    ...{ deleteRetentionMs: Infinity, limits: [], maxNow: now },
  };
}
