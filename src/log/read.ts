/**
 * Reading batches across segments: in chunks, the next ones fetched and checked on other threads while the caller is busy
 * with the one before.
 */
import { type Engine, SCAN_OUTCOME, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { lastOffsetOf } from '../format/batch.ts';
import { batchError } from '../record/batch-error.ts';
import { DecompressionMemory } from '../record/decompress.ts';
import { RecordBatch } from '../record/record-batch.ts';
import type { Segment } from '../segment/segment.ts';
import type { TransactionSource } from './committed.ts';
import type { LogObserver } from './observer.ts';
import type { ReadOptions } from './options.ts';

/** What reading needs of a log. */
export interface ReadSource extends TransactionSource {
  readonly engine: Engine;
  readonly startOffset: number;
  /** Where reading ends: what the isolation allows. */
  readonly endOffset: number;
  /** Where the log ends: reading may start anywhere up to it. */
  readonly logEndOffset: number;
  /** @throws SeglogError `LOG_CLOSED`, `OFFSET_OUT_OF_RANGE`: a read ends when its log does, or is cut */
  checkOpen(): void;
  /** Is told of a batch that is damaged, before the read fails at it. */
  readonly onDamage?: (error: SeglogError, segment: Segment, position: number) => void;
  /** Counts what is read. */
  readonly observer?: LogObserver;
}

const CHUNK_BYTES = 1024 * 1024;
/** For looking at a batch or two. */
export const SMALL_CHUNK_BYTES: number = 32 * 1024;
/** A batch is rarely smaller: rows for more would be memory for nothing. What does not fit comes with the next chunk. */
const BYTES_PER_ROW = 128;
/** How many chunks are on their way at once: one for each of two threads (see docs/design.md for the numbers). */
const CHUNKS_AHEAD = 2;

/** A chunk's memory, and what is being read to it. */
interface Slot {
  bytes: Uint8Array;
  view: DataView;
  readonly rows: Int32Array;
  readonly outcome: Float64Array;
  segment: Segment;
  position: number;
  length: number;
  /** Whether the chunk ends where a batch does: what follows it can be asked for before it has come. */
  isAligned: boolean;
}

/**
 * Walks the chunks of a read: which bytes come next, and what is wrong with those that came.
 *
 * The offset index tells where batches start, so chunks can be cut there and several asked for at once. An index that turns
 * out to lie is not asked again: then each chunk starts where the one before it ended.
 */
class ChunkWalk {
  readonly #source: ReadSource;
  readonly #to: number;
  readonly #reuse: boolean;
  readonly #spare: Slot[] = [];
  readonly #usualBytes: number;
  #segment: Segment | undefined;
  #position = 0;
  #chunkBytes: number;
  #trustsIndex = true;
  /** Whether `#position` is where the next chunk starts; otherwise a chunk on its way will tell. */
  #isKnown = true;
  /** The offset looked for, while the first batch after an index lookup has not been seen. */
  #seeking: number | undefined;
  /** Behind the last batch that came: where to go on when its segment is no longer part of the log. */
  #nextOffset: number;
  /** How many chunks were asked for and have not come. */
  #coming = 0;

  constructor(source: ReadSource, from: number, to: number, reuse: boolean, chunkBytes: number) {
    this.#source = source;
    this.#usualBytes = chunkBytes;
    this.#chunkBytes = chunkBytes;
    this.#to = to;
    this.#reuse = reuse;
    this.#nextOffset = from;
    if (from < to) this.#seek(from, source.segments.floor(from));
  }

  /** The next bytes to read; undefined at the end, or while a chunk on its way must tell where they are. */
  next(): Slot | undefined {
    if (!this.#isKnown) return undefined;
    const segment = this.#current();
    if (segment === undefined || segment.baseOffset >= this.#to) return undefined;
    const position = this.#position;
    const chunkEnd = Math.min(position + this.#chunkBytes, segment.sizeBytes);
    const boundary = chunkEnd === segment.sizeBytes ? chunkEnd : this.#boundary(segment, chunkEnd);
    const isAligned = boundary > position;
    this.#isKnown = isAligned;
    if (isAligned) this.#position = boundary;
    return this.#slot(segment, position, (isAligned ? boundary : chunkEnd) - position, isAligned);
  }

  /** The segment in which the read goes on: the next one at the end of the one before. Each is asked whether it is still there. */
  #current(): Segment | undefined {
    for (;;) {
      const segment = this.#segment;
      if (segment === undefined) return undefined;
      if (this.#isGone(segment)) {
        // What was asked for of the old segment comes, whatever its files are called now; behind it the new one goes on.
        if (this.#coming > 0) return undefined;
        this.#resume(segment);
      } else {
        if (this.#position < segment.sizeBytes) return segment;
        this.#segment = this.#source.segments.after(segment);
        this.#position = 0;
      }
    }
  }

  /**
   * Takes what was read into account.
   *
   * @returns how many batches there are, and whether chunks asked for behind this one are not what follows
   * @throws SeglogError when nothing but damage is there
   */
  accept(slot: Slot): { count: number; discardRest: boolean } {
    const { outcome, segment, position, length, view, rows } = slot;
    const count = outcome[SCAN_OUTCOME.count] as number;
    const end = outcome[SCAN_OUTCOME.end] as number;
    const seeking = this.#seeking;
    this.#seeking = undefined;
    this.#coming--;
    this.#source.observer?.chunkRead(count, end);
    if (count > 0) this.#nextOffset = lastOffsetOf(view, rows[(count - 1) * SCAN_ROW.length] as number) + 1;
    if (slot.isAligned && end === length) return { count, discardRest: false };
    this.#coming = 0;
    this.#segment = segment;
    this.#position = position + end;
    this.#isKnown = true;
    this.#chunkBytes = this.#usualBytes;
    if (slot.isAligned && outcome[SCAN_OUTCOME.stop] !== SCAN_STOPS.full) this.#trustsIndex = false;
    // What is wrong behind these batches is found when it comes first in a chunk.
    if (count === 0) this.#explainNothing(slot, seeking);
    return { count, discardRest: true };
  }

  /** The memory of a chunk that is done with. */
  recycle(slot: Slot): void {
    if (this.#reuse) this.#spare.push(slot);
  }

  /** No whole batch came: more bytes are needed, or another place, or there is damage. */
  #explainNothing(slot: Slot, seeking: number | undefined): void {
    const { outcome, segment, position, length } = slot;
    const stop = outcome[SCAN_OUTCOME.stop] as ScanStop;
    const filled = outcome[SCAN_OUTCOME.filled] as number;
    const need = outcome[SCAN_OUTCOME.need] as number;
    // A segment that is gone is asked no more: the one in its place tells whether there is damage.
    if (this.#isGone(segment)) return;
    if (filled < length) {
      throw new SeglogError('FILE_SHRANK', 'the file became shorter while it was read', {
        file: segment.logPath,
        position,
        expected: `${length} bytes`,
        found: filled,
      });
    }
    if (stop === SCAN_STOPS.partial && position + need <= segment.sizeBytes) {
      // `need` is within the file, so it is safe to make room for it.
      this.#chunkBytes = Math.max(need, this.#usualBytes);
      return;
    }
    if (seeking !== undefined && position > 0 && this.#seekWithoutIndex(seeking, segment, position)) return;
    const error = batchError(this.#source.engine, stop, slot.bytes, 0, filled, segment.logPath, position);
    this.#source.onDamage?.(error, segment, position);
    throw error;
  }

  #isGone(segment: Segment | undefined): boolean {
    return segment !== undefined && this.#source.isGone?.(segment) === true;
  }

  /** Goes on by offset in what took the place of a segment. @throws SeglogError `OFFSET_OUT_OF_RANGE` when nothing did */
  #resume(gone: Segment): void {
    this.#source.checkOpen();
    this.#segment = undefined;
    this.#position = 0;
    this.#seekAgain(this.#nextOffset, gone);
  }

  #seekAgain(offset: number, gone: Segment): void {
    const { segments } = this.#source;
    if (offset < (segments.first?.baseOffset ?? Infinity)) throw goneError(gone);
    if (offset < this.#to) this.#seek(offset, segments.floor(offset));
  }

  #boundary(segment: Segment, limit: number): number {
    return this.#trustsIndex ? segment.indexes().offsets.positionAtOrBelow(limit) : 0;
  }

  #seek(offset: number, segment: Segment | undefined): void {
    for (let at = segment; at !== undefined; at = this.#source.segments.after(at)) {
      if (this.#isGone(at)) return this.#seekAgain(offset, at);
      const found = at.find(offset);
      if (found === undefined) continue;
      this.#segment = at;
      this.#position = found.position;
      this.#seeking = offset;
      return;
    }
  }

  /** An index that pointed into the middle of a batch is no reason to call the log damaged. */
  #seekWithoutIndex(offset: number, segment: Segment, position: number): boolean {
    this.#trustsIndex = false;
    const found = segment.find(offset, false);
    if (found === undefined || found.position === position) return false;
    this.#position = found.position;
    return true;
  }

  #slot(segment: Segment, position: number, length: number, isAligned: boolean): Slot {
    this.#coming++;
    const spare = this.#spare.pop();
    if (spare !== undefined && spare.bytes.length >= length)
      return Object.assign(spare, { segment, position, length, isAligned });
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, this.#reuse ? this.#usualBytes : 0));
    return {
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      rows: new Int32Array(Math.ceil(this.#usualBytes / BYTES_PER_ROW) * SCAN_ROW.length),
      outcome: new Float64Array(SCAN_OUTCOME.length),
      segment,
      position,
      length,
      isAligned,
    };
  }
}

/** @throws SeglogError `INVALID_ARGUMENT`, `OFFSET_OUT_OF_RANGE` when reading cannot start at `from` */
export function checkStart({ startOffset, logEndOffset }: ReadSource, from: number): void {
  if (!Number.isSafeInteger(from)) {
    throw new SeglogError('INVALID_ARGUMENT', 'this is no offset', { expected: 'a whole number', found: from });
  }
  if (from < startOffset || from > logEndOffset) {
    throw new SeglogError('OFFSET_OUT_OF_RANGE', 'the log has no such offset', {
      expected: `${startOffset} to ${logEndOffset}`,
      found: from,
    });
  }
}

/** What is asked for, and how far it is. */
class Reading {
  readonly from: number;
  readonly to: number;
  readonly verify: boolean;
  readonly isReused: boolean;
  readonly #source: ReadSource;
  readonly #options: ReadOptions;
  readonly #memory: DecompressionMemory;
  /** Whether a batch at or behind `to` was met. */
  isDone = false;
  #segment: Segment | undefined;
  #nextOffset = 0;

  /** @throws SeglogError `INVALID_ARGUMENT`, `OFFSET_OUT_OF_RANGE` */
  constructor(source: ReadSource, options: ReadOptions) {
    this.from = options.from ?? source.startOffset;
    checkStart(source, this.from);
    this.to = Math.min(options.to ?? source.endOffset, source.endOffset);
    this.verify = options.verify !== false;
    this.isReused = options.reuseBuffers === true;
    this.#source = source;
    this.#options = options;
    this.#memory = new DecompressionMemory(this.isReused);
  }

  /** @throws SeglogError `SEGMENTS_OVERLAP` when the segment's first batch does not rise above the one before it */
  #enter(segment: Segment, first: RecordBatch): void {
    this.#segment = segment;
    const offset = first.magic >= 2 ? first.baseOffset : first.lastOffset;
    if (offset >= this.#nextOffset) return;
    throw new SeglogError('SEGMENTS_OVERLAP', 'a segment starts with offsets that the one before it has, too', {
      file: segment.logPath,
      position: first.position,
      expected: `${this.#nextOffset} or above`,
      found: offset,
      action: 'Look at both with `seglog dump`, and move the wrong one out of the directory',
    });
  }

  /** The batches of a chunk that was read. */
  *batchesOf(slot: Slot, count: number): Generator<RecordBatch, void> {
    const { signal } = this.#options;
    for (let row = 0; row < count; row++) {
      const start = slot.rows[row * SCAN_ROW.length] as number;
      const batch = new RecordBatch(
        this.#source.engine,
        slot.bytes,
        slot.view,
        start,
        slot.segment.logPath,
        slot.position + start,
        this.#options,
        this.#memory,
      );
      if (slot.segment !== this.#segment) this.#enter(slot.segment, batch);
      this.#nextOffset = batch.lastOffset + 1;
      if (batch.lastOffset < this.from) continue;
      // A legacy wrapper's first offset costs a decompression; its last one will do, since the end is a batch's end.
      // What is only partly below the source's own end is not to be seen at all.
      const first = batch.magic >= 2 ? batch.baseOffset : batch.lastOffset;
      if (first >= this.to || batch.lastOffset >= this.#source.endOffset) {
        this.isDone = true;
        return;
      }
      signal?.throwIfAborted();
      yield batch;
    }
  }
}

/** Reads batches on the calling thread. */
export function* readBatchesSync(
  source: ReadSource,
  options: ReadOptions,
  chunkBytes: number = CHUNK_BYTES,
): Generator<RecordBatch, void> {
  const reading = new Reading(source, options);
  const walk = new ChunkWalk(source, reading.from, reading.to, reading.isReused, chunkBytes);
  for (let slot = walk.next(); slot !== undefined && !reading.isDone; slot = walk.next()) {
    source.checkOpen();
    const { position, bytes, length, rows, outcome } = slot;
    const startedMs = source.observer?.begin() ?? 0;
    source.engine.readBatches(slot.segment.log(), position, bytes, length, reading.verify, rows, outcome);
    source.observer?.chunkCame(startedMs);
    const { count } = walk.accept(slot);
    yield* reading.batchesOf(slot, count);
    walk.recycle(slot);
  }
}

/** A chunk on its way. */
interface Fetch {
  readonly slot: Slot;
  readonly done: Promise<unknown>;
}

/** Starts reading a chunk; what goes wrong is told when the chunk's turn comes. */
function fetch({ engine, observer }: ReadSource, slot: Slot, verify: boolean): Fetch {
  const { segment } = slot;
  const read = async (): Promise<void> => {
    const file = segment.pin();
    const startedMs = observer?.begin() ?? 0;
    try {
      await engine.readBatchesAsync(file, slot.position, slot.bytes, slot.length, verify, slot.rows, slot.outcome);
      observer?.chunkCame(startedMs);
    } finally {
      segment.unpin();
    }
  };
  return { slot, done: read().then(nothing, (error: unknown) => ({ error })) };
}

function nothing(): undefined {
  return undefined;
}

/** Reads batches with the reading and checking on other threads. */
export async function* readBatches(source: ReadSource, options: ReadOptions): AsyncGenerator<RecordBatch, void> {
  const reading = new Reading(source, options);
  const walk = new ChunkWalk(source, reading.from, reading.to, reading.isReused, CHUNK_BYTES);
  const coming: Fetch[] = [];
  const ask = (): void => {
    while (coming.length < CHUNKS_AHEAD) {
      const slot = walk.next();
      if (slot === undefined) return;
      coming.push(fetch(source, slot, reading.verify));
    }
  };
  try {
    options.signal?.throwIfAborted();
    ask();
    for (let next = coming.shift(); next !== undefined; next = reading.isDone ? undefined : coming.shift()) {
      const { slot, done }: Fetch = next;
      const failed = (await done) as { error: unknown } | undefined;
      if (failed !== undefined) throw source.isGone?.(slot.segment) === true ? goneError(slot.segment) : failed.error;
      source.checkOpen();
      const { count, discardRest } = walk.accept(slot);
      if (discardRest) await discard(walk, coming);
      ask();
      // Not `yield*`, which makes each step of a plain generator asynchronous once more.
      for (const batch of reading.batchesOf(slot, count)) yield batch;
      walk.recycle(slot);
    }
  } finally {
    await discard(walk, coming);
  }
}

function goneError(segment: Segment): SeglogError {
  return new SeglogError('OFFSET_OUT_OF_RANGE', 'the records were deleted while they were read', {
    file: segment.logPath,
    action: 'Read from the log start on',
  });
}

/** Waits for chunks that nobody wants any more: until then their buffers belong to the engine. */
async function discard(walk: ChunkWalk, coming: Fetch[]): Promise<void> {
  for (const { slot, done } of coming.splice(0)) {
    await done;
    walk.recycle(slot);
  }
}
