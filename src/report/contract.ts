/**
 * What a report holds: plain data that the page carries as JSON, and draws. Bounded whatever the directory's size; what had
 * to be left out is counted, and the page says so.
 */
import type { Severity } from '../inspect/findings/finding.ts';
import type { SizeDistribution, Stats, WhatIf } from '../inspect/stats/contract.ts';

/** An int64: a number while that is exact, decimal digits beyond 2^53. */
export type Exact = number | string;

/** A report. */
export interface ReportModel {
  readonly schema: 1;
  /** The directory as it was named. */
  readonly path: string;
  /** The directory's own name. */
  readonly title: string;
  readonly kind: 'partition' | 'log-directory';
  /** When it was made, and the moment that explanations are about. */
  readonly madeMs: number;
  readonly nowMs: number;
  /** seglog's version. */
  readonly version: string;
  /** All partitions together. */
  readonly totals: Totals;
  readonly figures: Figures;
  readonly whatIf: WhatIf | null;
  /** What is good to know: somebody has the directory open, a checkpoint could not be read. */
  readonly notes: readonly string[];
  readonly findings: FindingsPart;
  /** In the order of their names, as many as there is room for. */
  readonly partitions: readonly PartitionRow[];
  readonly partitionsOmitted: number;
  /** Those with faults first, then the largest; as many as there is room for. */
  readonly details: readonly PartitionDetail[];
}

