/** Topic ids over all partitions of a log directory: one topic has one id, and one id one topic. */
import { join } from 'node:path';
import { SeglogError } from '../../../errors/errors.ts';
import { PARTITION_FILES } from '../../../format/names.ts';
import { parsePartitionMetadata } from '../../../format/partition-metadata.ts';
import type { Finding } from '../../findings/finding.ts';
import { partitionOfName } from '../../targets.ts';
import { textOf } from '../partition/text-lines.ts';
import { told } from '../partition/told.ts';

/** The line of the id in a partition.metadata. */
const ID_POSITION = 'version: 0\n'.length;

/** @param names of partition directories; `read` gives the bytes of a partition's partition.metadata, undefined without one */
export function* checkTopicIds(
  directory: string,
  names: readonly string[],
  read: (name: string) => Uint8Array | undefined,
): Generator<Finding, void> {
  const idOfTopic = new Map<string, { readonly id: string; readonly name: string }>();
  const topicOfId = new Map<string, string>();
  for (const name of names) {
    const topic = partitionOfName(name)?.topic;
    const id = idOf(read(name));
    if (topic === undefined || id === undefined) continue;
    const path = join(directory, name, PARTITION_FILES.metadata);
    const known = idOfTopic.get(topic);
    if (known === undefined) idOfTopic.set(topic, { id, name });
    else if (known.id !== id) {
      const expected = `${known.id}, as ${known.name} has`;
      yield told('TOPIC_IDS_DIFFER', path, { position: ID_POSITION, expected, found: id, message: name });
      continue;
    }
    const owner = topicOfId.get(id);
    if (owner === undefined) topicOfId.set(id, topic);
    else if (owner !== topic) {
      const expected = `another id than that of topic ${owner}`;
      yield told('TOPIC_ID_SHARED', path, { position: ID_POSITION, expected, found: id, message: name });
    }
  }
}

/** One that cannot be read was told of where its partition was verified. */
function idOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  try {
    return parsePartitionMetadata(textOf(bytes), '').topicId;
  } catch (error) {
    if (error instanceof SeglogError) return undefined;
    throw error;
  }
}
