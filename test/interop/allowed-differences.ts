/**
 * Where we mean to differ from Kafka (docs/design.md), each as a predicate over the damaged bytes and both answers. What
 * none of them allows is a fault of ours.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LogReader, SeglogError } from '../../src/index.ts';
import { firstNotRising, firstOutOfRange, segmentsOf, type ValidPrefix } from '../support/log-bytes.ts';
import { isTrueIndex } from '../support/true-index.ts';
import { inUse } from './left-files.ts';
import { comparable, type Compared, type KafkaRecovered, type OurRecovered, recoverWithUs } from './recoveries.ts';

/** The names of the differences; `none`: the answers are equal. */
export const DIFFERENCES = [
  'none',
  'a batch that does not rise',
  'Kafka does not load',
  'corruption left in place',
  'segments that overlap',
  'a clean end that was none',
  'a last stable offset where no batch starts',
  'an offset that is not exact',
  'an index built anew',
  'producers up to damage',
] as const;
export type Difference = (typeof DIFFERENCES)[number];

/**
 * (a) A batch that does not rise within its segment, or above the segment's base: Kafka goes on behind it and the log end goes backwards; we cut at the
 * first one. Where Kafka empties the segment, since its index would not rise, so do we, and the answers are equal.
 */
function isCutWhereNotRising({ before, ours }: Compared): boolean {
  const last = ours.recovered?.segments.at(-1);
  const segment = before.find(({ baseOffset }) => Number(baseOffset) === last?.baseOffset);
  if (segment !== undefined && firstNotRising(segment)?.position === last?.size) return true;
  const below = segment?.entries.find(({ lastOffset }) => lastOffset < segment.baseOffset);
  if (below !== undefined && below.position === last?.size) return true;
  // What is left ends below the log start, so that the log starts anew.
  const start = ours.recovered?.logStartOffset ?? 0;
  const isAnew = ours.recovered?.segments.length === 1 && last?.baseOffset === start && last.size === 0;
  return (
    isAnew &&
    before.some((cut) => {
      const { position = -1 } = firstNotRising(cut) ?? {};
      const kept = cut.entries.findLast((entry) => entry.position < position);
      return kept !== undefined && kept.lastOffset < BigInt(start);
    })
  );
}

/** The offset behind the last batch that a reader finds; `Infinity` when it finds damage. */
function endOfReading(directory: string, from: number): number {
  try {
    using reader = LogReader.open(directory);
    let next = from;
    for (const batch of reader.readSync({ from })) next = batch.lastOffset + 1;
    return next;
  } catch (error) {
    if (error instanceof SeglogError) return Infinity;
    throw error;
  }
}

/** (b) Kafka throws and the log stays closed; we cut and come up, and what is left reads whole and opens the same again. */
async function comesUp(compared: Compared): Promise<boolean> {
  const { kafka, ours, ourDirectory, one } = compared;
  if (kafka.error === undefined || ours.recovered === undefined) return false;
  // What a clean end vouches for is not looked at before it is read.
  if (one.clean) return true;
  if (
    endOfReading(ourDirectory, Math.max(ours.recovered.logStartOffset, one.recoveryPoint)) > ours.recovered.logEndOffset
  )
    return false;
  const again = await recoverWithUs(ourDirectory, { ...one, clean: false });
  return again.recovered !== undefined && again.recovered.logEndOffset === ours.recovered.logEndOffset;
}

/**
 * (c) Damage below the recovery point, after a clean end, or in a segment that must only get its index back: Kafka either
 * does not look or cuts a hole in the middle of the log; we cut nothing, serve the log up to it and say so.
 */
function isLeftInPlace({ one, kafka, ours, before, ourDirectory, namesBefore }: Compared): boolean {
  const { corruption } = ours;
  if (corruption === undefined) return false;
  const segment = before.find(({ baseOffset }) => Number(basename(corruption.file, '.log')) === Number(baseOffset));
  if (segment === undefined) return false;
  const isDamage =
    // Where Kafka does not load there are more kinds of damage than the headers tell.
    kafka.error !== undefined ||
    (segment.validBytes === corruption.position && segment.validBytes < segment.sizeBytes) ||
    firstNotRising(segment)?.position === corruption.position ||
    firstOutOfRange(segment)?.position === corruption.position;
  const base = Number(segment.baseOffset);
  const hasIndex = namesBefore.includes(`${basename(corruption.file, '.log')}.index`);
  const lastValid = segment.entries.findLast(({ position }) => position < corruption.position);
  const reached = lastValid === undefined ? base : Number(lastValid.lastOffset) + 1;
  const isTrusted = one.clean || reached < one.recoveryPoint || !hasIndex;
  const after = segmentsOf(ourDirectory);
  const isUncut = after.some(
    ({ baseOffset, sizeBytes }) => Number(baseOffset) === base && sizeBytes === segment.sizeBytes,
  );
  return isDamage && isTrusted && isUncut;
}

