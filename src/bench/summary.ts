/** All rounds of a work in one row: medians, with how far the rounds lie apart. */
import type { LatencySummary } from './latency.ts';
import { type BenchLine, median, type Work } from './line.ts';

/** The middle of the rounds, and the ends. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** The rounds of one work. */
export interface WorkSummary {
  readonly work: Work;
  readonly engine: BenchLine['engine'];
  readonly rounds: number;
  readonly recordsPerSecond: Spread;
  readonly megabytesPerSecond: Spread;
  /** Processor seconds for a million records (seeks, segments, ...). undefined where it was not measured. */
  readonly cpuSecondsPerMillion: number | undefined;
  /** The largest of all rounds. */
  readonly peakRssBytes: number | undefined;
  readonly bytesWritten: number | undefined;
  readonly storageBytesRead: number | undefined;
  /** Medians of the rounds' percentiles, by what they are of. */
  readonly latencies: readonly { readonly name: string; readonly of: LatencySummary }[];
}

/** What latencies a line may have, and what they are called. */
const LATENCIES = [
  ['latency', 'latency, from when it was due'],
  ['serviceTime', 'service time, from when it began'],
  ['delivery', 'delivery, from when it was due to the reader'],
] as const;

const MILLION = 1e6;

function spreadOf(numbers: readonly number[]): Spread {
  return { median: median(numbers), low: Math.min(...numbers), high: Math.max(...numbers) };
}

/** The median of what lines say; undefined when one does not say it. */
function medianOf(lines: readonly BenchLine[], field: (line: BenchLine) => number | undefined): number | undefined {
  const numbers = lines.map(field).filter((number) => number !== undefined);
  return numbers.length === lines.length && numbers.length > 0 ? median(numbers) : undefined;
}

function latencyOf(lines: readonly BenchLine[], name: string): LatencySummary | undefined {
  const known = lines
    .map((line) => (line as unknown as Readonly<Record<string, LatencySummary | undefined>>)[name])
    .filter((latency) => latency !== undefined);
  const first = known[0];
  if (first === undefined) return undefined;
  const fields = Object.keys(first) as (keyof LatencySummary)[];
  return Object.fromEntries(
    fields.map((field) => [field, median(known.map((one) => one[field]))]),
  ) as unknown as LatencySummary;
}

function summaryOf(lines: readonly BenchLine[]): WorkSummary {
  const { work, engine } = lines[0] as BenchLine;
  const peak = lines.reduce((most, { peakRssBytes = 0 }) => Math.max(most, peakRssBytes), 0);
  return {
    work,
    engine,
    rounds: lines.length,
    recordsPerSecond: spreadOf(lines.map((line) => line.recordsPerSecond)),
    megabytesPerSecond: spreadOf(lines.map((line) => line.megabytesPerSecond)),
    cpuSecondsPerMillion: medianOf(lines, ({ cpuSeconds, records }) =>
      cpuSeconds === undefined ? undefined : (cpuSeconds / records) * MILLION,
    ),
    peakRssBytes: peak === 0 ? undefined : peak,
    bytesWritten: medianOf(lines, (line) => line.bytesWritten),
    storageBytesRead: medianOf(lines, (line) => line.storageBytesRead),
    latencies: LATENCIES.flatMap(([field, name]) => {
      const of = latencyOf(lines, field);
      return of === undefined ? [] : [{ name, of }];
    }),
  };
}

/** A row for each work, in the order in which they came. */
export function summarize(lines: readonly BenchLine[]): WorkSummary[] {
  const works = [...new Set(lines.map(({ work }) => work))];
  return works.map((work) => summaryOf(lines.filter((line) => line.work === work)));
}
