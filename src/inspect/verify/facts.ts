/**
 * What the parts of verification tell each other: the pass over a segment gives facts, and the checks of the partition and
 * of the log directory build on them. Facts are plain data, since they come from other threads.
 */
import type { Clock } from '../../clock/clock.ts';
import type { Engine } from '../../engine/contract.ts';
import type { FileSystem } from '../../fs/contract.ts';
import type { Int64 } from '../int64.ts';

/** What every check works with. */
export interface VerifyContext {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** What the user says of the log's settings; undefined where nothing is known. */
  readonly config: { readonly indexIntervalBytes: number | undefined };
  readonly limits: {
    /** The most bytes that a batch may have, compressed or not: more is told and not looked into. */
    readonly maxBatchBytes: number;
  };
}

/** What the pass over one segment's .log tells. Offsets and times are undefined where there is no whole batch. */
export interface SegmentFacts {
  /** From the name. */
  readonly baseOffset: Int64;
  /** The .log file, as it was named. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Bytes of whole, valid batches up to the first fault or the zero tail. All facts below are of these bytes. */
  readonly wholeBytes: number;
  readonly firstOffset: Int64 | undefined;
  readonly lastOffset: Int64 | undefined;
  /** The offset behind the last batch. */
  readonly nextOffset: Int64 | undefined;
  readonly maxTimestamp: Int64 | undefined;
  readonly offsetOfMaxTimestamp: Int64 | undefined;
  /** Each new leader epoch and the first offset that has it, in the order of the file. Formats 0 and 1 have none. */
  readonly epochs: readonly (readonly [epoch: number, startOffset: Int64])[];
  /** Where the first batch with an epoch starts, and the first of those with the last epoch; undefined where there is none. */
  readonly firstEpochPosition?: number | undefined;
  readonly lastEpochPosition?: number | undefined;
  /** Whether a batch has a producer id. */
  readonly hasProducers: boolean;
  /** Whether a batch is transactional. */
  readonly hasTransactions: boolean;
  /** How many times offsets are missing between two batches. */
  readonly gaps: number;
  /** Whether a batch shows that compaction went over it: fewer records than offsets, or a delete horizon. */
  readonly isCompacted: boolean;
  /** Zero bytes behind the last batch, up to the end of the file. */
  readonly zeroTailBytes: number;
  /** How many findings of severity error the .log has. */
  readonly faults: number;
  /** Of its .index, where that is there and right. */
  readonly indexDensity?: IndexDensity | undefined;
}

/** How far apart the entries of an .index are, in bytes of the .log. */
export interface IndexDensity {
  readonly path: string;
  readonly entries: number;
  /** The least between one entry and the next, or the start of the file; Infinity without entries. */
  readonly leastGap: number;
  /** Where the last batch starts. */
  readonly lastPosition: number;
  /** Bytes of the largest batch. */
  readonly largestBatch: number;
}

/** A partition of a log directory, as far as other partitions and the directory's own files are concerned. */
export interface PartitionFacts {
  /** The directory's name. */
  readonly name: string;
  readonly path: string;
  readonly segments: readonly SegmentFacts[];
}

/** What a log directory's own files say. A checkpoint that is not there, or cannot be read, is an empty map. */
export interface LogDirectoryFacts {
  readonly path: string;
  /** Whether somebody has the directory open. */
  readonly isLive: boolean;
  /** Whether the marker of a clean stop is there. */
  readonly isMarkedClean: boolean;
  /** By directory name, such as `orders-0`. */
  readonly recoveryPoints: ReadonlyMap<string, bigint>;
  readonly logStartOffsets: ReadonlyMap<string, bigint>;
  readonly highWatermarks: ReadonlyMap<string, bigint>;
  readonly cleanerOffsets: ReadonlyMap<string, bigint>;
}
