/** A group by its id: looking at it, and changing what it committed while nobody is in it. */
import type { TopicPartition } from '../format/names.ts';
import type { GroupCoordinator } from './coordinator.ts';
import type { GroupDescription } from './describe.ts';
import type { GroupHost } from './host.ts';
import type { PositionToCommit } from './positions.ts';
import type { CommittedOffset } from './records/committed-offset.ts';
import { type PlannedReset, planReset, type ResetTarget } from './reset.ts';

/** How to commit. */
export interface CommitOptions {
  /** Whether it resolves only once the positions are on the disk, and the records before them. Default false. */
  readonly sync?: boolean;
}

/**
 * A group, whether anything is known of it or not.
 *
 * @example
 * ```ts
 * const group = store.group('mailer');
 * for (const { topic, partition, lag } of (await group.describe()).partitions) console.log(topic, partition, lag);
 * ```
 */
export class Group {
  readonly id: string;
  readonly #host: GroupHost;
  readonly #coordinator: GroupCoordinator;

  /** Made by `store.group`. */
  constructor(id: string, host: GroupHost, coordinator: GroupCoordinator) {
    this.id = id;
    this.#host = host;
    this.#coordinator = coordinator;
  }

  /** Its members, what it committed, and how far it is behind. @throws SeglogError (as a rejection) `GROUP_ID_NOT_FOUND` */
  describe(): Promise<GroupDescription> {
    return this.#coordinator.describe(this.id);
  }

  /** What it committed of a partition; undefined for nothing. @throws SeglogError (as a rejection) why it cannot be used */
  committed(partition: TopicPartition): Promise<CommittedOffset | undefined> {
    return this.#coordinator.outside(this.id, (session) => session.committed(partition));
  }

  /**
   * Commits positions, for whoever reads without being a member, or wants the group to go on elsewhere.
   *
   * @throws SeglogError (as a rejection) `NON_EMPTY_GROUP` while it has members, `INCONSISTENT_GROUP_PROTOCOL` for one that is not of
   * consumers, `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_ARGUMENT`, and what `Log.append` raises
   */
  commit(positions: readonly PositionToCommit[], { sync = false }: CommitOptions = {}): Promise<void> {
    return this.#coordinator.outside(this.id, (session) => session.commitAlone(positions, sync));
  }

  /**
   * Where it would go on after a reset; {@link Group.commit} takes what this returns.
   *
   * @param partitions - default: all that it committed anything of
   * @throws SeglogError (as a rejection) `UNKNOWN_TOPIC_OR_PARTITION`, `NO_COMMITTED_OFFSET` for a shift of nothing, `NON_EMPTY_GROUP`,
   * `INCONSISTENT_GROUP_PROTOCOL`
   */
  planReset(target: ResetTarget, partitions?: readonly TopicPartition[]): Promise<PlannedReset[]> {
    return this.#coordinator.outside(this.id, (session) => {
      session.checkChangeable();
      const { stored } = session;
      return planReset(this.#host, stored, partitions ?? [...(stored?.positions.values() ?? [])], target);
    });
  }

  /**
   * Deletes it, with what it committed.
   *
   * @throws SeglogError (as a rejection) `GROUP_ID_NOT_FOUND`, `NON_EMPTY_GROUP`, `INCONSISTENT_GROUP_PROTOCOL`, and what `Log.append`
   * raises: something of it may be left then
   */
  delete(): Promise<void> {
    return this.#coordinator.delete(this.id);
  }
}
