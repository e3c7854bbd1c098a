/** The records of opened batches: any of them by its number, with a bound on the memory that all take together. */
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import type { ExactCursor } from '../../inspect/records.ts';
import { type BatchEntry, batchName, type Told, toldOf } from '../contract.ts';
import type { OpenSegment } from './open-segment.ts';
import { limitsOf, plainRecords } from './plain-batch.ts';

const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** Records are made objects by so many at once. */
const RUN_RECORDS = 256;
const MAX_RUNS = 16;
/** What an opened batch takes besides its bytes, and what each record takes that was made an object; rather more than less. */
const CONTENT_BYTES = 2048;
const RECORD_BYTES = 200;

/** A record that stays as it is. */
function held(cursor: ExactCursor): ExactCursor {
  const { bytes, offset, timestamp, sequence, keyStart, keyLength, valueStart, valueLength, headersStart } = cursor;
  return {
    ...{ bytes, offset, timestamp, sequence, keyStart, keyLength, valueStart, valueLength, headersStart },
    next: () => false,
  };
}

/** The records of one batch. */
export class Content {
  /** How many can be read. */
  readonly count: number;
  /** Why not all can. */
  readonly fault: Told | undefined;
  /** How much memory it takes, at the most. */
  readonly heldBytes: number;
  readonly #open: () => ExactCursor;
  readonly #runs: Map<number, readonly ExactCursor[]> = new Map();
  #cursor: ExactCursor | undefined;
  /** How many records the cursor has passed. */
  #passed = 0;

  /** @param sizeBytes - of its bytes, decompressed */
  constructor(open: () => ExactCursor, sizeBytes: number) {
    this.#open = open;
    let count = 0;
    let fault: Told | undefined;
    try {
      const cursor = open();
      while (cursor.next()) count++;
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      fault = toldOf(error);
    }
    this.count = count;
    this.fault = fault;
    this.heldBytes = CONTENT_BYTES + sizeBytes + RECORD_BYTES * Math.min(count, RUN_RECORDS * MAX_RUNS);
  }

  /** The record of that number, which is below `count`. */
  record(number: number): ExactCursor | undefined {
    const first = number - (number % RUN_RECORDS);
    let run = this.#runs.get(first);
    if (run === undefined) {
      run = this.#read(first);
      this.#runs.set(first, run);
      const oldest = this.#runs.keys().next().value;
      if (this.#runs.size > MAX_RUNS && oldest !== undefined) this.#runs.delete(oldest);
    }
    return run[number - first];
  }

  /** The number of the first record for which `holds`; `count` when there is none. */
  find(holds: (record: ExactCursor) => boolean): number {
    if (this.count === 0) return 0;
    const cursor = this.#open();
    for (let number = 0; number < this.count; number++) {
      cursor.next();
      if (holds(cursor)) return number;
    }
    return this.count;
  }

  #read(first: number): readonly ExactCursor[] {
    // Records can only be gone over from the first one on: whoever scrolls down goes on where they were.
    if (this.#cursor === undefined || this.#passed > first) {
      this.#cursor = this.#open();
      this.#passed = 0;
    }
    const cursor = this.#cursor;
    for (; this.#passed < first; this.#passed++) cursor.next();
    const run: ExactCursor[] = [];
    for (; this.#passed < Math.min(this.count, first + RUN_RECORDS); this.#passed++) {
      cursor.next();
      run.push(held(cursor));
    }
    return run;
  }
}

/** The contents that were looked at last. */
export class Contents {
  readonly #engine: Engine;
  readonly #held: Map<string, Content> = new Map();
  #heldBytes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The content of a batch. One that cannot be opened has no records and says why. */
  of(segment: OpenSegment, entry: BatchEntry): Content {
    const name = batchName(entry);
    const known = this.#held.get(name);
    if (known !== undefined) {
      this.#held.delete(name);
      this.#held.set(name, known);
      return known;
    }
    const content = this.#open(segment, entry);
    this.#held.set(name, content);
    this.#heldBytes += content.heldBytes;
    for (const [oldest, { heldBytes }] of this.#held) {
      if (this.#heldBytes <= MAX_HELD_BYTES || oldest === name) break;
      this.#held.delete(oldest);
      this.#heldBytes -= heldBytes;
    }
    return content;
  }

  /** Forgets everything: files changed. */
  clear(): void {
    this.#held.clear();
    this.#heldBytes = 0;
  }

  #open(segment: OpenSegment, { position, size, summary }: BatchEntry): Content {
    try {
      const bytes = segment.bytes(position, size);
      if (bytes.length < size) throw shrank(segment, position, size, bytes.length);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const batch = { bytes, view, start: 0, size, position, valid: summary.valid };
      const records = plainRecords(this.#engine, batch, summary, limitsOf(segment.file.path, position));
      return new Content(records.cursor, records.sizeBytes);
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      return new Content(() => {
        throw error;
      }, 0);
    }
  }
}

function shrank(segment: OpenSegment, position: number, expected: number, found: number): SeglogError {
  return new SeglogError('FILE_SHRANK', 'the file became shorter while it was read', {
    file: segment.file.path,
    position,
    expected: `${expected} bytes`,
    found: `${found} bytes`,
  });
}
