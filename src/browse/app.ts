/** The browser at work: keys and files are events, a new state is drawn, actions are carried out. */
import type { Clock, Timer } from '../clock/clock.ts';
import { SeglogError } from '../errors/errors.ts';
import type { DecodeKind } from '../inspect/decode/contract.ts';
import { recordDecoder } from '../inspect/decode/decoders.ts';
import { comparePlaces, type Place, START_PLACE, type Task } from './contract.ts';
import type { Action, Event, Parsers, Target } from './model/events.ts';
import { currentPlace, currentRow, firstState, heights, type State } from './model/state.ts';
import { update } from './model/update.ts';
import { Runner } from './runner.ts';
import type { PartitionSource } from './source/partition.ts';
import type { Landing } from './source/jump.ts';
import type { SearchCoverage } from './source/search.ts';
import type { Screen } from './terminal/screen.ts';
import { type Detail, detailOf } from './view/detail.ts';
import { frameOf, type Titles } from './view/frame.ts';

/** How often files are looked at for news. */
const LOOK_MS = 500;

/** What the browser is made of. */
export interface BrowseParts {
  readonly source: PartitionSource;
  readonly screen: Screen;
  readonly clock: Clock;
  readonly parsers: Parsers;
  readonly titles: Titles;
  /** From the directory's name; undefined when it says none. */
  readonly topic: string | undefined;
  readonly decode: DecodeKind;
  /** Suspends the process, with the terminal given back meanwhile. */
  readonly suspend: () => void;
}

/** One run. */
export class BrowseApp {
  readonly #parts: BrowseParts;
  readonly #runner: Runner;
  readonly #info: Runner;
  #state: State;
  #timer: Timer | undefined;
  #isDue = false;
  /** Of the search that is under way. */
  #coverage: SearchCoverage | undefined;
  /** The detail pane's lines, and what they were made of. */
  #shown: { readonly detail: Detail; readonly of: readonly unknown[]; readonly place: Place } | undefined;
  #end: ((isInterrupted: boolean) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;

  constructor(parts: BrowseParts) {
    this.#parts = parts;
    this.#runner = new Runner(parts.clock);
    this.#info = new Runner(parts.clock);
    const { columns, lines } = parts.screen.size;
    this.#state = firstState(columns, lines, parts.decode);
  }

