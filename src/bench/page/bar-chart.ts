/** Bars that lie below one another: what is compared at one size. */
import { escapeHtml } from './html.ts';
import { scaleOf, shortNumber } from './scale.ts';

/** A bar, with the spread of what it is the middle of. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Ends of a whisker. */
  readonly low?: number;
  readonly high?: number;
  /** Said behind the number. */
  readonly note?: string;
  /** Bars of one kind have one: 0, 1, ...; 0 when left out. */
  readonly colour?: number;
}

/** What a bar chart shows. */
export interface BarChart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LABEL_WIDTH = 190;
const NOTE_WIDTH = 200;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - NOTE_WIDTH;
const ROW_HEIGHT = 26;
const TOP = 28;
const COLOURS = 8;

function whisker(bar: Bar, y: number, place: (value: number) => number): string {
  const { low, high } = bar;
  if (low === undefined || high === undefined) return '';
  const [from, to] = [place(low), place(high)];
  return `<path class="whisker" d="M${from} ${y + 13}H${to}M${from} ${y + 9}v8M${to} ${y + 9}v8"/>`;
}

/** The chart as SVG. Bars start at 0, so that their lengths may be compared. */
export function barChart({ title, unit, bars }: BarChart): string {
  const scale = scaleOf('linear', [0, ...bars.flatMap(({ value, high }) => [value, high ?? value])]);
  const place = (value: number): number => Number((LABEL_WIDTH + scale.place(value) * BAR_WIDTH).toFixed(1));
  const height = TOP + bars.length * ROW_HEIGHT + 6;
  const rows = bars.map((bar, i) => {
    const y = TOP + i * ROW_HEIGHT;
    const width = Math.max(0, place(bar.value) - LABEL_WIDTH).toFixed(1);
    const said = `${shortNumber(bar.value)} ${unit}${bar.note === undefined ? '' : `, ${bar.note}`}`;
    const end = place(Math.max(bar.value, bar.high ?? bar.value)) + 6;
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 17}" text-anchor="end">${escapeHtml(bar.label)}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y + 5}" width="${width}" height="16" style="fill:var(--c${(bar.colour ?? 0) % COLOURS})"/>`,
      whisker(bar, y, place),
      `<text x="${end}" y="${y + 17}">${escapeHtml(said)}</text>`,
    ].join('');
  });
  const heading = `<text class="title" x="0" y="16">${escapeHtml(title)}</text>`;
  const name = escapeHtml(title);
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="${name}">${heading}${rows.join('\n')}</svg>`;
}
