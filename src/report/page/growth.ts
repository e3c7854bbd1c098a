/** What was written when: the size over time, and the rates. */
import type { Figures } from '../contract.ts';
import { area, axis, bars, type Chart, chart, common, numberAxis, timeAxis } from './chart.ts';
import { el } from './dom.ts';
import { bytes, count, counted, digits, moment, short, span } from './format.ts';
import { colour } from './theme.ts';

/** The charts, or why there are none. */
export function growthCharts({ growth, timestamps, records }: Figures): HTMLElement {
  if (growth.records.length === 0) {
    return el('p', {}, records === 0 ? 'There are no records.' : 'No record has a timestamp that could be shown.');
  }
  const shown = growth.records.reduce((sum, found) => sum + found, 0);
  const remarks = [
    ...(shown < records
      ? [`${counted(records - shown, 'record')} not shown: without a timestamp, or far from now`]
      : []),
    ...(timestamps.outOfOrder > 0
      ? [
          `${counted(timestamps.outOfOrder, 'record')} stamped earlier than the one before, ` +
            `by up to ${span(timestamps.largestStepBackMs)}`,
        ]
      : []),
    ...(timestamps.inFuture > 0 ? [`${counted(timestamps.inFuture, 'record')} stamped in the future`] : []),
    ...(timestamps.before2001 > 0 ? [`${counted(timestamps.before2001, 'record')} stamped before 2001`] : []),
  ];
  return el(
    'div',
    {},
    el('div', { class: 'charts' }, sizeChart(growth).element, byteRate(growth).element, recordRate(growth).element),
    remarks.length === 0 ? null : el('p', { class: 'remark' }, `${remarks.join('; ')}.`),
  );
}

type Growth = Figures['growth'];

function starts({ startMs, stepMs, records }: Growth): number[] {
  return records.map((_, at) => startMs + at * stepMs);
}

function periodOf({ startMs, stepMs }: Growth, place: number): string {
  return `${moment(startMs + place * stepMs)}, ${span(stepMs)}`;
}

const SYNC = 'time';
const cursor = { sync: { key: SYNC }, drag: { x: true, y: false }, y: false, points: { show: false } };

function sizeChart(growth: Growth): Chart {
  let sum = 0;
  const ends = growth.bytes.map((found) => (sum += found));
  const times = starts(growth).map((start) => start + growth.stepMs);
  const place = (at: number): number => times[at] ?? 0;
  return chart({
    title: 'Size over time',
    summary: `${bytes(sum)} in ${span(growth.stepMs * growth.bytes.length)}, by the timestamps of what is still there.`,
    options: () => ({
      ...common(),
      cursor,
      scales: { y: { range: (_u, _min, max) => [0, max === 0 ? 1 : max * 1.08] } },
      axes: [timeAxis(), numberAxis(bytes)],
      series: [{}, area(colour('--accent'), colour('--accent-soft'))],
    }),
    data: [
      [place(0) - growth.stepMs, ...times],
      [0, ...ends],
    ],
    places: ends.length,
    at: place,
    placeOf: (value) => Math.floor((value - growth.startMs) / growth.stepMs),
    reading: (at) => `${moment(place(at))}: ${bytes(ends[at] ?? 0)}`,
    table: () => ({
      label: 'Size over time',
      columns: [{ name: 'until' }, { name: 'size', isNumber: true }, { name: 'added', isNumber: true }],
      rows: ends.map((end, at) => ({ cells: [moment(place(at)), bytes(end), bytes(growth.bytes[at] ?? 0)] })),
    }),
  });
}

function rate(values: readonly number[], { stepMs }: Growth): number[] {
  return values.map((value) => (value / stepMs) * 1000);
}

function peakText(rates: readonly number[], growth: Growth, text: (value: number) => string): string {
  const peak = rates.reduce((best, found, at) => (found > (rates[best] ?? 0) ? at : best), 0);
  const busy = rates.filter((found) => found > 0).length;
  return (
    `At most ${text(rates[peak] ?? 0)}, from ${moment(growth.startMs + peak * growth.stepMs)} on; ` +
    `something in ${busy} of ${counted(rates.length, 'stretch', 'stretches')} of ${span(growth.stepMs)}.`
  );
}

function rateChart(growth: Growth, rates: readonly number[], { title, text, fill, columns, cells }: RateSpec): Chart {
  const times = starts(growth);
  return chart({
    title,
    summary: peakText(rates, growth, text),
    options: () => ({
      ...common(),
      cursor,
      scales: {
        y: { range: (_u, _min, max) => [0, max === 0 ? 1 : max * 1.08] },
      },
      axes: [
        timeAxis(),
        axis({ size: 62, values: (_, splits) => splits.map((split) => text(split).replace('/s', '')) }),
      ],
      series: [{}, bars(colour(fill))],
    }),
    // One place more, so that the last bar has room.
    data: [
      [...times, growth.startMs + growth.stepMs * rates.length],
      [...rates, null],
    ],
    places: rates.length,
    at: (place) => (times[place] ?? 0) + growth.stepMs / 2,
    placeOf: (value) => Math.floor((value - growth.startMs) / growth.stepMs),
    reading: (place) => `${periodOf(growth, place)}: ${text(rates[place] ?? 0)}`,
    table: () => ({
      label: title,
      columns: [{ name: 'from' }, ...columns.map((name) => ({ name, isNumber: true }))],
      rows: rates.map((_, at) => ({ cells: [moment(times[at] ?? 0), ...cells(at)] })),
    }),
  });
}

interface RateSpec {
  readonly title: string;
  readonly text: (value: number) => string;
  readonly fill: string;
  readonly columns: readonly string[];
  readonly cells: (place: number) => string[];
}

function byteRate(growth: Growth): Chart {
  const rates = rate(growth.bytes, growth);
  return rateChart(growth, rates, {
    title: 'Bytes written a second',
    text: (value) => `${bytes(Number(value.toPrecision(3)))}/s`,
    fill: '--accent',
    columns: ['in the log', 'uncompressed', 'a second'],
    cells: (at) => [
      bytes(growth.bytes[at] ?? 0),
      bytes(growth.recordBytes[at] ?? 0),
      `${bytes(Number((rates[at] ?? 0).toPrecision(3)))}/s`,
    ],
  });
}

function recordRate(growth: Growth): Chart {
  const rates = rate(growth.records, growth);
  return rateChart(growth, rates, {
    title: 'Records a second',
    text: (value) => `${value < 1000 ? digits(value) : short(value)}/s`,
    fill: '--second',
    columns: ['records', 'a second'],
    cells: (at) => [count(growth.records[at] ?? 0), digits(rates[at] ?? 0)],
  });
}
