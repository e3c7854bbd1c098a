/** From numbers to places on a chart. */

/** How a chart's axis grows. */
export type ScaleKind = 'linear' | 'log';

/** An axis: where a number stands between 0 and 1, and the numbers that are written at it. */
export interface Scale {
  place(value: number): number;
  readonly ticks: readonly number[];
}

/** About so many numbers stand at an axis. */
const TICKS = 5;
const STEPS = [1, 2, 5, 10];

function linearScale(low: number, high: number): Scale {
  const from = Math.min(0, low);
  const end = high > from ? high : from + 1;
  const rough = (end - from) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (STEPS.find((factor) => factor * power >= rough) ?? 10);
  const to = Math.ceil(end / step) * step;
  const first = Math.floor(from / step) * step;
  const count = Math.round((to - first) / step);
  return {
    place: (value) => (value - first) / (to - first),
    ticks: Array.from({ length: count + 1 }, (_, i) => first + i * step),
  };
}

function logScale(low: number, high: number): Scale {
  const from = Math.floor(Math.log10(low));
  const to = Math.max(from + 1, Math.ceil(Math.log10(high)));
  return {
    place: (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from),
    ticks: Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i)),
  };
}

/**
 * An axis with room for all the values. A linear one starts at 0, so that lengths may be compared; a logarithmic one has no
 * place for 0 and less: such values stand at its start.
 */
export function scaleOf(kind: ScaleKind, values: readonly number[]): Scale {
  const fitting = values.filter((value) => Number.isFinite(value) && (kind === 'linear' || value > 0));
  if (fitting.length === 0) return linearScale(0, 1);
  const low = fitting.reduce((least, value) => Math.min(least, value));
  const high = fitting.reduce((most, value) => Math.max(most, value));
  return kind === 'log' ? logScale(low, high) : linearScale(low, high);
}

const UNITS: readonly (readonly [number, string])[] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A number at an axis or a bar: three digits and a unit of a thousand. */
export function shortNumber(value: number): string {
  const [unit, letter] = UNITS.find(([size]) => Math.abs(value) >= size) ?? [1, ''];
  return `${Number((value / unit).toPrecision(3))}${letter === '' ? '' : ` ${letter}`}`;
}
