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

/** Of all partitions. */
export interface SeenProducers {
  /** Above all ids that are known; 0 when there are none. */
  readonly nextProducerId: bigint;
  /** Transactions that are open, and snapshots that cannot be read. */
  readonly problems: readonly SeglogError[];
}

/** Reads the last snapshot of each partition. @throws SeglogError `IO` */
export function seenProducers(environment: SurveyEnvironment, { directories }: Survey): SeenProducers {
  const problems: SeglogError[] = [];
  let highest = -1n;
  for (const partition of directories.flatMap(({ partitions }) => partitions)) {
    try {
      for (const { producerId, currentTxnFirstOffset } of lastSnapshot(environment, partition)) {
        if (producerId > highest) highest = producerId;
        if (currentTxnFirstOffset >= 0n) problems.push(openTransaction(partition, producerId, currentTxnFirstOffset));
      }
    } catch (error) {
      if (!(error instanceof SeglogError) || error.code === 'IO') throw error;
      problems.push(error);
    }
  }
  return { nextProducerId: highest >= MAX_PRODUCER_ID ? MAX_PRODUCER_ID : highest + 1n, problems };
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

/** No coordinator of Kafka's knows of a store's: it would never end, and who reads what is committed would wait for ever. */
function openTransaction({ path }: SurveyedPartition, producerId: bigint, firstOffset: bigint): SeglogError {
  return new SeglogError('INVALID_TRANSACTION_STATE', `producer ${producerId} has a transaction open`, {
    ...{ file: path, baseOffset: firstOffset },
    expected: 'every transaction committed or aborted',
    found: `one from offset ${firstOffset} on`,
    action: 'End it with `log.endTransaction` while a store has the log open',
  });
}
