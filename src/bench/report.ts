/** A bench's lines as text: aligned, one a round. */
import type { LatencySummary } from './latency.ts';
import {
  type BenchLine,
  type CompactLine,
  type DurableLine,
  median,
  type MixedLine,
  type RecoverLine,
  type TailLine,
  type Work,
} from './line.ts';
import { bytesText, countText, decimals, rateText, secondsText } from './text.ts';

/** What a work counts. */
const UNITS: Readonly<Record<Work, string>> = {
  append: 'records',
  read: 'records',
  seek: 'seeks',
  'seek-time': 'seeks',
  'tail-latency': 'records',
  open: 'segments',
  'open-partitions': 'partitions',
  recover: 'records',
  compact: 'records',
  mixed: 'records',
  copy: 'copies',
  sync: 'syncs',
};
/** What a work counts: the unit of its `records`. */
export function unitOf(work: Work): string {
  return UNITS[work];
}

/** Works whose bytes went by; those of a seek or of opening were found, not read, so that a speed in MB says nothing. */
const MOVES_BYTES: ReadonlySet<Work> = new Set([
  'append',
  'read',
  'recover',
  'compact',
  'mixed',
  'tail-latency',
  'copy',
]);

function isDurable(line: BenchLine): line is DurableLine {
  return 'meanGroup' in line;
}

function isRecovery(line: BenchLine): line is RecoverLine {
  return 'gigabytesPerSecond' in line;
}

function isCompaction(line: BenchLine): line is CompactLine {
  return 'recordsKept' in line;
}

function isMixed(line: BenchLine): line is MixedLine {
  return 'recordsRead' in line;
}

function isTail(line: BenchLine): line is TailLine {
  return 'delivery' in line;
}

/** `latency p50 12.3 us, p99 45.6 us, p99.9 78.9 us, longest 123 us`. */
function latencyText(name: string, { p50Us, p99Us, p999Us, maxUs }: LatencySummary): string {
  return `${name} p50 ${decimals(p50Us, 1)} us, p99 ${decimals(p99Us, 1)} us, p99.9 ${decimals(p999Us, 1)} us, longest ${decimals(maxUs, 0)} us`;
}

/** How records were handed over, where that was not in whole batches. */
function apiText(line: BenchLine): string {
  return 'api' in line && line.api !== 'batch' ? `by ${String(line.api)}` : '';
}

/** What a line says of single operations, of its threads and its cache, of processor time and memory. */
function costTexts({ rate, latency, serviceTime, threads, cache, cpuSeconds, peakRssBytes }: BenchLine): string[] {
  return [
    threads === undefined ? '' : `${threads} threads`,
    cache === 'cold' ? 'cold' : '',
    rate === undefined ? '' : `at ${countText(rate)}/s`,
    latency === undefined ? '' : latencyText('latency', latency),
    latency !== undefined || serviceTime === undefined ? '' : latencyText('service time', serviceTime),
    cpuSeconds === undefined ? '' : `CPU ${secondsText(cpuSeconds)}`,
    peakRssBytes === undefined ? '' : `peak ${bytesText(peakRssBytes)}`,
  ];
}

/** What some works tell beside. */
function noteText(line: BenchLine): string {
  if (isTail(line)) return latencyText('delivery', line.delivery);
  if (isMixed(line)) {
    const { recordsRead, cleanings, bytesCleaned, bytesKept } = line;
    const cleaned = `${countText(cleanings)} cleanings, ${bytesText(bytesCleaned)} to ${bytesText(bytesKept)}`;
    return `${countText(recordsRead)} records read; ${cleaned}`;
  }
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
    apiText(line),
    ...costTexts(line),
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
