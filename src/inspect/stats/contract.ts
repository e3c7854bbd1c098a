/**
 * What statistics of a log are: plain data, for a table, for JSON and for a page. All counts are of what was scanned; bytes
 * are bytes; times are milliseconds since 1970. Sizes are of records as they are written, uncompressed.
 */

/** The version of the JSON form: fields may be added without a new one. */
export const STATS_SCHEMA = 1;

/** How far the trial of codecs goes: not at all, the levels that people use, or every level. */
export type WhatIfKind = 'none' | 'usual' | 'all';

/** Options of `collectStats`. Offsets and times are inclusive on both sides, and restrict what is counted. */
export interface StatsOptions {
  readonly fromOffset?: number | undefined;
  readonly toOffset?: number | undefined;
  /** Milliseconds since 1970. */
  readonly fromTime?: number | undefined;
  readonly toTime?: number | undefined;
  /** How many of the most frequent keys are named: 0 to 1,000. Default 10. */
  readonly topKeys?: number | undefined;
  /** Default `usual`. */
  readonly whatIf?: WhatIfKind | undefined;
  /** How many threads scan, up to 16; 0 is none besides the calling one. Default: one a processor, none for little. */
  readonly threads?: number | undefined;
  /** How many findings of a file are kept; all are counted. Default 100. */
  readonly findingsPerFile?: number | undefined;
  /** Told as the scan goes on: bytes gone over so far, and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  /** Ends the scan between two pieces of work; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** One class of sizes: how many were from `from` to `to`, both inclusive. Classes are powers of two; 0 has its own. */
export interface SizeClass {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * A distribution. `count`, `sum`, `min`, `max` and `mean` are exact; a percentile is exact below 128, and above that at most
 * 1.6 % too large. Everything but `count` and `sum` is null when nothing was counted.
 */
export interface SizeDistribution {
  readonly count: number;
  readonly sum: number;
  readonly min: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Ascending, from the class of `min` to that of `max`; without gaps. */
  readonly classes: readonly SizeClass[];
}

/** The keys of data records. */
export interface KeyStats {
  /** How many different keys there are: exact up to 131,072, an estimate beyond. */
  readonly distinct: number;
  readonly isExact: boolean;
  /** The standard error of the estimate as a share, 0.0081; 0 when exact. */
  readonly standardError: number;
  readonly withKey: number;
  readonly withoutKey: number;
  /** Records with a key and a null value: what compaction takes for a deletion. */
  readonly tombstones: number;
}

/** A frequent key. Its bytes are the user's: print them with care. `records <= the true number <= recordsAtMost`. */
export interface TopKey {
  /** The first bytes of the key, at most 1,024, as `encoding` says; null when they could not be read again. */
  readonly key: string | null;
  readonly encoding: 'utf8' | 'base64';
  /** Of the whole key; null when it could not be read again. */
  readonly sizeBytes: number | null;
  /** Whether `key` is less than the whole. */
  readonly isCut: boolean;
  readonly records: number;
  readonly recordsAtMost: number;
}

/** The most frequent keys, as far as they could be told apart in bounded memory. */
export interface TopKeys {
  /** By falling number of records; only keys that surely have more of them than any key that was lost sight of. */
  readonly keys: readonly TopKey[];
  /** The most records that a key which was lost sight of can have; no count is too low by more than that. 0: all are exact. */
  readonly errorBound: number;
}

/** Batches of one codec. */
export interface CodecStats {
  /** `none`, `gzip`, `snappy`, `lz4`, `zstd`; `unknown(5)` for what Kafka does not know. */
  readonly codec: string;
  readonly batches: number;
  /** Data records. */
  readonly records: number;
  /** Bytes of the batches' records (without headers of batches), as stored. */
  readonly storedBytes: number;
  /** The same, uncompressed. */
  readonly uncompressedBytes: number;
  /** `uncompressedBytes / storedBytes`; null without bytes. */
  readonly ratio: number | null;
}

/** Timestamps of data records. */
export interface TimestampStats {
  /** Of records that have one; null when none has. */
  readonly min: number | null;
  readonly max: number | null;
  /** Batches whose timestamps are the producers', and those whose are the broker's. */
  readonly createTimeBatches: number;
  readonly appendTimeBatches: number;
  /** Records without a timestamp: format 0, and -1. */
  readonly withoutTimestamp: number;
  /** Records with a timestamp below that of the record before them in their partition. */
  readonly outOfOrder: number;
  /** The farthest such step back. */
  readonly largestStepBackMs: number;
  /** Records from before 2001: seconds where milliseconds should be, often. */
  readonly before2001: number;
  /** Records from more than a day after {@link LogStats.now}: retention by time waits for them. */
  readonly inFuture: number;
}

/** One producer. */
export interface ProducerStats {
  /** Exact in decimal. */
  readonly producerId: string;
  /** The first and the last epoch seen. */
  readonly firstEpoch: number;
  readonly lastEpoch: number;
  readonly batches: number;
  /** Data records. */
  readonly records: number;
  readonly transactionalBatches: number;
  readonly commits: number;
  readonly aborts: number;
  /** The first offset of the transaction that has no marker at the end of what was scanned; null when there is none, and in all partitions together. */
  readonly openSince: number | null;
}

/** Idempotent and transactional producers. */
export interface ProducersStats {
  /** How many different producer ids there are; an estimate when `isExact` is false. */
  readonly distinct: number;
  readonly isExact: boolean;
  /** Batches with a producer id, control batches aside: transactional ones, and those that are only idempotent. */
  readonly idempotentBatches: number;
  readonly transactionalBatches: number;
  readonly controlBatches: number;
  readonly commits: number;
  readonly aborts: number;
  /** Control records of other types: leader changes and KRaft's. */
  readonly otherControlRecords: number;
  readonly openTransactions: number;
  /** Batches of producers beyond the first 16,384: they are in the sums, and their transactions are not followed. */
  readonly unfollowedBatches: number;
  /** By falling number of records, at most 100. In all partitions together: by id, not by partition. */
  readonly producers: readonly ProducerStats[];
}

/** What came within one stretch of time. */
export interface GrowthBucket {
  /** Inclusive; the next bucket's start is `bucketMs` later. */
  readonly start: number;
  /** Records with a timestamp in it, and their bytes, uncompressed. */
  readonly records: number;
  readonly recordBytes: number;
  /** Batches whose largest timestamp is in it, control batches aside, and their bytes in the log. */
  readonly batches: number;
  readonly bytes: number;
}

/** Growth over time, by timestamps. Those that are suspicious (before 2001, in the future) are left out. */
export interface GrowthStats {
  /** A power of two times a second. */
  readonly bucketMs: number;
  /** Ascending, without gaps, at most 128. */
  readonly buckets: readonly GrowthBucket[];
}

/** What is counted of a partition, and of all together. */
export interface Stats {
  /** Files of batches. KRaft snapshots are counted only where they are named alone: they repeat what the log says. */
  readonly segments: number;
  /** The sizes of those files. */
  readonly fileBytes: number;
  /** The sizes of the batches that are counted. */
  readonly bytes: number;
  /** Whole, valid batches. */
  readonly batches: number;
  /** Data records. */
  readonly records: number;
  readonly controlRecords: number;
  /** Places where no batch can be read: damage, and batches beyond 64 MiB. */
  readonly damagedBatches: number;
  /** Valid batches whose records cannot all be read: what comes before the fault is counted. */
  readonly unreadableBatches: number;
  /** Zeros at the ends of segments: space set aside. */
  readonly zeroTailBytes: number;
  /** Findings of severity error or warning, and info, those that are not kept included. */
  readonly findings: number;
  readonly infos: number;
  /** Of batches, as their headers say; null without one, and in all partitions together. */
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
  readonly keys: KeyStats;
  readonly topKeys: TopKeys;
  readonly sizes: {
    /** Keys that are not null. */
    readonly keys: SizeDistribution;
    /** Values that are not null. */
    readonly values: SizeDistribution;
    /** Names and values of headers together, of records with headers. */
    readonly headers: SizeDistribution;
    /** Whole records. */
    readonly records: SizeDistribution;
  };
  readonly batchFill: {
    /** Records a batch, control batches aside. */
    readonly records: SizeDistribution;
    /** Bytes a batch in the log, header included. */
    readonly bytes: SizeDistribution;
  };
  /** Those that occur, in the order of their numbers. */
  readonly codecs: readonly CodecStats[];
  readonly timestamps: TimestampStats;
  readonly producers: ProducersStats;
  readonly growth: GrowthStats;
}

/** One file of batches. Offsets and times are null where it has no whole batch. */
export interface SegmentStats {
  readonly path: string;
  /** From the name; null for a KRaft snapshot. */
  readonly baseOffset: number | null;
  /** Of the file. */
  readonly sizeBytes: number;
  /** Of the batches that are counted. */
  readonly bytes: number;
  readonly batches: number;
  readonly records: number;
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
  /** Of data records with a timestamp. */
  readonly minTimestamp: number | null;
  readonly maxTimestamp: number | null;
  readonly zeroTailBytes: number;
  /** All findings about it. */
  readonly findings: number;
}

/** Something wrong with the bytes; `seglog help CODE` explains it. As `seglog verify` tells it. */
export interface StatsFinding {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly file: string;
  /** Bytes from the file's start. */
  readonly position: number | null;
  /** The first and the last offset concerned. */
  readonly offsets: readonly [number | bigint, number | bigint] | null;
  readonly expected: string | number | bigint | null;
  readonly found: string | number | bigint | null;
  readonly action: string;
  readonly message: string;
  readonly path: string;
}

/** A file or directory that could not be read to its end. */
export interface StatsFailure {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** A partition, or a file that was named alone. */
export interface PartitionStats extends Stats {
  /** The directory's (or file's) name. */
  readonly name: string;
  readonly path: string;
  readonly topic: string | null;
  readonly partition: number | null;
  /** In the order of their base offsets. */
  readonly segmentList: readonly SegmentStats[];
  /** In the order of files and positions; so many of a file are kept. */
  readonly findingList: readonly StatsFinding[];
  readonly failures: readonly StatsFailure[];
}

/** What one codec and level made of the sample. */
export interface WhatIfResult {
  readonly codec: string;
  /** Kafka's number of the level; null where the codec has none. */
  readonly level: number | null;
  /** Whether this is the level that Kafka uses unless told otherwise. */
  readonly isDefault: boolean;
  readonly compressedBytes: number;
  /** Sample bytes for each compressed one. */
  readonly ratio: number | null;
  /** 10^6 sample bytes a second that this machine compresses on one thread; null when it was too little to measure. */
  readonly megabytesPerSecond: number | null;
}

/** What compression would do: real batches of the log, compressed again. */
export interface WhatIf {
  /** How many batches, of how many partitions and how many uncompressed bytes the sample has. */
  readonly batches: number;
  readonly partitions: number;
  readonly sampleBytes: number;
  /** What the same batches take in the log now (their records), and the ratio of that. */
  readonly storedBytes: number;
  readonly storedRatio: number | null;
  /** In the order of codecs and levels. Codecs that this engine cannot compress with are left out and named here. */
  readonly results: readonly WhatIfResult[];
  readonly unavailable: readonly string[];
}

/** What was found in all that was named. */
export interface LogStats {
  /** The moment by which timestamps count as being in the future. */
  readonly now: number;
  /** In the order of their names within each path that was given. */
  readonly partitions: readonly PartitionStats[];
  readonly total: Stats;
  /** Null when it was not wanted, or there was nothing to try. */
  readonly whatIf: WhatIf | null;
  /** Of all partitions, and of paths that could not be listed. */
  readonly failures: readonly StatsFailure[];
  /** For people: directories that somebody has open, and so on. */
  readonly notes: readonly string[];
}
