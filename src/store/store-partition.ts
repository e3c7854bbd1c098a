/** One partition of a store: its log, or why there is none. */
import type { LogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import { Log } from '../log/log.ts';
import type { CleanSegments } from '../log/cleaning/compaction.ts';
import { compactionFacts } from '../log/cleaning/facts.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import { type CompactionSelection, selectForCompaction } from '../policy/compaction.ts';
import type { StoreEnvironment } from './environment.ts';
import type { StoreDirectory } from './store-directory.ts';

/** Where a partition is. */
export interface PartitionPlace extends TopicPartition {
  /** undefined when the log directory that has it is not among those of the store. */
  readonly root: StoreDirectory | undefined;
  readonly path: string;
}

/** A partition. */
export class StorePartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly root: StoreDirectory | undefined;
  /** Its directory. */
  readonly path: string;
  #log: Log | undefined;
  #state: PartitionLog | undefined;
  #problem: SeglogError | undefined;

  constructor({ topic, partition, root, path }: PartitionPlace) {
    this.topic = topic;
    this.partition = partition;
    this.root = root;
    this.path = path;
  }

  /** Why the partition is not served; undefined when it is. */
  get problem(): SeglogError | undefined {
    return this.root?.problem ?? this.#problem;
  }

  /** Whether its log is open. */
  get isAvailable(): boolean {
    return this.#log !== undefined && this.problem === undefined;
  }

  /** The log. @throws SeglogError `LOG_OFFLINE` with the reason as its cause */
  get log(): Log {
    if (this.#log !== undefined && this.isAvailable) return this.#log;
    const cause = this.problem;
    throw new SeglogError(
      'LOG_OFFLINE',
      `the partition is offline: ${cause?.message ?? 'its log directory is not here'}`,
      {
        ...(this.path === '' ? {} : { file: this.path }),
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }

  /** Opens the log, makes it where there is none. A failure is kept as the partition's problem, and told of. */
  async open({ engine, fs, clock, problems }: StoreEnvironment, topicId: string, config: LogConfig): Promise<void> {
    if (this.root === undefined) return;
    try {
      const opened = await Log.openHeld(this.root.held, this.path, { ...config, engine, fs, clock, topicId });
      this.#log = opened.log;
      this.#state = opened.state;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = problems.add(error);
    }
  }

  /** From now on the log goes by another configuration: what comes, not what is there. */
  alterConfig(config: LogConfig): void {
    if (this.#state !== undefined) this.#state.context.config = config;
  }

  /** Tells the log directory where the log stands. */
  noteOffsets(): void {
    this.#state?.noteOffsets();
  }

  /** What the cleaner would do with the log; undefined when it is offline, or not compacted. @throws SeglogError `IO` */
  compactionDue(nowMs: number): CompactionSelection | undefined {
    const state = this.#state;
    if (state === undefined || !this.isAvailable || !state.context.config.cleanupPolicy.includes('compact'))
      return undefined;
    const facts = compactionFacts(state, this.root?.held.cleanerOffset(this));
    return selectForCompaction(facts, state.context.config, nowMs);
  }

  /** Cleans the log from where it is dirty, and writes up to where it is clean then. @throws SeglogError as `Log.compact` */
  async compact(nowMs: number, signal: AbortSignal, clean: CleanSegments | undefined): Promise<void> {
    const selection = this.compactionDue(nowMs);
    if (selection === undefined) return;
    const { firstDirtyOffset } = selection;
    const { endOffset } = await this.log.compact({ firstDirtyOffset, now: nowMs, signal }, clean);
    if (this.root?.isOnline !== true || !this.isAvailable) return;
    this.root.held.noteCleanerOffset(this, endOffset);
    this.root.writeCheckpoints(['cleanerOffsets']);
  }

  /** Closes the log, if there is one. @throws SeglogError `IO`; it is closed then, too */
  async close(): Promise<void> {
    await this.#log?.close();
  }
}
