/** `leader-epoch-checkpoint`: its form, and its lines against the leader epochs in the batches. */
import { type EpochStart, parseLeaderEpochs, printLeaderEpochs } from '../../../format/checkpoint.ts';
import { MAX_INT32 } from '../../../units/units.ts';
import type { Finding } from '../../findings/finding.ts';
import type { PartitionExtent } from './extent.ts';
import { checkForm, lineStarts, parsed, textOf } from './text-lines.ts';
import { told } from './told.ts';

/** Lines before the first entry. */
const FIRST_ENTRY = 2;

/** The entries of the file, after findings about its form; undefined when it cannot be read. */
export function* checkEpochForm(path: string, bytes: Uint8Array): Generator<Finding, EpochStart[] | undefined> {
  const text = textOf(bytes);
  const entries = yield* parsed('LEADER_EPOCHS_UNREADABLE', path, () => parseLeaderEpochs(text, path));
  // A file of no bytes is an empty one, too.
  if (entries !== undefined && text !== '') yield* checkForm(path, text, printLeaderEpochs(entries));
  return entries;
}

/** Entries that are out of range, or do not rise. */
export function* checkEpochOrder(path: string, text: string, entries: readonly EpochStart[]): Generator<Finding, void> {
  const starts = lineStarts(text);
  for (const [index, { epoch, startOffset }] of entries.entries()) {
    const before = entries[index - 1];
    const isInRange = epoch >= 0 && epoch <= MAX_INT32 && startOffset >= 0n;
    if (isInRange && (before === undefined || (epoch > before.epoch && startOffset > before.startOffset))) continue;
    yield told('LEADER_EPOCHS_ORDER', path, {
      position: starts[FIRST_ENTRY + index],
      expected: before === undefined ? 'from 0 on' : `above ${before.epoch} ${before.startOffset}`,
      found: `${epoch} ${startOffset}`,
    });
  }
}

/** More wrong lines than that say no more. */
const MAX_WRONG = 1000;

/** Where an epoch begins in the batches. */
interface EpochInLog {
  readonly epoch: number;
  readonly startOffset: bigint;
}

/** The epochs of the batches; none where they fall, which is told of where the batch is, and leaves open which of them is wrong. */
function epochsInLog(extent: PartitionExtent): EpochInLog[] {
  const epochs: EpochInLog[] = [];
  for (const { facts } of extent.segments) {
    for (const [epoch, offset] of facts.epochs) {
      const latest = epochs.at(-1)?.epoch ?? -1;
      if (epoch < latest) return [];
      if (epoch > latest) epochs.push({ epoch, startOffset: BigInt(offset) });
    }
  }
  return epochs;
}

/** The entries of a checkpoint, undefined when it is not there, against the batches, and against each other. */
export function* checkEpochsAgainstLog(
  path: string,
  entries: readonly EpochStart[] | undefined,
  text: string,
  extent: PartitionExtent,
): Generator<Finding, void> {
  const inLog = epochsInLog(extent);
  if (entries === undefined) {
    yield* missingEntries(path, [], undefined, extent, inLog).slice(0, 1);
    return;
  }
  const wrong = wrongEntries(path, entries, text, extent, inLog);
  const lacking = missingEntries(path, entries, text, extent, inLog);
  yield* wrong;
  // A wrong line stands in the place of one that is missing then, and is why lines do not rise: one piece of news.
  yield* lacking.slice(wrong.length);
  if (wrong.length === 0 && lacking.length === 0) yield* checkEpochOrder(path, text, entries);
}

function wrongEntries(
  path: string,
  entries: readonly EpochStart[],
  text: string,
  extent: PartitionExtent,
  inLog: readonly EpochInLog[],
): Finding[] {
  const starts = lineStarts(text);
  const log: EpochsOfLog = { inLog, places: knownPlaces(extent), isContiguous: isUnbroken(extent), end: endOf(extent) };
  const findings: Finding[] = [];
  for (const [index, entry] of entries.entries()) {
    const position = starts[FIRST_ENTRY + index] ?? text.length;
    if (extent.logEnd !== undefined && entry.startOffset > extent.logEnd) {
      const expected = `at most ${extent.logEnd}`;
      findings.push(told('LEADER_EPOCHS_BEYOND_END', path, { position, expected, found: entry.startOffset }));
    } else findings.push(...checkEntry(path, position, entry, index === 0, log));
    if (findings.length >= MAX_WRONG) break;
  }
  return findings;
}

