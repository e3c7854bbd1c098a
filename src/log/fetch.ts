/** One slice of the log, as Kafka's `LocalLog.read` cuts it (spec 3.5): for whoever serves it on. */
import { SeglogError } from '../errors/errors.ts';
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { Segment } from '../segment/segment.ts';
import type { Offset } from '../units/units.ts';
import { abortedTransactions, type TransactionSource } from './committed.ts';

/** How far a fetch may see: everything, what is replicated, or what is decided. */
export type FetchIsolation = 'log_end' | 'high_watermark' | 'committed';

/** What to fetch. */
export interface FetchOptions {
  readonly maxBytes: number;
  /** Default `high_watermark`. */
  readonly isolation?: FetchIsolation;
  /** Whether the first batch comes whole even if it is larger than `maxBytes`. Default true. */
  readonly minOneMessage?: boolean;
}

/** A transaction that was aborted: the batches of this producer from this offset on, up to its marker, do not count. */
export interface AbortedProducer {
  readonly producerId: number;
  readonly firstOffset: Offset;
}

/** A slice of one segment. It starts with a whole batch, maybe from before the offset asked for, and may end within one. */
export interface FetchedSlice {
  /** The base offset of its first batch, where it stands, and the base offset of the segment. */
  readonly offset: Offset;
  readonly position: number;
  readonly segmentBaseOffset: Offset;
  readonly bytes: Uint8Array;
  /** Whether the first batch is larger than what was asked for, and cut. */
  readonly firstEntryIncomplete: boolean;
  /** With isolation `committed`; for a slice that is empty at the end of the log there is none. */
  readonly abortedTransactions: readonly AbortedProducer[] | undefined;
}

/** What fetching needs of a log. */
export interface FetchSource extends TransactionSource {
  readonly logStart: number;
  readonly logEnd: number;
  /** The offset that the fetch may not reach. */
  readonly limit: number;
}

/** An offset and where its batch stands. */
interface Place {
  readonly offset: number;
  readonly segmentBaseOffset: number;
  readonly position: number;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Reads from `startOffset` on.
 *
 * @throws SeglogError `OFFSET_OUT_OF_RANGE`, `INVALID_ARGUMENT`, `BATCH_TRUNCATED`, `BATCH_SIZE_INVALID`, `IO`
 */
export function fetchSlice(source: FetchSource, startOffset: number, options: FetchOptions): FetchedSlice {
  const { segments, logStart, logEnd } = source;
  const { maxBytes, isolation = 'high_watermark', minOneMessage = true } = options;
  const isCommitted = isolation === 'committed';
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) {
    throw new SeglogError('INVALID_ARGUMENT', 'maxBytes must be a whole number of bytes', { found: maxBytes });
  }
  if (!Number.isSafeInteger(startOffset) || startOffset < logStart || startOffset > logEnd) {
    throw new SeglogError('OFFSET_OUT_OF_RANGE', 'the log has no such offset', {
      expected: `${logStart} to ${logEnd}`,
      found: startOffset,
    });
  }
  if (startOffset >= source.limit) {
    const place = placeOf(source, startOffset);
    return {
      ...place,
      bytes: NO_BYTES,
      firstEntryIncomplete: false,
      abortedTransactions: isCommitted ? [] : undefined,
    };
  }
  const limit = placeOf(source, source.limit);
  for (let segment = segments.floor(startOffset); segment !== undefined; segment = segments.after(segment)) {
    const found = segment.find(startOffset);
    if (found === undefined) continue;
    const { baseOffset: offset, position } = found;
    const room = minOneMessage ? Math.max(maxBytes, found.sizeBytes) : maxBytes;
    const end = endIn(segment, limit);
    const length = end === undefined ? 0 : Math.max(0, Math.min(end - position, room));
    const aborted = isCommitted ? abortedIn(source, startOffset, segment, position, length) : undefined;
    return {
      ...{ offset, position, segmentBaseOffset: segment.baseOffset },
      bytes: length === 0 ? NO_BYTES : readSlice(segment, position, length),
      firstEntryIncomplete: room > 0 && end !== undefined && room < found.sizeBytes,
      abortedTransactions: aborted?.map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
    };
  }
  return { ...endOf(source), bytes: NO_BYTES, firstEntryIncomplete: false, abortedTransactions: undefined };
}

function endOf({ segments, logEnd }: FetchSource): Place {
  const last = segments.last as Segment;
  return { offset: logEnd, segmentBaseOffset: last.baseOffset, position: last.sizeBytes };
}

/** The batch that holds `offset`, or the first one behind it. */
function placeOf(source: FetchSource, offset: number): Place {
  const { segments, logEnd } = source;
  if (offset >= logEnd) return endOf(source);
  for (let segment = segments.floor(offset); segment !== undefined; segment = segments.after(segment)) {
    const found = segment.find(offset);
    if (found === undefined) continue;
    return { offset: found.baseOffset, segmentBaseOffset: segment.baseOffset, position: found.position };
  }
  return endOf(source);
}

/** Where a fetch from this segment must end; undefined when the limit is in an earlier one. */
function endIn(segment: Segment, limit: Place): number | undefined {
  if (limit.segmentBaseOffset < segment.baseOffset) return undefined;
  return limit.segmentBaseOffset === segment.baseOffset ? limit.position : segment.sizeBytes;
}

function readSlice(segment: Segment, position: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(length);
  const got = segment.log().read(bytes, 0, length, position);
  if (got === length) return bytes;
  throw new SeglogError('FILE_SHRANK', 'the file became shorter while it was read', {
    ...{ file: segment.logPath, position, expected: `${length} bytes`, found: got },
  });
}

/** As in Kafka the index tells how far the slice goes, so that more may be named than there are in it. */
function abortedIn(
  source: FetchSource,
  startOffset: number,
  segment: Segment,
  position: number,
  length: number,
): AbortedTransaction[] {
  const { segments, logEnd } = source;
  const upperBound =
    segment.indexes().offsets.offsetAtOrBehind(position + length) ?? segments.after(segment)?.baseOffset ?? logEnd;
  return abortedTransactions(source, startOffset, upperBound);
}
