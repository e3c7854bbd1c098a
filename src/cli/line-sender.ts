/** Sends lines as records to a topic, and knows which of them could not be appended. */
import { SeglogError } from '../errors/errors.ts';
import type { TopicRecord, TopicWriter } from '../store/topic-writer.ts';

/** So much is on its way before it is waited for. */
const MOST_BYTES_ON_THE_WAY = 16 * 1024 * 1024;

/** Lines that met one error: those of a batch, and whoever came to its partition next. */
interface Failure {
  readonly error: unknown;
  readonly first: number;
  last: number;
  count: number;
}

/** Sends lines. What goes wrong with a batch comes back by its records. */
export class LineSender {
  readonly #writer: TopicWriter;
  #failure: Failure | undefined;
  #bytes = 0;

  constructor(writer: TopicWriter) {
    this.#writer = writer;
  }

  /**
   * Adds a record. When a promise is returned it is to be waited for before the next one.
   *
   * @throws SeglogError naming lines that were sent before, and could not be appended
   */
  send(record: TopicRecord<Uint8Array | string, Uint8Array | string>, line: number): Promise<void> | undefined {
    this.#throwFailure();
    this.#writer.send(record).catch((error: unknown) => this.#failed(error, line));
    this.#bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    return this.#bytes < MOST_BYTES_ON_THE_WAY ? undefined : this.flush();
  }

  /** Appends what was sent. @throws SeglogError naming the lines that could not be appended */
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
    this.#throwFailure();
    if (outcome !== undefined) throw outcome.error;
  }

  #failed(error: unknown, line: number): void {
    this.#failure ??= { error, first: line, last: line, count: 0 };
    if (this.#failure.error !== error) return;
    this.#failure.last = line;
    this.#failure.count++;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
    const { error, first, last, count } = failure;
    if (!(error instanceof SeglogError)) throw error;
    const isRun = count === last - first + 1;
    const lines =
      first === last ? `line ${first} was` : `${isRun ? '' : `${count} of the `}lines ${first} to ${last} were`;
    throw new SeglogError(error.code, `${lines} not appended: ${error.message}`, { cause: error });
  }
}
