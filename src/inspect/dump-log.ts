/** All batches and records of a .log file, valid or not, as lines. */
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { MAX_INT32, MAX_INT64 } from '../units/units.ts';
import type { File } from '../fs/contract.ts';
import { MAX_DECOMPRESSED_BYTES } from '../record/decompress.ts';
import { type BatchSummary, summarize } from './batch-summary.ts';
import { BatchWalk, type FoundBatch, type Reporter } from './batches.ts';
import type { LinePrinter } from './dump-lines.ts';
import { type Int64, narrow } from './int64.ts';
import { type ExactCursor, ExactLegacyCursor, legacyRecords, recordCursor } from './records.ts';

/** Lines are handed over in pieces of about this many characters. */
const PIECE_LENGTH = 64 * 1024;

/** Options of {@link dumpLog}. */
export interface DumpLogOptions {
  readonly lines: LinePrinter;
  readonly report: Reporter;
  /** Batches only, no records. */
  readonly batchesOnly: boolean;
  /** From the file's name: no offset lies below it. */
  readonly baseOffset: bigint | undefined;
  readonly maxDecompressedBytes?: number | undefined;
}

/** Prints a file of batches. */
export function* dumpLog(engine: Engine, file: File, options: DumpLogOptions): Generator<string, void> {
  const { lines, report } = options;
  const order = new OffsetOrder(file.path, options.baseOffset, report);
  let piece = '';
  for (const batch of new BatchWalk(engine, file, report).batches()) {
    const summary = summarize(batch.view, batch.start, batch.size, batch.position, batch.valid);
    const records = openRecords(engine, file, batch, summary, options);
    if (batch.valid) order.check(summary);
    piece += lines.batch(summary);
    if (!options.batchesOnly && records !== undefined) {
      while (advance(records, batch, report)) {
        piece += lines.record(records, summary);
        if (piece.length >= PIECE_LENGTH) {
          yield piece;
          piece = '';
        }
      }
    }
    if (piece.length >= PIECE_LENGTH) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

/**
 * A cursor over the batch's records, if they can be had. What prevents it is a finding, unless the batch is known to be
 * broken already. Completes the summary of a wrapper, whose first offset is inside.
 */
function openRecords(
  engine: Engine,
  file: File,
  batch: FoundBatch,
  summary: BatchSummary,
  options: DumpLogOptions,
): ExactCursor | undefined {
  const limits = {
    file: file.path,
    position: batch.position,
    maxDecompressedBytes: options.maxDecompressedBytes ?? MAX_DECOMPRESSED_BYTES,
  };
  try {
    if (summary.magic === 0 || summary.magic === 1) {
      const records = legacyRecords(engine, batch, limits);
      summary.baseOffset = narrow(records.offsets[0] ?? -1n);
      if (records.trailingBytes > 0)
        options.report.note(
          `${records.trailingBytes} bytes at the end of the wrapper at byte ${batch.position} are no whole message`,
        );
      return new ExactLegacyCursor(records);
    }
    if (summary.magic !== 2) {
      throw new SeglogError('UNSUPPORTED_MAGIC', 'a batch of an unknown message format', {
        ...limits,
        expected: '0, 1 or 2',
        found: summary.magic,
      });
    }
    // Nothing is decompressed for lines that are not asked for, nor from a batch that is smaller than its header.
    if (options.batchesOnly || summary.count === null) return undefined;
    return recordCursor(engine, batch, summary, limits);
  } catch (error) {
    reportUnlessKnown(error, batch, options.report);
    return undefined;
  }
}

/** `next()`, with what is wrong reported; the records before it were shown. */
function advance(records: ExactCursor, batch: FoundBatch, report: Reporter): boolean {
  try {
    return records.next();
  } catch (error) {
    reportUnlessKnown(error, batch, report);
    return false;
  }
}

function reportUnlessKnown(error: unknown, batch: FoundBatch, report: Reporter): void {
  if (!(error instanceof SeglogError)) throw error;
  if (batch.valid) report.finding(error);
}

/** Offsets rise from batch to batch, from the base in the name on, and stay within int64. Gaps are legal. */
class OffsetOrder {
  readonly #file: string;
  readonly #baseOffset: bigint | undefined;
  readonly #report: Reporter;
  #lastOffset: Int64 | undefined;

  constructor(file: string, baseOffset: bigint | undefined, report: Reporter) {
    this.#file = file;
    this.#baseOffset = baseOffset;
    this.#report = report;
  }

  check({ position, magic, baseOffset, lastOffset }: BatchSummary): void {
    if (lastOffset === null) return;
    // In formats 0 and 1 the first offset comes from inside and may be missing; the last one stands outside.
    const first = magic < 2 ? lastOffset : (baseOffset ?? lastOffset);
    const place = { file: this.#file, position, baseOffset: first, lastOffset };
    const previous = this.#lastOffset;
    if (lastOffset < first) {
      this.#finding('OFFSETS_OUT_OF_ORDER', "a batch's last offset is below its first", {
        ...place,
        expected: `at least ${first}`,
        found: lastOffset,
      });
    } else if (lastOffset > MAX_INT64) {
      this.#finding('OFFSET_OVERFLOW', 'an offset is beyond int64', { ...place, found: lastOffset });
    } else if (previous !== undefined && first <= previous) {
      this.#finding('OFFSETS_OUT_OF_ORDER', 'a batch does not lie above the one before', {
        ...place,
        expected: `more than ${previous}`,
        found: first,
      });
    } else if (this.#baseOffset !== undefined && first < this.#baseOffset) {
      this.#finding('OFFSETS_OUT_OF_ORDER', "an offset is below the one in the file's name", {
        ...place,
        expected: `at least ${this.#baseOffset}`,
        found: first,
      });
    } else if (this.#baseOffset !== undefined && BigInt(lastOffset) - this.#baseOffset > BigInt(MAX_INT32)) {
      this.#finding('OFFSET_OVERFLOW', 'an offset is too far above the one in the file name for an index', {
        ...place,
        expected: `at most ${MAX_INT32} above ${this.#baseOffset}`,
        found: lastOffset,
      });
    }
    if (previous === undefined || lastOffset > previous) this.#lastOffset = lastOffset;
  }

  #finding(
    code: 'OFFSETS_OUT_OF_ORDER' | 'OFFSET_OVERFLOW',
    message: string,
    details: ConstructorParameters<typeof SeglogError>[2],
  ): void {
    this.#report.finding(new SeglogError(code, message, details ?? {}));
  }
}
