/**
 * `.seglog_deletions`, beside the metadata log's directory: deleted topics of which directories may be left. The metadata log says
 * that a topic was removed; that its directories were renamed it does not say, and a snapshot forgets the topic.
 *
 *     seglog-deletions 0 8d1f2c33       the version, and the CRC-32C of all that follows the first line
 *     [{ "name": "old", "topicId": "_AqMaqUaQBeMMJlxlF0aBw", "directories": ["N-n8Pc62RTeyzDX7h7d1tQ"] }]
 *
 * It is written before the topic is removed, and again, or taken away, when its directories are renamed. A topic in it that the
 * metadata log still has was not removed.
 *
 * seglog's own: a broker passes over the file.
 */
import { SeglogError } from '../errors/errors.ts';
import { checkTopicName } from './names.ts';

const FIRST_LINE = /^seglog-deletions (\d{1,9}) ([0-9a-f]{8})\n/;
const VERSION = 0;
const ID = /^[A-Za-z0-9_-]{22}$/;

/** A topic that was deleted, of which directories may be left. */
export interface DeletedTopic {
  readonly name: string;
  readonly topicId: string;
  /** The `directory.id`s of the log directories in which they may be. */
  readonly directories: readonly string[];
}

/** A checksum as the engine gives it. */
type Checksum = (bytes: Uint8Array, start: number, end: number) => number;

/** The bytes of the file. */
export function printDeletions(deleted: readonly DeletedTopic[], crc32c: Checksum): Uint8Array {
  const body = Buffer.from(`${JSON.stringify(deleted, undefined, 1)}\n`, 'utf8');
  return Buffer.concat([Buffer.from(`seglog-deletions ${VERSION} ${hexOf(crc32c, body, 0)}\n`, 'latin1'), body]);
}

/** @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION`; `file` is named in it */
export function parseDeletions(bytes: Uint8Array, file: string, crc32c: Checksum): DeletedTopic[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = FIRST_LINE.exec(buffer.toString('latin1', 0, Math.min(64, buffer.length)));
  if (first === null)
    throw corrupt(file, 'no first line', '"seglog-deletions <version> <checksum>"', 'something else', 0);
  const [line, version, checksum = ''] = first;
  if (Number(version) !== VERSION) {
    throw new SeglogError('UNSUPPORTED_VERSION', 'unknown version of the file of deletions', {
      ...{ file, position: 0, expected: VERSION, found: Number(version) },
    });
  }
  const computed = hexOf(crc32c, buffer, line.length);
  if (computed !== checksum) throw corrupt(file, 'the checksum is wrong', checksum, computed, line.length);
  try {
    return deletedTopicsOf(JSON.parse(buffer.toString('utf8', line.length)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw corrupt(file, 'no deletions', 'topics with names, ids and directories', why, line.length);
  }
}

/** Everything is looked at: a good checksum says that it is what was written, not what it should be. @throws TypeError */
export function deletedTopicsOf(value: unknown): DeletedTopic[] {
  if (!Array.isArray(value)) throw new TypeError('something that is no list where one must be');
  return value.map((topic: unknown) => {
    const { name, topicId, directories } = (topic ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof topicId !== 'string' || !ID.test(topicId)) {
      throw new TypeError('a topic without a name or an id');
    }
    checkTopicName(name);
    if (!Array.isArray(directories) || directories.some((id) => typeof id !== 'string')) {
      throw new TypeError('a topic without directories');
    }
    return { name, topicId, directories: directories as string[] };
  });
}

function hexOf(crc32c: Checksum, bytes: Uint8Array, start: number): string {
  return (crc32c(bytes, start, bytes.length) >>> 0).toString(16).padStart(8, '0');
}

function corrupt(file: string, message: string, expected: string, found: string, position: number): SeglogError {
  return new SeglogError('CORRUPT_CHECKPOINT', message, {
    ...{ file, position, expected, found },
    action:
      'Put a good copy in its place, or move it away: what is left of deleted topics is then put aside, and not removed',
  });
}
