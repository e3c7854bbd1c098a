/** The partitions that a consumer has, and where it is in each. */
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import type { Log } from '../log/log.ts';
import type { LogRecord } from '../record/record-batch.ts';
import { type CursorEnvironment, PartitionCursor } from './cursor.ts';
import type { GroupHost } from './host.ts';
import type { OffsetReset, ResetNotice } from './options.ts';
import type { PositionToCommit } from './positions.ts';
import type { CommittedOffset } from './records/committed-offset.ts';
import { positionKey } from './state/stored-groups.ts';

/** What positions are found by. */
export interface AssignedEnvironment extends CursorEnvironment {
  readonly host: GroupHost;
  readonly reset: OffsetReset;
  readonly onReset: (notice: ResetNotice) => void;
  /** @throws SeglogError why what was committed cannot be used */
  committed(partition: TopicPartition): CommittedOffset | undefined;
}

const UNAVAILABLE: readonly string[] = ['LOG_OFFLINE', 'LOG_CLOSED', 'UNKNOWN_TOPIC_OR_PARTITION'];

/** Cursors by partition. */
export class AssignedPartitions {
  readonly #environment: AssignedEnvironment;
  readonly #cursors = new Map<string, PartitionCursor>();
  /** Those whose position is not known yet. */
  #unplaced: TopicPartition[] = [];
  /** All cursors, and whose turn it is. */
  #turns: PartitionCursor[] = [];
  #turn = 0;

  constructor(environment: AssignedEnvironment) {
    this.#environment = environment;
  }

