/**
 * `.seglog_topics`: the topics of a store as versions before 0.8 kept them, one copy in each of its log directories. A store that
 * opens one takes it over into the metadata log, and removes it.
 *
 *     seglog-topics 0 8d1f2c33        the version, and the CRC-32C of all that follows the first line
 *     {
 *       "generation": 12,             of two copies the one with the larger number counts
 *       "copies": { "N-n8Pc62RTeyzDX7h7d1tQ": 12, "A7b...": 9 }     by directory.id, which generation it was given last
 *       "topics": [{
 *         "name": "events",
 *         "topicId": "_AqMaqUaQBeMMJlxlF0aBw",
 *         "configs": { "retention.ms": "60000" },
 *         "partitions": { "0": "N-n8Pc62RTeyzDX7h7d1tQ" }    the directory.id of the log directory that has it
 *       }],
 *       "deleting": [{ "name": "old", "topicId": "...", "directories": ["A7b..."] }]    where directories of it may be left
 *     }
 *
 * `copies` tells a copy that is behind from one that was changed by itself: what a directory has is not above what the newest
 * copy says that it was given.
 *
 * seglog's own: a broker passes over the file.
 */
import { SeglogError } from '../errors/errors.ts';
import { type DeletedTopic, deletedTopicsOf } from './deletions-file.ts';
import { checkTopicName } from './names.ts';

const FIRST_LINE = /^seglog-topics (\d{1,9}) ([0-9a-f]{8})\n/;
const VERSION = 0;
const ID = /^[A-Za-z0-9_-]{22}$/;
const MAX_PARTITION = 0x7fffffff;

/** A topic. */
export interface TopicEntry {
  readonly name: string;
  /** 22 characters of base64url. */
  readonly topicId: string;
  /** Kafka's names and values: what differs from the store's own configuration. */
  readonly configs: Readonly<Record<string, string>>;
  /** The partitions that are here, by number, and the `directory.id` of the log directory of each; empty where none is chosen. */
  readonly partitions: Readonly<Record<number, string>>;
}

/** What the file says. */
export interface TopicsFile {
  readonly generation: number;
  /** By `directory.id`: the generation that a log directory was given last. */
  readonly copies: Readonly<Record<string, number>>;
  readonly topics: readonly TopicEntry[];
  readonly deleting: readonly DeletedTopic[];
}

/** A checksum as the engine gives it. */
export type Checksum = (bytes: Uint8Array, start: number, end: number) => number;

/** The bytes of the file. */
export function printTopicsFile(content: TopicsFile, crc32c: Checksum): Uint8Array {
  const body = Buffer.from(`${JSON.stringify(content, undefined, 1)}\n`, 'utf8');
  return Buffer.concat([Buffer.from(`seglog-topics ${VERSION} ${hexOf(crc32c, body, 0)}\n`, 'latin1'), body]);
}

/** @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION`; `file` is named in it */
export function parseTopicsFile(bytes: Uint8Array, file: string, crc32c: Checksum): TopicsFile {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = FIRST_LINE.exec(buffer.toString('latin1', 0, Math.min(64, buffer.length)));
  if (first === null) throw corrupt(file, 'no first line', '"seglog-topics <version> <checksum>"', 'something else', 0);
  const [line, version, checksum = ''] = first;
  if (Number(version) !== VERSION) {
    throw new SeglogError('UNSUPPORTED_VERSION', 'unknown version of the file of topics', {
      ...{ file, position: 0, expected: VERSION, found: Number(version) },
    });
  }
  const computed = hexOf(crc32c, buffer, line.length);
  if (computed !== checksum) throw corrupt(file, 'the checksum is wrong', checksum, computed, line.length);
  try {
    return contentOf(JSON.parse(buffer.toString('utf8', line.length)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw corrupt(file, 'no topics', 'topics with names, ids, configs and partitions', why, line.length);
  }
}

function hexOf(crc32c: Checksum, bytes: Uint8Array, start: number): string {
  return (crc32c(bytes, start, bytes.length) >>> 0).toString(16).padStart(8, '0');
}

function corrupt(file: string, message: string, expected: string, found: string, position: number): SeglogError {
  return new SeglogError('CORRUPT_CHECKPOINT', message, {
    ...{ file, position, expected, found },
    action: 'Put a good copy in its place, or move it away: topics are then made from the directories that are there',
  });
}

/** Everything is looked at: a good checksum says that it is what was written, not what it should be. */
function contentOf(value: unknown): TopicsFile {
  const { generation, copies, topics, deleting } = objectOf(value);
  return {
    generation: generationOf(generation),
    copies: Object.fromEntries(Object.entries(objectOf(copies)).map(([id, given]) => [id, generationOf(given)])),
    topics: listOf(topics).map((topic) => {
      const { configs, partitions } = objectOf(topic);
      const { name, topicId } = namedOf(topic);
      return { name, topicId, configs: textsOf(configs, () => true), partitions: textsOf(partitions, isPartition) };
    }),
    deleting: deletedTopicsOf(deleting),
  };
}

function generationOf(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new TypeError('a generation that is no number');
}

function namedOf(value: unknown): Pick<TopicEntry, 'name' | 'topicId'> {
  const { name, topicId } = objectOf(value);
  if (typeof name !== 'string' || typeof topicId !== 'string' || !ID.test(topicId)) {
    throw new TypeError('a topic without a name or an id');
  }
  checkTopicName(name);
  return { name, topicId };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError('something that is no object where one must be');
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('something that is no list where one must be');
}

function textsOf(value: unknown, isKey: (key: string) => boolean): Record<string, string> {
  const texts = objectOf(value);
  for (const [key, text] of Object.entries(texts)) {
    if (typeof text !== 'string' || !isKey(key))
      throw new TypeError(`${JSON.stringify(key)} with no text that it can have`);
  }
  return texts as Record<string, string>;
}

function isPartition(key: string): boolean {
  return /^(0|[1-9]\d{0,9})$/.test(key) && Number(key) <= MAX_PARTITION;
}
