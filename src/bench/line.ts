/** What one round of a bench says: the line that `seglog bench --json` prints. */
import type { LatencySummary } from './latency.ts';
import type { OperationLatencies } from './operation-times.ts';

export const WORKS = [
  'append',
  'read',
  'seek',
  'seek-time',
  'tail-latency',
  'open',
  'open-partitions',
  'recover',
  'compact',
  'mixed',
  'copy',
  'sync',
] as const;
/** What was measured. */
export type Work = (typeof WORKS)[number];

/** What was done in one round, and how long it took. */
export interface Measured {
  /** Records appended, read, recovered or compacted; seeks made; segments or partitions opened; copies or bare syncs made. */
  readonly records: number;
  /** Bytes of .log files: appended, read, compacted (those before), or of the batches that were found. */
  readonly bytes: number;
  readonly elapsedMs: number;
}

/** What a round cost besides time. */
export interface Cost {
  /** Processor time of the timed part: of all threads of the process, user and system. */
  readonly cpuSeconds: number;
  /** The most memory that the process had resident so far, mapped pages of logs and making of data included. */
  readonly peakRssBytes: number;
  /** Bytes handed to the operating system for files, with what opening and closing of the round's log write. */
  readonly bytesWritten: number;
  /** Bytes that came from the disk and not from the page cache in the timed part, as the operating system counts. */
  readonly storageBytesRead: number;
}

/** Whether files were in the page cache when the timed part began. */
export type CacheState = 'warm' | 'cold';

/** One round. `bytes` are those of .log files, a megabyte is 10^6 of them. */
export interface BenchLine extends Partial<Cost>, OperationLatencies {
  readonly work: Work;
  /** 0, 1, 2, ...: the first ones warm the just-in-time compiler. */
  readonly round: number;
  readonly records: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly engine: 'native' | 'ts';
  /** Of works that read what is there already. */
  readonly cache?: CacheState;
  /** How many threads did it together, each on a partition of its own; counts and bytes are those of all. */
  readonly threads?: number;
}

/** A line of `bench append`: with who appended. */
export interface AppendLine extends BenchLine {
  readonly producer: 'none' | 'idempotent' | 'transactional';
  /** How the caller hands records over: whole batches, or one by one to a writer. */
  readonly api?: 'batch' | 'write' | 'send';
}

/** One where appending includes getting to the disk: with what was synced, and how many appends shared a sync. */
export interface DurableLine extends AppendLine {
  readonly durability: 'fsync' | 'group';
  /** How many appended at the same time, each a batch, waiting until it was synced. */
  readonly appenders: number;
  readonly appends: number;
  readonly appendsPerSecond: number;
  readonly syncs: number;
  readonly syncsPerSecond: number;
  readonly meanGroup: number;
}

/** A line of `bench recover`: a gigabyte is 10^9 bytes. */
export interface RecoverLine extends BenchLine {
  readonly segments: number;
  readonly gigabytesPerSecond: number;
}

/** A line of `bench compact`: `records` and `bytes` are those of the sealed segments before. */
export interface CompactLine extends BenchLine {
  readonly bytesAfter: number;
  readonly segmentsBefore: number;
  readonly segmentsAfter: number;
  readonly recordsKept: number;
  readonly recordBytes: number;
  readonly distinctKeys: number;
  readonly compression: string;
}

/** A line of `bench tail-latency`: `records` were appended one batch at a time, and all of them seen by a reader at the end. */
export interface TailLine extends BenchLine {
  /** From when a batch was due to when the reader had it. */
  readonly delivery: LatencySummary;
}

/** A line of `bench mixed`: `records` and `bytes` are those appended. */
export interface MixedLine extends BenchLine {
  /** Records that the readers at the end of the log saw, and all their batches' bytes. */
  readonly recordsRead: number;
  readonly bytesRead: number;
  readonly readers: number;
  /** Compactions that ended meanwhile, the bytes of the segments before and of those in their place. */
  readonly cleanings: number;
  readonly bytesCleaned: number;
  readonly bytesKept: number;
  /** Where cleaning ran: `worker`, a thread of its own, or `here`. */
  readonly cleaner: 'worker' | 'here' | 'none';
}

/** A timer's resolution: no round is taken for shorter, so that no speed is infinite. */
const LEAST_MS = 0.001;
const MEGABYTE = 1e6;

/** The line of a round. Speeds come from the unrounded time. */
export function benchLine(work: Work, round: number, engine: BenchLine['engine'], measured: Measured): BenchLine {
  const { records, bytes } = measured;
  const seconds = Math.max(measured.elapsedMs, LEAST_MS) / 1000;
  return {
    work,
    round,
    records,
    bytes,
    seconds: Number(seconds.toFixed(6)),
    recordsPerSecond: Math.round(records / seconds),
    megabytesPerSecond: Number((bytes / MEGABYTE / seconds).toFixed(1)),
    engine,
  };
}

/** The middle of some numbers; of an even count, the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
