/** All partitions of a log directory. */
import type { PartitionRow, ReportModel } from '../contract.ts';
import { bar } from './bar.ts';
import { button, type Child, el, shown } from './dom.ts';
import { bytes, count, counted, moment } from './format.ts';
import { table } from './table.ts';

/** The list. A name leads to what is known of the partition. */
export function partitionList(
  { partitions, partitionsOmitted }: ReportModel,
  open: (detail: number) => void,
): HTMLElement {
  const most = partitions.reduce((largest, { bytes: size }) => Math.max(largest, size), 1);
  const close = partitions.filter(({ detail }) => detail >= 0).length;
  const said = [
    ...(partitionsOmitted > 0
      ? [
          `${counted(partitionsOmitted, 'partition')} more ${partitionsOmitted === 1 ? 'is' : 'are'} left out of the list`,
        ]
      : []),
    ...(close < partitions.length + partitionsOmitted
      ? [
          `${close} are shown closely, those with faults first and then the largest; make a report of a partition's own directory for the others`,
        ]
      : []),
  ];
  return el(
    'div',
    {},
    table({
      label: 'Partitions',
      columns: [
        { name: 'partition' },
        { name: 'size', isNumber: true },
        { name: 'of the largest' },
        { name: 'segments', isNumber: true },
        { name: 'records', isNumber: true },
        { name: 'offsets' },
        { name: 'last timestamp' },
        { name: 'findings' },
      ],
      rows: partitions.map((row) => ({ cells: cellsOf(row, most, open) })),
    }),
    said.length === 0 ? null : el('p', { class: 'remark' }, `${said.join('; ')}.`),
  );
}

function cellsOf(row: PartitionRow, most: number, open: (detail: number) => void): Child[] {
  const { name, bytes: size, segments, records, firstOffset, lastOffset, lastMs, counts, detail } = row;
  const named = shown(name);
  const link = button('', () => open(detail), { class: 'link' });
  link.append(named);
  const offsets = firstOffset === null || lastOffset === null ? '–' : `${count(firstOffset)} to ${count(lastOffset)}`;
  return [
    ...[detail < 0 ? named : link, bytes(size), bar(size / most), count(segments), count(records), offsets],
    ...[moment(lastMs), badges(counts)],
  ];
}

function badges({ error, warning, info }: PartitionRow['counts']): HTMLElement | string {
  if (error + warning + info === 0) return 'none';
  const badge = (kind: string, found: number, name: string): HTMLElement | null =>
    found === 0 ? null : el('span', { class: `badge ${kind}` }, counted(found, name));
  return el(
    'span',
    {},
    badge('error', error, 'error'),
    badge('warning', warning, 'warning'),
    badge('info', info, 'note'),
  );
}
