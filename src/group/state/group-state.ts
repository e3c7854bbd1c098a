/**
 * A group of consumers as Kafka's coordinator sees it, without time, files or promises of its own: who is in it, in which
 * generation, and who has which partition.
 *
 *     Empty --join--> PreparingRebalance --all joined--> CompletingRebalance --assigned--> Stable
 *       ^                  |    ^                             |                              |
 *       +---- all left ----+    +---- join, leave, death -----+------------------------------+
 *
 * A generation begins when all members have joined, so a partition has at most one owner in it; what a member of an earlier one
 * commits is refused.
 *
 * Source: spec, cluster 4.1.
 */
import { SeglogError } from '../../errors/errors.ts';
import type { TopicPartition } from '../../format/names.ts';
import type { Subscriber } from '../assign/assignor.ts';
import { type AssignorName, assignorOf } from '../assign/assignors.ts';
import { CONSUMER_PROTOCOL, type GroupRecord } from '../records/group-record.ts';

/** Where a group is between two generations. */
export type GroupStateName = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

/** Who wants to be in a group. */
export interface JoiningMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly topics: readonly string[];
  readonly assignor: AssignorName;
  /** So long after it was heard last it counts as dead; and so long a rebalance waits for it. */
  readonly maxPollIntervalMs: number;
}

/** A member as it stands. */
export interface Member extends JoiningMember {
  /** Its partitions: of this generation, or of the last one while the next is being prepared. */
  readonly assigned: readonly TopicPartition[];
}

interface MutableMember {
  joining: JoiningMember;
  topics: ReadonlySet<string>;
  assigned: readonly TopicPartition[];
  /** Whether it has joined the generation that is being prepared. */
  hasJoined: boolean;
  heardMs: number;
}

/** Consumers in one process: there is no host to name, and Kafka's tools print this. */
const LOCAL_HOST = '/127.0.0.1';
/** Kafka's default; in one process a member that is there needs no heartbeat to say so. */
const SESSION_TIMEOUT_MS = 45_000;

/** The members of a group. */
export class GroupState {
  readonly id: string;
  readonly #members = new Map<string, MutableMember>();
  #state: GroupStateName = 'Empty';
  #generation: number;
  #leader: string | undefined;
  #assignor: AssignorName | undefined;

  /** @param generation the last one that was recorded; 0 of a new group */
  constructor(id: string, generation = 0) {
    this.id = id;
    this.#generation = generation;
  }

