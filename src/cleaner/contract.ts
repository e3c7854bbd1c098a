/** What the cleaner is asked to do and what it answers: plain data, which crosses threads. */
import type { Clock } from '../clock/clock.ts';
import type { Engine } from '../engine/contract.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { Epoch, Offset } from '../units/units.ts';

/** The parts that a thread brings along. */
export interface CleanerMachine {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
}

/** A segment of the log that is cleaned. */
export interface SourceSegment {
  readonly baseOffset: Offset;
  /** The bytes of its .log file that count. */
  readonly sizeBytes: number;
}

/** The last thing known of a producer that has not expired: the batch that tells it stays, if only its header. */
export interface ActiveProducer {
  readonly producerId: number;
  readonly producerEpoch: Epoch;
  /** The offset of its last data; undefined when it has markers only. */
  readonly lastDataOffset: Offset | undefined;
}

/** One round of cleaning. */
export interface CleanRequest {
  /** The partition's directory. */
  readonly directory: string;
  /** All segments of the log, in order. The last one is active; it is never cleaned, but its aborted transactions count. */
  readonly segments: readonly SourceSegment[];
  /** Keys are collected from here on; records below are judged by them too. */
  readonly firstDirtyOffset: Offset;
  /** Where cleaning ends: a base offset of one of the segments, at or below the last stable offset. */
  readonly firstUncleanableOffset: Offset;
  /** Milliseconds since 1970: as of when tombstones and markers are due. */
  readonly nowMs: number;
  /** `delete.retention.ms` */
  readonly deleteRetentionMs: number;
  /** `segment.bytes`: neighbours become one up to this size. */
  readonly segmentBytes: number;
  /** `segment.index.bytes` */
  readonly segmentIndexBytes: number;
  /** `index.interval.bytes` */
  readonly indexIntervalBytes: number;
  readonly activeProducers: readonly ActiveProducer[];
  /** The offset map's memory; Kafka's `log.cleaner.dedupe.buffer.size` of one thread. Default 128 MiB. */
  readonly offsetMapBytes?: number;
  /** Kafka's `log.cleaner.io.buffer.load.factor`. Default 0.9. */
  readonly offsetMapLoadFactor?: number;
  /** How much is read at once. Default 1 MiB; a larger batch gets what it needs. */
  readonly bufferBytes?: number;
  /** The most bytes a second, read and written. Default no limit. */
  readonly maxBytesPerSecond?: number;
  /** Memory that threads share: its first number says how many rounds share `maxBytesPerSecond` at the moment. Default: one. */
  readonly throttleSharers?: Int32Array;
  /** The most bytes that one batch's records may decompress to. Default 128 MiB. */
  readonly maxDecompressedBytes?: number;
  /** The most bytes that a cleaned segment may have, a single batch aside. Default 2^31 - 1: what an index can tell of positions. */
  readonly maxCleanedBytes?: number;
}

/** A segment that was written: its files end in `.cleaned`, are synced, and have the time of the last source. */
export interface CleanedSegment {
  readonly baseOffset: Offset;
  /** The bytes of its .log; 0 when no record stayed. Such a segment takes the place of its sources, too. */
  readonly sizeBytes: number;
  /** Behind its last batch; the base offset when it has none. */
  readonly nextOffset: Offset;
}

/** Neighbouring segments, and what takes their place. */
export interface CleanedGroup {
  /** Their base offsets, ascending. */
  readonly sources: readonly Offset[];
  /** Ascending, at least one; the first one's base offset is that of the first source. */
  readonly cleaned: readonly CleanedSegment[];
}

/** What a round did. */
export interface CleanStatistics {
  /** Records that the map was built from, and keys in it. */
  readonly mapRecords: number;
  readonly mapKeys: number;
  /** Whether the map took no more: another round goes on from the end offset. */
  readonly isMapFull: boolean;
  /** Bytes and records of the segments that were cleaned, and of those that took their place. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly recordsRead: number;
  readonly recordsKept: number;
  /** Records that went, by reason: a newer one of that key; a tombstone whose time had come; no key; aborted or a marker. */
  readonly superseded: number;
  readonly tombstones: number;
  readonly keyless: number;
  readonly discarded: number;
  /** Milliseconds for the map, and for the rest. */
  readonly mapMs: number;
  readonly cleanMs: number;
}

/** What a round came to. */
export interface CleanRound {
  /** Where the log is clean up to, exclusive: the next checkpoint. Below `firstUncleanableOffset` another round is due. */
  readonly endOffset: Offset;
  /** In order of their offsets. */
  readonly groups: readonly CleanedGroup[];
  readonly statistics: CleanStatistics;
}

/** How far a round is. */
export interface CleanProgress {
  readonly phase: 'map' | 'clean';
  /** Bytes read in this phase, and to be read. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What a round calls on the way. */
export interface CleanHooks {
  /** A group is written: it can be swapped now, while the others are cleaned. */
  readonly onGroup?: (group: CleanedGroup) => void | Promise<void>;
  /** After each chunk. */
  readonly onProgress?: (progress: CleanProgress) => void;
  /** Ends the round between two chunks; it rejects with the signal's reason, and its `.cleaned` files are removed. */
  readonly signal?: AbortSignal;
}
