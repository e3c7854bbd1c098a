/**
 * Transactions that a log lost sight of. When producers are loaded anew without a snapshot, they are those of the batches
 * from the log start on: a transaction that began below it is not seen to begin, and its producer may write outside of
 * it, or begin another. A recovery scans the whole segment, what is below the log start too, and sees it begin. Kafka
 * does both. It then writes another transaction index; or, at the batch outside, throws and does not load its own log.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRIBUTES, BATCH } from '../../src/format/batch.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import type { Log } from '../../src/index.ts';
import { segmentsOf } from '../support/log-bytes.ts';

/** An open transaction. */
export interface Transaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** The transactions that all batches in the files, from the first on, leave open. */
function openInFiles(directory: string): Transaction[] {
  const open = new Map<number, number>();
  for (const { baseOffset: base, entries } of segmentsOf(directory)) {
    const bytes = readFileSync(join(directory, segmentFileName(Number(base), SUFFIXES.log)));
    for (const { position, baseOffset } of entries) {
      const producerId = Number(bytes.readBigInt64BE(position + BATCH.PRODUCER_ID));
      const attributes = bytes.readInt16BE(position + BATCH.ATTRIBUTES);
      if ((attributes & ATTRIBUTES.CONTROL) !== 0) open.delete(producerId);
      else if ((attributes & ATTRIBUTES.TRANSACTIONAL) !== 0 && !open.has(producerId)) {
        open.set(producerId, Number(baseOffset));
      }
    }
  }
  return [...open].map(([producerId, firstOffset]) => ({ producerId, firstOffset }));
}

/** The transactions that began below the log start and are open, of which the log, loaded anew, does not know. */
export function forgottenBy(log: Log): Transaction[] {
  const known = new Map(log.producers().map((one) => [one.producerId, one.currentTxnFirstOffset]));
  return openInFiles(log.directory).filter(
    ({ producerId, firstOffset }) => firstOffset < log.logStartOffset && known.get(producerId) !== firstOffset,
  );
}

/** Whether Kafka's recovery threw at a batch outside of such a transaction. */
export function isThrownAtForgotten(error: string | undefined, forgotten: readonly Transaction[]): boolean {
  const producerId = /^InvalidTxnStateException: Expected transactional write from producer (\d+) /.exec(
    error ?? '',
  )?.[1];
  return forgotten.some((one) => String(one.producerId) === producerId);
}