  /**
   * Shows the partition until it is quit.
   *
   * @param start - where; the start of the log when undefined
   * @param note - something to know at once
   * @returns whether it was quit by Ctrl-C
   * @throws what nobody expected; the terminal is still ours then
   */
  run(start: Target | undefined, note: string | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
      this.#guarded(() => {
        if (note !== undefined) this.#take({ type: 'ended', text: note, isError: false });
        this.#lookAtEnd();
        this.#show(start ?? { to: 'place', place: START_PLACE, line: 0 });
        this.#timer = this.#parts.clock.after(LOOK_MS, () => this.#look(), true);
        this.#draw();
      });
    });
  }

  /** Takes an event from outside. */
  take(event: Event): void {
    this.#guarded(() => this.#take(event));
  }

  /** The terminal has another size. */
  resize(): void {
    this.take({ type: 'resize', ...this.#parts.screen.size, isBusy: this.#runner.isBusy });
    this.redraw();
  }

  /** Draws everything anew. */
  redraw(): void {
    this.#guarded(() => {
      this.#parts.screen.forget();
      this.#draw();
    });
  }

  /** Stops all that is under way. */
  close(): void {
    this.#timer?.cancel();
    this.#runner.cancel();
    this.#info.cancel();
    this.#end = undefined;
  }

  #take(event: Event): void {
    const [state, ...actions] = update(this.#state, event, this.#parts.parsers);
    this.#state = state;
    for (const action of actions) this.#act(action);
    this.#drawSoon();
  }

  #act(action: Action): void {
    switch (action.do) {
      case 'show':
        return this.#show(action.target);
      case 'search':
        return this.#search(action);
      case 'cancel':
        return this.#cancel();
      case 'redraw':
        return this.redraw();
      case 'suspend':
        return this.#parts.suspend();
      case 'quit':
        return this.#end?.(action.isInterrupted);
    }
  }

  #cancel(): void {
    const coverage = this.#coverage;
    this.#coverage = undefined;
    if (!this.#runner.cancel()) return;
    const text = coverage === undefined ? 'ended' : `ended before its time: ${coverage.text()}`;
    this.#take({ type: 'ended', text, isError: false });
  }

  #show(target: Target): void {
    // Whoever goes elsewhere gives up a search, and is told what it had looked at.
    if (this.#coverage !== undefined) this.#cancel();
    const { source } = this.#parts;
    const height = heights(this.#state).list;
    const { opened } = this.#state;
    if (target.to === 'offset') return this.#jump(source.toOffset(target.offset));
    if (target.to === 'time') return this.#jump(source.toTime(target.time));
    const task = (function* () {
      const { line } = target;
      if (target.to === 'place') return yield* source.window(target.place, line, height, opened);
      const { place } = yield* source.away(target.place, target.by, opened);
      return yield* source.window(place, line, height, opened);
    })();
    this.#run(task, (window) => this.#take({ type: 'shown', window }));
  }

  #jump(task: Task<Landing>): void {
    this.#run(task, (landing) => this.#take({ type: 'landed', ...landing }));
  }

  #search({ query, from, isBackwards }: Action & { readonly do: 'search' }): void {
    const search = this.#parts.source.search(query);
    this.#coverage = search.coverage;
    this.#run(search.run(from, isBackwards), (hit) => {
      this.#coverage = undefined;
      if (hit !== undefined) return this.#take({ type: 'landed', ...hit, note: undefined });
      const text = `not found; ${search.coverage.text()}`;
      return this.#take({ type: 'ended', text, isError: !search.coverage.isWhole });
    });
  }

  /** What fails is told; the browser goes on. */
  #run<T>(task: Task<T>, done: (result: T) => void): void {
    this.#runner.run(task, {
      done: (result) => this.#guarded(() => done(result)),
      failed: (error) => {
        const coverage = this.#coverage;
        this.#coverage = undefined;
        this.#guarded(() => this.#failed(error, coverage));
      },
      progress: (progress) => this.take({ type: 'progress', progress }),
    });
  }

  #failed(error: unknown, coverage?: SearchCoverage): void {
    if (!(error instanceof SeglogError)) throw error;
    const looked = coverage === undefined ? '' : `; ${coverage.text()}`;
    this.#take({ type: 'ended', text: `${error.code}: ${error.message}${looked}`, isError: true });
  }

  /** Looks for news, and again a little later. */
  #look(): void {
    this.#guarded(() => {
      // A task reads files that a look might close.
      if (!this.#runner.isBusy && !this.#info.isBusy) this.#lookNow();
    });
    if (this.#end !== undefined) this.#timer = this.#parts.clock.after(LOOK_MS, () => this.#look(), true);
  }

  #lookNow(): void {
    const { source } = this.#parts;
    try {
      const { grew, gone, replaced } = source.refresh();
      if (!grew && gone.length === 0 && replaced.length === 0) return;
      const place = currentPlace(this.#state);
      const isLost = gone.includes(place.base);
      const lost: Place | undefined = isLost ? source.placeAfter(place) : undefined;
      this.#shown = undefined;
      this.#take({ type: 'changed', lost, note: newsOf(gone.length, replaced.length, isLost) });
      this.#lookAtEnd();
    } catch (error) {
      this.#failed(error);
    }
  }

  #lookAtEnd(): void {
    this.#info.run(this.#parts.source.info(), {
      done: (info) => this.take({ type: 'info', info }),
      failed: (error) => this.#guarded(() => this.#failed(error)),
      progress: () => undefined,
    });
  }

  /** Several events at once, such as a held key, are drawn as one. */
  #drawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (this.#end !== undefined) this.#guarded(() => this.#draw());
    });
  }

  #draw(): void {
    const detail = this.#detail();
    if (detail.length !== this.#state.detailLines)
      this.#state = update(this.#state, { type: 'detail', lines: detail.length }, this.#parts.parsers)[0];
    this.#parts.screen.draw(frameOf(this.#state, detail, this.#parts.titles));
  }

  /** The detail pane's lines; those of the same row are made once. */
  #detail(): Detail {
    const state = this.#state;
    const row = currentRow(state);
    const place = currentPlace(state);
    const of = [row?.kind, state.tab, state.columns, state.decode, row?.kind === 'end' ? state : undefined];
    const isSame =
      this.#shown !== undefined &&
      comparePlaces(this.#shown.place, place) === 0 &&
      of.every((value, index) => value === this.#shown?.of[index]);
    if (this.#shown !== undefined && isSame) return this.#shown.detail;
    const { source, titles, topic } = this.#parts;
    const detail = detailOf(row, state, {
      abilities: titles.abilities,
      decoder: recordDecoder(state.decode, topic),
      raw: (at, from, length) => rawOf(source, at, from, length),
    });
    this.#shown = { detail, of, place };
    return detail;
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail?.(error);
    }
  }
}

/** Bytes for the hex pane; none where the file has gone. */
function rawOf(source: PartitionSource, place: Place, at: number, length: number): Uint8Array {
  try {
    return source.raw(place, at, length);
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    return new Uint8Array(0);
  }
}

function newsOf(gone: number, replaced: number, isLost: boolean): string | undefined {
  const segments = (count: number): string => `${count} ${count === 1 ? 'segment' : 'segments'}`;
  if (isLost) return `${segments(gone)} deleted underneath, the one shown among them: this is what is left`;
  if (gone > 0) return `${segments(gone)} deleted underneath`;
  return replaced > 0 ? `${segments(replaced)} replaced underneath` : undefined;
}
