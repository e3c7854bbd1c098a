/** What is in a .log file by its bytes alone: an account that owes nothing to the loader under test. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultEngine } from '../../src/engine/select.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE, LEGACY, LOG_OVERHEAD, MIN_MESSAGE_SIZE } from '../../src/format/batch.ts';

/** A batch as its header has it. */
export interface FoundEntry {
  readonly position: number;
  readonly sizeBytes: number;
  /** In formats 0 and 1 the last offset: the first is inside. */
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  /** -1 in format 0. */
  readonly maxTimestamp: bigint;
}

/** The batches of a .log file that are whole and valid, from its start. */
export interface ValidPrefix {
  readonly baseOffset: bigint;
  readonly entries: readonly FoundEntry[];
  /** Where they end. */
  readonly validBytes: number;
  readonly sizeBytes: number;
}

function entryAt(bytes: Buffer, position: number): FoundEntry | undefined {
  if (bytes.length - position < BATCH.MAGIC + 1) return undefined;
  const size = bytes.readInt32BE(position + BATCH.LENGTH);
  const end = position + LOG_OVERHEAD + size;
  if (size < MIN_MESSAGE_SIZE || end > bytes.length) return undefined;
  const magic = bytes.readInt8(position + BATCH.MAGIC);
  const baseOffset = bytes.readBigInt64BE(position + BATCH.BASE_OFFSET);
  const entry = { position, sizeBytes: end - position, baseOffset };
  const engine = defaultEngine();
  if (magic < 2) {
    const isValid = engine.crc32(bytes, position + LEGACY.MAGIC, end) === bytes.readUInt32BE(position + LEGACY.CRC);
    const maxTimestamp = magic === 1 ? bytes.readBigInt64BE(position + LEGACY.TIMESTAMP) : -1n;
    return isValid ? { ...entry, lastOffset: baseOffset, maxTimestamp } : undefined;
  }
  if (entry.sizeBytes < HEADER_SIZE) return undefined;
  const checksum = engine.crc32c(bytes, position + BATCH.ATTRIBUTES, end);
  if (checksum !== bytes.readUInt32BE(position + BATCH.CRC)) return undefined;
  return {
    ...entry,
    lastOffset: baseOffset + BigInt(bytes.readInt32BE(position + BATCH.LAST_OFFSET_DELTA)),
    maxTimestamp: bytes.readBigInt64BE(position + BATCH.MAX_TIMESTAMP),
  };
}

/** The valid prefix of the bytes of a .log file. */
export function validPrefix(bytes: Buffer, baseOffset: bigint): ValidPrefix {
  const entries: FoundEntry[] = [];
  let position = 0;
  for (;;) {
    const entry = entryAt(bytes, position);
    if (entry === undefined) break;
    entries.push(entry);
    position += entry.sizeBytes;
  }
  return { baseOffset, entries, validBytes: position, sizeBytes: bytes.length };
}

/** The segments of a partition directory, in order. One that waits to be swapped in counts instead of what it replaces. */
export function segmentsOf(directory: string): ValidPrefix[] {
  const names = readdirSync(directory).filter((name) => /^\d{20}\.log(\.swap)?$/.test(name));
  return names
    .filter((name) => !names.includes(`${name}.swap`))
    .sort()
    .map((name) => validPrefix(readFileSync(join(directory, name)), BigInt(name.slice(0, 20))));
}

/** The first batch that does not rise: that does not lie wholly behind the one before it. */
export function firstNotRising({ entries }: ValidPrefix): FoundEntry | undefined {
  return entries.find(({ baseOffset }, i) => i > 0 && baseOffset <= (entries[i - 1] as FoundEntry).lastOffset);
}

const MAX_SPAN = 0x7fffffffn;

/** The first batch whose last offset is below the segment's base, or too far above it for an int32. */
export function firstOutOfRange({ entries, baseOffset }: ValidPrefix): FoundEntry | undefined {
  return entries.find(({ lastOffset }) => lastOffset < baseOffset || lastOffset - baseOffset > MAX_SPAN);
}

/** A transaction: where it starts, and its marker; undefined while it is open. */
export interface FoundTransaction {
  readonly first: number;
  readonly marker: number | undefined;
}

/** The transactions of a partition directory's batches. */
export function transactionsOf(directory: string): FoundTransaction[] {
  const found: FoundTransaction[] = [];
  const open = new Map<bigint, number>();
  for (const { baseOffset, entries } of segmentsOf(directory)) {
    const bytes = readFileSync(join(directory, `${String(baseOffset).padStart(20, '0')}.log`));
    for (const entry of entries) {
      if (bytes.readInt8(entry.position + BATCH.MAGIC) < 2) continue;
      const attributes = bytes.readInt16BE(entry.position + BATCH.ATTRIBUTES);
      if ((attributes & ATTRIBUTES.TRANSACTIONAL) === 0) continue;
      const producer = bytes.readBigInt64BE(entry.position + BATCH.PRODUCER_ID);
      const first = open.get(producer);
      if ((attributes & ATTRIBUTES.CONTROL) === 0) {
        if (first === undefined) open.set(producer, Number(entry.baseOffset));
      } else if (first !== undefined) {
        found.push({ first, marker: Number(entry.baseOffset) });
        open.delete(producer);
      }
    }
  }
  return [...found, ...[...open.values()].map((first) => ({ first, marker: undefined }))];
}
