/**
 * `__consumer_offsets`: what it says is loaded a partition at a time, when somebody asks for the first time, and what is
 * written is gathered to batches.
 */
import { SeglogError } from '../errors/errors.ts';
import type { Log } from '../log/log.ts';
import type { GroupHost } from './host.ts';
import { loadGroups, toldGroups } from './load.ts';
import { type OffsetsRecord, readOffsetsRecord } from './records/codec.ts';
import { OFFSETS_TOPIC, partitionForGroup } from './records/partition-for-group.ts';
import type { StoredGroups } from './state/stored-groups.ts';

/** As many as Kafka makes (`offsets.topic.num.partitions`). */
export const OFFSETS_PARTITIONS = 50;
/** A batch is at most so large, unless one commit alone is larger. A log takes 1 MiB unless told otherwise. */
const BATCH_BYTES = 512 * 1024;
/** What a record takes beside its key and value, at most. */
const RECORD_OVERHEAD = 32;

/** A record to write; without a value a tombstone. */
export interface OffsetsEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  /** What it says, where whoever made it knows: it is not read again then. */
  readonly record?: OffsetsRecord;
}

/** Commits that go into one batch. */
interface Gathered {
  readonly entries: OffsetsEntry[];
  bytes: number;
  readonly done: Promise<void>;
  readonly write: () => void;
}

/** The internal topic. */
export class OffsetsLog {
  readonly #host: GroupHost;
  readonly #loads = new Map<number, Promise<StoredGroups>>();
  readonly #gathered = new Map<number, Gathered>();
  #creating: Promise<void> | undefined;

  constructor(host: GroupHost) {
    this.#host = host;
  }

  /** Whether anything was ever committed. */
  get exists(): boolean {
    return this.#host.topic(OFFSETS_TOPIC) !== undefined;
  }

  /** The partition that has a group's records. */
  partitionOf(group: string): number {
    return partitionForGroup(group, this.#host.topic(OFFSETS_TOPIC)?.count ?? OFFSETS_PARTITIONS);
  }

  /** The groups of every partition that can be loaded; of the others the host is told. */
  async loadAll(): Promise<ReadonlyMap<number, StoredGroups>> {
    const count = this.#host.topic(OFFSETS_TOPIC)?.count ?? 0;
    const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, partition) => this.load(partition)));
    const loaded = new Map<number, StoredGroups>();
    for (const [partition, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') loaded.set(partition, outcome.value);
      else this.#host.problem(outcome.reason);
    }
    return loaded;
  }

  /**
   * The groups of a partition; read from its records the first time.
   *
   * @throws SeglogError (as a rejection) `LOG_OFFLINE`, `BATCH_CRC_MISMATCH` and other faults of its bytes, `IO`: it is tried again the
   * next time
   */
  load(partition: number): Promise<StoredGroups> {
    const known = this.#loads.get(partition);
    if (known !== undefined) return known;
    const loading = this.#load(partition);
    this.#loads.set(partition, loading);
    loading.catch(() => this.#loads.delete(partition));
    return loading;
  }

  async #load(partition: number): Promise<StoredGroups> {
    const name = `${OFFSETS_TOPIC}-${partition}`;
    const tell = (problem: SeglogError): void => this.#host.problem(problem);
    const topic = this.#host.topic(OFFSETS_TOPIC);
    return topic === undefined ? toldGroups(name, tell) : loadGroups(topic.log(partition), name, tell);
  }

  /**
   * Writes entries of one partition in a batch with those of whoever commits in the same turn. When it resolves they are as
   * durable as any append to the topic, and {@link OffsetsLog.load}'s groups have them.
   *
   * @throws SeglogError (as a rejection) what `Log.append` raises: none of the batch is committed then
   */
  write(partition: number, entries: readonly OffsetsEntry[]): Promise<void> {
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    let batch = this.#gathered.get(partition);
    if (batch !== undefined && batch.bytes + bytes > BATCH_BYTES) {
      batch.write();
      batch = undefined;
    }
    batch ??= this.#gather(partition);
    batch.entries.push(...entries);
    batch.bytes += bytes;
    return batch.done;
  }

  #gather(partition: number): Gathered {
    const entries: OffsetsEntry[] = [];
    let begin: (result: Promise<void>) => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const write = (): void => {
      if (this.#gathered.get(partition) !== batch) return;
      this.#gathered.delete(partition);
      begin(this.#append(partition, entries));
    };
    const batch: Gathered = { entries, bytes: 0, done, write };
    this.#gathered.set(partition, batch);
    // Whoever commits in this turn is in the batch; nobody waits longer for it than the turn takes.
    queueMicrotask(write);
    return batch;
  }

  async #append(partition: number, entries: readonly OffsetsEntry[]): Promise<void> {
    const groups = await this.load(partition);
    if (!this.exists) await this.#create();
    const { baseOffset } = await this.#logOf(partition).append(entries);
    for (let at = 0; at < entries.length; at++) {
      const { key, value, record = readOffsetsRecord(key, value) } = entries[at] as OffsetsEntry;
      groups.put(record, key, baseOffset + at);
    }
  }

  #create(): Promise<void> {
    this.#creating ??= this.#host.createOffsetsTopic().finally(() => {
      this.#creating = undefined;
    });
    return this.#creating;
  }

  /** Brings what was written to a partition to the disk. Calls that overlap share a sync. */
  flush(partition: number): Promise<void> {
    return this.#logOf(partition).flush();
  }

  #logOf(partition: number): Log {
    const topic = this.#host.topic(OFFSETS_TOPIC);
    if (topic !== undefined) return topic.log(partition);
    throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', 'there is no topic of committed offsets', {
      found: OFFSETS_TOPIC,
    });
  }
}

function sizeOf({ key, value }: OffsetsEntry): number {
  return key.length + (value?.length ?? 0) + RECORD_OVERHEAD;
}

/** The same entries in parts that each have room in a batch, for such that need not come all at once. */
export function partsOf(entries: readonly OffsetsEntry[]): OffsetsEntry[][] {
  const parts: OffsetsEntry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    bytes += sizeOf(entry);
    if (bytes > BATCH_BYTES) {
      parts.push([]);
      bytes = sizeOf(entry);
    }
    parts.at(-1)?.push(entry);
  }
  return parts;
}
