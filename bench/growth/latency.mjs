/** Latency beside throughput: of an axis whose lines have the service times of single operations, a second series. */
import { median, summary } from '../harness/statistics.mjs';

const PERCENTILES = [
  { name: 'p50', field: 'p50Us' },
  { name: 'p99', field: 'p99Us' },
];

/** The work whose warm lines a turn's percentiles come from; of a line without times nothing is said. */
function timesOf(lines, work, warm) {
  return lines
    .filter((line) => line.work === work)
    .slice(warm)
    .flatMap(({ serviceTime }) => (serviceTime === undefined ? [] : [serviceTime]));
}

/**
 * The points of one `x`: for each engine and percentile the summary of its turns, in microseconds.
 *
 * @param {Record<string, { turns: { lines: object[] }[] }>} sides as harness/turns.mjs answers them
 */
export function latencyPoints(sides, { x, work, warm }) {
  return Object.entries(sides).flatMap(([side, { turns }]) =>
    PERCENTILES.flatMap(({ name, field }) => {
      const values = turns.flatMap(({ lines }) => {
        const times = timesOf(lines, work, warm).map((time) => time[field]);
        return times.length === 0 ? [] : [median(times)];
      });
      return values.length === 0 ? [] : [{ series: `${side}, ${name}`, point: { x, ...summary(values) } }];
    }),
  );
}

/** The series of an axis: undefined where no line had times. */
export function latencySeries({ name, title, axis, latency }, points) {
  if (points.length === 0) return undefined;
  const sides = {};
  for (const { series, point } of points) {
    sides[series] ??= { points: [] };
    sides[series].points.push(point);
  }
  return {
    name: `${name}-latency`,
    title: `${title}: latency`,
    axis,
    unit: 'us',
    better: 'less',
    note: `${latency.note} Service time, from its begin to its end, in microseconds.`,
    sides,
  };
}
