/** The table of `seglog bench --table`. */
import type { BenchLine } from '../bench/line.ts';
import { unitOf } from '../bench/report.ts';
import { summarize, type WorkSummary } from '../bench/summary.ts';
import { bytesText, countText, decimals, rateText } from '../bench/text.ts';
import { plainTable } from './plain-table.ts';

const NOT_KNOWN = '-';

function bytesOf(bytes: number | undefined): string {
  return bytes === undefined ? NOT_KNOWN : bytesText(bytes);
}

function speedRow(summary: WorkSummary): string[] {
  const { work, engine, rounds, recordsPerSecond: speed, megabytesPerSecond, cpuSecondsPerMillion } = summary;
  const rate = (value: number): string => rateText(value, unitOf(work));
  return [
    ...[work, engine, countText(rounds), rate(speed.median), `${rate(speed.low)} to ${rate(speed.high)}`],
    megabytesPerSecond.median === 0 ? NOT_KNOWN : decimals(megabytesPerSecond.median, 0),
    cpuSecondsPerMillion === undefined ? NOT_KNOWN : decimals(cpuSecondsPerMillion, 3),
    ...[bytesOf(summary.peakRssBytes), bytesOf(summary.bytesWritten), bytesOf(summary.storageBytesRead)],
  ];
}

function latencyRows({ work, latencies }: WorkSummary): string[][] {
  return latencies.map(({ name, of }) => [
    `${work}: ${name}`,
    countText(of.count),
    ...[of.minUs, of.p50Us, of.p90Us, of.p99Us, of.p999Us, of.p9999Us, of.maxUs].map((time) => decimals(time, 1)),
  ]);
}

/** A row for each work; and one for each kind of latency, in microseconds. Medians of the rounds. */
export function benchTable(lines: readonly BenchLine[]): string {
  const summaries = summarize(lines);
  const speeds = plainTable(
    [
      ['work', 'left'],
      ['engine', 'left'],
      ['rounds', 'right'],
      ['median', 'right'],
      ['rounds from and to', 'right'],
      ['MB/s', 'right'],
      ['CPU s/million', 'right'],
      ['peak memory', 'right'],
      ['written', 'right'],
      ['from disk', 'right'],
    ],
    summaries.map(speedRow),
  );
  const rows = summaries.flatMap(latencyRows);
  if (rows.length === 0) return speeds;
  const times = ['times', 'least', '50 %', '90 %', '99 %', '99.9 %', '99.99 %', 'longest'] as const;
  const head = [['microseconds', 'left'] as const, ...times.map((name) => [name, 'right'] as const)];
  return `${speeds}\n${plainTable(head, rows)}`;
}
