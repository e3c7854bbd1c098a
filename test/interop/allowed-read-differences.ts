/** Where an open log means to answer otherwise than Kafka's (docs/recovery.md), each as a narrow predicate. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { TIME_INDEX } from '../../src/format/time-index.ts';
import type { Log } from '../../src/index.ts';
import { type FoundTransaction, segmentsOf } from '../support/log-bytes.ts';
import type { Step, StepAnswer } from './read-steps.ts';

/** Kafka's number for the offset of the largest timestamp. */
const MAX_TIMESTAMP = -3;
/** The digest of a file without a byte. */
const EMPTY_FILE = 'e3b0c44298fc1c14';

/**
 * Behind a truncation Kafka's last stable offset is stale until the high watermark moves. Either all up to the watermark
 * counts as decided, even a transaction whose marker the watermark has not reached: ours is in that transaction. Or, once the
 * log start moves, one that is decided or partly gone is held to be open from there: Kafka's is in that one.
 */
export function isStaleStableOffset(
  { highWatermark }: { readonly highWatermark: number },
  ours: StepAnswer,
  theirs: StepAnswer,
  transactions: readonly FoundTransaction[],
): boolean {
  const { lastStableOffset: our, ...rest } = ours;
  const { lastStableOffset: their, ...theirRest } = theirs;
  const [ourOffset, theirOffset] = [Number(our), Number(their)];
  const markersBehind = (offset: number): number[] =>
    transactions.filter(({ first }) => first <= offset).map(({ marker = Infinity }) => marker);
  const isExplained =
    ourOffset < theirOffset
      ? theirOffset <= highWatermark && markersBehind(ourOffset).some((marker) => marker >= highWatermark)
      : markersBehind(theirOffset).some((marker) => marker >= theirOffset);
  return isDeepStrictEqual(rest, theirRest) && isExplained;
}

/**
 * The first of the two, for good: behind a truncation that found every producer forgotten Kafka does not read again what stays,
 * so that it knows of no transaction there whose marker the watermark has not reached. Ours is in that transaction.
 */
export function isForgottenTransaction(
  status: { readonly highWatermark: number },
  ours: StepAnswer,
  theirs: StepAnswer,
  transactions: readonly FoundTransaction[],
): boolean {
  const isBelow = Number(ours['lastStableOffset']) < Number(theirs['lastStableOffset']);
  return isBelow && isStaleStableOffset(status, ours, theirs, transactions);
}

/**
 * Of a log that was truncated within a batch Kafka's recovery point is the log end, above the last batch: a log that comes up
 * again ends below it. Ours is where a batch ends that is not above it. Kafka's answer with our recovery point, if it is that.
 */
export function withOurRecoveryPoint(ours: StepAnswer, theirs: StepAnswer, batchEnds: readonly number[]): StepAnswer {
  const our = Number(ours['recoveryPoint']);
  const isEnd = batchEnds.includes(our) && our <= Number(theirs['recoveryPoint']);
  return isEnd ? { ...theirs, recoveryPoint: our } : theirs;
}

/**
 * Where every producer was forgotten, Kafka takes those of a snapshot behind a truncation, and does not read what the log has
 * behind that snapshot: sequences that are old, transactions open that ended there, or ended whose marker is cut off. We read
 * on, and keep those with a transaction that is open. From then on what is known of producers differs, and nothing else may.
 */
export function areProducersOfSnapshot(ours: StepAnswer, theirs: StepAnswer, theirSnapshots: unknown): boolean {
  const { producers: our, logEndOffset } = ours;
  const { producers: their } = theirs;
  if (!Array.isArray(our) || !Array.isArray(their) || !Array.isArray(theirSnapshots)) return false;
  const snapshot = theirSnapshots
    .map((name) => Number.parseInt(String(name), 10))
    .findLast((offset) => offset < Number(logEndOffset));
  const isNothingRead = their.every(({ lastOffset }) => snapshot !== undefined && lastOffset < snapshot);
  const isOpen = our.every(({ currentTxnFirstOffset }) => currentTxnFirstOffset !== -1);
  // Where both know the same, nothing explains another last stable offset.
  return !isDeepStrictEqual(our, their) && isNothingRead && isOpen && areTheSameButProducers(ours, theirs);
}

/** What follows from {@link areProducersOfSnapshot}. */
export function areTheSameButProducers(ours: StepAnswer, theirs: StepAnswer): boolean {
  const { producers: _our, lastStableOffset: _ourStable, ...rest } = ours;
  const { producers: _their, lastStableOffset: _theirStable, ...theirRest } = theirs;
  return isDeepStrictEqual(rest, theirRest);
}

/**
 * Behind a truncation within a batch: offsets behind the last batch that is left stay, Kafka (which asks for the batch there)
 * moves them to the log end.
 */
export function isBehindLastBatch(
  { logStartOffset, logEndOffset }: { readonly logStartOffset: number; readonly logEndOffset: number },
  ours: StepAnswer,
  theirs: StepAnswer,
  batchEnds: readonly number[],
): boolean {
  const last = batchEnds.findLast((end) => end <= logEndOffset) ?? 0;
  const pushed = ['highWatermark', 'recoveryPoint', 'lastStableOffset'];
  return Object.entries(ours).every(([key, value]) => {
    const isBehind = Number(value) >= last && Number(value) >= logStartOffset;
    return isDeepStrictEqual(value, theirs[key]) || (pushed.includes(key) && isBehind && theirs[key] === logEndOffset);
  });
}

/** Of the largest timestamp Kafka gives the offset even if it is below the log start, where nobody can read it: we none. */
export function isBelowLogStart(log: Log, step: Step, ours: StepAnswer, theirs: StepAnswer): boolean {
  if (step.op !== 'timestamp' || step.timestamp !== MAX_TIMESTAMP) return false;
  const offset = Number(theirs['offset']);
  return ours['offset'] === -1 && offset >= 0 && offset < log.status().logStartOffset;
}

/**
 * A segment that is truncated until its time index is empty, before anybody asked for its largest timestamp: Kafka forgets
 * that timestamp and closes the segment with an empty time index. Ours ends with it.
 */
export function isForgottenTimestamp(directory: string, name: string, theirs: string | undefined): boolean {
  const segment = segmentsOf(directory).at(-1);
  if (segment === undefined || theirs !== EMPTY_FILE) return false;
  if (name !== `${String(segment.baseOffset).padStart(20, '0')}.timeindex`) return false;
  const bytes = readFileSync(join(directory, name));
  const largest = segment.entries.reduce((max, { maxTimestamp }) => (maxTimestamp > max ? maxTimestamp : max), -1n);
  return bytes.length === TIME_INDEX.ENTRY_SIZE && bytes.readBigInt64BE(0) === largest;
}
