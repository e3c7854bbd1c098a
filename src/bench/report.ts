/** A bench's lines as text: aligned, one a round. */
import { type BenchLine, median, type Work } from './line.ts';
import { bytesText, countText, rateText, secondsText } from './text.ts';

/** What a work counts. */
const UNITS: Readonly<Record<Work, string>> = {
  append: 'records',
  read: 'records',
  seek: 'seeks',
  open: 'segments',
  copy: 'copies',
};
/** Works whose bytes went by; those of a seek or of opening were found, not read, so that a speed in MB says nothing. */
const MOVES_BYTES: ReadonlySet<Work> = new Set(['append', 'read', 'copy']);

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