  get state(): GroupStateName {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  /** What the members named; undefined while there are none. */
  get assignor(): AssignorName | undefined {
    return this.#assignor;
  }

  get members(): Member[] {
    return [...this.#members.values()].map(({ joining, assigned }) => Object.assign({ assigned }, joining));
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Topics that some member subscribes to. */
  get topics(): ReadonlySet<string> {
    const all = new Set<string>();
    for (const { topics } of this.#members.values()) for (const topic of topics) all.add(topic);
    return all;
  }

  /**
   * A member joins, or joins again. Whoever is in the generation that is, and wants nothing else, stays in it; everybody else
   * has to wait for the next one.
   *
   * @returns the id of the member in whose place it is, of the same instance: no group that has two is loaded by Kafka
   * @throws SeglogError `INCONSISTENT_GROUP_PROTOCOL`, `UNKNOWN_MEMBER_ID` when the group is dead
   */
  join(joining: JoiningMember, nowMs: number): string | undefined {
    if (this.#state === 'Dead') throw this.#unknown(joining.memberId);
    const replaced = this.#ofInstance(joining);
    const isAlone = this.#members.size === (replaced === undefined ? 0 : 1);
    if (this.#assignor !== undefined && !isAlone && this.#assignor !== joining.assignor) {
      throw new SeglogError(
        'INCONSISTENT_GROUP_PROTOCOL',
        `the members of the group ${this.id} have another assignor`,
        {
          expected: this.#assignor,
          found: joining.assignor,
        },
      );
    }
    const known = this.#members.get(joining.memberId);
    if (known !== undefined && this.#isCurrent(known, joining)) {
      known.heardMs = nowMs;
      return undefined;
    }
    const before = known ?? this.#members.get(replaced ?? '');
    if (replaced !== undefined) this.#members.delete(replaced);
    if (this.#leader === replaced) this.#leader = undefined;
    if (this.#state !== 'PreparingRebalance') this.prepare();
    this.#assignor = joining.assignor;
    this.#leader ??= joining.memberId;
    const topics = new Set(joining.topics);
    const assigned = before?.assigned ?? [];
    this.#members.set(joining.memberId, { joining, topics, assigned, hasJoined: true, heardMs: nowMs });
    return replaced;
  }

  /** Another member of the same instance. */
  #ofInstance({ memberId, groupInstanceId }: JoiningMember): string | undefined {
    if (groupInstanceId === null) return undefined;
    const members = [...this.#members.values()].map(({ joining }) => joining);
    return members.find((one) => one.groupInstanceId === groupInstanceId && one.memberId !== memberId)?.memberId;
  }

  #isCurrent({ topics }: MutableMember, joining: JoiningMember): boolean {
    const isSame = topics.size === new Set(joining.topics).size && joining.topics.every((topic) => topics.has(topic));
    return isSame && this.#state === 'Stable';
  }

  /** All have to join again: a member came or went, or a topic changed. */
  prepare(): void {
    if (this.isEmpty && this.#state === 'Dead') return;
    this.#state = 'PreparingRebalance';
    for (const member of this.#members.values()) member.hasJoined = false;
  }

  /** Whether every member has joined the generation that is being prepared. */
  get isReady(): boolean {
    if (this.#state !== 'PreparingRebalance' || this.isEmpty) return false;
    for (const { hasJoined } of this.#members.values()) if (!hasJoined) return false;
    return true;
  }

  /** So long a generation that is being prepared waits for those who have not joined. */
  get rebalanceTimeoutMs(): number {
    return Math.max(0, ...[...this.#members.values()].map(({ joining }) => joining.maxPollIntervalMs));
  }

  /**
   * Begins the next generation with those who have joined; who has not is no member any more.
   *
   * @param partitions how many partitions each topic has
   * @returns the ids of those who are none any more
   */
  complete(partitions: ReadonlyMap<string, number>): string[] {
    const absent = [...this.#members].filter(([, { hasJoined }]) => !hasJoined).map(([memberId]) => memberId);
    for (const memberId of absent) this.#members.delete(memberId);
    this.#generation++;
    if (this.isEmpty) {
      this.#becomeEmpty();
      return absent;
    }
    this.#state = 'CompletingRebalance';
    if (this.#leader === undefined || !this.#members.has(this.#leader)) [this.#leader] = this.#members.keys();
    const assigned = assignorOf(this.#assignor ?? 'range')(this.#subscribers(), partitions);
    for (const [memberId, member] of this.#members) member.assigned = assigned.get(memberId) ?? [];
    return absent;
  }

  #subscribers(): Subscriber[] {
    return [...this.#members.values()].map(({ joining, topics, assigned }) => ({
      memberId: joining.memberId,
      groupInstanceId: joining.groupInstanceId,
      topics,
      owned: assigned,
    }));
  }

  /** The generation counts from now on: it is recorded. */
  settle(nowMs: number): void {
    this.#state = 'Stable';
    for (const member of this.#members.values()) member.heardMs = nowMs;
  }

  /** @returns whether there was such a member */
  leave(memberId: string): boolean {
    if (!this.#members.delete(memberId)) return false;
    if (this.#leader === memberId) this.#leader = undefined;
    if (this.isEmpty) {
      this.#generation++;
      this.#becomeEmpty();
    } else if (this.#state !== 'PreparingRebalance') this.prepare();
    return true;
  }

  #becomeEmpty(): void {
    this.#state = 'Empty';
    this.#leader = undefined;
    this.#assignor = undefined;
  }

  /** The group is deleted: nobody is in it any more. */
  die(): void {
    this.#members.clear();
    this.#becomeEmpty();
    this.#state = 'Dead';
  }

  /** A member was heard. @returns whether it has to join again @throws SeglogError `UNKNOWN_MEMBER_ID` */
  heartbeat(memberId: string, generation: number, nowMs: number): boolean {
    const member = this.#members.get(memberId);
    if (member === undefined) throw this.#unknown(memberId);
    member.heardMs = nowMs;
    return this.#state !== 'Stable' || generation !== this.#generation;
  }

  /** Members that were not heard for longer than they may; who waits for a generation is heard. */
  overdue(nowMs: number): string[] {
    const late = [...this.#members].filter(([, member]) => dueMs(member) <= nowMs && !this.#isWaiting(member));
    return late.map(([memberId]) => memberId);
  }

  /** When the next member may be overdue. */
  get nextDueMs(): number {
    return Math.min(Infinity, ...[...this.#members.values()].map(dueMs));
  }

  #isWaiting({ hasJoined }: MutableMember): boolean {
    return this.#state === 'PreparingRebalance' && hasJoined;
  }

  /**
   * Whether a member may commit.
   *
   * @throws SeglogError `UNKNOWN_MEMBER_ID`, `ILLEGAL_GENERATION`, `REBALANCE_IN_PROGRESS`
   */
  checkCommit(memberId: string, generation: number): void {
    if (!this.#members.has(memberId)) throw this.#unknown(memberId);
    if (generation !== this.#generation) {
      throw new SeglogError('ILLEGAL_GENERATION', `the group ${this.id} has gone on without this consumer`, {
        expected: `generation ${this.#generation}`,
        found: generation,
        action: "Its partitions may be others' now: poll again, and what was not committed is read again",
      });
    }
    if (this.#state !== 'CompletingRebalance') return;
    throw new SeglogError('REBALANCE_IN_PROGRESS', `the group ${this.id} is being rebalanced`, {
      action: 'Poll, and commit again',
    });
  }

  /** The record of it. */
  record(nowMs: number): GroupRecord {
    const [generation, currentStateTimestamp, protocolType] = [this.#generation, nowMs, CONSUMER_PROTOCOL];
    const members = this.members.map(
      ({ memberId, groupInstanceId, clientId, topics, assigned, maxPollIntervalMs }) => ({
        ...{ memberId, groupInstanceId, clientId, topics, assigned },
        clientHost: LOCAL_HOST,
        rebalanceTimeoutMs: maxPollIntervalMs,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
      }),
    );
    const protocol = this.#assignor ?? null;
    const leader = this.#leader ?? null;
    return { protocolType, generation, protocol, leader, currentStateTimestamp, members };
  }

  #unknown(memberId: string): SeglogError {
    return new SeglogError('UNKNOWN_MEMBER_ID', `the consumer is no member of the group ${this.id} any more`, {
      found: memberId,
      action: 'It did not poll in time, or the group was deleted: poll again, and what was not committed is read again',
    });
  }
}

function dueMs({ heardMs, joining }: MutableMember): number {
  return heardMs + joining.maxPollIntervalMs;
}
