/** A consumer of a group: reads the partitions that the group gives it, and commits where it is. */
import { randomUUID } from 'node:crypto';
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import { isAborted } from '../log/options.ts';
import type { LogRecord } from '../record/record-batch.ts';
import type { Serde } from '../record/serdes.ts';
import { assignorOf } from './assign/assignors.ts';
import { AssignedPartitions } from './assigned.ts';
import type { GroupCoordinator } from './coordinator.ts';
import type { GroupHost } from './host.ts';
import { checkGroupId, checkText } from './ids.ts';
import type { ConsumerOptions, PollOptions, ReceivedRecord } from './options.ts';
import { checkPosition, type PositionToCommit } from './positions.ts';
import type { CommittedOffset } from './records/committed-offset.ts';
import type { GroupMember, GroupSession, Joined } from './session.ts';

const MAX_RECORDS = 500;
const MAX_POLL_INTERVAL_MS = 300_000;
/** Kafka's limits for a member's timeouts. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A generation that is waited for; its outcome, once it is known, raises what went wrong. */
interface Joining {
  outcome: (() => Joined | undefined) | undefined;
}

/**
 * A consumer of a group. It joins with the first poll, and has to poll again within `maxPollIntervalMs`.
 *
 * Each record is handed out at least once: `commit` says up to where they were processed, and whoever has the partition next
 * goes on from there.
 *
 * @example
 * ```ts
 * await using consumer = store.consumer({ group: 'mailer', topics: 'orders' });
 * for await (const { topic, partition, offset, value } of consumer) {
 *   await send(value);
 *   await consumer.commit();
 * }
 * ```
 */
export class Consumer<K = Uint8Array, V = Uint8Array> implements AsyncDisposable {
  readonly group: string;
  /** What it is called in its group. */
  readonly memberId: string;
  readonly #host: GroupHost;
  readonly #coordinator: GroupCoordinator;
  readonly #options: ConsumerOptions<K, V>;
  readonly #member: GroupMember;
  readonly #assigned: AssignedPartitions;
  readonly #received: (record: LogRecord, partition: TopicPartition) => ReceivedRecord<K, V>;
  #session: GroupSession | undefined;
  #generation = -1;
  /** The session that the generation is of: numbers begin anew where a group was deleted. */
  #generationOf: GroupSession | undefined;
  /** Whether the record that was yielded last is being processed. */
  #hasInHand = false;
  #joining: Joining | undefined;
  #mustJoin = true;
  #isFenced = false;
  #isPolling = false;
  #wake: (() => void) | undefined;
  #hasNews = false;
  #committedMs: number;
  #closing: Promise<void> | undefined;

