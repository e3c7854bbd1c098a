/**
 * What producers have left in partitions that were closed clean: their snapshots at the ends of the logs say it.
 *
 * Kafka gives producer ids out from a counter in its metadata log. One that it gave out twice would be taken for the same producer:
 * its first batches could pass for repeated ones, and be dropped.
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { baseOffsetOfName, SUFFIXES } from '../format/names.ts';
import { decodeProducerSnapshot } from '../format/producer-snapshot.ts';
import type { Survey, SurveyedPartition, SurveyEnvironment } from './survey.ts';

/** Room for 23 million producers. */
const MAX_SNAPSHOT_BYTES = 2 ** 30;
/** The most that fits into an int64: nothing is above it. */
const MAX_PRODUCER_ID = 2n ** 63n - 2n;

/** A transaction that a partition has no marker of yet. */
export interface OpenTransaction {
  readonly partition: SurveyedPartition;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstOffset: bigint;
}

/** Of all partitions. */
export interface SeenProducers {
  /** Above all ids that are known; 0 when there are none. */
  readonly nextProducerId: bigint;
  readonly open: readonly OpenTransaction[];
  /** Snapshots that cannot be read. */
  readonly problems: readonly SeglogError[];
}

/** Reads the last snapshot of each partition. @throws SeglogError `IO` */
export function seenProducers(environment: SurveyEnvironment, { directories }: Survey): SeenProducers {
  const problems: SeglogError[] = [];
  const open: OpenTransaction[] = [];
  let highest = -1n;
  for (const partition of directories.flatMap(({ partitions }) => partitions)) {
    try {
      for (const entry of lastSnapshot(environment, partition)) {
        const { producerId, producerEpoch, currentTxnFirstOffset: firstOffset } = entry;
        if (producerId > highest) highest = producerId;
        if (firstOffset >= 0n) open.push({ partition, producerId, producerEpoch, firstOffset });
      }
    } catch (error) {
      if (!(error instanceof SeglogError) || error.code === 'IO') throw error;
      problems.push(error);
    }
  }
  return { nextProducerId: highest >= MAX_PRODUCER_ID ? MAX_PRODUCER_ID : highest + 1n, open, problems };
}

function lastSnapshot(
  { fs, engine }: SurveyEnvironment,
  { path }: SurveyedPartition,
): ReturnType<typeof decodeProducerSnapshot> {
  const last = fs.list(path).findLast((name) => baseOffsetOfName(name, SUFFIXES.producerSnapshot) !== undefined);
  if (last === undefined) return [];
  const file = join(path, last);
  const bytes = fs.readSmall(file, MAX_SNAPSHOT_BYTES) ?? new Uint8Array(0);
  return decodeProducerSnapshot(bytes, (data, start, end) => engine.crc32c(data, start, end), file);
}
