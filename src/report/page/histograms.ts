/** How large batches are, and how well they are filled. */
import type { Distribution, Figures } from '../contract.ts';
import { axis, bars, type Chart, chart, common, numberAxis } from './chart.ts';
import { el } from './dom.ts';
import { binary, bytes, count, counted, digits, share, short } from './format.ts';
import { colour } from './theme.ts';
import { table } from './table.ts';

/** A label of the x axis takes about so many pixels. */
const LABEL_WIDTH = 58;

/** Both charts, and the sizes of records. */
export function batchCharts({ batchBytes, batchRecords, recordSizes, keySizes, valueSizes }: Figures): HTMLElement {
  if (batchBytes.count === 0) return el('p', {}, 'There is no whole batch.');
  return el(
    'div',
    {},
    el(
      'div',
      { class: 'charts' },
      histogram('Batch sizes', batchBytes, { text: bytes, label: binary }, '--accent').element,
      histogram('Records a batch', batchRecords, { text: count, label: short }, '--second').element,
    ),
    el('h3', {}, 'Sizes'),
    sizeTable([
      ['batches', batchBytes],
      ['records', recordSizes],
      ['keys', keySizes],
      ['values', valueSizes],
    ]),
  );
}

/** How sizes are said: exactly, and those where classes begin. */
interface Words {
  readonly text: (value: number) => string;
  readonly label: (value: number) => string;
}

function histogram(
  title: string,
  { classes, count: total, p50, p99, max }: Distribution,
  { text, label }: Words,
  fill: string,
): Chart {
  const labels = classes.map(([from]) => label(from));
  const places = classes.map((_, at) => at);
  const rangeOf = ([from, to]: Distribution['classes'][number]): string =>
    from === to ? label(from) : `${label(from)} to below ${label(to + 1)}`;
  return chart({
    title,
    summary: `Half are at most ${text(p50 ?? 0)}, 99 % at most ${text(p99 ?? 0)}, the largest ${text(max ?? 0)}.`,
    options: () => ({
      ...common(),
      cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
      scales: {
        x: { time: false, range: [-0.6, classes.length - 0.4] },
        y: { range: (_u, _min, most) => [0, most === 0 ? 1 : most * 1.08] },
      },
      axes: [
        axis({
          size: 26,
          splits: () => places,
          grid: { show: false },
          values: (u) => {
            const step = Math.max(1, Math.ceil((classes.length * LABEL_WIDTH) / Math.max(1, u.width - 70)));
            return places.map((at) => (at % step === 0 ? (labels[at] ?? '') : ''));
          },
        }),
        numberAxis(short, 50),
      ],
      series: [{}, bars(colour(fill), true)],
    }),
    data: [places, classes.map(([, , found]) => found)],
    places: classes.length,
    at: (place) => place,
    reading: (place) => {
      const found = classes[place] ?? [0, 0, 0];
      return `${rangeOf(found)}: ${counted(found[2], 'batch', 'batches')}, ${share(found[2], total)}`;
    },
    table: () => ({
      label: title,
      columns: [{ name: 'size' }, { name: 'batches', isNumber: true }, { name: 'share', isNumber: true }],
      rows: classes.map((found) => ({ cells: [rangeOf(found), count(found[2]), share(found[2], total)] })),
    }),
  });
}

function sizeTable(rows: readonly (readonly [string, Distribution])[]): HTMLElement {
  const text = (value: number | null): string => (value === null ? '–' : bytes(value));
  return table({
    label: 'Sizes of batches, records, keys and values',
    columns: [
      { name: 'of' },
      ...['number', 'mean', 'least', 'median', '90 %', '99 %', 'most', 'sum'].map((name) => ({ name, isNumber: true })),
    ],
    rows: rows.map(([name, of]) => ({
      cells: [
        ...[name, count(of.count), of.mean === null ? '–' : `${digits(of.mean)} B`, text(of.min), text(of.p50)],
        ...[text(of.p90), text(of.p99), text(of.max), bytes(of.sum)],
      ],
    })),
  });
}
