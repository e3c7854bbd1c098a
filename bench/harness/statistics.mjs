/** A few numbers said in one. */

/** The middle of some numbers; of an even count, the mean of the two in the middle. NaN of none. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and extremes, how far the extremes lie apart as a share of the median, and of how many numbers. */
export function summary(numbers) {
  const middle = median(numbers);
  const least = Math.min(...numbers);
  const most = Math.max(...numbers);
  return { median: middle, least, most, spread: (most - least) / middle, count: numbers.length };
}

/** How many times as good a value is as another: as fast, or as small where less is better. */
export function ratioOf(value, base, better) {
  return better === 'less' ? base / value : value / base;
}

/**
 * How many times as good one side is as another, turn by turn: each turn's value by the other side's of the same turn, since
 * a machine's speed changes with the hours and a turn of one follows that of the other at once. Undefined where no turn has both.
 */
export function ratios(values, bases, better) {
  const paired = [];
  for (const [turn, value] of values.entries()) {
    const base = bases[turn];
    if (value !== undefined && base !== undefined) paired.push(ratioOf(value, base, better));
  }
  return paired.length === 0 ? undefined : summary(paired);
}

/**
 * What came of a promise: `least` (or `most`) is what was promised, `aim` what we are after.
 *
 * @param {{ least?: number, most?: number, aim?: number }} target
 * @param {number | undefined} value
 */
export function judge({ least, most, aim }, value) {
  if (value === undefined || Number.isNaN(value)) return undefined;
  const reached = (least === undefined || value >= least) && (most === undefined || value <= most);
  if (aim === undefined) return { reached };
  return { reached, aimReached: most === undefined ? value >= aim : value <= aim };
}
