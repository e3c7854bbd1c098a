/** All batches and records of a .log file, valid or not, as lines. */
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import type { File } from '../fs/contract.ts';
import { DecompressionMemory, type DecompressOptions, MAX_DECOMPRESSED_BYTES } from '../record/decompress.ts';
import { type BatchSummary, summarize } from './batch-summary.ts';
import { BatchWalk, type FoundBatch, type Reporter } from './batches.ts';
import { type Ending, Extent } from './dump/extent.ts';
import { OffsetOrder } from './dump/offset-order.ts';
import type { Search } from './dump/search.ts';
import type { LinePrinter } from './dump-lines.ts';
import { narrow } from './int64.ts';
import { type ExactCursor, ExactLegacyCursor, legacyRecords, recordCursor } from './records.ts';

/** Lines are handed over in pieces of about this many characters, */
const PIECE_LENGTH = 64 * 1024;
/** or after so many bytes of the file: what is rare should be seen when it is found. */
const PATIENCE_BYTES = 8 * 1024 * 1024;

/** Takes what is wrong and what is to be known, and may have had enough. */
export interface DumpReporter extends Reporter {
  /** True once the dump is to end at the next chance, in front of what is wrong. */
  readonly isOver?: boolean;
  /** Takes an empty index; a note when undefined. */
  readonly emptyIndex?: (() => void) | undefined;
}

/** Lines of the records of a whole batch. @throws SeglogError what is wrong with the records, behind the lines of those before */
export interface WholeBatches {
  batch(batch: FoundBatch, summary: BatchSummary, limits: DecompressOptions): Generator<Uint8Array>;
}

/** Options of {@link dumpLog}. */
export interface DumpLogOptions {
  readonly lines: LinePrinter;
  readonly report: DumpReporter;
  /** Batches only, no records. */
  readonly batchesOnly: boolean;
  /** From the file's name: no offset lies below it. */
  readonly baseOffset: bigint | undefined;
  readonly maxDecompressedBytes?: number | undefined;
  /** What is shown; all when undefined. */
  readonly search?: Search | undefined;
  /** Where a batch starts that is the first to be looked at. */
  readonly start?: number | undefined;
  /** Writes a batch's record lines at once, where nothing else is asked of them. Pieces are valid until the next one. */
  readonly wholeBatches?: WholeBatches | undefined;
}

/** Prints a file of batches, in pieces of whole lines: text, or its bytes, which are overwritten when the next is asked for. */
export function* dumpLog(engine: Engine, file: File, options: DumpLogOptions): Generator<string | Uint8Array, void> {
  const { report, search } = options;
  const dump = new LogDump(engine, file, options);
  const walk = new BatchWalk(engine, file, report);
  const extent = new Extent(options.start ?? 0, search?.coverage);
  let ending: Ending = 'walked';
  for (const batch of search?.isOver() === true ? [] : walk.batches(options.start)) {
    const summary = summarize(batch.view, batch.start, batch.size, batch.position, batch.valid);
    ending = 'stopped';
    if (search?.affords(batch.size) === false) break;
    if (batch.valid) dump.order.check(summary);
    if (report.isOver === true) break;
    extent.add(batch);
    yield* dump.batch(batch, summary);
    ending = dump.isBehindRange ? 'behind' : 'stopped';
    if (dump.isBehindRange || search?.isOver() === true) break;
    ending = 'walked';
  }
  if (ending === 'walked' && (report.isOver === true || search?.isOver() === true)) ending = 'stopped';
  extent.end(ending, walk, file.sizeBytes());
  yield dump.rest();
}

/** One file under way. */
class LogDump {
  readonly #engine: Engine;
  readonly #file: File;
  readonly #options: DumpLogOptions;
  readonly order: OffsetOrder;
  readonly #memory: DecompressionMemory = new DecompressionMemory(true);
  #piece = '';
  /** Up to where in the file lines were handed over for the sake of time; the first ones are at once. */
  #handedAt = -PATIENCE_BYTES - 1;
  /** Whether the range ended in this file: what lies behind is not missed. */
  isBehindRange = false;
  /** Whether the batch before lay at the end of the range, or behind it. */
  #wasBehind = false;
  /** Whether the batch at hand is damaged, or something of its records is. */
  #isUnreadable = false;

  constructor(engine: Engine, file: File, options: DumpLogOptions) {
    this.#engine = engine;
    this.#file = file;
    this.#options = options;
    this.order = new OffsetOrder(file.path, options.baseOffset, options.report);
  }

  /** Lines that were not handed over yet. */
  rest(): string {
    const piece = this.#piece;
    this.#piece = '';
    return piece;
  }

