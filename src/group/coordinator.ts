/** The groups of a store: who has which records, and what becomes of them with time. */
import { SeglogError } from '../errors/errors.ts';
import { describeGroup, type GroupDescription, type GroupListing, listingOf } from './describe.ts';
import type { GroupHost } from './host.ts';
import { type OffsetsEntry, OffsetsLog } from './offsets-log.ts';
import { positionTombstones } from './positions.ts';
import { groupKey, groupValue } from './records/codec.ts';
import { GroupSession } from './session.ts';
import { expiredOf } from './state/expiry.ts';
import type { StoredGroup, StoredGroups } from './state/stored-groups.ts';
import { groupTombstones } from './tombstones.ts';

const NO_TOPICS: ReadonlySet<string> = new Set();

/** All groups. */
export class GroupCoordinator {
  readonly #host: GroupHost;
  readonly #offsets: OffsetsLog;
  readonly #sessions = new Map<string, GroupSession>();
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
    if (id === '') throw new SeglogError('INVALID_ARGUMENT', 'a group needs an id', { expected: 'some text' });
    const partition = this.#offsets.partitionOf(id);
    const stored = await this.#offsets.load(partition);
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
    const { record, protocol } = session.stored ?? {};
    if (record instanceof SeglogError) {
      throw new SeglogError(record.code, `the group ${id} cannot be joined: ${record.message}`, { cause: record });
    }
    if (protocol !== 'share' && protocol !== 'streams') return session;
    throw new SeglogError('INCONSISTENT_GROUP_PROTOCOL', `the group ${id} is not one of consumers`, {
      expected: 'a group of consumers',
      found: protocol,
    });
  }

  /** All groups that anything is known of, in order. @throws SeglogError (as a rejection) what keeps a partition from being loaded */
  async list(): Promise<GroupListing[]> {
    const found = new Map<string, GroupListing>();
    for (const { groups } of await this.#offsets.loadAll()) {
      for (const group of groups.values()) found.set(group.id, listingOf(group, this.#sessions.get(group.id)));
    }
    for (const session of this.#sessions.values()) {
      if (!session.state.isEmpty) found.set(session.id, listingOf(session.stored, session));
    }
    return [...found.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
  }

  /** @throws SeglogError (as a rejection) `GROUP_ID_NOT_FOUND` */
  async describe(id: string): Promise<GroupDescription> {
    const session = await this.session(id);
    if (session.stored === undefined && session.state.isEmpty) throw this.#unknown(session);
    return describeGroup(this.#host, session.stored, session);
  }

  /** @throws SeglogError (as a rejection) `GROUP_ID_NOT_FOUND`, `NON_EMPTY_GROUP`, `INCONSISTENT_GROUP_PROTOCOL` */
  async delete(id: string): Promise<void> {
    const session = await this.#deletable(id);
    session.checkEmpty();
    const { stored } = session;
    if (stored === undefined) throw this.#unknown(session);
    this.#end(session);
    await this.#offsets.write(session.partition, groupTombstones(stored));
  }

  /** A group whose own record cannot be read can be deleted, one of another kind cannot. */
  async #deletable(id: string): Promise<GroupSession> {
    const session = await this.session(id);
    return session.stored?.record instanceof Error ? session : this.joinable(id);
  }

  #end(session: GroupSession): void {
    session.end();
    this.#sessions.delete(session.id);
  }

  /** Of what is not there nothing is kept. */
  #unknown(session: GroupSession): SeglogError {
    const { id } = session;
    if (session.isIdle) this.#end(session);
    return new SeglogError('GROUP_ID_NOT_FOUND', 'there is no such group', { found: JSON.stringify(id) });
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
      if (isGroup && session?.isIdle === true) this.#end(session);
      const entries = isGroup
        ? groupTombstones(group)
        : positions.flatMap((position) => positionTombstones(group.id, position));
      await this.#write(partition, entries);
    });
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

  async #eachGroup(
    work: (group: StoredGroup, partition: number, stored: StoredGroups) => Promise<void>,
  ): Promise<void> {
    if (!this.#offsets.exists) return;
    const all = await this.#offsets.loadAll();
    for (const [partition, stored] of all.entries()) {
      await Promise.all([...stored.groups.values()].map((group) => work(group, partition, stored)));
    }
  }

  async #write(partition: number, entries: readonly OffsetsEntry[]): Promise<void> {
    if (entries.length > 0) await this.#offsets.write(partition, entries);
  }

  /** Closes all consumers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closes: Promise<void>[] = [];
    for (const { members } of this.#sessions.values())
      for (const member of members.values()) closes.push(member.close());
    for (const outcome of await Promise.allSettled(closes)) {
      if (outcome.status === 'rejected') this.#host.problem(outcome.reason);
    }
    for (const session of this.#sessions.values()) session.end();
  }

  #check(): void {
    if (this.#isClosed) throw new SeglogError('LOG_CLOSED', 'the store is closed');
  }
}
