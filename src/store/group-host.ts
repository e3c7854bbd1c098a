/** What groups of consumers have of a store: its topics, and the making of their own. */
import { SeglogError } from '../errors/errors.ts';
import { OFFSETS_PARTITIONS } from '../group/offsets-log.ts';
import type { GroupHost, GroupTopic } from '../group/host.ts';
import { OFFSETS_TOPIC } from '../group/records/partition-for-group.ts';
import type { StoreEnvironment } from './environment.ts';
import type { NewTopic } from './options.ts';
import { ReadSlots } from './read-slots.ts';
import type { Topic } from './topic.ts';

const MINUTE_MS = 60_000;

/** As Kafka makes it. */
const NEW_OFFSETS_TOPIC: NewTopic = {
  name: OFFSETS_TOPIC,
  partitions: OFFSETS_PARTITIONS,
  config: { compressionType: 'producer', cleanupPolicy: ['compact'], segmentBytes: 104_857_600 },
};

/** Topics that Kafka keeps for itself: no list shows them unless it is asked to. */
export function isInternal(topic: string): boolean {
  return topic === OFFSETS_TOPIC || topic === '__transaction_state' || topic === '__share_group_state';
}

/** @throws SeglogError `POLICY_VIOLATION` for the topic by whose number of partitions groups are found */
export function checkKept(topic: string): void {
  if (topic !== OFFSETS_TOPIC) return;
  throw new SeglogError('POLICY_VIOLATION', 'this topic has what groups committed: it is neither deleted nor grown', {
    found: topic,
    action: 'Delete groups instead',
  });
}

/** @param create makes a topic */
export function groupHost(
  environment: StoreEnvironment,
  topics: ReadonlyMap<string, Topic>,
  create: (topic: NewTopic) => Promise<unknown>,
): GroupHost {
  return {
    clock: environment.clock,
    offsetsRetentionMs: environment.settings.offsetsRetentionMinutes * MINUTE_MS,
    topic(name) {
      const topic = topics.get(name);
      return topic && groupTopic(topic);
    },
    async createOffsetsTopic() {
      if (!topics.has(OFFSETS_TOPIC)) await create(NEW_OFFSETS_TOPIC);
    },
    problem: (error) => void environment.problems.add(error),
    reads: () => new ReadSlots(),
  };
}

function groupTopic(topic: Topic): GroupTopic {
  const { topicId } = topic.entry;
  return { topicId, count: topic.count, log: (partition) => topic.partition(partition).log };
}
