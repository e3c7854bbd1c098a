/** What `seglog stats` prints for people: a row for each partition, then tables of all together. Nothing in it steers a terminal. */
import { bytesText, countText, decimals } from '../bench/text.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { Finding } from '../inspect/findings/finding.ts';
import type { StatsEnd } from '../inspect/stats/collect.ts';
import type { PartitionStats, Stats } from '../inspect/stats/contract.ts';
import { INDENT, plainTable } from './plain-table.ts';
import {
  codecSection,
  growthSection,
  keySection,
  producerSection,
  sizeSection,
  timeSection,
  whatIfSection,
} from './stats-sections.ts';
import { momentText, plural, ratioText } from './stats-words.ts';
import { findingText } from './verify-lines.ts';

/** Everything that was found, as text that ends with a line feed. */
export function statsText(partitions: readonly PartitionStats[], { now, total, whatIf }: StatsEnd): string {
  const one = partitions.length === 1 ? partitions[0] : undefined;
  const parts = [
    headline(one === undefined ? plural(partitions.length, 'partition') : printable(one.name), one ?? total),
    ...(partitions.length > 1 ? [partitionTable(partitions)] : []),
    findingSection(partitions),
    ...sections(total, now),
    ...(whatIf === null ? [] : [whatIfSection(whatIf)]),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** The tables of one partition among several. */
export function partitionText(partition: PartitionStats, now: number): string {
  const parts = [headline(printable(partition.name), partition), ...sections(partition, now)];
  return `\n${parts.filter((part) => part !== '').join('\n')}`;
}

function sections(stats: Stats, now: number): string[] {
  if (stats.batches === 0) return [];
  return [
    keySection(stats),
    sizeSection(stats),
    codecSection(stats),
    timeSection(stats, now),
    producerSection(stats),
    growthSection(stats),
  ];
}

function headline(name: string, stats: Stats): string {
  const { segments, fileBytes, batches, records, controlRecords, firstOffset, lastOffset, zeroTailBytes } = stats;
  const what = [plural(segments, 'segment'), bytesText(fileBytes), plural(batches, 'batch', 'batches')];
  const offsets = firstOffset !== null ? [`offsets ${firstOffset} to ${lastOffset}`] : [];
  const controls = controlRecords === 0 ? [] : [plural(controlRecords, 'control record')];
  const zeros = zeroTailBytes === 0 ? [] : [`${bytesText(zeroTailBytes)} of zeros at the end`];
  return `${name}: ${[...what, plural(records, 'record'), ...controls, ...offsets, ...zeros].join(', ')}\n`;
}

function partitionTable(partitions: readonly PartitionStats[]): string {
  const rows = partitions.map((partition) => {
    const { records, keys, timestamps, findings, infos, codecs } = partition;
    const stored = codecs.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    const uncompressed = codecs.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
    return [
      printable(partition.name),
      countText(partition.segments),
      bytesText(partition.fileBytes),
      countText(partition.batches),
      countText(records),
      `${keys.isExact ? '' : '~'}${countText(keys.distinct)}`,
      countText(keys.tombstones),
      ratioText(stored === 0 ? null : uncompressed / stored),
      momentText(timestamps.min),
      momentText(timestamps.max),
      countText(findings + infos),
    ];
  });
  return plainTable(
    [
      ['partition', 'left'],
      ['segments', 'right'],
      ['size', 'right'],
      ['batches', 'right'],
      ['records', 'right'],
      ['keys', 'right'],
      ['tombstones', 'right'],
      ['ratio', 'right'],
      ['first time', 'left'],
      ['last time', 'left'],
      ['findings', 'right'],
    ],
    rows,
  );
}

function findingSection(partitions: readonly PartitionStats[]): string {
  const found = partitions.flatMap(({ findingList }) => findingList);
  const all = partitions.reduce((sum, { findings, infos }) => sum + findings + infos, 0);
  if (all === 0) return '';
  const damaged = partitions.reduce((sum, part) => sum + part.damagedBatches, 0);
  const unreadable = partitions.reduce((sum, part) => sum + part.unreadableBatches, 0);
  const head = `Findings: ${plural(damaged, 'place')} without a readable batch, ${plural(unreadable, 'batch', 'batches')} with records that cannot be read\n`;
  // A finding is verification's, handed on.
  const lines = found.map((finding) =>
    findingText(finding as Finding)
      .replace(/^/gm, INDENT)
      .trimEnd(),
  );
  const more = all > found.length ? [`${INDENT}and ${decimals(all - found.length, 0)} more`] : [];
  return `${[head.trimEnd(), ...lines, ...more].join('\n')}\n`;
}
