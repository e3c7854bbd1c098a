/** What surprises people about a segment's time, whatever the question. */
import { SeglogError } from '../../errors/errors.ts';
import type { File } from '../../fs/contract.ts';
import { ageTime } from '../../policy/facts.ts';
import { summarize } from '../batch-summary.ts';
import { addExact, type Int64 } from '../int64.ts';
import { type ExactCursor, ExactLegacyCursor, legacyRecords, recordCursor } from '../records.ts';
import type { Warning } from './contract.ts';
import { HeaderWalk } from './headers.ts';
import type { SurveyedPartition } from './partition.ts';
import type { SurveyedSegment } from './survey.ts';
import { spanText, timeText } from './words.ts';

/** September 2001: no Kafka is older, and seconds taken for milliseconds lie before it until the year 33658. */
const FIRST_LIKELY_MS = 1_000_000_000_000;
/** Seconds in that range are moments since 2001. */
const FIRST_LIKELY_SECONDS = 1_000_000_000;
/** A larger batch is not looked into for the record: its offsets are told. */
const MAX_BATCH_BYTES = 256 * 1024 * 1024;

/** The warnings about one segment at `now`. @throws SeglogError `IO` */
export function warningsOf(partition: SurveyedPartition, segment: SurveyedSegment, now: number): Warning[] {
  const found = [futureTime(partition, segment, now), secondsForMs(segment, now), noTime(segment), falseIndex(segment)];
  if (segment.otherBytes > 0) {
    found.push({
      code: 'BYTES_BEHIND_BATCHES',
      message: `${segment.otherBytes} bytes behind the last batch are none: see \`seglog verify\``,
      numbers: { bytes: segment.otherBytes },
    });
  }
  return found.filter((warning) => warning !== undefined);
}

function futureTime(partition: SurveyedPartition, segment: SurveyedSegment, now: number): Warning | undefined {
  const { largestTimestamp: timestamp } = segment;
  if (timestamp <= now) return undefined;
  const offset = largestRecord(partition, segment);
  const aheadMs = addExact(timestamp, -now);
  return {
    code: 'FUTURE_TIMESTAMP',
    message:
      `${offset === undefined ? 'a record' : `the record at offset ${offset}`} is stamped ${timeText(timestamp)}, ` +
      `${spanText(aheadMs)} ahead of the time asked about`,
    numbers: { offset: offset ?? null, timestamp, aheadMs },
  };
}

function secondsForMs({ largestTimestamp: timestamp }: SurveyedSegment, now: number): Warning | undefined {
  if (timestamp < 0 || timestamp >= FIRST_LIKELY_MS || now < FIRST_LIKELY_MS) return undefined;
  const asSeconds =
    timestamp >= FIRST_LIKELY_SECONDS ? `; taken for seconds it is ${timeText(Number(timestamp) * 1000)}` : '';
  return {
    code: 'TIMESTAMP_BEFORE_2001',
    message: `its largest timestamp, ${timestamp}, is ${timeText(timestamp)}${asSeconds}`,
    numbers: { timestamp },
  };
}

function noTime(segment: SurveyedSegment): Warning | undefined {
  if (segment.timestampSource !== 'file' || segment.sizeBytes === 0) return undefined;
  return {
    code: 'NO_TIMESTAMP',
    message: `no batch has a timestamp: the time of the file counts, ${timeText(segment.modifiedMs)}`,
    numbers: { modifiedMs: segment.modifiedMs },
  };
}

function falseIndex(segment: SurveyedSegment): Warning | undefined {
  const { falseIndexTime, largestTimestamp, modifiedMs } = segment;
  if (falseIndexTime === undefined) return undefined;
  const believed = ageTime({ ...segment, largestTimestamp: falseIndexTime });
  return {
    code: 'TIME_INDEX_DIFFERS',
    message:
      `the time index ${falseIndexTime < 0 ? 'has no entry' : `ends with ${falseIndexTime}`}, the batches have ` +
      `${largestTimestamp < 0 ? 'no timestamp' : largestTimestamp}: a broker that trusts the index takes the segment ` +
      `for one of ${timeText(believed)}; \`seglog repair\` builds it anew`,
    numbers: { indexTimestamp: falseIndexTime, timestamp: largestTimestamp, modifiedMs },
  };
}

/** The offset of the first record with the segment's largest timestamp; undefined where its batch cannot be read. */
function largestRecord({ context }: SurveyedPartition, segment: SurveyedSegment): Int64 | undefined {
  const { largestPosition: position, largestTimestamp, path } = segment;
  if (position === undefined) return undefined;
  const file = context.fs.open(path, 'read');
  try {
    const cursor = recordsAt(context.engine, file, position);
    while (cursor?.next() === true) {
      if (cursor.timestamp === largestTimestamp) return cursor.offset;
    }
    return undefined;
  } catch (error) {
    // A batch that cannot be read has its finding from `verify`; here its header has told enough.
    if (error instanceof SeglogError && error.code !== 'IO') return undefined;
    throw error;
  } finally {
    file.close();
  }
}

function recordsAt(
  engine: SurveyedPartition['context']['engine'],
  file: File,
  position: number,
): ExactCursor | undefined {
  const [header] = new HeaderWalk(file).headers(position, file.sizeBytes());
  if (header === undefined || header.size > MAX_BATCH_BYTES) return undefined;
  const bytes = Buffer.allocUnsafe(header.size);
  if (file.read(bytes, 0, bytes.length, position) < bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const batch = { bytes, view, start: 0, size: bytes.length, position, valid: true };
  const options = { file: file.path, position };
  if (header.magic < 2) return new ExactLegacyCursor(legacyRecords(engine, batch, options));
  return recordCursor(engine, batch, summarize(view, 0, bytes.length, position, true), options);
}
