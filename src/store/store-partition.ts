/** One partition of a store: its log, or why there is none. */
import type { LogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import { Log } from '../log/log.ts';
import type { CleanSegments, CompactOptions } from '../log/cleaning/compaction.ts';
import { compactionFacts } from '../log/cleaning/facts.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import { ifThereIsSpace } from '../log/tolerated.ts';
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
  #isClosed = false;
  #dirtyRatio: number | undefined;

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
    return this.#log !== undefined && !this.#isClosed && this.problem === undefined;
  }

  /** Whether its log takes records: it is open, sound, and no sync of it has failed. */
  get isAppendable(): boolean {
    const log = this.#log;
    const state = this.#state;
    if (log === undefined || state === undefined || !this.isAvailable) return false;
    // What is cheap to ask first: this is asked for every record.
    if (state.corruption !== undefined || state.isReadOnly || state.sync.hasFailed) return false;
    try {
      log.checkAppendable();
      return true;
    } catch {
      return false;
    }
  }

  /** Whether `cleanup.policy` has `compact`. */
  get isCompacted(): boolean {
    return this.#state?.context.config.cleanupPolicy.includes('compact') === true;
  }

  /** The log. @throws SeglogError `LOG_OFFLINE` with the reason as its cause */
  get log(): Log {
    if (this.#log !== undefined && this.isAvailable) return this.#log;
    const cause = this.problem;
    if (this.#isClosed && cause === undefined) {
      throw new SeglogError('LOG_CLOSED', 'the partition is closed: its topic was deleted', { file: this.path });
    }
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
  async open(environment: StoreEnvironment, topicId: string, config: LogConfig): Promise<void> {
    if (this.root === undefined) return;
    const { engine, fs, clock, problems, observer, cleaners } = environment;
    try {
      const { logger } = observer;
      const options = { ...config, ...(logger === undefined ? {} : { logger }), engine, fs, clock, topicId };
      const opened = await Log.openHeld(this.root.held, this.path, options, observer.measured(this));
      this.#log = opened.log;
      this.#state = opened.state;
      // A broker takes a directory without it for one of no topic.
      if (!opened.state.isReadOnly) ifThereIsSpace(() => opened.state.topicId.write());
      if (cleaners !== undefined) opened.state.unlinkBy((request) => cleaners.unlink(request));
      this.#problem = undefined;
    } catch (error) {
      this.#problem = problems.add(error);
      observer.partitionOffline(this, this.path, this.#problem);
    }
  }

  /** From now on the log goes by another configuration: what comes, not what is there. */
  alterConfig(config: LogConfig): void {
    const state = this.#state;
    if (state === undefined) return;
    // What was gathered by the rules that were might be too large for the new ones.
    for (const append of [...(state.context.beforeAlter ?? [])]) append();
    state.context.config = config;
    state.sync.altered();
  }

  /** Tells the log directory where the log stands. */
  noteOffsets(): void {
    this.#state?.checkpoint.note();
  }

  /** What the cleaner would do with the log; undefined when it is offline, or not compacted. @throws SeglogError `IO` */
  compactionDue(nowMs: number): CompactionSelection | undefined {
    const state = this.#state;
    if (state === undefined || !this.isAvailable || !this.isCompacted) return undefined;
    const facts = compactionFacts(state, this.root?.held.cleanerOffset(this));
    const selection = selectForCompaction(facts, state.context.config, nowMs);
    this.#dirtyRatio = selection.dirtyRatio;
    return selection;
  }

  /** The share of its bytes that were not cleaned, when the cleaner looked last; undefined when it has not. */
  get dirtyRatio(): number | undefined {
    return this.#dirtyRatio;
  }

  /**
   * Cleans the log from where it is dirty, and writes up to where it is clean then.
   *
   * @throws SeglogError as `Log.compact`
   */
  async compact(options: CompactOptions & { readonly now: number }, clean: CleanSegments | undefined): Promise<void> {
    const state = this.#state;
    const selection = this.compactionDue(options.now);
    if (state === undefined || selection === undefined) return;
    const { firstDirtyOffset } = selection;
    const { cuts } = state;
    const { endOffset } = await this.log.compact({ ...options, firstDirtyOffset }, clean);
    // Something was cut off in the turn between: the checkpoint was lowered for it, and what came since is not clean.
    if (state.cuts !== cuts || this.root?.isOnline !== true || !this.isAvailable) return;
    this.root.held.noteCleanerOffset(this, endOffset);
    this.root.writeCheckpoints(['cleanerOffsets']);
  }

  /** Closes the log, if there is one. @throws SeglogError `IO`; it is closed then, too */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#log?.close();
  }
}