  /** What it has, in order of assignment. */
  get partitions(): TopicPartition[] {
    return [...this.placed, ...this.#unplaced];
  }

  /** Those that are read. */
  get placed(): TopicPartition[] {
    return [...this.#cursors.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /**
   * Takes what a generation gives.
   *
   * @param keeps whether nobody else can have had what is still there: it goes on from where it is
   */
  assign(partitions: readonly TopicPartition[], keeps: boolean): void {
    const wanted = new Set(partitions.map(({ topic, partition }) => positionKey(topic, partition)));
    for (const [key, cursor] of this.#cursors) {
      if (keeps && wanted.has(key) && !this.#isGone(cursor)) continue;
      cursor.stop();
      this.#cursors.delete(key);
    }
    this.#unplaced = partitions.filter(({ topic, partition }) => !this.#cursors.has(positionKey(topic, partition)));
    this.#turns = [...this.#cursors.values()];
  }

  /**
   * Finds where to read what is new, by what was committed or the reset policy.
   *
   * @throws SeglogError `NO_COMMITTED_OFFSET`, why what was committed cannot be used: the partition waits then
   */
  place(): void {
    const waiting = this.#unplaced;
    this.#unplaced = [];
    for (const [at, partition] of waiting.entries()) {
      try {
        const log = this.#logOf(partition);
        if (log === undefined) this.#unplaced.push(partition);
        else this.#add(partition, log, this.#environment.committed(partition));
      } catch (error) {
        this.#unplaced.push(...waiting.slice(at));
        throw error;
      }
    }
  }

  /** undefined where its topic was deleted, of which the group is told, and where it is offline, of which the store tells. */
  #logOf({ topic, partition }: TopicPartition): Log | undefined {
    try {
      return this.#environment.host.topic(topic)?.log(partition);
    } catch (error) {
      if (error instanceof SeglogError && UNAVAILABLE.includes(error.code)) return undefined;
      throw error;
    }
  }

  #add(partition: TopicPartition, log: Log, committed: CommittedOffset | undefined): void {
    const position = committed?.offset ?? this.#resetOf(partition, log, undefined);
    const cursor = new PartitionCursor(partition, log, position, this.#environment);
    cursor.committed = committed?.offset;
    this.#put(cursor);
  }

  #put(cursor: PartitionCursor): void {
    this.#cursors.set(positionKey(cursor.topic, cursor.partition), cursor);
    this.#turns.push(cursor);
  }

  /** @throws SeglogError `NO_COMMITTED_OFFSET` */
  #resetOf({ topic, partition }: TopicPartition, log: Log, from: number | undefined): number {
    const { reset, isolation, onReset } = this.#environment;
    if (reset === 'none') {
      throw new SeglogError('NO_COMMITTED_OFFSET', `the group has committed nothing of ${topic}-${partition}`, {
        action: "Commit a position, seek, or set autoOffsetReset to 'earliest' or 'latest'",
      });
    }
    const end = isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark;
    const to = reset === 'earliest' ? log.logStartOffset : end;
    onReset({ topic, partition, from, to });
    return to;
  }

  /** The next record at hand, of the partitions in turn: one batch of each. */
  take(): { readonly cursor: PartitionCursor; readonly record: LogRecord } | undefined {
    for (let left = this.#turns.length; left > 0; left--) {
      if (this.#turn >= this.#turns.length) this.#turn = 0;
      const cursor = this.#turns[this.#turn] as PartitionCursor;
      const record = cursor.take();
      if (record !== undefined) return { cursor, record };
      this.#turn++;
    }
    return undefined;
  }

  /**
   * Sees to partitions whose reading has failed: what is out of range goes by the reset policy, what was deleted is left to the
   * group.
   *
   * @returns whether any goes on
   * @throws SeglogError everything else; it is raised again until a seek, or the partition goes
   */
  settleFailures(): boolean {
    let hasMoved = false;
    for (const cursor of this.#cursors.values()) {
      const { failure } = cursor;
      if (failure === undefined || this.#isGone(cursor)) continue;
      const isOutOfRange = failure.error instanceof SeglogError && failure.error.code === 'OFFSET_OUT_OF_RANGE';
      if (!isOutOfRange || this.#environment.reset === 'none') throw failure.error;
      cursor.seek(this.#resetOf(cursor, cursor.log, cursor.position));
      hasMoved = true;
    }
    return hasMoved;
  }

  /** Or offline, or another topic of that name. */
  #isGone(cursor: PartitionCursor): boolean {
    return this.#logOf(cursor) !== cursor.log;
  }

  /** @throws SeglogError `PARTITION_NOT_ASSIGNED` */
  cursor({ topic, partition }: TopicPartition): PartitionCursor {
    const found = this.#cursors.get(positionKey(topic, partition));
    if (found !== undefined) return found;
    throw new SeglogError('PARTITION_NOT_ASSIGNED', 'the consumer does not have this partition', {
      expected:
        this.partitions.map((one) => `${one.topic}-${one.partition}`).join(', ') || 'none before the first poll',
      found: `${topic}-${partition}`,
    });
  }

  /** Where it is in a partition, if it has it. */
  position({ topic, partition }: TopicPartition): number | undefined {
    return this.#cursors.get(positionKey(topic, partition))?.position;
  }

  /** Goes on from another place. @throws SeglogError `PARTITION_NOT_ASSIGNED` */
  seek(partition: TopicPartition, offset: number): void {
    const { topic, partition: number } = partition;
    const rest = this.#unplaced.filter((one) => one.topic !== topic || one.partition !== number);
    const log = rest.length < this.#unplaced.length ? this.#logOf(partition) : undefined;
    if (log === undefined) return this.cursor(partition).seek(offset);
    this.#unplaced = rest;
    this.#put(new PartitionCursor(partition, log, offset, this.#environment));
  }

  /** Positions that differ from what is committed. */
  uncommitted(): PositionToCommit[] {
    return [...this.#cursors.values()]
      .filter(({ position, committed }) => position !== committed)
      .map(({ topic, partition, position: offset, leaderEpoch }) => ({ topic, partition, offset, leaderEpoch }));
  }

  /** Takes note of what was committed. */
  noteCommitted(positions: readonly PositionToCommit[]): void {
    for (const { topic, partition, offset } of positions) {
      const cursor = this.#cursors.get(positionKey(topic, partition));
      if (cursor !== undefined) cursor.committed = offset;
    }
  }

  /** Ends reading. */
  clear(): void {
    this.assign([], false);
  }
}
