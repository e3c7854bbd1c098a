/** Which files of a log Kafka changed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AbortedTransaction, TRANSACTION_INDEX } from '../../src/format/transaction-index.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { segmentsOf } from '../support/log-bytes.ts';
import type { Looked } from './left-experiment.ts';
import { inUse } from './left-files.ts';
import { partitionIn } from './left-histories.ts';

const { ENTRY_SIZE, PRODUCER_ID, FIRST_OFFSET, LAST_OFFSET, LAST_STABLE_OFFSET } = TRANSACTION_INDEX;

/** A file that is not what our close left; undefined stands for one that is not there. */
interface Changed {
  readonly name: string;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** What is left of a log that ends below its log start is taken away, and it starts anew: in Kafka as with us. */
export function startsAnew({ left }: Looked): boolean {
  return left.batchEnd < left.closed.logStartOffset;
}

function changes(looked: Looked, theirs: Readonly<Record<string, string>>): Changed[] {
  const files = startsAnew(looked) ? looked.ours.files : looked.files;
  const their = inUse(theirs);
  const names = [...new Set([...Object.keys(files), ...Object.keys(their)])];
  return names
    .filter((name) => files[name] !== their[name])
    .map((name) => ({ name, ours: files[name], theirs: their[name] }));
}

/** The files that are not what our close left; undefined where there is none. */
export function changedFiles(looked: Looked, theirs: Readonly<Record<string, string>>): Changed[] | undefined {
  const changed = changes(looked, theirs);
  return changed.length === 0 ? undefined : changed;
}

/** The indexes that have entries behind a place where the count of bytes restarted, which is in no file. */
function interruptedIndexes({ left }: Looked): string[] {
  return segmentsOf(partitionIn(left.root))
    .filter((segment) => left.restarts.isInterrupted(segment))
    .flatMap(({ baseOffset }) =>
      [SUFFIXES.offsetIndex, SUFFIXES.timeIndex].map((suffix) => segmentFileName(Number(baseOffset), suffix)),
    );
}

/** The entries of a transaction index, by producer and marker. */
function entries(file: string): Map<string, AbortedTransaction> {
  if (!existsSync(file)) return new Map();
  const bytes = readFileSync(file);
  const all = Array.from({ length: bytes.length / ENTRY_SIZE }, (_, i) => ({
    producerId: Number(bytes.readBigInt64BE(i * ENTRY_SIZE + PRODUCER_ID)),
    firstOffset: Number(bytes.readBigInt64BE(i * ENTRY_SIZE + FIRST_OFFSET)),
    lastOffset: Number(bytes.readBigInt64BE(i * ENTRY_SIZE + LAST_OFFSET)),
    lastStableOffset: Number(bytes.readBigInt64BE(i * ENTRY_SIZE + LAST_STABLE_OFFSET)),
  }));
  return new Map(all.map((one) => [`${one.producerId} ${one.lastOffset}`, one]));
}

/**
 * Whether two transaction indexes differ in transactions that began below the log start only. Recovery does not see begin
 * what is deleted, so that it cannot write those entries again; and it does see begin what the log had lost sight of.
 */
function differsBelowStart({ left, ours, scanned }: Looked, name: string): boolean {
  const start = ours.stand.logStartOffset;
  const { forgotten } = left;
  const wasForgotten = ({ producerId, firstOffset }: AbortedTransaction): boolean =>
    forgotten.some((one) => one.producerId === producerId && one.firstOffset === firstOffset);
  const told = entries(join(partitionIn(left.root), name));
  const rebuilt = entries(join(scanned.dir, name));
  if (told.size + rebuilt.size === 0) return false;
  const isKept = [...told].every(([key, one]) => {
    const other = rebuilt.get(key);
    if (one.firstOffset < start || one.lastStableOffset < start) return true;
    if (other === undefined) return false;
    const isFirst = one.firstOffset === other.firstOffset || wasForgotten(other);
    const isStable = [one, ...forgotten.map(({ firstOffset }) => ({ lastStableOffset: firstOffset }))].some(
      ({ lastStableOffset }) => lastStableOffset === other.lastStableOffset,
    );
    return isFirst && isStable;
  });
  return isKept && [...rebuilt].every(([key, one]) => told.has(key) || wasForgotten(one));
}

/** The files that Kafka's recovery left otherwise, and should not have; undefined where there is none. */
export function changedByRebuild(looked: Looked): Changed[] | undefined {
  const interrupted = interruptedIndexes(looked);
  const changed = changes(looked, looked.scanned.files).filter(({ name, theirs }) => {
    if (interrupted.includes(name)) return false;
    return !(name.endsWith(SUFFIXES.transactionIndex) && theirs !== undefined && differsBelowStart(looked, name));
  });
  return changed.length === 0 ? undefined : changed;
}
