/** The groups of a store: who has which records, and what becomes of them with time. */
import { SeglogError } from '../errors/errors.ts';
import { describeGroup, type GroupDescription, type GroupListing, listingOf } from './describe.ts';
import type { GroupHost } from './host.ts';
import { checkGroupId } from './ids.ts';
import { type OffsetsEntry, OffsetsLog, partsOf } from './offsets-log.ts';
import { positionTombstones, pulledBack } from './positions.ts';
import { groupKey, groupValue } from './records/codec.ts';
import { GroupSession } from './session.ts';
import { expiredOf } from './state/expiry.ts';
import { checkOfConsumers, type StoredGroup, type StoredGroups } from './state/stored-groups.ts';
import { groupTombstones } from './tombstones.ts';

const NO_TOPICS: ReadonlySet<string> = new Set();

/** All groups. */
export class GroupCoordinator {
  readonly #host: GroupHost;
  readonly #offsets: OffsetsLog;
  readonly #sessions = new Map<string, GroupSession>();
  /** Groups whose records are being taken away: nobody is let in meanwhile. */
  readonly #leaving = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(host: GroupHost) {
    this.#host = host;
    this.#offsets = new OffsetsLog(host);
  }

  /**
   * A group, whether anything is known of it or not.
   *
   * @throws SeglogError (as a rejection) `INVALID_ARGUMENT`; what keeps its partition of `__consumer_offsets` from being loaded
   */
  async session(id: string): Promise<GroupSession> {
    checkGroupId(id);
    const partition = this.#offsets.partitionOf(id);
    const stored = await this.#offsets.load(partition);
    while (this.#leaving.has(id)) await this.#leaving.get(id)?.catch(() => undefined);
    this.#check();
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const session = new GroupSession(id, { host: this.#host, offsets: this.#offsets, stored, partition });
    this.#sessions.set(id, session);
    return session;
  }

  /** {@link GroupCoordinator.session}, for whoever wants to join. @throws SeglogError (as a rejection) `INCONSISTENT_GROUP_PROTOCOL` */
  async joinable(id: string): Promise<GroupSession> {
    const session = await this.session(id);
    const { record } = session.stored ?? {};
    if (record instanceof SeglogError) {
      throw new SeglogError(record.code, `the group ${id} cannot be joined: ${record.message}`, { cause: record });
    }
    checkOfConsumers(id, session.stored);
    return session;
  }

  /**
   * Looks at a group, or changes what it committed, without being in it. Where nothing is known of it, nothing is kept of it either.
   *
   * @throws SeglogError (as a rejection) as {@link GroupCoordinator.session}, and what `work` raises
   */
  async outside<T>(id: string, work: (session: GroupSession) => T | Promise<T>): Promise<T> {
    const session = await this.session(id);
    try {
      return await work(session);
    } finally {
      if (session.stored === undefined && session.isIdle) this.#end(session);
    }
  }

  /** All groups that anything is known of, in order. Of partitions that cannot be loaded the host is told. */
  async list(): Promise<GroupListing[]> {
    const found = new Map<string, GroupListing>();
    for (const { groups } of (await this.#offsets.loadAll()).values()) {
      for (const group of groups.values()) found.set(group.id, listingOf(group, this.#sessions.get(group.id)));
    }
    for (const session of this.#sessions.values()) {
      if (!session.state.isEmpty) found.set(session.id, listingOf(session.stored, session));
    }
    return [...found.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
  }

  /** @throws SeglogError (as a rejection) `GROUP_ID_NOT_FOUND` */
  describe(id: string): Promise<GroupDescription> {
    return this.outside(id, (session) => {
      if (session.stored === undefined && session.state.isEmpty) throw unknown(id);
      return describeGroup(this.#host, session.stored, session);
    });
  }

  /** @throws SeglogError (as a rejection) `GROUP_ID_NOT_FOUND`, `NON_EMPTY_GROUP`, `INCONSISTENT_GROUP_PROTOCOL` */
  delete(id: string): Promise<void> {
    return this.outside(id, async (session) => {
      const { stored } = session;
      checkOfConsumers(id, stored);
      session.checkEmpty();
      if (stored === undefined) throw unknown(id);
      // Whoever holds it still joins it no more, and waits for the next one.
      this.#end(session);
      await this.#remove(stored, session.partition);
    });
  }

  #end(session: GroupSession): void {
    session.end();
    if (this.#sessions.get(session.id) === session) this.#sessions.delete(session.id);
  }

  /** A topic came, or grew: those who subscribe to it share anew. */
  topicChanged(topic: string): void {
    for (const session of this.#sessions.values()) if (session.state.topics.has(topic)) session.topicChanged();
  }

  /** A topic was deleted: nobody reads it any more, and what was committed of it goes. */
  async topicDeleted(topic: string): Promise<void> {
    this.topicChanged(topic);
    await this.#eachGroup(async (group, partition) => {
      const gone = [...group.positions.values()].filter((position) => position.topic === topic);
      await this.#write(
        partition,
        gone.flatMap((position) => positionTombstones(group.id, position)),
      );
    });
  }

  /** Removes what has had its time. What cannot be loaded or written is told of, and comes again. */
  async expire(signal?: AbortSignal): Promise<void> {
    await this.#eachGroup(async (group, partition, stored) => {
      if (signal?.aborted === true || this.#isClosed) return;
      if (await this.#emptyAfterStop(group, partition)) return;
      const session = this.#sessions.get(group.id);
      const state = session === undefined || session.state.isEmpty ? 'Empty' : session.state.state;
      const isUndecided = stored.undecided.has(group.id);
      const facts = { group, state, topics: session?.state.topics ?? NO_TOPICS, isUndecided } as const;
      const { positions, isGroup } = expiredOf(facts, this.#host.clock.now(), this.#host.offsetsRetentionMs);
      if (!isGroup) {
        const entries = positions.flatMap((position) => positionTombstones(group.id, position));
        return this.#write(partition, entries);
      }
      // Somebody comes or goes at this moment: it is looked at again the next time.
      if (session?.isIdle === false) return;
      if (session !== undefined) this.#end(session);
      await this.#remove(group, partition);
    });
  }

  /**
   * Of a store that was not closed clean: a position may have outlived the records before it, which were not on the disk when the
   * machine went down. What is appended next has their offsets, and would be passed over: so the group goes on at the log end, which
   * is on the disk before there is anything behind it.
   */
  async pullBack(): Promise<void> {
    const written = new Set<number>();
    await this.#eachGroup(async (group, partition) => {
      const entries = [...group.positions.values()].flatMap((position) => pulledBack(this.#host, group.id, position));
      if (entries.length > 0) written.add(partition);
      await this.#write(partition, entries);
    });
    const flushes = [...written].map(async (partition) => this.#offsets.flush(partition));
    this.#tell(await Promise.allSettled(flushes));
  }

  /**
   * Members that are recorded, and are none here, went with a process that is no more. That they are gone is recorded, since the
   * time of their offsets counts from it.
   *
   * @returns whether there were any
   */
  async #emptyAfterStop({ id, record }: StoredGroup, partition: number): Promise<boolean> {
    if (record === undefined || record instanceof Error || record.members.length === 0) return false;
    if (this.#sessions.get(id)?.state.isEmpty === false) return false;
    const currentStateTimestamp = this.#host.clock.now();
    const left = { ...record, generation: record.generation + 1, protocol: null, leader: null, members: [] };
    await this.#write(partition, [{ key: groupKey(id), value: groupValue({ ...left, currentStateTimestamp }) }]);
    return true;
  }

  /** What goes wrong with one of them is told of, and stops none of the others. */
  async #eachGroup(
    work: (group: StoredGroup, partition: number, stored: StoredGroups) => Promise<void>,
  ): Promise<void> {
    if (!this.#offsets.exists) return;
    for (const [partition, stored] of await this.#offsets.loadAll()) {
      const works = [...stored.groups.values()].map((group) => work(group, partition, stored));
      this.#tell(await Promise.allSettled(works));
    }
  }

  #tell(outcomes: readonly PromiseSettledResult<void>[]): void {
    const reasons = new Set(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])));
    for (const reason of reasons) this.#host.problem(reason);
  }

  /** Entries that may come one without the other. */
  async #write(partition: number, entries: readonly OffsetsEntry[]): Promise<void> {
    await Promise.all(partsOf(entries).map((part) => this.#offsets.write(partition, part)));
  }

  /** Takes a group away: one part after the other is written, since their order counts, and nobody comes into it meanwhile. */
  async #remove(group: StoredGroup, partition: number): Promise<void> {
    const work = async (): Promise<void> => {
      for (const part of partsOf(groupTombstones(group))) await this.#offsets.write(partition, part);
    };
    const leaving = work();
    this.#leaving.set(group.id, leaving);
    try {
      await leaving;
    } finally {
      this.#leaving.delete(group.id);
    }
  }

  /** Closes all consumers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closes: Promise<void>[] = [];
    for (const { members } of this.#sessions.values())
      for (const member of members.values()) closes.push(member.close());
    this.#tell(await Promise.allSettled(closes));
    for (const session of this.#sessions.values()) session.end();
  }

  #check(): void {
    if (this.#isClosed) throw new SeglogError('LOG_CLOSED', 'the store is closed');
  }
}

function unknown(id: string): SeglogError {
  return new SeglogError('GROUP_ID_NOT_FOUND', 'there is no such group', { found: JSON.stringify(id) });
}
