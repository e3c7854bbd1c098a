/** A bench's lines as text: aligned, one a round. */
import { type BenchLine, type CompactLine, type DurableLine, median, type RecoverLine, type Work } from './line.ts';
import { bytesText, countText, decimals, rateText, secondsText } from './text.ts';

/** What a work counts. */
const UNITS: Readonly<Record<Work, string>> = {
  append: 'records',
  read: 'records',
  seek: 'seeks',
  open: 'segments',
  'open-partitions': 'partitions',
  recover: 'records',
  compact: 'records',
  copy: 'copies',
  sync: 'syncs',
};
/** Works whose bytes went by; those of a seek or of opening were found, not read, so that a speed in MB says nothing. */
const MOVES_BYTES: ReadonlySet<Work> = new Set(['append', 'read', 'recover', 'compact', 'copy']);

function isDurable(line: BenchLine): line is DurableLine {
  return 'meanGroup' in line;
}

function isRecovery(line: BenchLine): line is RecoverLine {
  return 'gigabytesPerSecond' in line;
}

function isCompaction(line: BenchLine): line is CompactLine {
  return 'recordsKept' in line;
}

/** What some works tell beside. */
function noteText(line: BenchLine): string {
  if (isDurable(line)) {
    const { durability, appendsPerSecond, syncsPerSecond, meanGroup } = line;
    const rates = `${rateText(appendsPerSecond, 'appends')}, ${rateText(syncsPerSecond, 'syncs')}`;
    return `${durability}: ${rates}, mean group ${decimals(meanGroup, 1)}`;
  }
  if (isCompaction(line)) {
    const { bytesAfter, recordsKept, segmentsBefore, segmentsAfter } = line;
    const kept = `${countText(recordsKept)} records stay, ${bytesText(bytesAfter)}`;
    return `${kept}; ${countText(segmentsBefore)} to ${countText(segmentsAfter)} segments`;
  }
  if (!isRecovery(line)) return '';
  const { gigabytesPerSecond, segments } = line;
  return `${decimals(gigabytesPerSecond, 2)} GB/s, ${countText(segments)} ${segments === 1 ? 'segment' : 'segments'}`;
}

/** One round: `append  round 0    3,000,000 records    330.1 MB    0.123 s    24.3 M records/s    2,673 MB/s    native`. */
export function lineText(line: BenchLine): string {
  const { work, round, records, bytes, seconds, recordsPerSecond, megabytesPerSecond, engine } = line;
  const unit = UNITS[work];
  const moved = MOVES_BYTES.has(work);
  return [
    work.padEnd(6),
    `round ${round}`,
    `${countText(records).padStart(10)} ${unit.padEnd(8)}`,
    moved ? bytesText(bytes).padStart(10) : '',
    secondsText(seconds).padStart(8),
    rateText(recordsPerSecond, unit).padStart(18),
    moved ? `${countText(Math.round(megabytesPerSecond)).padStart(6)} MB/s` : '',
    engine,
    noteText(line),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** What appending reached of plain copies, both as the median of their rounds. */
export function copyShareText(lines: readonly BenchLine[]): string {
  const speedOf = (wanted: Work): number =>
    median(lines.filter(({ work }) => work === wanted).map(({ megabytesPerSecond }) => megabytesPerSecond));
  const append = speedOf('append');
  const copy = speedOf('copy');
  return `append reaches ${Math.round((append / copy) * 100)} % of plain copies (medians: ${countText(Math.round(append))} and ${countText(Math.round(copy))} MB/s)`;
}

/** What syncing a log reached of bare syncs, both as the median of their rounds, and how many appends shared a sync. */
export function syncShareText(lines: readonly BenchLine[]): string {
  const durable = lines.filter(isDurable);
  const log = median(durable.map(({ syncsPerSecond }) => syncsPerSecond));
  const bare = median(lines.filter(({ work }) => work === 'sync').map(({ recordsPerSecond }) => recordsPerSecond));
  const group = median(durable.map(({ meanGroup }) => meanGroup));
  return `the log reaches ${Math.round((log / bare) * 100)} % of a bare loop's syncs (medians: ${decimals(log, 0)} and ${decimals(bare, 0)} syncs/s), mean group ${decimals(group, 1)}`;
}
