/**
 * Branded numbers, so that an offset, a place in a file and a moment can never be swapped by accident.
 *
 * All of them are JavaScript numbers: exact up to 2^53. Kafka's own range is int64; what lies beyond 2^53 is refused
 * by the log with `OFFSET_NOT_EXACT` or `TIMESTAMP_NOT_EXACT`, and printed exactly (as a bigint) by the inspector.
 */

declare const brand: unique symbol;

/** A number with a name: any number can be one, but one can never stand where another is meant. */
type Branded<Name extends string> = number & { readonly [brand]?: Name };

/** The logical position of a record in a partition: 0, 1, 2, ... */
export type Offset = Branded<'Offset'>;

declare const role: unique symbol;

/** An offset with a part to play in a log: one part can never stand where another is meant, and each is an offset. */
type Role<Name extends string> = Offset & { readonly [role]?: Name };

/** The first offset that can be read. */
export type LogStartOffset = Role<'LogStartOffset'>;

/** Up to here, exclusive, every transaction is decided: what a reader of committed records may see. */
export type LastStableOffset = Role<'LastStableOffset'>;

/** Up to here, exclusive, every replica that counts has the log: what a consumer may see. */
export type HighWatermark = Role<'HighWatermark'>;

/** The offset that the next record will have. */
export type LogEndOffset = Role<'LogEndOffset'>;

/** A place in a file, in bytes from its start. */
export type FilePosition = Branded<'FilePosition'>;

/** A leader epoch; -1 is "none". */
export type Epoch = Branded<'Epoch'>;

/** Milliseconds since 1970-01-01T00:00:00Z; -1 is "none". */
export type TimestampMs = Branded<'TimestampMs'>;

/** The largest int32, which is also the largest distance of an offset from its segment's base. */
export const MAX_INT32 = 0x7fffffff;

/** Kafka's "no limit": the largest int64. */
export const MAX_INT64 = 0x7fffffffffffffffn;