/** Sums. */
export interface Totals {
  /** Of the .log files. */
  readonly bytes: number;
  readonly segments: number;
  readonly batches: number;
  readonly records: number;
  /** Of records that have a timestamp; null when none has. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

/** How many findings there are of each severity. */
export type Counts = Readonly<Record<Severity, number>>;

/** A partition in the list of all. */
export interface PartitionRow extends Totals {
  readonly name: string;
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
  readonly counts: Counts;
  /** Its place among the details; -1 when there was no room for it. */
  readonly detail: number;
}

/** What was found, the worst first where there is no room for all. */
export interface FindingsPart {
  readonly counts: Counts;
  readonly rows: readonly FindingRow[];
  readonly omitted: number;
  /** What each code among the rows means. */
  readonly pages: Readonly<Record<string, FindingText>>;
  /** Files that could not be looked at. */
  readonly failures: readonly { readonly path: string; readonly code: string; readonly message: string }[];
  readonly failuresOmitted: number;
}

/** The page of a finding code. */
export interface FindingText {
  readonly severity: Severity;
  readonly title: string;
  readonly meaning: string;
  readonly causes: string;
  readonly action: string;
}

/** A finding. */
export interface FindingRow {
  readonly code: string;
  readonly severity: Severity;
  /** The place of its partition in the list; -1 for the log directory's own files. */
  readonly partition: number;
  readonly file: string;
  /** The base offset in the file's name; null where it has none. */
  readonly segment: Exact | null;
  readonly position: number | null;
  readonly offsets: readonly [Exact, Exact] | null;
  readonly expected: Exact | null;
  readonly found: Exact | null;
  readonly message: string;
  /** What to do, where it is not what the code's page says. */
  readonly action: string | null;
}

/** A partition as far as the page shows it closely. */
export interface PartitionDetail {
  /** Its place in the list of all. */
  readonly partition: number;
  readonly segments: SegmentColumns;
  readonly figures: Figures;
  readonly explained: readonly (ExplainTable | ExplainFailure)[];
  readonly sample: SamplePart;
}

/** Segments, or runs of neighbours where there are too many: one entry of each column a row. */
export interface SegmentColumns {
  readonly base: readonly number[];
  /** Behind the last record. */
  readonly next: readonly number[];
  readonly bytes: readonly number[];
  readonly batches: readonly number[];
  readonly records: readonly number[];
  readonly firstMs: readonly (number | null)[];
  readonly lastMs: readonly (number | null)[];
  /** Findings about its files, errors and warnings alone. */
  readonly faults: readonly number[];
  /** How many segments the row stands for: 1 unless there are too many. */
  readonly count: readonly number[];
}

/** What `seglog stats` counts, as far as the page shows it. */
export interface Figures
  extends Pick<
    Stats,
    | 'records'
    | 'controlRecords'
    | 'damagedBatches'
    | 'unreadableBatches'
    | 'zeroTailBytes'
    | 'keys'
    | 'codecs'
    | 'timestamps'
    | 'producers'
  > {
  readonly topKeys: readonly TopKeyRow[];
  readonly keySizes: Distribution;
  readonly valueSizes: Distribution;
  readonly recordSizes: Distribution;
  readonly batchRecords: Distribution;
  readonly batchBytes: Distribution;
  readonly growth: Growth;
}

/** A frequent key. */
export interface TopKeyRow {
  readonly key: Field;
  readonly isCut: boolean;
  /** At least, and at most: the same where it was counted exactly. */
  readonly records: number;
  readonly recordsAtMost: number;
}

/** A distribution of sizes. Classes are powers of two. */
export interface Distribution extends Omit<SizeDistribution, 'classes'> {
  readonly classes: readonly (readonly [from: number, to: number, count: number])[];
}

/** What came when: one entry of each column a stretch of time. */
export interface Growth {
  readonly startMs: number;
  readonly stepMs: number;
  readonly records: readonly number[];
  /** Uncompressed. */
  readonly recordBytes: readonly number[];
  /** In the log. */
  readonly bytes: readonly number[];
}

/** What Kafka does with the segments, neighbours of one fate in one row. */
export interface ExplainTable {
  readonly kind: 'retention' | 'compaction' | 'roll';
  readonly config: readonly (readonly [name: string, value: string])[];
  readonly remarks: readonly string[];
  readonly groups: readonly ExplainGroup[];
  /** Rows that there was no room for. */
  readonly omitted: number;
}

/** An explanation that could not be given. */
export interface ExplainFailure {
  readonly kind: ExplainTable['kind'];
  readonly failure: string;
}

/** Neighbours of one fate, warned of the same. */
export interface ExplainGroup {
  /** Base offset of the first. */
  readonly base: Exact;
  /** Where the last one ends. */
  readonly next: Exact;
  readonly segments: number;
  readonly bytes: number;
  readonly isActive: boolean;
  readonly decision: string;
  readonly reason: string;
  /** When it is due: the first and the last of them; null when no time alone brings it about. */
  readonly atMs: Exact | null;
  readonly untilMs: Exact | null;
  /** The reason in words, of the first one. */
  readonly text: string;
  /** Of all of them, each with its segment: some, and how many more there are. */
  readonly warnings: readonly (readonly [base: Exact, message: string])[];
  readonly warningsOmitted: number;
}

/** Records chosen evenly over the bytes of the log; all of them where they are few. */
export interface SamplePart {
  /** In the order of the log. */
  readonly records: readonly SampleRecord[];
  readonly isAll: boolean;
  /** Places that were chosen and whose batch could not be read. */
  readonly unreadable: number;
  /** Longer keys, values and header values are cut to so many bytes. */
  readonly maxBytes: number;
}

/** Bytes of a user: text where they are UTF-8 without a zero byte, base64 otherwise; null is null. */
export type Field = string | { readonly base64: string } | null;

/** A record of the sample. */
export interface SampleRecord {
  readonly offset: Exact;
  readonly timestamp: Exact;
  readonly key: Field;
  readonly value: Field;
  /** Sizes before anything was cut; -1 for null. */
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly headers: readonly (readonly [key: Field, value: Field])[];
  readonly codec: string;
  /** Where its batch starts: the segment's base offset, and bytes. */
  readonly segment: Exact;
  readonly position: number;
  /** What it is in words: a marker of a transaction, or a record of one of Kafka's own topics. */
  readonly words: readonly string[];
}
