/** The partitions that a consumer has, and where it is in each. */
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import type { Log } from '../log/log.ts';
import type { LogRecord } from '../record/record-batch.ts';
import { type CursorEnvironment, PartitionCursor, type PlacedLog } from './cursor.ts';
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
  /** Of which a record was taken last. */
  #last: PartitionCursor | undefined;

  constructor(environment: AssignedEnvironment) {
    this.#environment = environment;
  }

  /** What it has, in order of assignment. */
  get partitions(): TopicPartition[] {
    return [...[...this.#cursors.values()].map(nameOf), ...this.#unplaced];
  }

  /** Those that are read. */
  get reading(): TopicPartition[] {
    return [...this.#cursors.values()].filter((cursor) => !this.#isGone(cursor)).map(nameOf);
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
        const place = this.#placeOf(partition);
        if (place === undefined) this.#unplaced.push(partition);
        else this.#add(partition, place, this.#environment.committed(partition));
      } catch (error) {
        this.#unplaced.push(...waiting.slice(at));
        throw error;
      }
    }
  }

  /** undefined where its topic was deleted, of which the group is told, and where it is offline, of which the store tells. */
  #placeOf({ topic, partition }: TopicPartition): PlacedLog | undefined {
    try {
      const found = this.#environment.host.topic(topic);
      return found && { log: found.log(partition), topicId: found.topicId };
    } catch (error) {
      if (error instanceof SeglogError && UNAVAILABLE.includes(error.code)) return undefined;
      throw error;
    }
  }

  #add(partition: TopicPartition, place: PlacedLog, committed: CommittedOffset | undefined): void {
    const position = committed?.offset ?? this.#resetOf(partition, place.log, undefined);
    const cursor = new PartitionCursor(partition, place, position, this.#environment);
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

  /** What is made of the next record at hand, of the partitions in turn: one batch of each. */
  take<T>(make: (record: LogRecord, partition: TopicPartition) => T): T | undefined {
    for (let left = this.#turns.length; left > 0; left--) {
      if (this.#turn >= this.#turns.length) this.#turn = 0;
      const cursor = this.#turns[this.#turn] as PartitionCursor;
      const made = cursor.take(make);
      if (made !== undefined) {
        this.#last = cursor;
        return made;
      }
      this.#turn++;
    }
    return undefined;
  }

  /**
   * Sees to partitions whose reading has failed: what is out of range goes by the reset policy, what was deleted is left to the
   * group.
   *
   * @param isIdle whether there is nothing at hand: then it is also raised what was raised before
   * @returns whether any goes on
   * @throws SeglogError everything else, until a seek, or the partition goes
   */
  settleFailures(isIdle: boolean): boolean {
    let hasMoved = false;
    for (const cursor of this.#cursors.values()) {
      const { failure } = cursor;
      if (failure === undefined || (failure.isTold && !isIdle) || this.#isGone(cursor)) continue;
      const isOutOfRange = failure.error instanceof SeglogError && failure.error.code === 'OFFSET_OUT_OF_RANGE';
      if (!isOutOfRange || this.#environment.reset === 'none') {
        failure.isTold = true;
        throw failure.error;
      }
      cursor.seek(this.#resetOf(cursor, cursor.log, cursor.position));
      hasMoved = true;
    }
    return hasMoved;
  }

  /** Or offline, or another topic of that name. */
  #isGone(cursor: PartitionCursor): boolean {
    return this.#placeOf(cursor)?.log !== cursor.log;
  }

  /** Whether its topic was deleted since, also where there is another one of that name: its position is none of that one. */
  #isOfTopicThatWas({ topic, topicId }: PartitionCursor): boolean {
    return this.#environment.host.topic(topic)?.topicId !== topicId;
  }

  /** @throws SeglogError `PARTITION_NOT_ASSIGNED` */
  cursor({ topic, partition }: TopicPartition): PartitionCursor {
    const found = this.#cursors.get(positionKey(topic, partition));
    if (found !== undefined) return found;
    const name = `${topic}-${partition}`;
    if (this.#isUnplaced({ topic, partition })) {
      throw new SeglogError('PARTITION_NOT_ASSIGNED', `the consumer does not read ${name} yet`, {
        action: 'Poll, seek or commit a position of it; where it is offline, the status says why',
      });
    }
    throw new SeglogError('PARTITION_NOT_ASSIGNED', 'the consumer does not have this partition', {
      expected:
        this.partitions.map((one) => `${one.topic}-${one.partition}`).join(', ') || 'none before the first poll',
      found: name,
    });
  }

  #isUnplaced({ topic, partition }: TopicPartition): boolean {
    return this.#unplaced.some((one) => one.topic === topic && one.partition === partition);
  }

  /**
   * Whether a position may be committed: of what it has, also where it does not know yet where to read it.
   *
   * @throws SeglogError `PARTITION_NOT_ASSIGNED`, `UNKNOWN_TOPIC_OR_PARTITION`
   */
  checkCommit(partition: TopicPartition): void {
    if (this.#isUnplaced(partition)) return;
    const cursor = this.cursor(partition);
    if (!this.#isOfTopicThatWas(cursor)) return;
    throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', `the topic ${cursor.topic} was deleted since this was read`, {
      expected: cursor.topicId,
      found: this.#environment.host.topic(cursor.topic)?.topicId ?? 'none',
      action: 'Poll: what the consumer has then is of the topics that there are',
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
    const place = rest.length < this.#unplaced.length ? this.#placeOf(partition) : undefined;
    if (place === undefined) return this.cursor(partition).seek(offset);
    this.#unplaced = rest;
    this.#put(new PartitionCursor(partition, place, offset, this.#environment));
  }

  /**
   * Positions that differ from what is committed, of topics that are still there.
   *
   * @param hasInHand whether the record that was taken last is not processed yet
   */
  uncommitted(hasInHand: boolean): PositionToCommit[] {
    return [...this.#cursors.values()].flatMap((cursor) => {
      const { topic, partition, committed } = cursor;
      const { position: offset, leaderEpoch } = hasInHand && cursor === this.#last ? cursor.before : cursor;
      // Whoever has committed the record in hand himself has processed it.
      if (offset === committed || cursor.position === committed || this.#isOfTopicThatWas(cursor)) return [];
      return [{ topic, partition, offset, leaderEpoch }];
    });
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

function nameOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
