/** Batches of metadata records, as Kafka's controller writes them into its log and its snapshots. */
import type { Engine } from '../engine/contract.ts';
import { CONTROL_TYPES } from '../format/control-record.ts';
import {
  AbortTransactionRecord,
  BeginTransactionRecord,
  EndTransactionRecord,
} from '../message/generated/metadata-log.ts';
import { LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord } from '../message/generated/control.ts';
import type { Message } from '../message/schema.ts';
import { writeMessage } from '../message/write.ts';
import { MessageWriter } from '../message/writer.ts';
import { BatchBuilder } from '../record/batch-builder.ts';
import type { Epoch, Offset, TimestampMs } from '../units/units.ts';
import { encodeRecord } from './record.ts';

/** Kafka's controller puts no more records into a batch, and its raft log no more bytes. */
const MAX_RECORDS = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** A record's lengths, deltas and attributes take no more. */
const MAX_RECORD_OVERHEAD = 32;

/** A control record. */
export interface ControlRecord {
  /** One of the `CONTROL_TYPES`. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** A batch as it is appended. */
export interface LaidBatch {
  readonly bytes: Uint8Array;
  /** Whether a transaction has begun by its end, and has no end yet. */
  isWithinTransaction: boolean;
}

/** Lays batches one behind the other. */
export class BatchSequence {
  readonly #builder: BatchBuilder;
  readonly #epoch: Epoch;
  readonly #nowMs: TimestampMs;
  /** In their order. */
  readonly batches: LaidBatch[] = [];
  #nextOffset: Offset;
  #isWithinTransaction: boolean;

  /**
   * @param baseOffset - of the first batch
   * @param epoch - of the leader, in the header of each
   * @param isWithinTransaction - whether one has begun before them, and has no end yet
   */
  constructor(engine: Engine, baseOffset: Offset, epoch: Epoch, nowMs: TimestampMs, isWithinTransaction = false) {
    this.#builder = new BatchBuilder(engine);
    this.#nextOffset = baseOffset;
    this.#epoch = epoch;
    this.#nowMs = nowMs;
    this.#isWithinTransaction = isWithinTransaction;
  }

  /** The offset behind the last record. */
  get nextOffset(): Offset {
    return this.#nextOffset;
  }

  /** All batches. */
  bytes(): Uint8Array {
    return Buffer.concat(this.batches.map(({ bytes }) => bytes));
  }

  /** One batch of control records. */
  control(...records: readonly ControlRecord[]): void {
    for (const { type, value } of records) {
      const key = Buffer.alloc(4);
      key.writeInt16BE(type, 2);
      this.#builder.add(this.#nowMs, key, value);
    }
    this.#end(true);
  }

  /** As few batches as the records fit into. @throws SeglogError `RECORD_TOO_LARGE` */
  records(values: Iterable<Uint8Array>): void {
    for (const value of values) {
      const sizeBytes = this.#builder.sizeBytes + value.length + MAX_RECORD_OVERHEAD;
      if (this.#builder.count > 0 && (this.#builder.count === MAX_RECORDS || sizeBytes > MAX_BYTES)) this.#end(false);
      this.#builder.add(this.#nowMs, null, value);
    }
    if (this.#builder.count > 0) this.#end(false);
  }

  /**
   * Records that count together or not at all: one batch, or several within a transaction.
   *
   * @param name - what the transaction is, for people
   */
  atomic(values: readonly Uint8Array[], name: string): void {
    const sizeBytes = values.reduce((sum, { length }) => sum + length + MAX_RECORD_OVERHEAD, 0);
    if (values.length <= MAX_RECORDS && sizeBytes < MAX_BYTES) return this.records(values);
    this.transaction(values, name);
  }

  /** Records between those that begin and end a transaction. */
  transaction(values: readonly Uint8Array[], name: string): void {
    const begin = encodeRecord(BeginTransactionRecord, { name });
    this.#isWithinTransaction = true;
    this.records([begin, ...values, encodeRecord(EndTransactionRecord, {})]);
    this.#endTransaction();
  }

  /** Says that what another leader began counts for nothing. */
  abortTransaction(reason: string): void {
    this.records([encodeRecord(AbortTransactionRecord, { reason })]);
    this.#endTransaction();
  }

  /** The last batch has the record that ends it. */
  #endTransaction(): void {
    this.#isWithinTransaction = false;
    const last = this.batches.at(-1);
    if (last !== undefined) last.isWithinTransaction = false;
  }

  #end(isControl: boolean): void {
    const { bytes, length } = this.#builder.build({
      baseOffset: this.#nextOffset,
      partitionLeaderEpoch: this.#epoch,
      isControl,
    });
    this.batches.push({
      bytes: Buffer.from(bytes.subarray(0, length)),
      isWithinTransaction: this.#isWithinTransaction,
    });
    this.#nextOffset += this.#builder.count;
    this.#builder.reset();
  }
}

function controlRecord<T>(type: number, message: Message<T>, value: T): ControlRecord {
  const writer = new MessageWriter();
  writeMessage(message, writer, value, 0);
  return { type, value: writer.bytes };
}

/** Says that a node leads from here on: the first record of an epoch. The one voter has voted for itself. */
export function leaderChange(nodeId: number): ControlRecord {
  // In version 0 voters have no directories.
  const voters = [{ voterId: nodeId, voterDirectoryId: 'A'.repeat(22) }];
  return controlRecord(CONTROL_TYPES.leaderChange, LeaderChangeMessage, {
    ...{ version: 0, leaderId: nodeId, voters, grantingVoters: voters },
  });
}

/** The first record of a snapshot. @param lastContainedLogTimestamp - of the last batch of the log that is in it */
export function snapshotHeader(lastContainedLogTimestamp: number): ControlRecord {
  return controlRecord(CONTROL_TYPES.snapshotHeader, SnapshotHeaderRecord, { version: 0, lastContainedLogTimestamp });
}

/** The last record of a snapshot. */
export function snapshotFooter(): ControlRecord {
  return controlRecord(CONTROL_TYPES.snapshotFooter, SnapshotFooterRecord, { version: 0 });
}
