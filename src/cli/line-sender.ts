/** Sends lines as records to a topic, and knows which of them could not be appended. */
import { type ErrorCode, SeglogError } from '../errors/errors.ts';
import type { TopicRecord, TopicWriter } from '../store/topic-writer.ts';

/** So much is on its way before it is waited for. */
const MOST_BYTES_ON_THE_WAY = 16 * 1024 * 1024;
/** So many ranges of lines are named; of what is behind them only how many, and between which. */
const MOST_RANGES = 1000;

/** A line that was not appended, and why. */
interface Rejected {
  readonly line: number;
  readonly error: unknown;
}

/** Sends lines. What goes wrong with a batch comes back by its records. */
export class LineSender {
  readonly #writer: TopicWriter;
  #rejected: Rejected[] = [];
  /** Those that are on their way; none of them rejects. */
  #sending: Promise<unknown>[] = [];
  #lastLine = 0;
  #bytes = 0;

  constructor(writer: TopicWriter) {
    this.#writer = writer;
  }

  /**
   * Adds a record. When a promise is returned it is to be waited for before the next one.
   *
   * @returns rejects with a SeglogError naming lines that were sent before, and could not be appended; this one is not sent then
   */
  send(record: TopicRecord<Uint8Array | string, Uint8Array | string>, line: number): Promise<void> | undefined {
    if (this.#rejected.length > 0) return this.close();
    this.#lastLine = line;
    this.#sending.push(this.#writer.send(record).catch((error: unknown) => this.#rejected.push({ line, error })));
    this.#bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    return this.#bytes < MOST_BYTES_ON_THE_WAY ? undefined : this.flush();
  }

  /** Appends what was sent. @throws SeglogError naming all lines that could not be appended; nothing more can be sent then */
  async flush(): Promise<void> {
    await this.#settle(() => this.#writer.flush());
  }

  /** The same, and ends. */
  async close(): Promise<void> {
    await this.#settle(() => this.#writer.close());
  }

  async #settle(work: () => Promise<void>): Promise<void> {
    this.#bytes = 0;
    // What the writer says the records of the batch say, too, and they know their lines.
    const outcome = await work().catch((error: unknown) => ({ error }));
    if (outcome !== undefined || this.#rejected.length > 0) {
      // Whatever is still on its way belongs to the account.
      await this.#writer.close().catch(() => undefined);
      await Promise.all(this.#sending);
    }
    this.#sending = [];
    this.#throwRejected();
    if (outcome !== undefined) throw outcome.error;
  }

  #throwRejected(): void {
    const rejected = this.#rejected.sort((a, b) => a.line - b.line);
    const [first] = rejected;
    if (first === undefined) return;
    this.#rejected = [];
    // Each batch has an error of its own, with values of its own in its text.
    const others = rejected.filter(({ error }) => codeOf(error) !== codeOf(first.error));
    const [other] = others;
    const also =
      other === undefined
        ? ''
        : `; ${others.length} of them for other reasons, line ${other.line} first: ${messageOf(other.error)}`;
    throw new SeglogError(
      codeOf(first.error),
      `${linesOf(rejected.map(({ line }) => line))} not appended: ${messageOf(first.error)}${also}; nothing behind line ${this.#lastLine} was sent`,
      { cause: first.error },
    );
  }
}

/** `lines 1, 3 to 5 were`, of numbers in order. */
function linesOf(lines: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  let named = 0;
  for (const line of lines) {
    const range = ranges.at(-1);
    if (range !== undefined && line <= range.last + 1) range.last = line;
    else if (ranges.length < MOST_RANGES) ranges.push({ first: line, last: line });
    else break;
    named++;
  }
  if (lines.length === 1) return `line ${lines[0]} was`;
  const texts = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`));
  const more =
    named === lines.length ? '' : ` and ${lines.length - named} more from ${lines[named]} to ${lines.at(-1)}`;
  return `lines ${texts.join(', ')}${more} were`;
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof SeglogError ? error.code : 'INTERNAL';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
