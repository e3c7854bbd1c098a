/**
 * `partition.metadata`: which topic a partition directory belongs to, whatever its name.
 *
 *     version: 0
 *     topic_id: _AqMaqUaQBeMMJlxlF0aBw      16 bytes in base64url, without padding
 *
 * No line feed ends the second line. The file is replaced whole, and there before the first append.
 *
 * Source: spec 2.8, Kafka's `PartitionMetadataFile`.
 */
import { SeglogError } from '../errors/errors.ts';

const VERSION = 0;
/** All zeros: Kafka's "no topic id". */
const ZERO_ID = 'A'.repeat(22);

/** What a `partition.metadata` says. */
export interface PartitionMetadata {
  readonly version: number;
  /** 22 characters of base64url. */
  readonly topicId: string;
}

/** The 22 characters of a topic id, as Kafka prints it; undefined when the text is none, or is the id of no topic. */
function topicIdOf(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{22}(?:==)?$/.test(text)) return undefined;
  // The last character has four bits that mean nothing: one id is to have one text.
  const id = Buffer.from(text, 'base64url').toString('base64url');
  return id === ZERO_ID ? undefined : id;
}

/**
 * Reads a `partition.metadata`. A later version is taken, and what follows the two lines is passed over, as in Kafka.
 *
 * @throws SeglogError `CORRUPT_CHECKPOINT`; `file` is named in it
 */
export function parsePartitionMetadata(text: string, file: string): PartitionMetadata {
  const [first = '', second = ''] = text.split(/\r?\n/, 2);
  const secondLine = text.indexOf('\n') + 1;
  const corrupt = (message: string, position: number, expected: string, found: string): never => {
    throw new SeglogError('CORRUPT_CHECKPOINT', message, {
      file,
      position,
      expected,
      found: found === '' ? 'nothing' : found,
      action: 'The topic id is in no other file of the partition: take it from another replica, or from the cluster',
    });
  };
  const version =
    /^version:\s+(-?\d{1,10})$/.exec(first)?.[1] ?? corrupt('no version in line 1', 0, '"version: 0"', first);
  if (Number(version) < VERSION) corrupt('no version that there can be in line 1', 0, `at least ${VERSION}`, version);
  const id = /^topic_id:\s+(\S+)$/.exec(second)?.[1];
  const expected = '"topic_id: " and 22 characters of base64url, not all of them zero bits';
  const topicId = topicIdOf(id ?? '') ?? corrupt('no topic id in line 2', secondLine, expected, second);
  return { version: Number(version), topicId };
}

/**
 * The text of the `partition.metadata` of a topic.
 *
 * @throws SeglogError `INVALID_ARGUMENT` when that is no topic id
 */
export function printPartitionMetadata(topicId: string): string {
  if (topicIdOf(topicId) !== topicId) {
    throw new SeglogError('INVALID_ARGUMENT', 'this is no topic id', {
      expected: '16 bytes in 22 characters of base64url, not all zero',
      found: JSON.stringify(topicId),
    });
  }
  return `version: ${VERSION}\ntopic_id: ${topicId}`;
}
