/** A few numbers said in one. */

/** The middle of some numbers; of an even count, the mean of the two in the middle. NaN of none. */
function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, extremes, and how far they lie apart as a share of the median. */
export function summary(numbers) {
  const middle = median(numbers);
  const least = Math.min(...numbers);
  const most = Math.max(...numbers);
  return { median: middle, least, most, spread: (most - least) / middle, count: numbers.length };
}
