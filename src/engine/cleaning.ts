/**
 * The cleaner's part of the engine's contract: the offset map, and the two passes over batches that it serves.
 *
 * Both passes are given whole batches of format 2, found and checked by `scanBatches` with `verify`, and a number of
 * {@link CLEAN_RULES} for each; what the rules say was decided from headers by the cleaner. Formats 0 and 1 are converted by
 * the cleaner before they come here. A call goes over as many batches as it can, and tells where it stopped and why: for what
 * the bytes hold nothing is raised. Source: spec 4.2, 4.3 and 4.5, Kafka's `SkimpyOffsetMap` and `MemoryRecords.filterTo`.
 */

/**
 * The newest offset of each key. A slot has 24 bytes: 16 of a hash of the key, 8 of the offset. Keys themselves are not kept:
 * two keys with one hash are one key, and the older one's record is lost. So the hash has 128 bits, and is keyed with random
 * bits of the map's own, so that nobody can choose keys that collide. It never leaves the map, and engines differ in it.
 *
 * One thread owns a map. It belongs to the engine that made it.
 */
export interface OffsetMap {
  /** How many keys it takes: a part of its slots, the load factor. */
  readonly capacity: number;
  /** How many it has. */
  readonly size: number;
  /** Forgets all keys. */
  clear(): void;
  /** Gives the memory back; the map is of no use any more. A second call does nothing. */
  release(): void;
}

/** The bytes of a slot of an {@link OffsetMap}. */
export const OFFSET_MAP_SLOT_BYTES = 24;

/** What is to be done with a batch, in bits. None: its records are judged one by one, and without any it vanishes. */
export const CLEAN_RULES = {
  /** All records go: they are of an aborted transaction, or markers whose time has come. The map takes none of them. */
  dropAll: 1,
  /** All records stay: control records. */
  keepAll: 2,
  /** When no record stays, the header does. */
  retainEmpty: 4,
  /** It gets a delete horizon, if it has none and a record stays: a marker whose transaction has no records any more. */
  setHorizon: 8,
  /** Tombstones go although the batch has no delete horizon: it was of an older format. */
  dropTombstones: 16,
} as const;

/** Why a pass returned. */
export const CLEAN_STOPS = {
  /** All batches were gone over. */
  end: 0,
  /** The map takes no more keys; the target has no room for the next batch. */
  full: 1,
  /**
   * The batch that it stopped at cannot be read: another format, offsets below 0 or above 2^53 - 1, an unknown codec, a
   * damaged or too large compressed stream, a record fault, or offset deltas that do not rise within 0 to the last offset delta.
   */
  damaged: 2,
} as const;
/** A number of {@link CLEAN_STOPS}. */
export type CleanStop = (typeof CLEAN_STOPS)[keyof typeof CLEAN_STOPS];

/** `buildOffsetMap`'s state, in a Float64Array of `length` numbers. The caller sets the first three. */
export const MAP_STATE = {
  /** The row to begin with; afterwards the first one that was not gone over to its end. */
  batch: 0,
  /** Records below this offset are passed over. */
  fromOffset: 1,
  /** The most bytes that a batch's records may decompress to. */
  maxDecompressedBytes: 2,
  /** A {@link CleanStop}. */
  stop: 3,
  /** The offset of the last record that was stored, in this call; -1 when none was. */
  lastStored: 4,
  /** How many records were looked at. */
  records: 5,
  length: 6,
} as const;

/** `cleanBatches`' state, in a Float64Array of `length` numbers. The caller sets the first five. Counts are of the call. */
export const CLEAN_STATE = {
  /** The row to begin with; afterwards the first one that was not done. */
  batch: 0,
  /** Milliseconds since 1970: tombstones go in batches whose delete horizon is at or before it. */
  nowMs: 1,
  /** The delete horizon of batches that get one: a whole number from 0. */
  deleteHorizonMs: 2,
  /** The last offset that the map was built from: records above it stay. */
  latestOffset: 3,
  maxDecompressedBytes: 4,
  /** A {@link CleanStop}. */
  stop: 5,
  /** With `full`: for how many bytes the target needs room, behind those that were written (0), for the next batch. */
  need: 6,
  /** How many bytes of the target were written, and how many rows of batches in it. */
  written: 7,
  rows: 8,
  /** Of the batches that were done: records there were, and records that stay. */
  records: 9,
  kept: 10,
  /** Records that went, by reason: a newer one of that key, a tombstone whose time has come, no key, `dropAll`. */
  superseded: 11,
  tombstones: 12,
  keyless: 13,
  discarded: 14,
  length: 15,
} as const;

/** What the cleaner needs of the hot path. */
export interface CleaningEngine {
  /**
   * A map of at most `memoryBytes` bytes, one slot at least, which takes keys in `loadFactor` (above 0, at most 1) of them.
   * The memory need not be touched before it is used.
   */
  createOffsetMap(memoryBytes: number, loadFactor: number): OffsetMap;

  /**
   * Stores the keys of the records in `count` batches ({@link SCAN_ROW} rows in `bytes`), from `state[batch]` on, with their
   * offsets; the last record of a key counts. Batches with the rule `dropAll`, and records without a key or below
   * `fromOffset`, are passed over. When a record is to be stored and the map has no room, even for a key that it has, the
   * call ends there: what it stored of that batch stays stored.
   */
  buildOffsetMap(
    map: OffsetMap,
    bytes: Uint8Array,
    rows: Int32Array,
    rules: Uint8Array,
    count: number,
    state: Float64Array,
  ): void;

  /**
   * Writes what stays of `count` batches, from `state[batch]` on, to `target`, one behind the other, and where each one is
   * there to `targetRows` ({@link SCAN_ROW}).
   *
   * A record stays if the batch's rule is `keepAll`; if its offset is above `latestOffset`; or if it has a key, the map has no
   * later offset of it, and it has a value or is a tombstone whose time has not come: the batch has no delete horizon (and not
   * the rule `dropTombstones`), or one above `nowMs`. With `dropAll` no record is looked at, and the header's count counts.
   *
   * A batch of which all records stay (at least one), and that needs no delete horizon, is copied as it is. A delete horizon is
   * needed where it has none and a tombstone stays in it, or the rule `setHorizon` says so. Otherwise it is built anew:
   *
   * - base offset, last offset delta, leader epoch, producer fields, codec (at Kafka's default level) and the attributes'
   *   bits 0 to 5 stay, bit 6 says whether there is a delete horizon now, bits above are 0; count and checksum are new;
   * - the largest timestamp is that of the records, at least -1; in a batch with LogAppendTime it stays, and is every record's;
   * - the base timestamp is the delete horizon, the new or the old one, or else the first record's timestamp;
   * - a record whose timestamp delta stays the same is copied as it is. In others the length and the timestamp delta are
   *   written anew, as short as they can be, and everything else is copied. int64 arithmetic wraps.
   *
   * Without a record, and with `retainEmpty`, 61 bytes stay: a header with codec 0, no delete horizon, base timestamp -1,
   * count 0 and everything else as it was (bits above 5 are 0). Without both the batch vanishes.
   */
  cleanBatches(
    map: OffsetMap,
    bytes: Uint8Array,
    rows: Int32Array,
    rules: Uint8Array,
    count: number,
    target: Uint8Array,
    targetRows: Int32Array,
    state: Float64Array,
  ): void;
}
