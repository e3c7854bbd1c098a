/** The segments of a partition as a skyline: where each begins and ends, by time or by offset, and how large it is. */
import type uPlot from 'uplot';
import type { PartitionDetail } from '../contract.ts';
import { axis, type Chart, chart, common, numberAxis, timeAxis } from './chart.ts';
import { button, el, replace } from './dom.ts';
import { bytes, count, counted, moment, short } from './format.ts';
import type { TableSpec } from './table.ts';
import { colour } from './theme.ts';

/** Laid out by time at first where at least that share of the whole time lies within segments. */
const LEAST_WITHIN = 0.25;

/** By what segments are laid out. */
type Mode = 'time' | 'offset';

/** What the timeline asks of the page. */
export interface TimelineActions {
  /** Shows what was found about a segment. */
  readonly findings: (base: number, next: number | undefined) => void;
}

/** The timeline. */
export interface Timeline {
  readonly element: HTMLElement;
  /** Goes to the segment that an offset is in. */
  readonly go: (offset: number) => void;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Makes it. */
export function timeline({ segments, figures }: PartitionDetail, actions: TimelineActions): Timeline {
  if (segments.base.length === 0) return { element: el('p', {}, 'There are no segments.'), go: () => undefined };
  const view = new TimelineView(segments, figures.growth, actions);
  return { element: view.element, go: (offset) => view.go(offset) };
}

class TimelineView {
  readonly element: HTMLElement;
  readonly #segments: PartitionDetail['segments'];
  readonly #growth: PartitionDetail['figures']['growth'];
  readonly #actions: TimelineActions;
  readonly #holder: HTMLElement = el('div');
  readonly #chosen: HTMLElement = el('div', { class: 'chosen', id: 'segment', role: 'status' });
  #selected: number | undefined;
  #chart: Chart | undefined;

  constructor(
    segments: PartitionDetail['segments'],
    growth: PartitionDetail['figures']['growth'],
    actions: TimelineActions,
  ) {
    this.#segments = segments;
    this.#growth = growth;
    this.#actions = actions;
    const modes = this.#modes();
    const choice = el('fieldset', { class: 'choice' }, el('legend', {}, 'Laid out by'));
    for (const mode of modes) {
      const input = el('input', { type: 'radio', name: 'layout', value: mode, checked: mode === modes[0] });
      input.addEventListener('change', () => this.#draw(mode));
      choice.append(el('label', {}, input, mode));
    }
    this.element = el('div', {}, choice, this.#holder, this.#chosen);
    this.#draw(modes[0] ?? 'offset');
    this.#tell();
  }

  go(offset: number): void {
    const { base } = this.#segments;
    const at = base.findLastIndex((from) => from <= offset);
    this.#select(Math.max(0, at));
    this.#chart?.move(Math.max(0, at));
    this.#chart?.focus();
  }

  /** The better one first: where hardly any time lies within segments they would be lines, with nothing between them. */
  #modes(): Mode[] {
    const spans = this.#times();
    const first = spans.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY);
    const last = spans.reduce((most, { to }) => Math.max(most, to), 0);
    const within = spans.reduce((sum, { from, to }) => sum + to - from, 0);
    if (this.#segments.lastMs.every((ms) => ms === null) || last <= first) return ['offset'];
    return within / (last - first) < LEAST_WITHIN ? ['offset', 'time'] : ['time', 'offset'];
  }

  #select(at: number): void {
    this.#selected = at;
    this.#tell();
    this.#chart?.redraw();
  }

  #draw(mode: Mode): void {
    const spans = mode === 'time' ? this.#times() : this.#offsets();
    this.#chart = this.#make(mode, spans);
    replace(this.#holder, this.#chart.element);
  }

  #offsets(): Span[] {
    const { base, next } = this.#segments;
    return base.map((from, at) => ({ from, to: Math.max(from, next[at] ?? from) }));
  }

