/**
 * Whether a derived file says the same as the one that repair would write, though its bytes differ: the density of an index
 * depends on settings and restarts, a snapshot's order of entries means nothing, and producers are forgotten after a while. Such
 * a file is no reason to repair anything.
 */
import { SCAN_ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { lastOffsetOf, maxTimestampOf } from '../format/batch.ts';
import { OFFSET_INDEX, offsetOfEntry, positionOfEntry } from '../format/offset-index.ts';
import { decodeProducerSnapshot, type ProducerSnapshotEntry } from '../format/producer-snapshot.ts';
import { offsetOfTimeEntry, TIME_INDEX, timestampOfEntry } from '../format/time-index.ts';
import { walkBatches } from '../segment/walk.ts';
import type { RepairOptions } from './options.ts';

/** The most that an index may have: beyond it nothing is compared. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;
const MAX_SNAPSHOT_BYTES = 1024 * 1024 * 1024;

/** What is compared, and with what. */
export interface ComparedIndexes {
  /** The .log as it is and stays. */
  readonly log: string;
  readonly baseOffset: number;
  /** The path of an index; undefined when it is not to be compared. */
  readonly offsetIndex: string | undefined;
  readonly timeIndex: string | undefined;
  /** Whether the segment is the log's last one, whose time index need not end with its largest timestamp. */
  readonly isLast: boolean;
}

/**
 * Whether the index files are right: each entry of an offset index names a batch and its last offset; each of a time index
 * the largest timestamp so far and the batch that brought it; entries rise; there is nothing else in the files.
 */
export function areIndexesSound({ fs, engine }: RepairOptions, compared: ComparedIndexes): boolean {
  const offsets = viewOf(readOrNothing(fs, compared.offsetIndex), OFFSET_INDEX.ENTRY_SIZE);
  const times = viewOf(readOrNothing(fs, compared.timeIndex), TIME_INDEX.ENTRY_SIZE);
  if (offsets === undefined || times === undefined) return false;
  const check = new IndexCheck(offsets, times);
  const file = fs.open(compared.log, 'read');
  try {
    walkBatches(engine, file, 0, file.sizeBytes(), false, ({ view, rows, count, position }) => {
      for (let row = 0; row < count; row++) {
        const at = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
        const lastOffset = lastOffsetOf(view, at) - compared.baseOffset;
        check.batch(position + at, lastOffset, maxTimestampOf(view, at));
      }
      return true;
    });
  } finally {
    file.close();
  }
  return check.isSound(compared.timeIndex === undefined || compared.isLast);
}

/** Goes along both indexes and the batches at once. */
class IndexCheck {
  readonly #offsets: DataView;
  readonly #times: DataView;
  #offsetSlot = 0;
  #timeSlot = 0;
  #largest = -1;

  constructor(offsets: DataView, times: DataView) {
    this.#offsets = offsets;
    this.#times = times;
  }

  batch(position: number, lastOffset: number, maxTimestamp: number): void {
    const { ENTRY_SIZE } = OFFSET_INDEX;
    if (
      this.#offsetSlot < this.#offsets.byteLength / ENTRY_SIZE &&
      positionOfEntry(this.#offsets, this.#offsetSlot) === position &&
      offsetOfEntry(this.#offsets, this.#offsetSlot) === lastOffset
    ) {
      this.#offsetSlot++;
    }
    if (maxTimestamp <= this.#largest) return;
    this.#largest = maxTimestamp;
    if (
      this.#timeSlot < this.#times.byteLength / TIME_INDEX.ENTRY_SIZE &&
      timestampOfEntry(this.#times, this.#timeSlot) === maxTimestamp &&
      offsetOfTimeEntry(this.#times, this.#timeSlot) === lastOffset
    ) {
      this.#timeSlot++;
    }
  }

  /** Whether every entry was met, in order; with `endsAnywhere` the last time entry need not be the largest timestamp. */
  isSound(endsAnywhere: boolean): boolean {
    const times = this.#times.byteLength / TIME_INDEX.ENTRY_SIZE;
    if (this.#offsetSlot < this.#offsets.byteLength / OFFSET_INDEX.ENTRY_SIZE || this.#timeSlot < times) return false;
    return endsAnywhere || (times === 0 ? -1 : timestampOfEntry(this.#times, times - 1)) === this.#largest;
  }
}

function readOrNothing(fs: RepairOptions['fs'], path: string | undefined): Uint8Array | undefined {
  if (path === undefined) return new Uint8Array(0);
  try {
    return fs.readSmall(path, MAX_INDEX_BYTES);
  } catch (error) {
    if (error instanceof SeglogError && error.code === 'CORRUPT_CHECKPOINT') return undefined;
    throw error;
  }
}

/** undefined for a file that is missing, or of an odd length. */
function viewOf(bytes: Uint8Array | undefined, entrySize: number): DataView | undefined {
  if (bytes === undefined || bytes.length % entrySize !== 0) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Whether the snapshot in the directory can stay for the one that recovery would write: it can be read, and has the same
 * producers, but for those that were forgotten since.
 */
export function isSnapshotSame(
  { fs, engine, clock }: RepairOptions,
  path: string,
  recovered: Uint8Array | undefined,
  expirationMs: number,
): boolean {
  const crc32c = engine.crc32c.bind(engine);
  const before = fs.readSmall(path, MAX_SNAPSHOT_BYTES);
  if (before === undefined) return false;
  try {
    const old = byProducer(decodeProducerSnapshot(before, crc32c, path));
    // Recovery would remove it: it is of no segment that is there, and does no harm.
    if (recovered === undefined) return true;
    const now = byProducer(decodeProducerSnapshot(recovered, crc32c, path));
    const oldest = BigInt(clock.now() - expirationMs);
    const isLost = (entry: ProducerSnapshotEntry, others: ReadonlyMap<bigint, ProducerSnapshotEntry>): boolean => {
      const other = others.get(entry.producerId);
      return other === undefined ? !isForgotten(entry, oldest) : !isSame(entry, other);
    };
    return (
      ![...now.values()].some((entry) => isLost(entry, old)) && ![...old.values()].some((entry) => isLost(entry, now))
    );
  } catch (error) {
    if (error instanceof SeglogError && error.code !== 'IO') return false;
    throw error;
  }
}

/** Whether whoever loads a snapshot passes over the producer: it was idle for long, and has no transaction open. */
function isForgotten({ timestamp, currentTxnFirstOffset }: ProducerSnapshotEntry, oldest: bigint): boolean {
  return timestamp <= oldest && currentTxnFirstOffset === -1n;
}

function byProducer(entries: readonly ProducerSnapshotEntry[]): Map<bigint, ProducerSnapshotEntry> {
  return new Map(entries.map((entry) => [entry.producerId, entry]));
}

function isSame(a: ProducerSnapshotEntry, b: ProducerSnapshotEntry): boolean {
  return Object.keys(a).every((field) => {
    const name = field as keyof ProducerSnapshotEntry;
    return a[name] === b[name];
  });
}
