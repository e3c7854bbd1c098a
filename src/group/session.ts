/**
 * One group at work: its members wait for generations here, die here when they are not heard, and commit here. Rules are in
 * `state/group-state.ts`; this adds time, records and promises.
 */
import { turn } from '../cleaner/turn.ts';
import type { Timer } from '../clock/clock.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import type { GroupHost } from './host.ts';
import { type OffsetsEntry, type OffsetsLog, partsOf } from './offsets-log.ts';
import { commitEntries, committedOf, flushBefore, type PositionToCommit } from './positions.ts';
import { groupKey, groupValue } from './records/codec.ts';
import type { CommittedOffset } from './records/committed-offset.ts';
import { GroupState, type JoiningMember } from './state/group-state.ts';
import { checkOfConsumers, type StoredGroup, type StoredGroups } from './state/stored-groups.ts';
import { otherTombstones } from './tombstones.ts';

/** A consumer, as its group sees it. */
export interface GroupMember extends JoiningMember {
  /** Whether it waits for records or for its group at this moment: then it is alive. */
  isPolling(): boolean;
  /** The next position to read of a partition that it has. */
  position(partition: TopicPartition): number | undefined;
  /** It has to join again. */
  rebalance(): void;
  /** Another one of its instance has its place, for good. */
  fence(): void;
  close(): Promise<void>;
}

/** What a member has in a generation. */
export interface Joined {
  readonly generation: number;
  readonly assigned: readonly TopicPartition[];
}

/** Somebody who waits for a generation. */
interface Waiting {
  readonly resolve: (joined: Joined | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** What a session stands on. */
export interface SessionEnvironment {
  readonly host: GroupHost;
  readonly offsets: OffsetsLog;
  readonly stored: StoredGroups;
  readonly partition: number;
}

/** A group that has, or had, members in this process. */
export class GroupSession {
  readonly id: string;
  readonly partition: number;
  readonly state: GroupState;
  readonly #host: GroupHost;
  readonly #offsets: OffsetsLog;
  readonly #stored: StoredGroups;
  readonly #members = new Map<string, GroupMember>();
  readonly #waiting = new Map<string, Waiting>();
  #preparing: Timer | undefined;
  #checking: Timer | undefined;
  #isScheduled = false;
  #isRecording = false;

  constructor(id: string, { host, offsets, stored, partition }: SessionEnvironment) {
    this.id = id;
    this.partition = partition;
    this.#host = host;
    this.#offsets = offsets;
    this.#stored = stored;
    const record = stored.groups.get(id)?.record;
    this.state = new GroupState(id, record instanceof Error ? 0 : record?.generation);
  }

  /** What is recorded of it. */
  get stored(): StoredGroup | undefined {
    return this.#stored.groups.get(this.id);
  }

  get members(): ReadonlyMap<string, GroupMember> {
    return this.#members;
  }

  /** Whether nobody is in it, and nothing goes on. */
  get isIdle(): boolean {
    return this.state.isEmpty && this.#waiting.size === 0 && !this.#isRecording;
  }

  /**
   * Joins, or joins again. Resolves with the generation and the partitions once all members have joined; with undefined when
   * there was another change meanwhile: join again then.
   *
   * @throws SeglogError (as a rejection) `INCONSISTENT_GROUP_PROTOCOL`, `UNSUPPORTED_VERSION`, what `Log.append` raises
   */
  join(member: GroupMember): Promise<Joined | undefined> {
    return new Promise((resolve, reject) => {
      const nowMs = this.#host.clock.monotonicMs();
      const wasPreparing = this.state.state === 'PreparingRebalance';
      const replaced = this.state.join(member, nowMs);
      if (replaced !== undefined) this.#fence(replaced);
      this.#members.set(member.memberId, member);
      if (this.state.state === 'Stable') return resolve(this.#joinedOf(member.memberId));
      this.#waiting.get(member.memberId)?.resolve(undefined);
      this.#waiting.set(member.memberId, { resolve, reject });
      if (!wasPreparing) this.#prepared(member.memberId);
      this.#schedule();
      this.#watch();
    });
  }

  #fence(memberId: string): void {
    this.#members.get(memberId)?.fence();
    this.#drop(memberId);
  }

  #joinedOf(memberId: string): Joined | undefined {
    const member = this.state.members.find((one) => one.memberId === memberId);
    return member && { generation: this.state.generation, assigned: member.assigned };
  }

  /** A topic that somebody subscribes to came, went or grew. */
  topicChanged(): void {
    if (this.state.isEmpty || this.state.state === 'PreparingRebalance') return;
    this.state.prepare();
    this.#prepared();
  }

  /** Tells all members to join again, but for who has; who has not done so in time is out. */
  #prepared(joined?: string): void {
    this.#preparing?.cancel();
    this.#preparing = this.#host.clock.after(this.state.rebalanceTimeoutMs, () => this.#complete());
    for (const [memberId, member] of this.#members) {
      if (memberId === joined) continue;
      this.#answer(memberId, undefined);
      member.rebalance();
    }
  }

