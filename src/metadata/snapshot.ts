/**
 * Snapshots of the metadata log: files beside its segments, of batches whose records make an image.
 *
 *     00000000000000004711-0000000003.checkpoint      up to offset 4711, exclusive; the epoch of the record before it
 *
 *     offset 0    SnapshotHeader        control; with KRaftVersion and KRaftVoters behind it where voters are dynamic
 *            1..  the records
 *            n    SnapshotFooter        control: a file without it is not whole
 *
 * `bootstrap.checkpoint`, beside `meta.properties`, is of the same form: what a new cluster's log begins with.
 *
 * Source: spec, cluster 3.2, Kafka's `Snapshots`, `RecordsSnapshotWriter` and `BootstrapDirectory`.
 */
import { join } from 'node:path';
import { SCAN_OUTCOME, SCAN_ROW, type Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { CONTROL_TYPES, controlTypeOf } from '../format/control-record.ts';
import type { FileSystem } from '../fs/contract.ts';
import { SnapshotHeaderRecord } from '../message/generated/control.ts';
import { readMessage } from '../message/read.ts';
import { MessageReader } from '../message/reader.ts';
import { RecordBatch } from '../record/record-batch.ts';
import type { Epoch, Offset, TimestampMs } from '../units/units.ts';
import { BatchSequence, type ControlRecord, snapshotFooter, snapshotHeader } from './batches.ts';

const NAME = /^(\d{20})-(\d{10})\.checkpoint$/;
/** More than the metadata of a million partitions. */
const MAX_SNAPSHOT_BYTES = 1024 * 1024 * 1024;
const ACTION =
  'Restore the file from a copy, or move it away if an older snapshot and the whole log behind it are there';

/** Up to where a snapshot goes. */
export interface SnapshotId {
  readonly endOffset: Offset;
  readonly epoch: Epoch;
}

/** A snapshot that is there. */
export interface FoundSnapshot extends SnapshotId {
  readonly path: string;
}

/** The name of a snapshot's file. */
export function snapshotName({ endOffset, epoch }: SnapshotId): string {
  return `${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}.checkpoint`;
}

/** The snapshots in the metadata log's directory, oldest first. @throws SeglogError `IO` */
export function listSnapshots(fs: FileSystem, directory: string): FoundSnapshot[] {
  return fs.list(directory).flatMap((name) => {
    const [, endOffset, epoch] = NAME.exec(name) ?? [];
    if (endOffset === undefined || epoch === undefined) return [];
    return [{ endOffset: Number(endOffset), epoch: Number(epoch), path: join(directory, name) }];
  });
}

/** The bytes of a snapshot. @param voters - control records behind its header */
export function printSnapshot(
  engine: Engine,
  id: { readonly epoch: Epoch; readonly lastTimestampMs: TimestampMs; readonly nowMs: TimestampMs },
  voters: readonly ControlRecord[],
  records: Iterable<Uint8Array>,
): Uint8Array {
  const batches = new BatchSequence(engine, 0, id.epoch, id.nowMs);
  batches.control(snapshotHeader(id.lastTimestampMs), ...voters);
  batches.records(records);
  batches.control(snapshotFooter());
  return batches.bytes();
}

/** What a snapshot is read into. */
export interface SnapshotVisitor {
  control(record: ControlRecord): void;
  /** @param place - for errors */
  record(value: Uint8Array, place: RecordPlace): void;
}

/** Where a record stands. */
export interface RecordPlace {
  readonly file: string;
  /** Of its batch, in bytes from the start of the file. */
  readonly position: number;
  readonly offset: Offset;
}

/** The same error, with where the record is. @param otherwise - what to do, where it does not say that itself */
export function placed(error: unknown, { file, position, offset }: RecordPlace, otherwise: string): SeglogError {
  if (!(error instanceof SeglogError)) throw error;
  const { code, expected, found, action = otherwise } = error;
  const where = `the metadata record at offset ${offset}: `;
  return new SeglogError(code, where + error.message.split(/: expected|: found| \(at byte/)[0], {
    ...{ file, position, baseOffset: offset, action, cause: error },
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  });
}

/**
 * Reads a snapshot, whole.
 *
 * @returns the time of the last batch of the log that is in it
 * @throws SeglogError `CORRUPT_SNAPSHOT` for a file that is damaged, or not whole; `IO`
 */
export function readSnapshot(fs: FileSystem, engine: Engine, path: string, visitor: SnapshotVisitor): TimestampMs {
  const bytes = fs.readSmall(path, MAX_SNAPSHOT_BYTES) ?? new Uint8Array(0);
  let lastTimestampMs: TimestampMs | undefined;
  let hasFooter = false;
  for (const batch of batchesIn(engine, bytes, path)) {
    const isFirst = batch.position === 0;
    if (hasFooter) throw corrupt(path, batch.position, 'nothing behind the footer', 'a batch');
    for (const { key, value, offset } of batch.records()) {
      const place = { file: path, position: batch.position, offset };
      if (!batch.isControl) {
        visitor.record(value ?? new Uint8Array(0), place);
        continue;
      }
      const type = key === null ? undefined : controlTypeOf(key);
      if (type === CONTROL_TYPES.snapshotHeader && isFirst) lastTimestampMs = timestampIn(value, path);
      else if (type === CONTROL_TYPES.snapshotFooter) hasFooter = true;
      else if (type !== undefined) visitor.control({ type, value: Buffer.from(value ?? []) });
    }
    if (lastTimestampMs === undefined) throw corrupt(path, 0, 'a SnapshotHeader', 'another record');
  }
  if (!hasFooter) throw corrupt(path, bytes.length, 'a SnapshotFooter', 'the end of the file');
  return lastTimestampMs ?? 0;
}

/** What snapshots are kept by. */
export interface SnapshotRetention {
  readonly logBytes: number;
  /** Of the log and all snapshots. */
  readonly retentionBytes: number;
  /** An older one goes. */
  readonly leastTimeMs: TimestampMs;
}

/**
 * How many of the oldest snapshots may go, as Kafka decides: while all take too much, or the oldest is too old; the last one stays.
 *
 * @throws SeglogError `IO`
 */
export function firstKept(fs: FileSystem, snapshots: readonly FoundSnapshot[], retention: SnapshotRetention): number {
  const stats = snapshots.map(({ path }) => fs.stat(path));
  let bytes = stats.reduce((sum, stat) => sum + (stat?.sizeBytes ?? 0), retention.logBytes);
  let first = 0;
  for (; first < snapshots.length - 1; first++) {
    const { sizeBytes = 0, modifiedMs = 0 } = stats[first] ?? {};
    if (bytes <= retention.retentionBytes && modifiedMs >= retention.leastTimeMs) break;
    bytes -= sizeBytes;
  }
  return first;
}

function timestampIn(value: Uint8Array | null, path: string): TimestampMs {
  const reader = new MessageReader(value ?? new Uint8Array(0));
  try {
    return Number(readMessage(SnapshotHeaderRecord, reader, 0).lastContainedLogTimestamp);
  } catch (cause) {
    throw corrupt(path, 0, 'a SnapshotHeader', 'what cannot be decoded', cause);
  }
}

function* batchesIn(engine: Engine, bytes: Uint8Array, path: string): Generator<RecordBatch, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = new Int32Array(SCAN_ROW.length);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  let nextOffset = 0;
  for (let position = 0; position < bytes.length; ) {
    // Checked, checksum included, by the engine: one batch, since there is room for one row.
    engine.scanBatches(bytes, position, bytes.length, true, rows, outcome);
    if (outcome[SCAN_OUTCOME.count] !== 1) throw corrupt(path, position, 'a whole batch with its checksum', 'none');
    const batch = new RecordBatch(engine, bytes, view, position, path, position, {});
    // No checksum covers the offset.
    if (batch.baseOffset !== nextOffset)
      throw corrupt(path, position, `offset ${nextOffset}`, String(batch.baseOffset));
    yield batch;
    nextOffset = batch.lastOffset + 1;
    position += batch.sizeBytes;
  }
}

function corrupt(file: string, position: number, expected: string, found: string, cause?: unknown): SeglogError {
  return new SeglogError('CORRUPT_SNAPSHOT', 'a snapshot of the metadata log cannot be read', {
    ...{ file, position, expected, found, action: ACTION },
    ...(cause === undefined ? {} : { cause }),
  });
}