function missingEntries(
  path: string,
  entries: readonly EpochStart[],
  text: string | undefined,
  extent: PartitionExtent,
  inLog: readonly EpochInLog[],
): Finding[] {
  const listed = new Set(entries.map(({ epoch }) => epoch));
  // Of a log that starts at its end none is left.
  const firstStart = entries[0]?.startOffset ?? extent.logStart;
  const isContiguous = isUnbroken(extent);
  const lastPlaces = new Map(knownPlaces(extent).map(({ epoch, offset }) => [epoch, offset]));
  const starts = lineStarts(text ?? '');
  return inLog.flatMap((known, index) => {
    const next = inLog[index + 1]?.startOffset;
    // The next epoch may have begun long before its first batch, in a gap.
    const last = isContiguous && next !== undefined ? next - 1n : (lastPlaces.get(known.epoch) ?? known.startOffset);
    // Epochs that ended before the log start are dropped from the file, while the segment may keep their batches.
    const isDropped = last < firstStart;
    if (listed.has(known.epoch) || isDropped) return [];
    const after = countOf(entries, ({ epoch }) => epoch <= known.epoch);
    return [missing(path, starts[FIRST_ENTRY + after] ?? text?.length, known)];
  });
}

function missing(path: string, position: number | undefined, { epoch, startOffset }: EpochInLog): Finding {
  return told('LEADER_EPOCHS_MISSING', path, {
    position,
    offsets: [startOffset, startOffset],
    expected: `${epoch} ${startOffset}`,
    found: position === undefined ? 'no such file' : 'no such line',
  });
}

/** Whether all offsets from the first to the last one are in batches whose epochs are known. */
function isUnbroken({ segments }: PartitionExtent): boolean {
  return segments.every(
    ({ isDense, isWhole, base, first }, index) =>
      isDense &&
      (isWhole || index === segments.length - 1) &&
      (first === undefined || first === base) &&
      (index === 0 || base === segments[index - 1]?.next),
  );
}

/** Offsets whose epochs are known whatever lies between them: where an epoch begins in a segment, and where the segment ends. */
function knownPlaces({ segments }: PartitionExtent): { readonly epoch: number; readonly offset: bigint }[] {
  return segments.flatMap(({ facts, last }) => {
    const places = facts.epochs.map(([epoch, offset]) => ({ epoch, offset: BigInt(offset) }));
    const latest = places.at(-1);
    if (latest !== undefined && last !== undefined) places.push({ epoch: latest.epoch, offset: last });
    return places;
  });
}

function endOf({ segments }: PartitionExtent): bigint {
  return segments.findLast(({ last }) => last !== undefined)?.next ?? 0n;
}

/** What the log tells of epochs. */
interface EpochsOfLog {
  readonly inLog: readonly EpochInLog[];
  readonly places: readonly { readonly epoch: number; readonly offset: bigint }[];
  readonly isContiguous: boolean;
  readonly end: bigint;
}

/** How many of a list, from its start, have what those behind them have not. */
function countOf<T>(list: readonly T[], has: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (has(list[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One line. The first one may start later than its epoch did: the log start cuts it. */
function* checkEntry(
  path: string,
  position: number,
  { epoch, startOffset }: EpochStart,
  isFirst: boolean,
  { inLog, places, isContiguous, end }: EpochsOfLog,
): Generator<Finding, void> {
  const mismatch = (expected: string, offset: bigint): Finding =>
    told('LEADER_EPOCHS_MISMATCH', path, {
      position,
      offsets: [offset, offset],
      expected,
      found: `${epoch} ${startOffset}`,
    });
  const firstInLog = inLog[0]?.startOffset;
  if (firstInLog === undefined) return;
  const below = countOf(inLog, (other) => other.epoch < epoch);
  const known = inLog[below]?.epoch === epoch ? inLog[below] : undefined;
  if (known !== undefined && known.startOffset < startOffset && !isFirst) {
    yield mismatch(`${epoch} ${known.startOffset}`, known.startOffset);
    return;
  }
  // A later epoch's batches at or below this start cannot be, nor an earlier one's at or above it.
  const later = inLog[known === undefined ? below : below + 1];
  if (later !== undefined && later.startOffset <= startOffset) {
    yield mismatch(`below ${later.startOffset}, where epoch ${later.epoch} starts`, later.startOffset);
    return;
  }
  const earlier = places[countOf(places, (place) => place.epoch < epoch) - 1];
  if (earlier !== undefined && earlier.offset >= startOffset) {
    yield mismatch(`above ${earlier.offset}, which is of epoch ${earlier.epoch}`, earlier.offset);
    return;
  }
  if (!isContiguous || startOffset < firstInLog || startOffset >= end) return;
  // Without gaps the batch at the start offset is of this epoch.
  const there = inLog[countOf(inLog, (other) => other.startOffset <= startOffset) - 1];
  if (there === undefined || there.epoch === epoch) return;
  yield mismatch(
    known === undefined ? `a batch of epoch ${epoch} there` : `${epoch} ${known.startOffset}`,
    startOffset,
  );
}
