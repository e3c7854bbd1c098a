/**
 * Charts: uPlot draws, and around it stands what makes a drawing readable without eyes or a mouse: a sentence, a line that reads
 * the place under the pointer, arrow keys that move it, and a table of the same numbers.
 */
import uPlot from 'uplot';
import { el, lazyDetails } from './dom.ts';
import { table, type TableSpec } from './table.ts';
import { colour, onTheme } from './theme.ts';

const HEIGHT = 200;
/** Places that a larger step moves over. */
const LEAP = 10;
const FONT = '12px system-ui, sans-serif';

/** A chart to be made. */
export interface ChartSpec {
  readonly title: string;
  /** What it shows, in a sentence. */
  readonly summary: string;
  readonly height?: number;
  /** uPlot's options without size; made anew when colours change. */
  readonly options: () => Omit<uPlot.Options, 'width' | 'height'>;
  readonly data: uPlot.AlignedData;
  /** How many places there are. */
  readonly places: number;
  /** Where a place is on the x axis. */
  readonly at: (place: number) => number;
  /** The place under a value of the x axis; by default the nearest in the data. */
  readonly placeOf?: (value: number) => number;
  /** What a place says. */
  readonly reading: (place: number) => string;
  readonly table: () => TableSpec;
  /** Called when a place is chosen, by click or the enter key. */
  readonly choose?: (place: number) => void;
}

/** A chart that is on the page. */
export interface Chart {
  readonly element: HTMLElement;
  /** Moves to a place, and reads it. */
  readonly move: (place: number) => void;
  readonly focus: () => void;
  readonly redraw: () => void;
}

const alive = new Set<() => boolean>();
// A chart that left the page is forgotten when colours change next.
onTheme(() => {
  for (const rebuild of alive) if (!rebuild()) alive.delete(rebuild);
});

/** Makes a chart. */
export function chart(spec: ChartSpec): Chart {
  const reading = el('p', { class: 'reading' }, ' ');
  const spoken = el('p', { class: 'unseen', 'aria-live': 'polite' });
  const plot = el('div', {
    class: 'plot',
    role: 'group',
    tabindex: 0,
    'aria-label': `${spec.title}. ${spec.summary} Arrow keys read it place by place; the same numbers are in the table below.`,
  });
  const element = el(
    'figure',
    { class: 'chart' },
    el('figcaption', {}, el('strong', {}, spec.title), el('span', {}, spec.summary)),
    plot,
    reading,
    spoken,
    lazyDetails('As a table', () => table(spec.table())),
  );
  const drawing = new Drawing(spec, plot, reading);
  alive.add(() => drawing.rebuild());
  plot.addEventListener('keydown', (event) => {
    const place = stepOf(event, drawing.place, spec.places);
    if (place !== undefined) {
      drawing.move(place);
      spoken.textContent = spec.reading(place);
      event.preventDefault();
    } else if (event.key === 'Enter' && drawing.place !== undefined) {
      spec.choose?.(drawing.place);
    } else if (event.key === 'Escape') {
      drawing.wholeRange();
    }
  });
  return {
    element,
    move: (place) => drawing.move(place),
    focus: () => plot.focus(),
    redraw: () => drawing.redraw(),
  };
}

/** Where a key leads; undefined for keys that lead nowhere. */
function stepOf({ key }: KeyboardEvent, place: number | undefined, places: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    PageDown: LEAP,
    PageUp: -LEAP,
    Home: -places,
    End: places,
  };
  const step = steps[key];
  if (step === undefined || places === 0) return undefined;
  const from = place ?? (step > 0 ? -1 : places);
  return Math.max(0, Math.min(places - 1, from + step));
}

class Drawing {
  place: number | undefined;
  readonly #spec: ChartSpec;
  readonly #plot: HTMLElement;
  readonly #reading: HTMLElement;
  #chart: uPlot | undefined;

