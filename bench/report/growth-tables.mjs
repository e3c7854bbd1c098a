/** Series of how cost grows, as tables: a row for each point, a column for each side. */
import { SIDES } from '../peers/sides.mjs';
import { short, summaryText } from './numbers.mjs';

export function growthRows({ axis, unit, sides }) {
  const names = Object.keys(sides);
  const xs = [...new Set(names.flatMap((name) => sides[name].points.map(({ x }) => x)))].sort((a, b) => a - b);
  const textAt = (name, x) => {
    const { points, reason } = sides[name];
    const point = points.find((one) => one.x === x);
    if (point === undefined) return reason === undefined ? '' : `not available: ${reason}`;
    return point.reason === undefined ? summaryText(point, unit) : `not available: ${point.reason}`;
  };
  const rows = xs.map((x) => [short(x)].concat(names.map((name) => textAt(name, x))));
  return { head: [axis, ...names.map((name) => SIDES[name]?.title ?? name)], rows };
}