/** (d) A segment whose last offset is not below the next one's base: an offset would be there twice. We refuse. */
function overlaps({ ours, before }: Compared): boolean {
  if (!(ours.error instanceof SeglogError) || ours.error.code !== 'SEGMENTS_OVERLAP') return false;
  return before.some(({ entries }, i) => {
    const next = before[i + 1];
    return next !== undefined && entries.some(({ lastOffset }) => lastOffset >= next.baseOffset);
  });
}

/** The offset behind the last segment's last valid batch. */
function endOf(before: readonly ValidPrefix[]): number {
  const last = before.at(-1);
  return Number(last?.entries.at(-1)?.lastOffset ?? (last?.baseOffset ?? 0n) - 1n) + 1;
}

/**
 * (f) A last stable offset within a batch or a gap (its transaction's first batch is gone, or the log start is in it): Kafka
 * 4.3.1 gives the base of the batch that it finds there, we the offset itself.
 */
function isSameStableOffset({ ours, kafka, before }: Compared): boolean {
  if (kafka.error !== undefined || ours.recovered === undefined) return false;
  const { lastStableOffset, ...rest } = ours.recovered;
  const { lastStableOffset: theirs, ...theirRest } = comparable(kafka);
  const isBase =
    theirs === kafka.logEndOffset ||
    before.some(({ entries }) =>
      entries.some((entry) => Number(entry.baseOffset) === theirs && Number(entry.lastOffset) >= lastStableOffset),
    );
  return isDeepStrictEqual(rest, theirRest) && isBase;
}

/**
 * (e) Said to be closed clean, but not as a clean end leaves it: bytes behind the last batch, or an index that does not
 * tell what is in the log. Kafka believes it, down to a log end that is a lie; we scan the segment. Then each file is as
 * Kafka leaves it, either believing or scanning, and the log ends where Kafka's scan ends.
 */
function isScannedInstead({ one, ours, kafka, scanned, before }: Compared): boolean {
  if (!one.clean || ours.recovered === undefined || scanned === undefined) return false;
  const { recovered } = ours;
  const isLie = kafka.error !== undefined || kafka.logEndOffset < endOf(before);
  if (scanned.error !== undefined || isLie) return recovered.logEndOffset === endOf(before);
  if (recovered.logEndOffset !== scanned.logEndOffset || recovered.logStartOffset !== scanned.logStartOffset)
    return false;
  // Producers are known up to damage that lies before the last segment: see (i).
  const isDamaged = before.slice(0, -1).some(({ validBytes, sizeBytes }) => validBytes < sizeBytes);
  if (!isDamaged && !isDeepStrictEqual(recovered.producers, scanned.producers)) return false;
  if (!isDeepStrictEqual(recovered.epochs, scanned.epochs)) return false;
  const believed = inUse(kafka.files);
  const rebuilt = inUse(scanned.files);
  const names = new Set([...Object.keys(recovered.files), ...Object.keys(rebuilt)]);
  return [...names].every((name) => [believed[name], rebuilt[name]].includes(recovered.files[name]));
}

/** (g) Offsets beyond 2^53, which Kafka divides the segment for: we cut at the first one. */
function isCutWhereNotExact({ before, ours }: Compared): boolean {
  return before.some(({ baseOffset, entries }) => {
    const beyond = entries.find(({ lastOffset }) => lastOffset > BigInt(Number.MAX_SAFE_INTEGER));
    const left = ours.recovered?.segments.find((segment) => segment.baseOffset === Number(baseOffset));
    return beyond !== undefined && beyond.position === left?.size;
  });
}

/**
 * (h) An index file that is missing or does not tell what is in the log, of a segment that is not scanned: Kafka makes an
 * empty one or believes it, we build both indexes anew when one of them is first used, and until then leave them alone.
 */
