/** Lines from a stream, as bytes, and the moments when no more are there for now. */
import { type Clock, systemClock } from '../clock/clock.ts';
import { ioError, SeglogError } from '../errors/errors.ts';

const LINE_FEED = 0x0a;

/** What {@link readLines} yields: the lines of a chunk, the first of which has this number, or `pause` when nothing came. */
export type LineEvent = { readonly lines: readonly Buffer[]; readonly firstNumber: number } | 'pause';

/** How {@link readLines} reads. */
export interface LineOptions {
  /** A longer line is refused, before more of it is held. */
  readonly maxLineBytes: number;
  /** After so long without input a pause is told of. */
  readonly pauseMs: number;
  /** Ends reading; an unfinished line is then left. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** Splits chunks at line feeds. A carriage return is part of the line. */
class Splitter {
  #parts: Buffer[] = [];
  #length = 0;

  /** Bytes of a line whose end has not come. */
  get unfinished(): number {
    return this.#length;
  }

  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let at = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, at)) {
      lines.push(this.#finish(chunk.subarray(at, end)));
      at = end + 1;
    }
    if (at < chunk.length) {
      this.#parts.push(chunk.subarray(at));
      this.#length += chunk.length - at;
    }
    return lines;
  }

  /** What is there without a line feed. */
  rest(): Buffer {
    return this.#finish(Buffer.alloc(0));
  }

  #finish(last: Buffer): Buffer {
    if (this.#parts.length === 0) return last;
    const line = Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}

/**
 * Reads lines. A last line without a line feed counts. While the caller works nothing more is read than one chunk.
 *
 * @returns how many bytes of an unfinished line were left when the signal ended reading
 * @throws SeglogError `IO`, `RECORD_TOO_LARGE` for a line that is too long
 */
export async function* readLines(
  stream: NodeJS.ReadableStream,
  options: LineOptions,
): AsyncGenerator<LineEvent, number> {
  const { signal, pauseMs, maxLineBytes, clock = systemClock } = options;
  const splitter = new Splitter();
  let firstNumber = 1;
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    if (signal.aborted) return splitter.unfinished;
    const next = asChunk(chunks.next());
    let event = await firstOf(next, signal, (over) => clock.sleep(pauseMs, over));
    if (event === 'pause') {
      yield 'pause';
      event = await firstOf(next, signal);
    }
    if (event === 'aborted' || event === 'pause') return splitter.unfinished;
    if (event === 'end') break;
    const lines = splitter.push(event);
    if (lines.length > 0) yield { lines, firstNumber };
    firstNumber += lines.length;
    if (splitter.unfinished > maxLineBytes) {
      throw new SeglogError('RECORD_TOO_LARGE', `line ${firstNumber} is too long for a record`, {
        expected: `at most ${maxLineBytes} bytes`,
      });
    }
  }
  if (splitter.unfinished > 0) yield { lines: [splitter.rest()], firstNumber };
  return 0;
}

async function asChunk(next: Promise<IteratorResult<Buffer>>): Promise<Buffer | 'end'> {
  try {
    const result = await next;
    return result.done === true ? 'end' : result.value;
  } catch (error) {
    throw ioError('read', 'stdin', error);
  }
}

type Event = Buffer | 'end' | 'aborted' | 'pause';

/**
 * The next chunk, the abort, or a pause, whichever comes first; no timer and no listener is left behind. Not a race with
 * one promise for the abort: that would hold on to every chunk for as long as it lives.
 */
async function firstOf(
  next: Promise<Buffer | 'end'>,
  signal: AbortSignal,
  pause?: (over: AbortSignal) => Promise<void>,
): Promise<Event> {
  const over = new AbortController();
  try {
    return await new Promise<Event>((resolve, reject) => {
      signal.addEventListener('abort', () => resolve('aborted'), { signal: over.signal });
      if (signal.aborted) resolve('aborted');
      next.then(resolve, reject);
      void pause?.(over.signal).then(() => resolve('pause'));
    });
  } finally {
    over.abort();
  }
}
