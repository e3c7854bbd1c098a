/** The page of one run of `seglog bench`: charts, the table, and every line as it came. */
import type { LatencySummary } from '../latency.ts';
import type { BenchLine } from '../line.ts';
import { unitOf } from '../report.ts';
import { summarize, type WorkSummary } from '../summary.ts';
import { bytesText, decimals, rateText } from '../text.ts';
import { barChart } from './bar-chart.ts';
import { paragraphHtml, preHtml, tableHtml } from './html.ts';
import { lineChart } from './line-chart.ts';
import { page, type PagePart } from './page.ts';

/** What the page tells besides the lines. */
export interface BenchPageFacts {
  /** The command, to be run again. */
  readonly command: string;
  /** Names and values: machine, system, versions, date. */
  readonly machine: readonly (readonly [name: string, value: string])[];
}

/** Where percentiles stand on an axis that shows the rare ones: at how many nines they have. */
const PERCENTILES = [
  ['p50Us', '50 %', 0.5],
  ['p90Us', '90 %', 0.9],
  ['p99Us', '99 %', 0.99],
  ['p999Us', '99.9 %', 0.999],
  ['p9999Us', '99.99 %', 0.9999],
] as const;

const nines = (share: number): number => -Math.log10(1 - share);

function speedPart(lines: readonly BenchLine[]): PagePart {
  const charts = summarize(lines).map(({ work }) => {
    const ofWork = lines.filter((line) => line.work === work);
    const bars = ofWork.map((line) => ({
      label: `round ${line.round}`,
      value: line.recordsPerSecond,
      note: line.megabytesPerSecond > 0 ? `${decimals(line.megabytesPerSecond, 0)} MB/s` : line.engine,
    }));
    return barChart({ title: work, unit: `${unitOf(work)}/s`, bars });
  });
  return { title: 'Speed, round by round', html: charts.join('\n') };
}

function latencyParts(summaries: readonly WorkSummary[]): PagePart[] {
  const series = summaries.flatMap(({ latencies }) =>
    latencies.map(({ name, of }) => ({
      name: name.split(',')[0] ?? name,
      points: PERCENTILES.map(([field, , share]) => ({ x: nines(share), y: of[field] })),
    })),
  );
  if (series.length === 0) return [];
  const chart = lineChart({
    ...{ title: 'Time of an operation', xLabel: 'share of operations that took no longer', yLabel: 'microseconds' },
    ...{ xScale: 'linear', yScale: 'log', series },
    xTicks: PERCENTILES.map(([, text, share]) => ({ at: nines(share), text })),
  });
  const header = ['', 'operations', ...PERCENTILES.map(([, text]) => text), 'longest'];
  const row = (name: string, of: LatencySummary): (string | number)[] => [
    ...[name, of.count],
    ...PERCENTILES.map(([field]) => decimals(of[field], 1)),
    decimals(of.maxUs, 1),
  ];
  const rows = summaries.flatMap(({ latencies }) => latencies.map(({ name, of }) => row(name, of)));
  const said =
    'Microseconds; medians of the rounds. With a rate, latency counts from when an operation was due, so that a stall is felt by all that should have begun meanwhile (corrected for coordinated omission); service time counts from when it began.';
  return [{ title: 'Latency', html: `${chart}\n${tableHtml(header, rows)}\n${paragraphHtml(said)}` }];
}

const UNKNOWN = '';

function summaryPart(summaries: readonly WorkSummary[]): PagePart {
  const header = [
    '',
    'engine',
    'rounds',
    'median',
    'lowest',
    'highest',
    'MB/s',
    'CPU s per million',
    'peak memory',
    'written',
    'from disk',
  ];
  const bytes = (count: number | undefined): string => (count === undefined ? UNKNOWN : bytesText(count));
  const rows = summaries.map((summary) => {
    const { work, engine, rounds, recordsPerSecond: speed, megabytesPerSecond } = summary;
    const rate = (value: number): string => rateText(value, unitOf(work));
    return [
      ...[work, engine, rounds, rate(speed.median), rate(speed.low), rate(speed.high)],
      megabytesPerSecond.median === 0 ? UNKNOWN : decimals(megabytesPerSecond.median, 0),
      summary.cpuSecondsPerMillion === undefined ? UNKNOWN : decimals(summary.cpuSecondsPerMillion, 3),
      ...[bytes(summary.peakRssBytes), bytes(summary.bytesWritten), bytes(summary.storageBytesRead)],
    ];
  });
  return { title: 'In numbers', html: tableHtml(header, rows) };
}

/** The page. */
export function benchPage(lines: readonly BenchLine[], { command, machine }: BenchPageFacts): string {
  const summaries = summarize(lines);
  const raw = lines.map((line) => JSON.stringify(line)).join('\n');
  return page({
    title: `seglog bench: ${summaries.map(({ work }) => work).join(', ')}`,
    lead: 'Speeds of one machine at one hour. Compare what was measured in the same run; a ratio to something else needs that in the same hour.',
    parts: [
      speedPart(lines),
      ...latencyParts(summaries),
      summaryPart(summaries),
      { title: 'Machine', html: tableHtml(['', ''], machine) },
      { title: 'The command', html: preHtml(command) },
      { title: 'Raw data', html: preHtml(raw) },
    ],
  });
}