  /** Made by `store.consumer`. @throws SeglogError `INVALID_ARGUMENT`, `UNKNOWN_TOPIC_OR_PARTITION` */
  constructor(host: GroupHost, coordinator: GroupCoordinator, options: ConsumerOptions<K, V>) {
    const topics = checkedTopics(host, options);
    const { group, assignor = 'range', clientId = 'seglog', groupInstanceId = null, autoOffsetReset } = options;
    assignorOf(assignor);
    const maxPollIntervalMs = checkedMs('maxPollIntervalMs', options.maxPollIntervalMs ?? MAX_POLL_INTERVAL_MS);
    if (options.autoCommitIntervalMs !== undefined) checkedMs('autoCommitIntervalMs', options.autoCommitIntervalMs);
    this.group = group;
    this.memberId = `${groupInstanceId ?? clientId}-${randomUUID()}`;
    for (const text of [clientId, this.memberId]) checkText('what a consumer is called', text);
    this.#host = host;
    this.#coordinator = coordinator;
    this.#options = options;
    this.#received = receiver(options);
    this.#committedMs = host.clock.monotonicMs();
    this.#member = {
      ...{ memberId: this.memberId, groupInstanceId, clientId, topics, assignor, maxPollIntervalMs },
      isPolling: () => this.#isPolling,
      position: (partition) => this.#assigned.position(partition),
      rebalance: () => {
        this.#mustJoin = true;
        this.#tellNews();
      },
      fence: () => {
        this.#isFenced = true;
        this.#assigned.clear();
        this.#tellNews();
      },
      close: () => this.close(),
    };
    this.#assigned = new AssignedPartitions({
      host,
      reads: host.reads(),
      isolation: options.isolation ?? 'read_uncommitted',
      reset: autoOffsetReset ?? 'earliest',
      onReset: options.onReset ?? (() => undefined),
      wake: () => this.#tellNews(),
      committed: (partition) => this.#session?.committed(partition),
    });
  }

  /** The partitions that it has; none before the first poll. */
  get assignment(): readonly TopicPartition[] {
    return this.#assigned.partitions;
  }

  /** Those of them that it reads: all but what is offline, or waits for its position. */
  get reading(): readonly TopicPartition[] {
    return this.#assigned.reading;
  }

  /** The generation of the group that it is in; -1 before the first poll. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * The next records, in the order of offsets within each partition. Waits where there are none; rebalances happen here. Resolves
   * with none when the time is over, the signal aborts, or the consumer is closed meanwhile.
   *
   * @throws SeglogError (as a rejection) `INCONSISTENT_GROUP_PROTOCOL`, `FENCED_INSTANCE_ID`, `NO_COMMITTED_OFFSET`,
   * `OFFSET_OUT_OF_RANGE` with `autoOffsetReset: 'none'`, `LOG_OFFLINE`, `LOG_CLOSED`, and what `Log.read` raises; polling again goes on,
   * or raises it again. `DESERIALIZATION_FAILED` at a record that a serde cannot read: what comes before it is handed out, and its
   * partition stays at it until `seek`
   */
  async poll(options: PollOptions = {}): Promise<ReceivedRecord<K, V>[]> {
    if (this.#isClosing()) throw new SeglogError('LOG_CLOSED', 'the consumer is closed');
    const records: ReceivedRecord<K, V>[] = [];
    const { maxRecords = MAX_RECORDS } = options;
    if (!Number.isSafeInteger(maxRecords) || maxRecords < 1) {
      throw new SeglogError('INVALID_ARGUMENT', 'a poll cannot take so many records', {
        expected: 'a whole number from 1',
        found: String(maxRecords),
      });
    }
    await this.#polled(async () => {
      for (let next = await this.#next(options); next !== undefined; next = this.#take()) {
        records.push(next);
        if (records.length >= maxRecords) return;
      }
    });
    return records;
  }

  /**
   * Records one by one, until the consumer or the store is closed. A record counts as processed when the next one is asked for: what
   * `autoCommitIntervalMs` commits when the consumer is closed is less than the record that the loop is at.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedRecord<K, V>, void> {
    for (;;) {
      this.#hasInHand = false;
      // What is at hand is handed out at once, unless something else is due.
      let next = this.#hasNews || this.#isCommitDue ? undefined : this.#take();
      if (next === undefined) await this.#polled(async () => void (next = await this.#next({})));
      else this.#session?.heard(this.memberId, this.#generation);
      if (next === undefined) return;
      this.#hasInHand = true;
      yield next;
    }
  }

  /**
   * Commits positions: those of everything that was handed out, or the ones that are named. When it resolves they survive the end
   * of the process; that of the machine too with `syncCommits`. Commits of one turn share a batch.
   *
   * @throws SeglogError (as a rejection) `ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID`, `FENCED_INSTANCE_ID`, `REBALANCE_IN_PROGRESS`: the
   * group has gone on without it; `PARTITION_NOT_ASSIGNED`, `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_ARGUMENT`, and what `Log.append` raises. Nothing is committed then
   */
  async commit(positions: readonly PositionToCommit[] = this.#assigned.uncommitted(false)): Promise<void> {
    this.#checkFenced();
    const check = (): void => {
      for (const position of positions) this.#assigned.checkCommit(position);
    };
    check();
    const session = this.#session;
    if (positions.length === 0 || session === undefined) return;
    const { memberId } = this;
    this.#committedMs = this.#host.clock.monotonicMs();
    const isSynced = this.#options.syncCommits === true;
    await session.commit({ memberId, generation: this.#generation }, positions, isSynced, check);
    this.#assigned.noteCommitted(positions);
  }

  /** The offset of the next record of a partition. @throws SeglogError `PARTITION_NOT_ASSIGNED` */
  position(partition: TopicPartition): number {
    return this.#assigned.cursor(partition).position;
  }

  /** What its group committed of a partition; undefined for nothing. @throws SeglogError why it cannot be used */
  committed(partition: TopicPartition): CommittedOffset | undefined {
    return this.#session?.committed(partition);
  }

  /** How many offsets the end of what it may read is ahead of its position. @throws SeglogError `PARTITION_NOT_ASSIGNED` */
  lag(partition: TopicPartition): number {
    const { log, position } = this.#assigned.cursor(partition);
    const end = this.#options.isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark;
    return Math.max(0, end - position);
  }

  /** Goes on from another offset of a partition. @throws SeglogError `PARTITION_NOT_ASSIGNED`, `INVALID_ARGUMENT` */
  seek(partition: TopicPartition, offset: number): void {
    checkPosition(offset);
    this.#assigned.seek(partition, offset);
  }

  /**
   * Leaves the group; with `autoCommitIntervalMs` it commits before. A poll that waits ends. A second call waits for the first.
   *
   * @throws SeglogError (as a rejection) `IO`; it has left all the same
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Asked through a call, so that no one takes it for settled. */
  #isClosing(): boolean {
    return this.#closing !== undefined;
  }

  async #close(): Promise<void> {
    this.#tellNews();
    const session = this.#session;
    try {
      if (session !== undefined && this.#isAutoCommitting) await this.#autoCommit();
    } finally {
      this.#assigned.clear();
      await session?.leave(this.memberId);
    }
  }

  /** It would take its place back from the newer one, and that again from it. @throws SeglogError `FENCED_INSTANCE_ID` */
  #checkFenced(): void {
    if (!this.#isFenced) return;
    throw new SeglogError('FENCED_INSTANCE_ID', `another consumer has its place in the group ${this.group}`, {
      found: JSON.stringify(this.#member.groupInstanceId),
      action: 'Close this one, and give each consumer that is to live beside others an id of its own',
    });
  }

  /** One poll at a time. */
  async #polled(work: () => Promise<void>): Promise<void> {
    if (this.#isPolling) throw new SeglogError('INVALID_ARGUMENT', 'the consumer is being polled already');
    this.#isPolling = true;
    this.#hasInHand = false;
    try {
      await work();
    } finally {
      this.#isPolling = false;
      this.#session?.heard(this.memberId, this.#generation);
    }
  }

  /** The next record, once there is one; undefined when there is to be none. */
  async #next({ timeoutMs = Infinity, signal }: PollOptions): Promise<ReceivedRecord<K, V> | undefined> {
    const deadlineMs = this.#host.clock.monotonicMs() + timeoutMs;
    for (;;) {
      if (this.#isClosing()) return undefined;
      this.#checkFenced();
      this.#hasNews = false;
      if (this.#isCommitDue) await this.#autoCommit();
      if (this.#mustJoin) {
        if (!(await this.#join(deadlineMs, signal))) return undefined;
        continue;
      }
      this.#assigned.place();
      if (this.#assigned.settleFailures(false)) continue;
      const next = this.#take();
      if (next !== undefined) return next;
      if (this.#assigned.settleFailures(true)) continue;
      if (!(await this.#news(Math.min(deadlineMs, this.#nextCommitMs), signal))) {
        if (isAborted(signal) || this.#host.clock.monotonicMs() >= deadlineMs) return undefined;
      }
    }
  }

  #take(): ReceivedRecord<K, V> | undefined {
    if (this.#mustJoin || this.#isClosing()) return undefined;
    return this.#assigned.take(this.#received);
  }

  /** @returns false when the time is over, the signal aborted, or it is being closed */
  async #join(deadlineMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#joining === undefined) {
      await this.#giveUp();
      if (this.#isClosing()) return false;
      const session = await this.#coordinator.joinable(this.group);
      if (this.#isClosing()) return false;
      this.#checkFenced();
      this.#session = session;
      this.#joining = this.#asked(session);
    }
    const joining = this.#joining;
    while (joining.outcome === undefined) {
      if (this.#isClosing() || !(await this.#news(deadlineMs, signal))) return false;
    }
    this.#joining = undefined;
    this.#adopt(joining.outcome());
    return true;
  }

  /** A generation that is waited for, also from one poll to the next. */
  #asked(session: GroupSession): Joining {
    const joining: Joining = { outcome: undefined };
    session.join(this.#member).then(
      (joined) => {
        joining.outcome = () => joined;
        this.#tellNews();
      },
      (error: unknown) => {
        joining.outcome = () => {
          // The group was deleted in the meantime: it is made anew.
          if (error instanceof SeglogError && error.code === 'UNKNOWN_MEMBER_ID') return undefined;
          throw error;
        };
        this.#tellNews();
      },
    );
    return joining;
  }

  #adopt(joined: Joined | undefined): void {
    if (joined === undefined || this.#isFenced || this.#isClosing()) return;
    const { generation, assigned } = joined;
    // The group may have gone on since: then this generation is over, and nothing of it was read.
    this.#mustJoin = this.#session?.heard(this.memberId, generation) ?? true;
    // Where none came between, nobody else had what is still there.
    const isNext = generation === this.#generation || generation === this.#generation + 1;
    const keeps = isNext && this.#session === this.#generationOf;
    this.#generation = generation;
    this.#generationOf = this.#session;
    this.#assigned.assign(assigned, keeps);
  }

  /** Before its partitions may be others'. */
  async #giveUp(): Promise<void> {
    const partitions = this.#assigned.partitions;
    if (partitions.length === 0) return;
    if (this.#isAutoCommitting) await this.#autoCommit();
    await this.#options.onRebalance?.(partitions);
  }

  get #isAutoCommitting(): boolean {
    return this.#options.autoCommitIntervalMs !== undefined;
  }

  get #nextCommitMs(): number {
    const { autoCommitIntervalMs } = this.#options;
    if (autoCommitIntervalMs === undefined || this.#generation < 0) return Infinity;
    return this.#committedMs + autoCommitIntervalMs;
  }

  get #isCommitDue(): boolean {
    return this.#isAutoCommitting && this.#host.clock.monotonicMs() >= this.#nextCommitMs;
  }

  /** What a group that has gone on without it refuses is read again by whoever has it now. */
  async #autoCommit(): Promise<void> {
    this.#committedMs = this.#host.clock.monotonicMs();
    try {
      await this.commit(this.#assigned.uncommitted(this.#hasInHand));
    } catch (error) {
      const isOver = error instanceof SeglogError && GONE_ON.includes(error.code);
      if (!isOver) throw error;
    }
  }

  #tellNews(): void {
    this.#hasNews = true;
    this.#wake?.();
  }

  /** Waits until something has come. @returns false when the time was over first, or the signal aborted */
  #news(deadlineMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#hasNews) {
      this.#hasNews = false;
      return Promise.resolve(true);
    }
    const leftMs = deadlineMs - this.#host.clock.monotonicMs();
    if (isAborted(signal) || leftMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (isNews: boolean): void => {
        timer.cancel();
        signal?.removeEventListener('abort', abort);
        this.#wake = undefined;
        resolve(isNews);
      };
      const abort = (): void => done(false);
      const timer = this.#host.clock.after(leftMs, () => done(false), true);
      signal?.addEventListener('abort', abort, { once: true });
      this.#wake = () => {
        this.#hasNews = false;
        done(true);
      };
    });
  }
}

const GONE_ON: readonly string[] = [
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'REBALANCE_IN_PROGRESS',
];

function checkedTopics<K, V>(host: GroupHost, { group, topics }: ConsumerOptions<K, V>): readonly string[] {
  checkGroupId(group);
  const names = typeof topics === 'string' ? [topics] : [...new Set(topics)];
  if (names.length === 0) throw new SeglogError('INVALID_ARGUMENT', 'a consumer needs a topic');
  const unknown = names.find((name) => host.topic(name) === undefined);
  if (unknown === undefined) return names;
  throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', 'there is no such topic', { found: JSON.stringify(unknown) });
}

function checkedMs(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= MAX_TIMEOUT_MS) return value;
  throw new SeglogError('INVALID_ARGUMENT', `${name} is not possible`, {
    expected: `a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`,
    found: String(value),
  });
}

function receiver<K, V>({ keySerde, valueSerde }: ConsumerOptions<K, V>) {
  const [keyOf, valueOf] = [deserializer(keySerde), deserializer(valueSerde)];
  return (record: LogRecord, { topic, partition }: TopicPartition): ReceivedRecord<K, V> => {
    const { offset, timestamp, key, value, headers } = record;
    return { topic, partition, offset, timestamp, key: keyOf(key), value: valueOf(value), headers };
  };
}

function deserializer<T>(serde: Serde<T> | undefined): (bytes: Buffer | null) => T | null {
  if (serde === undefined) return (bytes) => bytes as T | null;
  return (bytes) => (bytes === null ? null : serde.deserialize(bytes));
}
