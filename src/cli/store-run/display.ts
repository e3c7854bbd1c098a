/** How a run is shown: lines as things happen, or a view that is drawn anew in its place. */
import { createLogUpdate } from 'log-update';
import type { Clock } from '../../clock/clock.ts';
import type { LoadProgress } from '../../store/options.ts';
import type { Store } from '../../store/store.ts';
import { Output } from '../output.ts';
import { eventJson, eventText, type RunEvent } from './event-text.ts';
import { type TopicRow, viewLines } from './view.ts';

/** Shows a run. */
export interface Display {
  /** Whether nobody looks any more. */
  readonly isOver: boolean;
  /** How far opening is. */
  loading?(progress: LoadProgress): void;
  /** It is open: from here on others may write to the terminal, until the first tick. */
  loaded?(): void;
  /** Something happened. */
  event(event: RunEvent): void;
  /** Now and then, while the store is open. */
  tick(store: Store): void;
  /** The last thing. */
  end(): Promise<void>;
}

/** A line for each event, at once: text, or JSON. */
export class LinesDisplay implements Display {
  readonly #output: Output;
  readonly #lineOf: (event: RunEvent) => string;
  #written: Promise<void> = Promise.resolve();

  constructor(stream: NodeJS.WritableStream, isJson: boolean) {
    this.#output = new Output(stream);
    this.#lineOf = isJson ? eventJson : eventText;
  }

  get isOver(): boolean {
    return this.#output.closed;
  }

  event(event: RunEvent): void {
    void this.#output.write(`${this.#lineOf(event)}\n`);
    this.#written = this.#output.flush();
    // What the stream failed with is told by `isOver` and `end`.
    this.#written.catch(() => undefined);
  }

  tick(): void {
    // Everything there is to tell came as an event.
  }

  async end(): Promise<void> {
    await this.#written;
  }
}

const KEPT_EVENTS = 50;

/** A terminal of which as many lines as the view has are drawn over and over. */
export class ScreenDisplay implements Display {
  readonly isOver = false;
  readonly #stream: NodeJS.WriteStream;
  readonly #clock: Clock;
  readonly #cleanerThreads: number;
  readonly #startedMs: number;
  // A cursor that is hidden needs handlers of signals to come back: it stays.
  readonly #draw: ReturnType<typeof createLogUpdate>;
  readonly #recent: RunEvent[] = [];
  #lastRetention: RunEvent | undefined;

  constructor(stream: NodeJS.WriteStream, clock: Clock, cleanerThreads: number) {
    this.#stream = stream;
    this.#clock = clock;
    this.#cleanerThreads = cleanerThreads;
    this.#startedMs = clock.monotonicMs();
    this.#draw = createLogUpdate(stream, { showCursor: true });
  }

  loading({ loadedPartitions, totalPartitions, failedPartitions }: LoadProgress): void {
    this.#draw(`loading: ${loadedPartitions} of ${totalPartitions} partitions, ${failedPartitions} failed`);
  }

  loaded(): void {
    this.#draw.clear();
  }

  event(event: RunEvent): void {
    if (event.fields['event'] === 'retention_deleted') this.#lastRetention = event;
    this.#recent.push(event);
    if (this.#recent.length > KEPT_EVENTS) this.#recent.shift();
  }

  tick(store: Store): void {
    const { rows, columns } = this.#stream;
    const seen = {
      status: store.status(),
      topics: topicRows(store),
      cleanerThreads: this.#cleanerThreads,
      upMs: this.#clock.monotonicMs() - this.#startedMs,
      lastRetention: this.#lastRetention,
      recent: this.#recent,
    };
    // One row stays free: a view as high as the terminal would scroll it.
    this.#draw(viewLines(seen, { columns, rows: rows - 1 }).join('\n'));
  }

  async end(): Promise<void> {
    this.#draw.done();
  }
}

/** The topics, the largest first. */
function topicRows(store: Store): TopicRow[] {
  const ratios = store.metrics('topic').find(({ name }) => name === 'seglog_log_dirty_ratio')?.samples ?? [];
  const dirtyRatios = new Map(ratios.map(({ labels, value }) => [labels['topic'], value]));
  const rows = store.topics().map((name): TopicRow => {
    const { partitions, config } = store.describeTopic(name);
    return {
      name,
      partitions: partitions.length,
      dirtyRatio: dirtyRatios.get(name),
      segments: partitions.reduce((total, { segments }) => total + segments, 0),
      sizeBytes: partitions.reduce((total, { sizeBytes }) => total + sizeBytes, 0),
      policy: config.cleanupPolicy.join(','),
    };
  });
  return rows.sort((a, b) => b.sizeBytes - a.sizeBytes);
}
