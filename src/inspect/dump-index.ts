/** The entries of an offset or time index, read alone: no .log has to be beside it. */
import { SeglogError } from '../errors/errors.ts';
import { OFFSET_INDEX, offsetOfEntry, positionOfEntry } from '../format/offset-index.ts';
import { offsetOfTimeEntry, TIME_INDEX } from '../format/time-index.ts';
import type { File } from '../fs/contract.ts';
import type { DumpReporter } from './dump-log.ts';
import type { KnownFile } from './file-kinds.ts';
import { type Int64, narrow, readInt64 } from './int64.ts';
import { endOfZeros } from './zeros.ts';

/** A multiple of both entry sizes. */
const CHUNK_BYTES = 24 * 4096;

/** Kafka makes no larger ones, and positions in a .log end there: a sparse file of any size must not be read through. */
export const MAX_INDEX_BYTES: number = 2 ** 31 - 1;

/** How one of the two kinds of index is read. */
interface Table {
  readonly entrySize: number;
  /** Whether an entry of zeros can be real as the first one: a timestamp 0 at the base offset can, a position 0 cannot. */
  readonly zeroFirst: boolean;
  /** What must rise from entry to entry, and what must not fall. */
  readonly rising: (view: DataView, slot: number) => Int64;
  readonly notFalling: (view: DataView, slot: number) => Int64;
  readonly print: (view: DataView, slot: number, base: bigint, json: boolean) => string;
}

const OFFSET_TABLE: Table = {
  entrySize: OFFSET_INDEX.ENTRY_SIZE,
  zeroFirst: false,
  rising: offsetOfEntry,
  notFalling: positionOfEntry,
  print(view, slot, base, json) {
    const offset = narrow(base + BigInt(offsetOfEntry(view, slot)));
    const position = positionOfEntry(view, slot);
    return json
      ? `{"type":"index","offset":${offset},"position":${position}}\n`
      : `offset: ${offset} position: ${position}\n`;
  },
};

const timestampOf = (view: DataView, slot: number): Int64 =>
  readInt64(view, slot * TIME_INDEX.ENTRY_SIZE + TIME_INDEX.TIMESTAMP);

const TIME_TABLE: Table = {
  entrySize: TIME_INDEX.ENTRY_SIZE,
  zeroFirst: true,
  rising: timestampOf,
  notFalling: offsetOfTimeEntry,
  print(view, slot, base, json) {
    const timestamp = timestampOf(view, slot);
    const offset = narrow(base + BigInt(offsetOfTimeEntry(view, slot)));
    return json
      ? `{"type":"timeindex","timestamp":${timestamp},"offset":${offset}}\n`
      : `timestamp: ${timestamp} offset: ${offset}\n`;
  },
};

/** Prints the entries of an index; what is wrong and what is only said goes to `report`. */
export function* dumpIndex(known: KnownFile, file: File, json: boolean, report: DumpReporter): Generator<string, void> {
  const table = known.kind === 'offset-index' ? OFFSET_TABLE : TIME_TABLE;
  const size = file.sizeBytes();
  if (size === 0) tellEmpty(report);
  if (known.baseOffset === undefined) report.note('the name has no base offset: the offsets shown are relative');
  const odd = size % table.entrySize;
  if (odd !== 0) {
    report.finding(
      new SeglogError('CORRUPT_INDEX', 'the length is no multiple of an entry', {
        file: file.path,
        expected: `a multiple of ${table.entrySize}`,
        found: size,
      }),
    );
  }
  if (size > MAX_INDEX_BYTES) report.finding(tooLarge(file.path, size));
  const end = Math.floor(Math.min(size, MAX_INDEX_BYTES) / table.entrySize) * table.entrySize;
  yield* entries(table, file, end, known.baseOffset ?? 0n, json, report);
}

/** An empty index is no fault, and usual: many are told as one where the reporter does so. */
export function tellEmpty(report: DumpReporter): void {
  if (report.emptyIndex === undefined) report.note('the index is empty');
  else report.emptyIndex();
}

/** The finding for an index of which only the first bytes are looked at. */
export function tooLarge(file: string, size: number): SeglogError {
  return new SeglogError('CORRUPT_INDEX', 'the file is larger than an index can be: the rest is not looked at', {
    file,
    expected: `at most ${MAX_INDEX_BYTES} bytes`,
    found: size,
  });
}

function* entries(
  table: Table,
  file: File,
  end: number,
  base: bigint,
  json: boolean,
  report: DumpReporter,
): Generator<string, void> {
  const bytes = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let zerosEnd = 0;
  let previous: { rising: Int64; notFalling: Int64 } | undefined;
  for (let position = 0; position < end; position += bytes.length) {
    const filled = file.read(bytes, 0, Math.min(bytes.length, end - position), position);
    let text = '';
    for (let slot = 0; slot < Math.floor(filled / table.entrySize); slot++) {
      const at = position + slot * table.entrySize;
      const rising = table.rising(view, slot);
      const notFalling = table.notFalling(view, slot);
      const real = at === 0 && table.zeroFirst && end === table.entrySize;
      // Where one run of zeros ends is asked once, however many entries it has.
      if (rising === 0 && notFalling === 0 && !real && at >= zerosEnd) zerosEnd = endOfZeros(file, at, end);
      if (zerosEnd === end) {
        yield text;
        report.note(
          `${(end - at) / table.entrySize} zero entries from byte ${at} on: the index was set aside and not trimmed`,
        );
        return;
      }
      const fault = faultOf(rising, notFalling, previous);
      if (fault !== undefined)
        report.finding(new SeglogError('CORRUPT_INDEX', fault, { file: file.path, position: at }));
      if (report.isOver === true) {
        yield text;
        return;
      }
      previous = { rising, notFalling };
      text += table.print(view, slot, base, json);
    }
    yield text;
    if (filled < bytes.length && position + filled < end) {
      throw new SeglogError('FILE_SHRANK', 'the file became shorter while it was read', {
        file: file.path,
        expected: `${end} bytes`,
        found: `${position + filled} bytes`,
      });
    }
  }
}

function faultOf(
  rising: Int64,
  notFalling: Int64,
  previous: { rising: Int64; notFalling: Int64 } | undefined,
): string | undefined {
  if (rising < 0 || notFalling < 0) return 'an entry has a negative number';
  if (previous === undefined) return undefined;
  if (rising <= previous.rising)
    return `an entry is not above the one before: expected more than ${previous.rising}, found ${rising}`;
  if (notFalling < previous.notFalling)
    return `an entry falls back behind the one before: expected at least ${previous.notFalling}, found ${notFalling}`;
  return undefined;
}