  /** Prints a batch, as far as it is asked for. */
  *batch(batch: FoundBatch, summary: BatchSummary): Generator<string | Uint8Array, void> {
    const { search } = this.#options;
    this.#isUnreadable = !batch.valid;
    let verdict = search?.ofBatch(summary) ?? 'all';
    if (verdict === 'none') {
      if (search !== undefined) search.coverage.ruledOut += 1;
    } else {
      // The first offset of a wrapper is inside: neither its line nor the verdict can do without.
      const isOld = summary.magic === 0 || summary.magic === 1;
      const messages = isOld ? this.#open(batch, summary) : undefined;
      if (isOld) verdict = search?.ofBatch(summary) ?? 'all';
      const open = (): ExactCursor | undefined => (isOld ? messages : this.#open(batch, summary));
      if (verdict !== 'none') yield* this.#lines(batch, summary, open, verdict);
    }
    if (this.#piece !== '' && batch.position - this.#handedAt > PATIENCE_BYTES) {
      this.#handedAt = batch.position;
      yield this.rest();
    }
    if (search === undefined) return;
    search.coverage.scanned(summary);
    if (this.#isUnreadable) search.coverage.unreadable += 1;
    // No checksum covers a batch's offset: one batch alone does not end the range, or a single wrong offset would hide the rest.
    const isBehind = search.isBehind(summary);
    this.isBehindRange = isBehind && this.#wasBehind;
    this.#wasBehind = isBehind;
  }

  *#lines(
    batch: FoundBatch,
    summary: BatchSummary,
    open: () => ExactCursor | undefined,
    verdict: 'all' | 'some',
  ): Generator<string | Uint8Array, void> {
    const { lines, batchesOnly, search, wholeBatches } = this.#options;
    const looksAtRecords = verdict === 'some' && search?.looksAtRecords === true;
    // Nothing is opened, and so decompressed, for lines that are not asked for.
    if (batchesOnly) {
      if (!looksAtRecords) this.#requireKnown(batch, summary);
      else if (!this.#anyRecord(batch, summary, open())) return;
      this.#piece += lines.batch(summary);
      search?.shown(1);
    } else {
      if (!looksAtRecords) this.#piece += lines.batch(summary);
      const isWhole = verdict === 'all' && (search === undefined || (summary.count ?? 0) < search.remaining);
      if (
        isWhole &&
        wholeBatches !== undefined &&
        summary.magic === 2 &&
        !summary.isControl &&
        summary.count !== null
      ) {
        yield this.rest();
        yield* this.#whole(batch, summary, wholeBatches);
      } else {
        const records = open();
        if (records !== undefined) yield* this.#records(batch, summary, records, verdict, looksAtRecords);
      }
    }
    if (this.#piece.length >= PIECE_LENGTH) yield this.rest();
  }

  /** Records one by one, those that are asked for; before the first one, if it was not yet, their batch. */
  *#records(
    batch: FoundBatch,
    summary: BatchSummary,
    records: ExactCursor,
    verdict: 'all' | 'some',
    isBatchDue: boolean,
  ): Generator<string, void> {
    const { lines, search } = this.#options;
    let isDue = isBatchDue;
    while (this.#advance(records, batch)) {
      if (verdict === 'some' && search?.ofRecord(records, summary) === false) continue;
      if (isDue) this.#piece += lines.batch(summary);
      isDue = false;
      this.#piece += lines.record(records, summary);
      if (this.#piece.length >= PIECE_LENGTH) yield this.rest();
      search?.shown(1);
      if (search?.isOver() === true) return;
    }
  }

  *#whole(batch: FoundBatch, summary: BatchSummary, whole: WholeBatches): Generator<Uint8Array, void> {
    const { search } = this.#options;
    try {
      for (const piece of whole.batch(batch, summary, this.#limits(batch))) {
        if (search !== undefined) search.shown(countLines(piece));
        yield piece;
      }
    } catch (error) {
      this.#fault(error, batch);
    }
  }

  /** Whether any record of the batch is asked for. */
  #anyRecord(batch: FoundBatch, summary: BatchSummary, records: ExactCursor | undefined): boolean {
    const { search } = this.#options;
    while (records !== undefined && this.#advance(records, batch)) {
      if (search?.ofRecord(records, summary) === true) return true;
    }
    return false;
  }

  /**
   * A cursor over the batch's records, if they can be had. What prevents it is a finding, unless the batch is known to be
   * broken already. Completes the summary of a wrapper, whose first offset is inside.
   */
  #open(batch: FoundBatch, summary: BatchSummary): ExactCursor | undefined {
    const { report } = this.#options;
    try {
      if (summary.magic === 0 || summary.magic === 1) {
        const records = legacyRecords(this.#engine, batch, this.#limits(batch));
        summary.baseOffset = narrow(records.offsets[0] ?? -1n);
        if (records.trailingBytes > 0)
          report.note(
            `${records.trailingBytes} bytes at the end of the wrapper at byte ${batch.position} are no whole message`,
          );
        return new ExactLegacyCursor(records);
      }
      if (!this.#requireKnown(batch, summary) || summary.count === null) return undefined;
      return recordCursor(this.#engine, batch, summary, this.#limits(batch));
    } catch (error) {
      this.#fault(error, batch);
      return undefined;
    }
  }

  /** Whether the format is one that is known; it is a finding when it is not. */
  #requireKnown(batch: FoundBatch, { magic, position }: BatchSummary): boolean {
    if (magic >= 0 && magic <= 2) return true;
    const place = { file: this.#file.path, position };
    this.#fault(
      new SeglogError('UNSUPPORTED_MAGIC', 'a batch of an unknown message format', {
        ...place,
        expected: '0, 1 or 2',
        found: magic,
      }),
      batch,
    );
    return false;
  }

  /** `next()`, with what is wrong reported; the records before it were shown. */
  #advance(records: ExactCursor, batch: FoundBatch): boolean {
    try {
      return records.next();
    } catch (error) {
      this.#fault(error, batch);
      return false;
    }
  }

  #fault(error: unknown, batch: FoundBatch): void {
    if (!(error instanceof SeglogError)) throw error;
    this.#isUnreadable = true;
    if (batch.valid) this.#options.report.finding(error);
  }

  #limits(batch: FoundBatch): DecompressOptions {
    return {
      file: this.#file.path,
      position: batch.position,
      maxDecompressedBytes: this.#options.maxDecompressedBytes ?? MAX_DECOMPRESSED_BYTES,
      memory: this.#memory,
    };
  }
}

function countLines(piece: Uint8Array): number {
  let count = 0;
  for (let at = piece.indexOf(0x0a); at >= 0; at = piece.indexOf(0x0a, at + 1)) count += 1;
  return count;
}
