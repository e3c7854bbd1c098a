/**
 * The closed set of error codes. A code is stable: programs match on it, and both engines raise the same one for the
 * same bytes. One code is one piece of news for the user; two that need different actions are never folded.
 */
export const ERROR_CODES = [
  // The caller
  'INVALID_ARGUMENT',
  'INVALID_CONFIG',
  'INVALID_NAME',
  'INVALID_TIMESTAMP',
  'RECORD_TOO_LARGE',
  'OFFSET_OUT_OF_RANGE',
  'OFFSET_NOT_EXACT',
  'TIMESTAMP_NOT_EXACT',
  'OFFSET_OVERFLOW',
  'OFFSETS_OUT_OF_ORDER',
  'LOG_CLOSED',
  'READ_ONLY',
  'POLICY_VIOLATION',
  'TOPIC_ID_MISMATCH',
  'INVALID_PRODUCER_EPOCH',
  'OUT_OF_ORDER_SEQUENCE',
  'INVALID_TRANSACTION_STATE',
  'TRANSACTION_COORDINATOR_FENCED',
  'TOPIC_ALREADY_EXISTS',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'GROUP_ID_NOT_FOUND',
  'NON_EMPTY_GROUP',
  'INCONSISTENT_GROUP_PROTOCOL',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'PARTITION_NOT_ASSIGNED',
  'NO_COMMITTED_OFFSET',
  'DESERIALIZATION_FAILED',
  // The bytes
  'BATCH_SIZE_INVALID',
  'BATCH_TRUNCATED',
  'BATCH_CRC_MISMATCH',
  'UNSUPPORTED_MAGIC',
  'UNSUPPORTED_CODEC',
  'INVALID_RECORD',
  'CORRUPT_COMPRESSED_DATA',
  'DECOMPRESSED_TOO_LARGE',
  'CORRUPT_INDEX',
  'INDEX_FULL',
  'CORRUPT_CHECKPOINT',
  'CORRUPT_SNAPSHOT',
  'UNSUPPORTED_VERSION',
  // The machine
  'IO',
  'NOT_A_REGULAR_FILE',
  'FILE_SHRANK',
  'LOG_LOCKED',
  'DIRECTORY_MISMATCH',
  'DUPLICATE_PARTITION',
  'LOG_OFFLINE',
  'LOG_CORRUPT',
  'RECOVERY_REFUSED',
  'SEGMENTS_OVERLAP',
  'ENGINE_UNAVAILABLE',
  // seglog itself: a broken invariant, never the user's doing
  'INTERNAL',
] as const;

/** One of the {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What is known about an error besides its text; every field is optional. */
export interface ErrorDetails {
  /** The file it concerns. */
  readonly file?: string;
  /** Bytes from the start of that file. */
  readonly position?: number;
  /** The first offset of the batch concerned, exact. */
  readonly baseOffset?: number | bigint;
  /** The last offset that the batch concerned claims, exact. */
  readonly lastOffset?: number | bigint;
  /** Where the next batch would start, if the size field can be believed. */
  readonly nextPosition?: number;
  /** What was expected there. */
  readonly expected?: string | number | bigint;
  /** What was found there. */
  readonly found?: string | number | bigint;
  /** What the user can do about it. */
  readonly action?: string;
  /** The operating system's name for an I/O error: `ENOSPC`, `EIO`, ... */
  readonly errno?: string;
  /** The underlying error. */
  readonly cause?: unknown;
}

function describe(message: string, details: ErrorDetails): string {
  let text = message;
  if (details.expected !== undefined) text += `: expected ${details.expected}`;
  if (details.found !== undefined) text += `${details.expected === undefined ? ':' : ','} found ${details.found}`;
  if (details.file !== undefined) {
    text += ` (${details.file}`;
    if (details.position !== undefined) text += ` at byte ${details.position}`;
    text += ')';
  } else if (details.position !== undefined) text += ` (at byte ${details.position})`;
  if (details.action !== undefined) text += `. ${details.action}`;
  return text;
}

/**
 * Every error that seglog raises on purpose.
 *
 * @example
 * ```ts
 * try { await log.append({ value }) } catch (e) {
 *   if (e instanceof SeglogError && e.code === 'IO' && e.errno === 'ENOSPC') freeSomeSpace();
 * }
 * ```
 */
export class SeglogError extends Error {
  override readonly name = 'SeglogError';
  readonly code: ErrorCode;
  readonly file: string | undefined;
  readonly position: number | undefined;
  readonly baseOffset: number | bigint | undefined;
  readonly lastOffset: number | bigint | undefined;
  readonly nextPosition: number | undefined;
  readonly expected: string | number | bigint | undefined;
  readonly found: string | number | bigint | undefined;
  readonly action: string | undefined;
  readonly errno: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(describe(message, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.file = details.file;
    this.position = details.position;
    this.baseOffset = details.baseOffset;
    this.lastOffset = details.lastOffset;
    this.nextPosition = details.nextPosition;
    this.expected = details.expected;
    this.found = details.found;
    this.action = details.action;
    this.errno = details.errno;
  }
}

/** Wraps an error of the operating system (a Node `errno` error, or anything else) as `IO`, naming the file. */
export function ioError(doing: string, file: string, cause: unknown): SeglogError {
  if (cause instanceof SeglogError) return cause;
  const errno = (cause as { code?: unknown } | null)?.code;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SeglogError('IO', `could not ${doing}: ${reason}`, {
    file,
    cause,
    ...(typeof errno === 'string' ? { errno } : {}),
    ...(errno === 'ENOSPC' || errno === 'EDQUOT'
      ? { action: 'Free some space and try again; nothing was written' }
      : {}),
  });
}

/** Whether an error says that there is no space left. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof SeglogError && (error.errno === 'ENOSPC' || error.errno === 'EDQUOT');
}
