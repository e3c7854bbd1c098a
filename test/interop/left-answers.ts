/** What Kafka says of a log directory that we left (OracleLeft.java), and the same of us. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPeer } from '../../scripts/peer.mjs';
import type { Log, RecordBatch } from '../../src/index.ts';
import { type ExpectedRecord, jsonLines } from '../support/fixtures.ts';
import { expectedRecord } from './written.ts';

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly currentTxnFirstOffset: number;
}

/** A batch and its records at or above the log start. */
export interface LeftBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly records: readonly ExpectedRecord[];
}

/** A fetch of committed records. */
export interface CommittedSlice {
  readonly from: number;
  readonly size: number;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
}

/** How an open log stands. */
export interface Stand {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  readonly recoveryPoint: number;
  readonly lastStableOffset: number;
  readonly segments: readonly { readonly baseOffset: number; readonly size: number }[];
  readonly producers: readonly Producer[];
  readonly epochs: readonly { readonly epoch: number; readonly startOffset: number }[];
}

/** Kafka's answer. */
export interface KafkaLeft extends Stand {
  readonly dir: string;
  readonly error?: string;
  readonly thrownAt?: string;
  readonly parsed: {
    readonly 'recovery-point-offset-checkpoint'?: Readonly<Record<string, number>>;
    readonly 'log-start-offset-checkpoint'?: Readonly<Record<string, number>>;
    readonly 'replication-offset-checkpoint'?: Readonly<Record<string, number>>;
    readonly cleanShutdownEpoch?: number;
    readonly topicId?: string;
    readonly epochs?: Stand['epochs'];
    readonly snapshots: Readonly<Record<string, readonly Producer[]>>;
  };
  readonly snapshots: readonly string[];
  readonly batches: readonly LeftBatch[];
  readonly committed: readonly CommittedSlice[];
  readonly problems: readonly string[];
  readonly appended?: Stand & { readonly batches: readonly LeftBatch[] };
  readonly files: Readonly<Record<string, string>>;
}

/** Something for Kafka to append: see OracleLeft.java. */
export interface KafkaAppend {
  readonly compression: string;
  readonly leaderEpoch: number;
  readonly records: readonly { readonly timestamp: number; readonly value: string }[];
  readonly producer?: {
    readonly id: number;
    readonly epoch: number;
    readonly sequence: number;
    readonly isTransactional: boolean;
  };
}

/** A directory for Kafka to open. */
export interface LeftQuestion {
  readonly dir: string;
  readonly clean: boolean;
  readonly now: number;
  readonly config: Readonly<Record<string, string>>;
  readonly recoveryPoint?: number;
  readonly appends?: readonly KafkaAppend[];
  readonly stop?: boolean;
}

