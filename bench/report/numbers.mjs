/** Numbers as people read them. */

const DIGITS = 3;

/** Three digits, with a letter for thousands: 24.5 M, 7.12 k, 0.0123. */
export function short(number) {
  const steps = [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ];
  for (const [step, letter] of steps) {
    if (Math.abs(number) >= step * 0.9995) return `${Number((number / step).toPrecision(DIGITS))}${letter}`;
  }
  return String(Number(number.toPrecision(DIGITS)));
}

function secondsText(seconds) {
  return seconds < 1
    ? `${Number((seconds * 1000).toPrecision(DIGITS))} ms`
    : `${Number(seconds.toPrecision(DIGITS))} s`;
}

/** A value in its unit. */
export function valueText(value, unit) {
  if (unit === 's') return secondsText(value);
  if (unit === 'share') return `${Math.round(value * 100)} %`;
  if (unit !== 'records/s') return `${Number(value.toPrecision(DIGITS))} ${unit}`;
  const text = short(value);
  return `${text}${/[GMk]$/.test(text) ? '' : ' '}/s`;
}

/** A share of a limit, as a percentage of at least two digits. */
export function shareText(share) {
  return `${Number((share * 100).toPrecision(2))} %`;
}

/** A ratio with its extremes: 2.41 (2.3 - 2.52). */
export function ratioText({ median, least, most, count }) {
  const text = (number) => String(Number(number.toPrecision(DIGITS)));
  return count === 1 ? text(median) : `${text(median)} (${text(least)} - ${text(most)})`;
}

/** A summary in its unit: median (least - most). */
export function summaryText({ median, least, most, count }, unit) {
  const [middle, from, to] = [median, least, most].map((value) => valueText(value, unit));
  return count === 1 ? middle : `${middle} (${from} - ${to})`;
}
