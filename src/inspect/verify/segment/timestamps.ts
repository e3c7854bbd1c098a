/** Timestamps of a segment: the largest, and those that cannot be meant. */
import type { Int64 } from '../../int64.ts';
import { makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';

/** Seconds since 1970 are between these until the year 5138; milliseconds were before 1973. */
const SECONDS = { least: 100_000_000, most: 100_000_000_000 } as const;
/** Clocks are wrong by hours, and test data is from next week: a year is no accident. */
const AHEAD_MS = 366 * 24 * 60 * 60 * 1000;

interface Place {
  readonly position: number;
  readonly offset: Int64;
  readonly timestamp: Int64;
}

/** Takes the batches in order. */
export class Timestamps {
  /** The largest, up to the first fault; -1 when there is none. */
  max: Int64 = -1;
  offsetOfMax: Int64 = -1;
  readonly #path: string;
  readonly #sink: FindingSink;
  readonly #latest: number;
  #inSeconds: Place | undefined;
  #ahead: Place | undefined;

  constructor(path: string, sink: FindingSink, nowMs: number) {
    this.#path = path;
    this.#sink = sink;
    this.#latest = nowMs + AHEAD_MS;
  }

  /** `isWhole`: no fault came before. */
  add(position: number, offset: Int64, timestamp: Int64, isWhole: boolean): void {
    if (isWhole && timestamp > this.max) {
      this.max = timestamp;
      this.offsetOfMax = offset;
    }
    if (timestamp > this.#latest) this.#ahead ??= { position, offset, timestamp };
    else if (timestamp > SECONDS.least && timestamp < SECONDS.most) this.#inSeconds ??= { position, offset, timestamp };
  }

  /** Tells of the first of each kind. */
  tell(): void {
    this.#tell('TIMESTAMPS_IN_SECONDS', this.#inSeconds, 'milliseconds since 1970');
    this.#tell('TIMESTAMP_AHEAD', this.#ahead, `at most ${this.#latest}, a year from now`);
  }

  #tell(code: 'TIMESTAMPS_IN_SECONDS' | 'TIMESTAMP_AHEAD', place: Place | undefined, expected: string): void {
    if (place === undefined) return;
    const { position, offset, timestamp } = place;
    this.#sink.add(makeFinding(code, this.#path, { position, offsets: [offset, offset], expected, found: timestamp }));
  }
}