function isIndexBuiltAnew({ ours, kafka, before, ourDirectory, indexesBefore, namesBefore }: Compared): boolean {
  if (kafka.error !== undefined || ours.recovered === undefined) return false;
  const { files, snapshots, ...rest } = ours.recovered;
  const { files: theirFiles, snapshots: theirSnapshots, ...theirRest } = comparable(kafka);
  if (!isDeepStrictEqual(rest, theirRest)) return false;
  // A swapped-in log without its index gets an index of zeros in Kafka; we recover it, which leaves a snapshot.
  const isSwapped = namesBefore.some((name) => name.endsWith('.log.swap'));
  if (!isSwapped && !isDeepStrictEqual(snapshots, theirSnapshots)) return false;
  const names = new Set([...Object.keys(files), ...Object.keys(theirFiles)]);
  return [...names]
    .filter((name) => files[name] !== theirFiles[name])
    .every((name) => {
      const stem = basename(name).slice(0, 20);
      const segment = before.find(({ baseOffset }) => Number(baseOffset) === Number(stem));
      if (segment === undefined || !/\.(time)?index$/.test(name)) return false;
      const isUntrue = ['.index', '.timeindex'].some((suffix) => {
        const bytes = indexesBefore.get(stem + suffix);
        const isReplaced = namesBefore.includes(`${stem}.log.swap`);
        return bytes === undefined || isReplaced || !isTrueIndex(suffix, bytes, segment);
      });
      const path = join(ourDirectory, name);
      if (!existsSync(path)) return false;
      return isUntrue && isTrueIndex(name, readFileSync(path), segment);
    });
}

/** The digest of a file without a byte. */
const EMPTY_FILE = 'e3b0c44298fc1c14';

/** Kafka's answer without the empty time indexes that it makes where there are none; we make one when it is needed. */
function withoutMade(kafka: KafkaRecovered, { recovered }: OurRecovered): KafkaRecovered {
  if (kafka.error !== undefined || recovered === undefined) return kafka;
  const isMade = (name: string, digest: string): boolean =>
    name.endsWith('.timeindex') && digest === EMPTY_FILE && recovered.files[name] === undefined;
  const files = Object.fromEntries(Object.entries(kafka.files).filter(([name, digest]) => !isMade(name, digest)));
  return { ...kafka, files };
}

/**
 * (i) Producers are read from a segment that is not recovered, with a batch in it whose checksum is wrong or whose offsets do
 * not rise: Kafka does not look at either there, we know producers up to that batch.
 */
function areProducersUpToDamage({ ours, kafka, before, one }: Compared): boolean {
  if (kafka.error !== undefined || ours.recovered === undefined) return false;
  const { producers, lastStableOffset, ...rest } = ours.recovered;
  const theirs = comparable(kafka);
  const isSame = Object.entries(rest).every(([key, value]) => isDeepStrictEqual(value, { ...theirs }[key as 'epochs']));
  const isTrusted = (base: bigint): boolean => one.clean || Number(base) < one.recoveryPoint;
  const isDamaged = (segment: ValidPrefix): boolean =>
    segment.validBytes < segment.sizeBytes || firstNotRising(segment) !== undefined;
  return isSame && before.some((segment) => isDamaged(segment) && isTrusted(segment.baseOffset));
}

/** Which difference it is; undefined where it is none that we mean. */
export async function differenceOf(asAnswered: Compared): Promise<Difference | undefined> {
  const { ours } = asAnswered;
  const kafka = withoutMade(asAnswered.kafka, ours);
  const scanned = asAnswered.scanned && withoutMade(asAnswered.scanned, ours);
  const compared = { ...asAnswered, kafka, scanned };
  const isAnswered = kafka.error === undefined;
  if (isAnswered && isDeepStrictEqual(ours.recovered, comparable(asAnswered.kafka))) return 'none';
  if (isAnswered && isDeepStrictEqual(ours.recovered, comparable(kafka))) return 'an index built anew';
  if (overlaps(compared)) return 'segments that overlap';
  if (isLeftInPlace(compared)) return 'corruption left in place';
  if (isSameStableOffset(compared)) return 'a last stable offset where no batch starts';
  if (isScannedInstead(compared)) return 'a clean end that was none';
  if (kafka.error !== undefined) return (await comesUp(compared)) ? 'Kafka does not load' : undefined;
  if (isCutWhereNotExact(compared)) return 'an offset that is not exact';
  if (isIndexBuiltAnew(compared)) return 'an index built anew';
  if (areProducersUpToDamage(compared)) return 'producers up to damage';
  return isCutWhereNotRising(compared) ? 'a batch that does not rise' : undefined;
}
