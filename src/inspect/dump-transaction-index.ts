/** The entries of a transaction index, read alone: no .log has to be beside it. */
import { SeglogError } from '../errors/errors.ts';
import {
  type ExactAbortedTransaction,
  readAbortedTransactionExact,
  TRANSACTION_INDEX,
} from '../format/transaction-index.ts';
import type { File } from '../fs/contract.ts';
import { MAX_INDEX_BYTES, tellEmpty, tooLarge } from './dump-index.ts';
import type { DumpReporter } from './dump-log.ts';
import type { KnownFile } from './file-kinds.ts';

const { ENTRY_SIZE, CURRENT_VERSION } = TRANSACTION_INDEX;
const CHUNK_BYTES = ENTRY_SIZE * 2048;

/** Prints the aborted transactions; what is wrong and what is only said goes to `report`. */
export function* dumpTransactionIndex(
  known: KnownFile,
  file: File,
  json: boolean,
  report: DumpReporter,
): Generator<string, void> {
  const size = file.sizeBytes();
  if (size === 0) tellEmpty(report);
  if (size > MAX_INDEX_BYTES) report.finding(tooLarge(file.path, size));
  const odd = size > MAX_INDEX_BYTES ? 0 : size % ENTRY_SIZE;
  const end = Math.floor(Math.min(size, MAX_INDEX_BYTES) / ENTRY_SIZE) * ENTRY_SIZE;
  const bytes = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let previous: bigint | undefined;
  for (let position = 0; position < end; position += bytes.length) {
    const wanted = Math.min(bytes.length, end - position);
    const filled = file.read(bytes, 0, wanted, position);
    let text = '';
    for (let slot = 0; slot < Math.floor(filled / ENTRY_SIZE); slot++) {
      const place = { file: file.path, position: position + slot * ENTRY_SIZE };
      const entry = readAbortedTransactionExact(view, slot);
      if (entry.version > CURRENT_VERSION) {
        yield text;
        // A later version may have entries of another size, so what follows cannot be told apart either.
        report.finding(
          new SeglogError('UNSUPPORTED_VERSION', 'unknown version of an aborted transaction', {
            ...place,
            expected: CURRENT_VERSION,
            found: entry.version,
          }),
        );
        return;
      }
      const fault = faultOf(entry, previous, known.baseOffset);
      if (fault !== undefined) report.finding(new SeglogError('CORRUPT_INDEX', fault, place));
      if (report.isOver === true) {
        yield text;
        return;
      }
      previous = entry.lastOffset;
      text += lineOf(entry, json);
    }
    yield text;
    if (filled < wanted) {
      throw new SeglogError('FILE_SHRANK', 'the file became shorter while it was read', {
        file: file.path,
        expected: `${end} bytes`,
        found: `${position + filled} bytes`,
      });
    }
  }
  if (odd !== 0) {
    report.finding(
      new SeglogError('CORRUPT_INDEX', 'a piece of an entry at the end', {
        file: file.path,
        position: end,
        expected: `${ENTRY_SIZE} bytes`,
        found: odd,
      }),
    );
  }
}

function lineOf(entry: ExactAbortedTransaction, json: boolean): string {
  const { version, producerId, firstOffset, lastOffset, lastStableOffset } = entry;
  return json
    ? `{"type":"txnindex","version":${version},"producerId":${producerId},"firstOffset":${firstOffset},"lastOffset":${lastOffset},"lastStableOffset":${lastStableOffset}}\n`
    : `version: ${version} producerId: ${producerId} firstOffset: ${firstOffset} lastOffset: ${lastOffset} lastStableOffset: ${lastStableOffset}\n`;
}

/** Why no broker can have written this entry. */
function faultOf(
  { version, producerId, firstOffset, lastOffset, lastStableOffset }: ExactAbortedTransaction,
  previous: bigint | undefined,
  baseOffset: bigint | undefined,
): string | undefined {
  if (version < 0 || producerId < 0n || firstOffset < 0n || lastStableOffset < 0n)
    return 'an aborted transaction has a negative number';
  if (lastOffset <= firstOffset)
    return `an aborted transaction ends before its records: its first offset is ${firstOffset}, its marker's ${lastOffset}`;
  if (baseOffset !== undefined && lastOffset < baseOffset)
    return `an aborted transaction ends below the offset in the file's name: expected at least ${baseOffset}, found ${lastOffset}`;
  if (previous !== undefined && lastOffset <= previous)
    return `an aborted transaction does not end above the one before: expected more than ${previous}, found ${lastOffset}`;
  return undefined;
}
