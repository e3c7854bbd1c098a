/** Partition directories that are cleaned round by round, by a swap as simple as can be: nobody else looks at them. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import type { ActiveProducer, CleanHooks, CleanRequest, CleanRound } from '../../src/cleaner/contract.ts';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { decodeProducerSnapshot } from '../../src/format/producer-snapshot.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { RecordBatch } from '../../src/record/record-batch.ts';
import { encoded, type ExpectedBatch, type ExpectedRecord } from '../support/fixtures.ts';

const FILES = [SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.timeIndex, SUFFIXES.transactionIndex];
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

export const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };

/** A batch of a segment, as `expected/` has it; what is only known of it when it is read is left out. */
export type FoundLine =
  | { type: 'segment'; file: string }
  | Pick<ExpectedBatch, keyof ExpectedBatch & keyof ReturnType<typeof batchLine>>
  | ExpectedRecord;

export function segmentsOf(directory: string): { baseOffset: number; sizeBytes: number }[] {
  return readdirSync(directory)
    .filter((name) => /^\d{20}\.log$/.test(name))
    .sort()
    .map((name) => ({ baseOffset: Number.parseInt(name, 10), sizeBytes: statSync(join(directory, name)).size }));
}

/** The producers of the newest snapshot that had something to say since `sinceMs`. */
export function producersOf(directory: string, sinceMs: number): ActiveProducer[] {
  const newest = readdirSync(directory)
    .filter((name) => name.endsWith('.snapshot'))
    .sort()
    .at(-1);
  if (newest === undefined) return [];
  const bytes = readFileSync(join(directory, newest));
  return decodeProducerSnapshot(bytes, (...call) => machine.engine.crc32c(...call), newest)
    .filter(({ timestamp, currentTxnFirstOffset }) => Number(timestamp) > sinceMs || currentTxnFirstOffset >= 0n)
    .map(({ producerId, producerEpoch, lastOffset }) => ({
      producerId: Number(producerId),
      producerEpoch,
      lastDataOffset: lastOffset < 0n ? undefined : Number(lastOffset),
    }));
}

/** All below the active segment, from the first one on, by Kafka's defaults. */
export function requestFor(directory: string, changes: Partial<CleanRequest> = {}): CleanRequest {
  const segments = segmentsOf(directory);
  return {
    directory,
    segments,
    firstDirtyOffset: segments[0]?.baseOffset ?? 0,
    firstUncleanableOffset: segments.at(-1)?.baseOffset ?? 0,
    nowMs: 0,
    deleteRetentionMs: 86_400_000,
    segmentBytes: 1 << 30,
    segmentIndexBytes: 10 * 1024 * 1024,
    indexIntervalBytes: 4096,
    activeProducers: [],
    offsetMapBytes: 4 * 1024 * 1024,
    ...changes,
  };
}

/** A round, with its groups put in place. */
export async function cleanAndSwap(request: CleanRequest, hooks: CleanHooks = {}): Promise<CleanRound> {
  const round = await cleanSegments(machine, request, hooks);
  for (const { sources, cleaned } of round.groups) {
    for (const baseOffset of sources) {
      for (const suffix of FILES) rmSync(join(request.directory, segmentFileName(baseOffset, suffix)), { force: true });
    }
    for (const { baseOffset } of cleaned) {
      for (const suffix of FILES) {
        const path = join(request.directory, segmentFileName(baseOffset, suffix));
        if (existsSync(`${path}.cleaned`)) renameSync(`${path}.cleaned`, path);
      }
    }
  }
  return round;
}

/** Every batch of a segment's file, read by the record room. */
export function batchesOf(path: string): RecordBatch[] {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const batches: RecordBatch[] = [];
  for (let at = 0; at < bytes.length; ) {
    const batch = new RecordBatch(machine.engine, bytes, view, at, path, at, {});
    batches.push(batch);
    at += batch.sizeBytes;
  }
  return batches;
}

function batchLine(batch: RecordBatch): Omit<ExpectedBatch, 'valid' | 'lastSequence' | 'crc'> {
  return {
    type: 'batch',
    position: batch.position,
    size: batch.sizeBytes,
    magic: batch.magic,
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    count: batch.count,
    compression: CODECS[batch.codec] ?? '?',
    timestampType: batch.isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
    maxTimestamp: batch.maxTimestamp,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
    deleteHorizonMs: batch.deleteHorizonMs ?? null,
  };
}

/** A segment as `expected/compacted` has it: its batches with their records. */
export function linesOf(path: string): FoundLine[] {
  return batchesOf(path).flatMap((batch): FoundLine[] => [
    batchLine(batch),
    ...batch.records().map(
      ({ offset, timestamp, key, value, headers }): FoundLine => ({
        type: 'record',
        offset,
        timestamp,
        key: encoded(key),
        value: encoded(value),
        headers: headers.map(([name, bytes]) => [encoded(Buffer.from(name, 'utf8')) ?? '', encoded(bytes)]),
      }),
    ),
  ]);
}
