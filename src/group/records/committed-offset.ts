/** What a group committed of one partition. */

/** A position that was committed. */
export interface CommittedOffset {
  /** The offset of the next record to read. */
  readonly offset: number;
  /** The leader epoch of the record before it; -1 when it is not known. */
  readonly leaderEpoch: number;
  /** Text of the committer's own; at most 4096 bytes. */
  readonly metadata: string;
  /** Milliseconds since 1970. */
  readonly commitTimestamp: number;
}

/** As it stands in the log: clients of before Kafka 2.1 may say themselves when it ends. */
export interface StoredOffset extends CommittedOffset {
  /** Milliseconds since 1970; -1: by the broker's retention. */
  readonly expireTimestamp: number;
  /** The id of the topic that is meant, 22 characters of base64url; undefined where only its name is known. */
  readonly topicId: string | undefined;
}
