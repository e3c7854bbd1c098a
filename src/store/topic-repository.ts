/** Where a store keeps what it knows of its topics: behind one interface, whatever it is kept in. */
import type { DeletedTopic } from '../format/deletions-file.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { StoreDirectory } from './store-directory.ts';

/** All that is known of topics. */
export interface TopicsContent {
  readonly topics: readonly TopicEntry[];
  /** Deleted ones of which directories may be left. */
  readonly deleting: readonly DeletedTopic[];
}

/** Keeps it. */
export interface TopicRepository {
  /**
   * After it has resolved all of it survives the end of the machine. If it rejects, what was before counts; unless the disk failed
   * while it was asked to keep it, and says nothing any more.
   */
  save(content: TopicsContent): Promise<void>;
  /** What marks of a clean stop say of the broker; -1: none is registered. */
  readonly brokerEpoch: number;
  /** Whether it is kept in that log directory: then it is gone with it. */
  isIn(directory: StoreDirectory): boolean;
  /** Does what is to be done now and then. What goes wrong is told of. */
  snapshotIfDue(): Promise<void>;
  /** Gives back what is open. @throws SeglogError `IO` */
  close(): Promise<void>;
}