  /** Whoever joins in this turn is in the next generation. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void turn().then(() => {
      this.#isScheduled = false;
      if (this.state.isReady && !this.#isRecording) this.#complete();
    });
  }

  #complete(): void {
    if (this.state.state !== 'PreparingRebalance') return;
    this.#preparing?.cancel();
    const counts = new Map<string, number>();
    for (const topic of this.state.topics) {
      const count = this.#host.topic(topic)?.count;
      if (count !== undefined) counts.set(topic, count);
    }
    for (const absent of this.state.complete(counts)) this.#drop(absent);
    void this.#record(this.state.generation);
  }

  /** The generation counts once it is recorded. */
  async #record(generation: number): Promise<void> {
    this.#isRecording = true;
    try {
      const parts = partsOf(this.#otherTombstones());
      const last = parts.pop() ?? [];
      for (const part of parts) await this.#offsets.write(this.partition, part);
      if (this.state.generation !== generation) return;
      await this.#offsets.write(this.partition, [...last, this.#recordEntry()]);
      if (this.state.generation !== generation || this.state.state !== 'CompletingRebalance') return;
      this.state.settle(this.#host.clock.monotonicMs());
      for (const { memberId, assigned } of this.state.members) this.#answer(memberId, { generation, assigned });
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isRecording = false;
      if (this.state.isReady) this.#schedule();
    }
  }

  #recordEntry(): OffsetsEntry {
    return { key: groupKey(this.id), value: groupValue(this.state.record(this.#host.clock.now())) };
  }

  /** A group cannot be of two protocols: Kafka would not load it. Its members of the other one went with the broker. */
  #otherTombstones(): OffsetsEntry[] {
    return this.stored === undefined ? [] : otherTombstones(this.stored);
  }

  #answer(memberId: string, joined: Joined | undefined): void {
    const waiting = this.#waiting.get(memberId);
    this.#waiting.delete(memberId);
    waiting?.resolve(joined);
  }

  /** What could not be recorded is told to all who wait; they may join again. */
  #failed(error: unknown): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    if (this.state.state === 'CompletingRebalance') {
      this.state.prepare();
      this.#prepared();
    }
    for (const { reject } of waiting) reject(error);
    if (waiting.length === 0) this.#host.problem(error);
  }

  #drop(memberId: string): void {
    this.#members.get(memberId)?.rebalance();
    this.#members.delete(memberId);
    this.#answer(memberId, undefined);
  }

  /** A member goes. Resolves when that is recorded, if it was the last. */
  async leave(memberId: string): Promise<void> {
    const wasPreparing = this.state.state === 'PreparingRebalance';
    const wasIn = this.state.leave(memberId);
    this.#drop(memberId);
    if (!wasIn) return;
    if (!this.state.isEmpty) {
      if (!wasPreparing) this.#prepared();
      return this.#schedule();
    }
    this.#preparing?.cancel();
    this.#checking?.cancel();
    this.#checking = undefined;
    await this.#offsets.write(this.partition, [this.#recordEntry()]);
  }

  /** Wakes when the next member may be overdue. */
  #watch(): void {
    this.#checking?.cancel();
    this.#checking = undefined;
    const { nextDueMs } = this.state;
    if (nextDueMs === Infinity) return;
    const delayMs = Math.max(1, nextDueMs - this.#host.clock.monotonicMs());
    this.#checking = this.#host.clock.after(delayMs, () => {
      this.#buryDead();
      this.#watch();
    });
  }

  #buryDead(): void {
    const nowMs = this.#host.clock.monotonicMs();
    for (const memberId of this.state.overdue(nowMs)) {
      if (this.#members.get(memberId)?.isPolling() === true)
        this.state.heartbeat(memberId, this.state.generation, nowMs);
      else this.leave(memberId).catch((error: unknown) => this.#host.problem(error));
    }
    // Who waits for the others is alive.
    for (const memberId of this.#waiting.keys()) {
      if (this.#members.has(memberId)) this.state.heartbeat(memberId, this.state.generation, nowMs);
    }
  }

  /** A member was heard. @returns whether it has to join again */
  heard(memberId: string, generation: number): boolean {
    if (!this.#members.has(memberId)) return true;
    return this.state.heartbeat(memberId, generation, this.#host.clock.monotonicMs());
  }

  /**
   * Commits positions of a member.
   *
   * @param isSynced whether it resolves only when they are on the disk, with the records before them
   * @param check raises why they may not be committed: asked again when these are there
   * @throws SeglogError (as a rejection) `UNKNOWN_MEMBER_ID`, `ILLEGAL_GENERATION`, `REBALANCE_IN_PROGRESS`, what `Log.append` raises
   */
  commit(
    member: { readonly memberId: string; readonly generation: number },
    positions: readonly PositionToCommit[],
    isSynced: boolean,
    check: () => void,
  ): Promise<void> {
    return this.#commit(positions, isSynced, () => {
      this.state.checkCommit(member.memberId, member.generation);
      check();
    });
  }

  /** Commits positions of a group without members. @throws SeglogError (as a rejection) as {@link GroupSession.checkChangeable} */
  commitAlone(positions: readonly PositionToCommit[], isSynced: boolean): Promise<void> {
    return this.#commit(positions, isSynced, () => this.checkChangeable());
  }

  async #commit(positions: readonly PositionToCommit[], isSynced: boolean, check: () => void): Promise<void> {
    check();
    if (isSynced) {
      await flushBefore(this.#host, positions);
      check();
    }
    const entries = commitEntries(this.#host, this.id, positions);
    if (entries.length === 0) return;
    await this.#offsets.write(this.partition, entries);
    if (isSynced) await this.#offsets.flush(this.partition);
  }

  /** Whether somebody who is not in it may change what it committed. @throws SeglogError `NON_EMPTY_GROUP`, `INCONSISTENT_GROUP_PROTOCOL` */
  checkChangeable(): void {
    checkOfConsumers(this.id, this.stored);
    this.checkEmpty();
  }

  /** @throws SeglogError `NON_EMPTY_GROUP` */
  checkEmpty(): void {
    if (this.state.isEmpty) return;
    throw new SeglogError('NON_EMPTY_GROUP', `the group ${this.id} has members`, {
      expected: 'a group without members',
      found: this.#members.size,
      action: 'Close its consumers first',
    });
  }

  /** @throws SeglogError why what was committed cannot be used */
  committed(partition: TopicPartition): CommittedOffset | undefined {
    return committedOf(this.#host, this.stored, partition);
  }

  /** The group is deleted. */
  end(): void {
    this.#preparing?.cancel();
    this.#checking?.cancel();
    this.state.die();
    for (const memberId of this.#waiting.keys()) this.#answer(memberId, undefined);
  }
}
