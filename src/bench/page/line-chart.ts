/** Lines over an axis: how something grows. */
import { escapeHtml } from './html.ts';
import { type Scale, type ScaleKind, scaleOf, shortNumber } from './scale.ts';

/** A point, with the spread of what it is the middle of. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

/** A line. */
export interface Series {
  readonly name: string;
  readonly points: readonly ChartPoint[];
}

/** What a line chart shows. */
export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale: ScaleKind;
  readonly yScale: ScaleKind;
  readonly series: readonly Series[];
  /** What is written at the x axis in place of its numbers. */
  readonly xTicks?: readonly { readonly at: number; readonly text: string }[];
}

const WIDTH = 760;
const HEIGHT = 320;
const PLOT = { left: 70, top: 44, right: 150, bottom: 46 } as const;
const PLOT_WIDTH = WIDTH - PLOT.left - PLOT.right;
const PLOT_HEIGHT = HEIGHT - PLOT.top - PLOT.bottom;
const PLOT_END = HEIGHT - PLOT.bottom;
const COLOURS = 8;

interface Axes {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function axesOf(x: Scale, y: Scale): Axes {
  return {
    x: (value) => Number((PLOT.left + x.place(value) * PLOT_WIDTH).toFixed(1)),
    y: (value) => Number((PLOT_END - y.place(value) * PLOT_HEIGHT).toFixed(1)),
  };
}

function xAxis({ xTicks }: LineChart, scale: Scale, { x }: Axes): string {
  const ticks = xTicks ?? scale.ticks.map((at) => ({ at, text: shortNumber(at) }));
  return ticks
    .map(({ at, text }) => {
      const line = `<path class="grid" d="M${x(at)} ${PLOT.top}V${PLOT_END}"/>`;
      return `${line}<text class="quiet" x="${x(at)}" y="${PLOT_END + 16}" text-anchor="middle">${escapeHtml(text)}</text>`;
    })
    .join('');
}

function yAxis(scale: Scale, { y }: Axes): string {
  return scale.ticks
    .map((at) => {
      const line = `<path class="grid" d="M${PLOT.left} ${y(at)}H${PLOT.left + PLOT_WIDTH}"/>`;
      return `${line}<text class="quiet" x="${PLOT.left - 6}" y="${y(at) + 4}" text-anchor="end">${shortNumber(at)}</text>`;
    })
    .join('');
}

function seriesSvg({ name, points }: Series, i: number, { x, y }: Axes): string {
  const colour = `var(--c${i % COLOURS})`;
  const path = points.map((point, at) => `${at === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`).join('');
  const marks = points.map((point) => {
    const { low, high } = point;
    const spread = low === undefined || high === undefined ? '' : `M${x(point.x)} ${y(low)}V${y(high)}`;
    return `<path d="${spread}" style="stroke:${colour}"/><circle cx="${x(point.x)}" cy="${y(point.y)}" r="3" style="fill:${colour}"/>`;
  });
  const legend = PLOT.top + 12 + i * 18;
  const left = PLOT.left + PLOT_WIDTH + 14;
  return [
    `<path d="${path}" style="fill:none;stroke-width:2;stroke:${colour}"/>`,
    ...marks,
    `<rect x="${left}" y="${legend - 9}" width="10" height="10" style="fill:${colour}"/>`,
    `<text x="${left + 15}" y="${legend}">${escapeHtml(name)}</text>`,
  ].join('');
}

/** The chart as SVG. */
export function lineChart(chart: LineChart): string {
  const { title, xLabel, yLabel, xScale, yScale, series, xTicks = [] } = chart;
  const points = series.flatMap((one) => one.points);
  const x = scaleOf(xScale, [...points.map((point) => point.x), ...xTicks.map(({ at }) => at)]);
  const y = scaleOf(
    yScale,
    points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
  );
  const axes = axesOf(x, y);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img" aria-label="${escapeHtml(title)}">`,
    `<text class="title" x="0" y="16">${escapeHtml(title)}</text>`,
    xAxis(chart, x, axes),
    yAxis(y, axes),
    `<text class="quiet" x="${PLOT.left + PLOT_WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(xLabel)}</text>`,
    `<text class="quiet" x="${PLOT.left}" y="${PLOT.top - 6}">${escapeHtml(yLabel)}</text>`,
    ...series.map((one, i) => seriesSvg(one, i, axes)),
    '</svg>',
  ].join('\n');
}