  constructor(spec: ChartSpec, plot: HTMLElement, reading: HTMLElement) {
    this.#spec = spec;
    this.#plot = plot;
    this.#reading = reading;
    // The width is known once the element is on the page.
    new ResizeObserver(() => this.#fit()).observe(plot);
  }

  #fit(): void {
    const width = this.#plot.clientWidth;
    if (width === 0) return;
    if (this.#chart === undefined) this.#make(width);
    else this.#chart.setSize({ width, height: this.#height });
  }

  get #height(): number {
    return this.#spec.height ?? HEIGHT;
  }

  #make(width: number): void {
    const options = this.#spec.options();
    const hooks = { ...options.hooks, setCursor: [(u: uPlot) => this.#pointed(u)] };
    this.#chart = new uPlot({ ...options, hooks, width, height: this.#height }, this.#spec.data, this.#plot);
    this.#chart.over.addEventListener('click', () => {
      if (this.place !== undefined) this.#spec.choose?.(this.place);
    });
  }

  /** Draws with the colours of now; false when the chart is on the page no more. */
  rebuild(): boolean {
    if (!this.#plot.isConnected) return false;
    this.#chart?.destroy();
    this.#chart = undefined;
    this.#fit();
    return true;
  }

  redraw(): void {
    this.#chart?.redraw(false);
  }

  wholeRange(): void {
    this.#chart?.setData(this.#spec.data, true);
  }

  move(place: number): void {
    this.place = place;
    this.#reading.textContent = this.#spec.reading(place);
    const left = this.#chart?.valToPos(this.#spec.at(place), 'x');
    if (left === undefined) return;
    this.#chart?.setCursor({ left, top: 0 }, false);
    this.redraw();
  }

  #pointed(u: uPlot): void {
    const { idx, left } = u.cursor;
    if (left === undefined || left < 0) return;
    const { placeOf } = this.#spec;
    const place = placeOf === undefined ? (idx ?? undefined) : placeOf(u.posToVal(left, 'x'));
    if (place === undefined || place < 0 || place >= this.#spec.places) return;
    this.place = place;
    this.#reading.textContent = this.#spec.reading(place);
  }
}

/** An axis in the colours of the page. */
export function axis(more: uPlot.Axis = {}): uPlot.Axis {
  const line = colour('--line');
  return {
    stroke: colour('--quiet'),
    font: FONT,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    gap: 4,
    ...more,
  };
}

/** What all charts have in common. */
export function common(): Pick<uPlot.Options, 'legend' | 'ms' | 'tzDate'> {
  return { legend: { show: false }, ms: 1, tzDate: (ms) => uPlot.tzDate(new Date(ms), 'Etc/UTC') };
}

/** An axis of times: UTC, days and hours as they are read. */
export function timeAxis(): uPlot.Axis {
  return axis({
    size: 42,
    space: 80,
    values: [
      [31_536_000_000, '{YYYY}', null, null, null, null, null, null, 1],
      [2_419_200_000, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
      [86_400_000, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
      [60_000, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
      [1000, '{HH}:{mm}:{ss}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
      [1, '{ss}.{fff}', '\n{YYYY}-{MM}-{DD} {HH}:{mm}', null, '\n{MM}-{DD} {HH}:{mm}', null, '\n{HH}:{mm}', null, 1],
    ],
  });
}

/** An axis of numbers. */
export function numberAxis(values: (value: number) => string, size = 62): uPlot.Axis {
  return axis({ size, values: (_, splits) => splits.map((split) => values(split)) });
}

/** Bars that start where their place does. */
export function bars(fill: string, isCentered = false): uPlot.Series {
  const { bars: make } = uPlot.paths;
  if (make === undefined) throw new Error('uPlot has no bars');
  return {
    fill,
    stroke: fill,
    width: 0,
    paths: make({ size: [0.86, 80], align: isCentered ? 0 : 1 }),
    points: { show: false },
  };
}

/** A line over a filled area. */
export function area(stroke: string, fill: string): uPlot.Series {
  return { stroke, fill, width: 2, points: { show: false } };
}
