/**
 * The producer snapshot, `<offset>.snapshot`: what is known of each producer from the records below that offset.
 *
 *     0         2     6       10
 *     +---------+-----+-------+---------+---------+--
 *     | version | crc | count | entry 0 | entry 1 | ...        count entries of 46 bytes
 *     +---------+-----+-------+---------+---------+--
 *       int16    uint32 int32
 *
 *     entry  0            8       10             14           22            26          34                 38
 *            +------------+-------+--------------+------------+-------------+-----------+------------------+-----------------------
 *            | producerId | epoch | lastSequence | lastOffset | offsetDelta | timestamp | coordinatorEpoch | currentTxnFirstOffset
 *            +------------+-------+--------------+------------+-------------+-----------+------------------+-----------------------
 *              int64        int16   int32          int64        int32         int64       int32              int64
 *
 * The version is 1; `crc` is the CRC-32C of everything behind it. Only the LAST batch of a producer is in it. The order of
 * entries means nothing. All of it is derived from the log, so a snapshot that cannot be read costs time, and nothing else.
 *
 * Source: spec 2.7, Kafka's `ProducerStateManager` and `ProducerSnapshot.json`.
 */
import { SeglogError } from '../errors/errors.ts';

const VERSION = 1;
const FILE = { VERSION: 0, CRC: 2, COUNT: 6, ENTRIES: 10 } as const;
const ENTRY = {
  PRODUCER_ID: 0,
  PRODUCER_EPOCH: 8,
  LAST_SEQUENCE: 10,
  LAST_OFFSET: 14,
  OFFSET_DELTA: 22,
  TIMESTAMP: 26,
  COORDINATOR_EPOCH: 34,
  CURRENT_TXN_FIRST_OFFSET: 38,
  SIZE: 46,
} as const;

/** One producer. Everywhere -1 is "none". */
export interface ProducerSnapshotEntry {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Of the last batch; -1 when only markers were seen. */
  readonly lastSequence: number;
  /** The last offset of the last batch; -1 when only markers were seen. */
  readonly lastOffset: bigint;
  /** Last offset less first offset of the last batch, and last sequence less first sequence. */
  readonly offsetDelta: number;
  /** The largest timestamp of the last batch, in milliseconds since 1970. */
  readonly timestamp: bigint;
  /** Of the last marker; -1 before the first one. */
  readonly coordinatorEpoch: number;
  /** Where the transaction that is open starts; -1 when none is. */
  readonly currentTxnFirstOffset: bigint;
}

/** The CRC-32C of `bytes[start, end)`, unsigned: the engine has one. */
export type Crc32c = (bytes: Uint8Array, start: number, end: number) => number;

/** The bytes of a snapshot, with the entries in their order. */
export function encodeProducerSnapshot(entries: readonly ProducerSnapshotEntry[], crc32c: Crc32c): Uint8Array {
  const bytes = new Uint8Array(FILE.ENTRIES + entries.length * ENTRY.SIZE);
  const view = new DataView(bytes.buffer);
  view.setInt16(FILE.VERSION, VERSION);
  view.setInt32(FILE.COUNT, entries.length);
  entries.forEach((entry, slot) => {
    const at = FILE.ENTRIES + slot * ENTRY.SIZE;
    view.setBigInt64(at + ENTRY.PRODUCER_ID, entry.producerId);
    view.setInt16(at + ENTRY.PRODUCER_EPOCH, entry.producerEpoch);
    view.setInt32(at + ENTRY.LAST_SEQUENCE, entry.lastSequence);
    view.setBigInt64(at + ENTRY.LAST_OFFSET, entry.lastOffset);
    view.setInt32(at + ENTRY.OFFSET_DELTA, entry.offsetDelta);
    view.setBigInt64(at + ENTRY.TIMESTAMP, entry.timestamp);
    view.setInt32(at + ENTRY.COORDINATOR_EPOCH, entry.coordinatorEpoch);
    view.setBigInt64(at + ENTRY.CURRENT_TXN_FIRST_OFFSET, entry.currentTxnFirstOffset);
  });
  view.setUint32(FILE.CRC, crc32c(bytes, FILE.COUNT, bytes.length));
  return bytes;
}

/**
 * The entries of a snapshot, in the order of the file; `file` is named in errors. Bytes behind the last entry that the
 * checksum covers are passed over, as in Kafka.
 *
 * @throws SeglogError `UNSUPPORTED_VERSION`; `CORRUPT_SNAPSHOT` when it is too short, its checksum is wrong, or it has not as
 * many entries as it says
 */
export function decodeProducerSnapshot(bytes: Uint8Array, crc32c: Crc32c, file: string): ProducerSnapshotEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = checkedCount(bytes, view, crc32c, file);
  return Array.from({ length: count }, (_, slot) => {
    const at = FILE.ENTRIES + slot * ENTRY.SIZE;
    return {
      producerId: view.getBigInt64(at + ENTRY.PRODUCER_ID),
      producerEpoch: view.getInt16(at + ENTRY.PRODUCER_EPOCH),
      lastSequence: view.getInt32(at + ENTRY.LAST_SEQUENCE),
      lastOffset: view.getBigInt64(at + ENTRY.LAST_OFFSET),
      offsetDelta: view.getInt32(at + ENTRY.OFFSET_DELTA),
      timestamp: view.getBigInt64(at + ENTRY.TIMESTAMP),
      coordinatorEpoch: view.getInt32(at + ENTRY.COORDINATOR_EPOCH),
      currentTxnFirstOffset: view.getBigInt64(at + ENTRY.CURRENT_TXN_FIRST_OFFSET),
    };
  });
}

/** How many entries there are, once the bytes are known to be a whole snapshot. */
function checkedCount(bytes: Uint8Array, view: DataView, crc32c: Crc32c, file: string): number {
  const corrupt = (message: string, position: number, expected: string, found: string | number): never => {
    throw new SeglogError('CORRUPT_SNAPSHOT', message, { file, position, expected, found });
  };
  // The version says how the rest is laid out, so a later one is told from damage first.
  if (bytes.length >= 2 && view.getInt16(FILE.VERSION) !== VERSION) {
    throw new SeglogError('UNSUPPORTED_VERSION', 'unknown version of a producer snapshot', {
      file,
      position: FILE.VERSION,
      expected: VERSION,
      found: view.getInt16(FILE.VERSION),
    });
  }
  if (bytes.length < FILE.ENTRIES) {
    return corrupt('a producer snapshot is too short', bytes.length, `at least ${FILE.ENTRIES} bytes`, bytes.length);
  }
  const stored = view.getUint32(FILE.CRC);
  const computed = crc32c(bytes, FILE.COUNT, bytes.length);
  if (stored !== computed) {
    return corrupt(
      "a producer snapshot's checksum does not match its bytes",
      FILE.CRC,
      `crc ${stored}`,
      `crc ${computed}`,
    );
  }
  const count = view.getInt32(FILE.COUNT);
  const room = Math.floor((bytes.length - FILE.ENTRIES) / ENTRY.SIZE);
  if (count < 0 || count > room) {
    return corrupt('a producer snapshot has not as many entries as it says', FILE.COUNT, `0 to ${room}`, count);
  }
  return count;
}
