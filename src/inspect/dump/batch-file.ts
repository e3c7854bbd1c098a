/** Dumps one file of batches. Apart from the other kinds of files, so that what they need is not loaded for it. */
import type { Engine } from '../../engine/contract.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { FieldPrinter, type PrintEncoding, type Redactable } from '../byte-encoding.ts';
import type { RecordDecoder } from '../decode/contract.ts';
import { JsonLines, type LinePrinter, TextLines } from '../dump-lines.ts';
import { dumpLog, type DumpReporter, type WholeBatches } from '../dump-log.ts';
import type { KnownFile } from '../file-kinds.ts';
import type { Search } from './search.ts';
import { startOf } from './start.ts';

/** How a dump looks. */
export interface DumpOptions {
  readonly json: boolean;
  readonly bytes: PrintEncoding;
  readonly batchesOnly: boolean;
  readonly maxDecompressedBytes?: number | undefined;
  /** Parts of records whose sizes alone are printed. */
  readonly redact?: readonly Redactable[] | undefined;
  /** Prints keys and values in words. */
  readonly decoder?: RecordDecoder | undefined;
  /** Prints rows of chosen fields instead of lines: what does so, for a file of that path. */
  readonly rows?: ((printer: FieldPrinter, path: string) => LinePrinter) | undefined;
  /** What of files of batches is shown; all when undefined. */
  readonly search?: Search | undefined;
  /** Makes the JSON lines of whole batches, where all of a record is printed as it is. */
  readonly wholeBatches?: WholeBatches | undefined;
}

/**
 * Prints a file of batches, in pieces of whole lines: text, or bytes that are overwritten when the next piece is asked for.
 * What is wrong with it goes to `report`, and printing goes on behind it.
 *
 * @throws SeglogError `IO`, `NOT_A_REGULAR_FILE`, `FILE_SHRANK`
 */
export function* dumpBatchFile(
  engine: Engine,
  fs: FileSystem,
  known: KnownFile,
  options: DumpOptions,
  report: DumpReporter,
): Generator<string | Uint8Array, void> {
  const { search, rows } = options;
  let heading = options.json || rows !== undefined || known.heading === undefined ? '' : `${known.heading}\n`;
  const file = fs.open(known.path, 'read');
  try {
    if (search === undefined && heading !== '') {
      yield heading;
      heading = '';
    }
    const note = (text: string): void => report.note(text);
    const start = search === undefined ? 0 : startOf({ engine, fs, known, file, note }, search.options);
    if (search !== undefined) {
      search.coverage.files += 1;
      search.coverage.indexedBytes += start;
    }
    const pieces = dumpLog(engine, file, {
      lines: linesOf(known, options),
      report,
      batchesOnly: options.batchesOnly,
      baseOffset: known.baseOffset,
      maxDecompressedBytes: options.maxDecompressedBytes,
      search,
      start,
      wholeBatches: rows === undefined && options.decoder === undefined ? options.wholeBatches : undefined,
    });
    for (const piece of pieces) {
      // A search heads what it found, and is silent about the rest.
      if (heading !== '' && piece.length > 0) {
        yield heading;
        heading = '';
      }
      yield piece;
    }
  } finally {
    file.close();
  }
}

function linesOf(known: KnownFile, { json, rows, decoder, bytes, redact }: DumpOptions): LinePrinter {
  const printer = new FieldPrinter(bytes, redact);
  if (rows !== undefined) return rows(printer, known.path);
  return json ? new JsonLines(printer, decoder) : new TextLines(printer, decoder);
}