  /** Within what growth shows: a record stamped with a wrong year would leave no width for the others. */
  #times(): Span[] {
    const { firstMs, lastMs } = this.#segments;
    const { startMs, stepMs, records } = this.#growth;
    const [low, high] = records.length === 0 ? [0, 8.64e15] : [startMs, startMs + stepMs * records.length];
    const within = (ms: number): number => Math.max(low, Math.min(high, ms));
    let before = low;
    return firstMs.map((first, at) => {
      const last = lastMs[at] ?? null;
      // A segment without timestamps stands where the one before it ends.
      const from = first === null ? before : within(first);
      const to = last === null ? before : within(last);
      before = to;
      return { from, to };
    });
  }

  #summary(): string {
    const { bytes: sizes, count: counts, faults } = this.#segments;
    const total = counts.reduce((sum, found) => sum + found, 0);
    const damaged = faults.filter((found) => found > 0).length;
    const size = sizes.reduce((sum, found) => sum + found, 0);
    const runs = total > counts.length ? `, up to ${Math.max(...counts)} in one block` : '';
    const state = damaged === 0 ? 'none with faults' : `${counted(damaged, 'block')} with faults, marked red`;
    return `${counted(total, 'segment')}${runs}, ${bytes(size)}, ${state}.`;
  }

  #make(mode: Mode, spans: readonly Span[]): Chart {
    const { base, bytes: sizes } = this.#segments;
    const sorted = spans.map(({ from }) => from);
    const isRising = sorted.every((from, at) => at === 0 || from >= (sorted[at - 1] ?? 0));
    const ends = spans.map(({ to }) => to);
    // uPlot wants rising places, and room up to the last end.
    const xs = [...sorted, Math.max(...ends, ...sorted) + (mode === 'offset' ? 1 : 0)].sort((a, b) => a - b);
    return chart({
      title: 'Segments',
      summary: this.#summary(),
      height: 230,
      options: () => ({
        ...common(),
        cursor: { drag: { x: true, y: false }, y: false, points: { show: false } },
        scales: { x: { time: mode === 'time' }, y: { range: (_u, _min, max) => [0, max === 0 ? 1 : max * 1.12] } },
        axes: [
          mode === 'time' ? timeAxis() : axis({ size: 26, values: (_, at) => at.map((split) => short(split)) }),
          numberAxis(bytes),
        ],
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: { draw: [this.#painter(spans)] },
      }),
      data: [xs, xs.map((_, at) => sizes[at] ?? 0)],
      places: base.length,
      at: (place) => ((spans[place]?.from ?? 0) + (spans[place]?.to ?? 0)) / 2,
      placeOf: (value) => {
        const at = isRising
          ? sorted.findLastIndex((from) => from <= value)
          : spans.findIndex(({ from, to }) => from <= value && value <= to);
        return Math.max(0, at);
      },
      reading: (place) => this.#reading(place),
      table: () => this.#table(),
      choose: (place) => this.#select(place),
    });
  }

  /** Draws the blocks. */
  #painter(spans: readonly Span[]): (u: uPlot) => void {
    const { bytes: sizes, faults } = this.#segments;
    const fills = { sound: colour('--accent-mid'), active: colour('--accent'), damaged: colour('--error-mark') };
    const outline = colour('--ink');
    return (u) => {
      const { ctx, bbox } = u;
      const pixel = devicePixelRatio;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      spans.forEach(({ from, to }, at) => {
        const left = u.valToPos(from, 'x', true);
        const width = u.valToPos(to, 'x', true) - left;
        const top = u.valToPos(sizes[at] ?? 0, 'y', true);
        const gap = width > 4 * pixel ? pixel : 0;
        const isDamaged = (faults[at] ?? 0) > 0;
        ctx.fillStyle = isDamaged ? fills.damaged : at === spans.length - 1 ? fills.active : fills.sound;
        const drawn = Math.max(1.5 * pixel, width - gap);
        ctx.fillRect(left, top, drawn, bbox.top + bbox.height - top);
        // Damage shows without colour as well.
        if (isDamaged)
          triangle(
            ctx,
            Math.max(bbox.left + 5 * pixel, left + drawn / 2),
            Math.max(bbox.top + 6 * pixel, top - 2 * pixel),
            5 * pixel,
          );
        if (at === this.#selected) {
          ctx.strokeStyle = outline;
          ctx.lineWidth = 2 * pixel;
          ctx.strokeRect(left, top, drawn, bbox.top + bbox.height - top);
        }
      });
      ctx.restore();
    };
  }

  #nameOf(at: number): string {
    const { base, count: counts } = this.#segments;
    const name = `Segment ${base[at] ?? 0}`;
    return (counts[at] ?? 1) > 1 ? `${name} and ${(counts[at] ?? 1) - 1} after it` : name;
  }

  #reading(at: number): string {
    const { base, next, bytes: sizes, records, firstMs, lastMs, faults } = this.#segments;
    const found = faults[at] ?? 0;
    return (
      `${this.#nameOf(at)}: offsets ${count(base[at] ?? 0)} to ${count((next[at] ?? 0) - 1)}, ${bytes(sizes[at] ?? 0)}, ` +
      `${counted(records[at] ?? 0, 'record')}, ${moment(firstMs[at] ?? null)} to ${moment(lastMs[at] ?? null)}` +
      (found === 0 ? '' : `; ${counted(found, 'fault')}`)
    );
  }

  /** What is said of the chosen segment, with the way to what was found about it. */
  #tell(): void {
    const at = this.#selected;
    if (at === undefined) {
      replace(
        this.#chosen,
        'Click a block, or press Enter on one, to keep it here. Drag to zoom, double click or Escape to zoom out.',
      );
      return;
    }
    const { base, faults } = this.#segments;
    const found = faults[at] ?? 0;
    replace(
      this.#chosen,
      el('span', {}, this.#reading(at)),
      found === 0 ? null : button('What was found', () => this.#actions.findings(base[at] ?? 0, base[at + 1])),
    );
  }

  #table(): TableSpec {
    return {
      label: 'Segments',
      columns: [
        { name: 'segment', isNumber: true },
        { name: 'ends before', isNumber: true },
        { name: 'size', isNumber: true },
        { name: 'batches', isNumber: true },
        { name: 'records', isNumber: true },
        { name: 'first timestamp' },
        { name: 'last timestamp' },
        { name: 'faults', isNumber: true },
      ],
      rows: this.#segments.base.map((base, at) => {
        const { next, bytes: sizes, batches, records, firstMs, lastMs, faults, count: counts } = this.#segments;
        const found = faults[at] ?? 0;
        const several = (counts[at] ?? 1) > 1 ? ` (${counts[at]} segments)` : '';
        return {
          cells: [
            ...[`${count(base)}${several}`, count(next[at] ?? 0), bytes(sizes[at] ?? 0), count(batches[at] ?? 0)],
            ...[count(records[at] ?? 0), moment(firstMs[at] ?? null), moment(lastMs[at] ?? null)],
            found === 0 ? '0' : button(String(found), () => this.#actions.findings(base, this.#segments.base[at + 1])),
          ],
        };
      }),
    };
  }
}

function triangle(ctx: CanvasRenderingContext2D, x: number, bottom: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x - size, bottom - size * 1.6);
  ctx.lineTo(x + size, bottom - size * 1.6);
  ctx.lineTo(x, bottom);
  ctx.fill();
}
