/** The form of a producer snapshot, and where in the file it is damaged. */
import { SeglogError } from '../../../errors/errors.ts';
import { type Crc32c, decodeProducerSnapshot, type ProducerSnapshotEntry } from '../../../format/producer-snapshot.ts';
import type { Finding } from '../../findings/finding.ts';
import { told } from './told.ts';

/** Room for 1.4 million producers. */
export const MAX_SNAPSHOT_BYTES: number = 64 * 1024 * 1024;

/** Where fields and entries are. */
const PLACE = { CRC: 2, COUNT: 6, ENTRIES: 10, ENTRY_SIZE: 46 } as const;
/** Looking for one flipped bit takes a checksum of the whole file for each bit. */
const MAX_SEARCHED_BYTES = 2048;

/** Where entry `slot` starts in the file. */
export function entryPosition(slot: number): number {
  return PLACE.ENTRIES + slot * PLACE.ENTRY_SIZE;
}

/** The entries of a snapshot, after findings about its form. undefined when it cannot be read. */
export function* checkSnapshotFile(
  path: string,
  bytes: Uint8Array,
  crc32c: Crc32c,
): Generator<Finding, ProducerSnapshotEntry[] | undefined> {
  try {
    return decodeProducerSnapshot(bytes, crc32c, path);
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    const { code, expected, found } = error;
    if (code === 'UNSUPPORTED_VERSION') yield told('SNAPSHOT_VERSION', path, { position: 0, expected, found });
    else yield told('SNAPSHOT_CORRUPT', path, { position: damagedAt(bytes, crc32c), expected, found });
    return undefined;
  }
}

/** The field or entry that is damaged; the checksum's place when the bytes do not show which. */
function damagedAt(bytes: Uint8Array, crc32c: Crc32c): number {
  if (bytes.length < PLACE.ENTRIES) return bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getInt32(PLACE.COUNT);
  const end = entryPosition(count);
  if (count >= 0 && end < bytes.length && crc32c(bytes, PLACE.COUNT, end) === view.getUint32(PLACE.CRC)) return end;
  const flipped = flippedByte(bytes, crc32c);
  if (flipped !== undefined) return placeOf(flipped);
  return count >= 0 && end > bytes.length ? bytes.length : PLACE.CRC;
}

/** The place of the field or entry that has that byte. */
function placeOf(byte: number): number {
  if (byte < PLACE.COUNT) return PLACE.CRC;
  if (byte < PLACE.ENTRIES) return PLACE.COUNT;
  return entryPosition(Math.floor((byte - PLACE.ENTRIES) / PLACE.ENTRY_SIZE));
}

/** The byte in which one flipped bit would make the checksum right. */
function flippedByte(bytes: Uint8Array, crc32c: Crc32c): number | undefined {
  if (bytes.length > MAX_SEARCHED_BYTES) return undefined;
  const copy = Uint8Array.from(bytes);
  const stored = new DataView(copy.buffer).getUint32(PLACE.CRC);
  const difference = (stored ^ crc32c(copy, PLACE.COUNT, copy.length)) >>> 0;
  // One bit of the checksum itself.
  if ((difference & (difference - 1)) === 0) return PLACE.CRC;
  for (let byte: number = PLACE.COUNT; byte < copy.length; byte++) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      copy[byte] = (bytes[byte] as number) ^ bit;
      if (crc32c(copy, PLACE.COUNT, copy.length) === stored) return byte;
    }
    copy[byte] = bytes[byte] as number;
  }
  return undefined;
}

/** What one producer's entry cannot say, whatever the log has; undefined when it can be. */
function impossible(
  { producerId, producerEpoch, lastSequence, lastOffset, offsetDelta, currentTxnFirstOffset }: ProducerSnapshotEntry,
  offset: bigint | undefined,
): { expected: string; found: string | bigint | number } | undefined {
  if (producerId < 0n) return { expected: 'a producer id from 0 on', found: producerId };
  if (producerEpoch < -1) return { expected: 'a producer epoch from 0 on', found: producerEpoch };
  if (lastSequence < -1) return { expected: 'a sequence from 0 on, or -1', found: lastSequence };
  if (offsetDelta < 0 || (lastOffset >= 0n && BigInt(offsetDelta) > lastOffset))
    return { expected: `an offset delta from 0 to ${lastOffset}`, found: offsetDelta };
  if (offset !== undefined && lastOffset >= offset)
    return { expected: `a last offset below ${offset}`, found: lastOffset };
  if (currentTxnFirstOffset > lastOffset)
    return { expected: `a transaction that begins at ${lastOffset} or before`, found: currentTxnFirstOffset };
  return undefined;
}

/** What entries cannot say, whatever the log has. `offset` is the snapshot's, undefined when its name does not tell. */
export function* checkSnapshotEntries(
  path: string,
  entries: readonly ProducerSnapshotEntry[],
  offset: bigint | undefined,
): Generator<Finding, void> {
  const seen = new Set<bigint>();
  for (const [slot, entry] of entries.entries()) {
    const fault =
      impossible(entry, offset) ??
      (seen.has(entry.producerId) ? { expected: 'each producer once', found: entry.producerId } : undefined);
    seen.add(entry.producerId);
    if (fault !== undefined) yield told('SNAPSHOT_MISMATCH', path, { position: entryPosition(slot), ...fault });
  }
}
