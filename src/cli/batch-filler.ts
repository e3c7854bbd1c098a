/** Gathers records to batches that a log takes. */
import { SeglogError } from '../errors/errors.ts';
import type { Log } from '../log/log.ts';
import type { Codec } from '../log/options.ts';
import type { ParsedRecord } from './record-input.ts';

/** A batch's header, and the most that a record and a header cost besides their bytes. */
const BATCH_OVERHEAD = 61;
const RECORD_OVERHEAD = 21;
const HEADER_OVERHEAD = 10;

function sizeOf({ key, value, headers }: ParsedRecord): number {
  let size = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers ?? []) size += HEADER_OVERHEAD + name.length + (content?.length ?? 0);
  return size;
}

/** Fills batches, and knows what was appended. */
export class BatchFiller {
  readonly #log: Log;
  readonly #batchRecords: number;
  readonly #batchBytes: number;
  readonly #compression: Codec | undefined;
  #records: ParsedRecord[] = [];
  #size: number = BATCH_OVERHEAD;
  #firstLine = 0;
  #lastLine = 0;
  /** The offset of the first record that was appended; the log end when none was. */
  readonly baseOffset: number;
  lastOffset: number;
  /** How many records were appended. */
  records = 0;
  /** Appending failed: the records at hand cannot be appended again. */
  failed = false;

  constructor(log: Log, batchRecords: number, compression: Codec | undefined) {
    this.#log = log;
    this.#batchRecords = batchRecords;
    this.#batchBytes = Math.min(log.config.maxMessageBytes, log.config.segmentBytes);
    this.#compression = compression;
    this.baseOffset = log.logEndOffset;
    this.lastOffset = this.baseOffset - 1;
  }

  /** Takes a record. When that fills a batch a promise is returned, to be waited for before the next record. */
  add(record: ParsedRecord, line: number): Promise<void> | undefined {
    const size = sizeOf(record);
    if (this.#records.length > 0 && this.#size + size > this.#batchBytes)
      return this.flush().then(() => this.#take(record, size, line));
    return this.#take(record, size, line);
  }

  #take(record: ParsedRecord, size: number, line: number): Promise<void> | undefined {
    if (this.#records.length === 0) this.#firstLine = line;
    this.#records.push(record);
    this.#size += size;
    this.#lastLine = line;
    return this.#records.length >= this.#batchRecords ? this.flush() : undefined;
  }

  /** Appends what is at hand. @throws SeglogError naming the lines that were not appended */
  async flush(): Promise<void> {
    const records = this.#records;
    if (records.length === 0) return;
    this.#records = [];
    this.#size = BATCH_OVERHEAD;
    try {
      const { lastOffset } = await this.#log.append(
        records,
        this.#compression === undefined ? {} : { compression: this.#compression },
      );
      this.lastOffset = lastOffset;
      this.records += records.length;
    } catch (error) {
      this.failed = true;
      if (!(error instanceof SeglogError)) throw error;
      const lines =
        this.#firstLine === this.#lastLine
          ? `line ${this.#firstLine} was`
          : `lines ${this.#firstLine} to ${this.#lastLine} were`;
      throw new SeglogError(error.code, `${lines} not appended: ${error.message}`, { cause: error });
    }
  }
}
