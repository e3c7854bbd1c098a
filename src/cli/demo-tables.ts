/** The demo's tables: no frames, columns aligned. */
import type { PartitionSummary } from '../bench/demo/kafka-summary.ts';
import type { Step } from '../bench/demo/steps.ts';
import { bytesText, countText, decimals, rateText, secondsText } from '../bench/text.ts';
import { INDENT, plainTable } from './plain-table.ts';

/** What Kafka's own files hold; partitions without records are only counted. */
export function kafkaTable(partitions: readonly PartitionSummary[]): string {
  const full = partitions.filter(({ records }) => records > 0);
  const rows = full.map(({ name, segments, batches, records, codecs, bytes, firstOffset, lastOffset }) => [
    name,
    countText(segments),
    countText(batches),
    countText(records),
    [...codecs].join(', '),
    bytesText(bytes),
    countText(firstOffset),
    countText(lastOffset),
  ]);
  const table = plainTable(
    [
      ['partition', 'left'],
      ['segments', 'right'],
      ['batches', 'right'],
      ['records', 'right'],
      ['codecs', 'left'],
      ['.log bytes', 'right'],
      ['first offset', 'right'],
      ['last', 'right'],
    ],
    rows,
  );
  const damaged = partitions.filter(({ intact }) => !intact).map(({ name }) => name);
  const checksums = damaged.length === 0 ? 'Every checksum is right.' : `Damaged: ${damaged.join(', ')}.`;
  const empty = partitions.length - full.length;
  return `${table}${INDENT}${checksums}${empty > 0 ? ` ${empty} empty partitions are left out.` : ''}\n`;
}

/** One row of the table of speeds. */
export interface Timed extends Step {
  readonly name: string;
  /** What `count` counts. */
  readonly unit: string;
}

/** How long each step took and how fast it was. */
export function speedTable(steps: readonly Timed[]): string {
  const rows = steps.map(({ name, unit, count, bytes, elapsedMs }) => {
    const seconds = Math.max(elapsedMs, 0.001) / 1000;
    return [
      name,
      countText(count),
      secondsText(seconds),
      rateText(count / seconds, unit),
      bytes > 0 ? `${decimals(bytes / 1e6 / seconds, 0)} MB/s` : '',
    ];
  });
  return plainTable(
    [
      ['work', 'left'],
      ['count', 'right'],
      ['time', 'right'],
      ['speed', 'right'],
      ['', 'right'],
    ],
    rows,
  );
}