/** Kafka's answers, in the order of the questions, from one JVM. */
export async function askAboutLeft(questions: readonly LeftQuestion[]): Promise<KafkaLeft[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'seglog-left-'));
  try {
    const file = join(scratch, 'cases.jsonl');
    writeFileSync(file, questions.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return jsonLines<KafkaLeft>(await runPeer('OracleLeft', [file]));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Of Kafka's answer how the log stands. */
export function standOf({ logStartOffset, logEndOffset, highWatermark, recoveryPoint, ...rest }: Stand): Stand {
  const { lastStableOffset, segments, producers, epochs } = rest;
  return {
    ...{ logStartOffset, logEndOffset, highWatermark, recoveryPoint, lastStableOffset },
    ...{ segments, producers, epochs },
  };
}

/** How our log stands. */
export function ourStand(log: Log): Stand {
  const { logStartOffset, logEndOffset, highWatermark, recoveryPoint, lastStableOffset } = log.status();
  return {
    ...{ logStartOffset, logEndOffset, highWatermark, recoveryPoint, lastStableOffset },
    segments: log.segments().map(({ baseOffset, size }) => ({ baseOffset, size })),
    producers: log.producers().map((producer) => ({ ...producer })),
    epochs: log.leaderEpochs().map(({ epoch, startOffset }) => ({ epoch, startOffset })),
  };
}

/**
 * How a log stands, in Kafka's words. Where an open transaction began below the log start, we say that the log start is
 * the last stable offset; Kafka names the batch there, whose base may be below the log start, or above it behind a gap.
 * No record is between the two.
 */
export function inKafkasWords(stand: Stand, batches: readonly LeftBatch[]): Stand {
  const { logStartOffset, logEndOffset, lastStableOffset, highWatermark, producers } = stand;
  const isOpenBelow = producers.some(({ currentTxnFirstOffset: first }) => first !== -1 && first < logStartOffset);
  if (!isOpenBelow || lastStableOffset !== logStartOffset) return stand;
  return { ...stand, lastStableOffset: Math.min(batches[0]?.baseOffset ?? logEndOffset, highWatermark) };
}

function leftBatch(batch: RecordBatch, logStart: number): LeftBatch {
  const { baseOffset, lastOffset, sizeBytes, codec, maxTimestamp, producerId, producerEpoch, baseSequence } = batch;
  const { partitionLeaderEpoch, isTransactional, isControl } = batch;
  const records = batch
    .records()
    .filter(({ offset }) => offset >= logStart)
    .map((record) => expectedRecord(record, record.offset, record.timestamp));
  const fields = {
    size: sizeBytes,
    codec,
    maxTimestamp,
    producerId,
    producerEpoch,
    baseSequence,
    partitionLeaderEpoch,
  };
  return { baseOffset, lastOffset, ...fields, isTransactional, isControl, records };
}

/** All that we read, in the form of Kafka's answer. */
export function ourBatches(log: Log): LeftBatch[] {
  return [...log.readSync({ isolation: 'log_end' })].map((batch) => leftBatch(batch, log.logStartOffset));
}

/** Our fetches of committed records, one behind the other. */
export function ourCommitted(log: Log, batches: readonly LeftBatch[]): CommittedSlice[] {
  const slices: CommittedSlice[] = [];
  const maxBytes = 2 ** 31 - 1;
  let from: number = log.logStartOffset;
  while (from < log.lastStableOffset) {
    const {
      bytes,
      segmentBaseOffset,
      abortedTransactions = [],
    } = log.fetch(from, { maxBytes, isolation: 'committed' });
    slices.push({ from, size: bytes.length, aborted: abortedTransactions.map((one) => ({ ...one })) });
    if (bytes.length === 0) break;
    const behind = log.segments().find(({ baseOffset }) => baseOffset > segmentBaseOffset)?.baseOffset ?? Infinity;
    const end = Math.min(behind, log.lastStableOffset);
    from = (batches.findLast(({ baseOffset }) => baseOffset < end)?.lastOffset ?? from) + 1;
  }
  return slices;
}

/** The base offsets of the batches of committed records that we read. */
export function ourCommittedBatches(log: Log): number[] {
  const batches = [...log.readSync({ isolation: 'read_committed' })];
  return batches.filter(({ isControl }) => !isControl).map(({ baseOffset }) => baseOffset);
}

/** The same of Kafka, as its consumer sifts what a broker gives it. */
export function committedBatches({ batches, committed, lastStableOffset }: KafkaLeft): number[] {
  const named = new Map(committed.flatMap(({ aborted }) => aborted.map((one) => [JSON.stringify(one), one])));
  const waiting = [...named.values()].sort((a, b) => a.firstOffset - b.firstOffset);
  const inside = new Set<number>();
  const seen: number[] = [];
  for (const batch of batches.filter(({ lastOffset }) => lastOffset < lastStableOffset)) {
    while (waiting[0] !== undefined && waiting[0].firstOffset <= batch.lastOffset) {
      inside.add((waiting.shift() as { producerId: number }).producerId);
    }
    if (batch.isControl) {
      const isAbort = Buffer.from(batch.records[0]?.key ?? '', 'base64')[3] === 0;
      if (isAbort) inside.delete(batch.producerId);
    } else if (!batch.isTransactional || !inside.has(batch.producerId)) seen.push(batch.baseOffset);
  }
  return seen;
}
