/** How the batches are compressed, and what other codecs would make of a sample of them. */
import type { Figures, ReportModel } from '../contract.ts';
import { bar } from './bar.ts';
import { type Child, el } from './dom.ts';
import { bytes, count, counted, digits, share } from './format.ts';
import { table } from './table.ts';

/** Codecs as they are, and what if. */
export function compression({ codecs }: Figures, whatIf: ReportModel['whatIf'], isAll: boolean): HTMLElement {
  const stored = codecs.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const rows = codecs.map(({ codec, batches, records, storedBytes, uncompressedBytes, ratio }) => ({
    cells: [
      ...[
        codec,
        bar(stored === 0 ? 0 : storedBytes / stored),
        share(storedBytes, stored),
        count(batches),
        count(records),
      ],
      ...[bytes(storedBytes), bytes(uncompressedBytes), ratioText(ratio)],
    ],
  }));
  return el(
    'div',
    {},
    table({
      label: 'Batches by codec',
      columns: [
        { name: 'codec' },
        { name: 'of all bytes' },
        ...['share', 'batches', 'records', 'stored', 'uncompressed', 'ratio'].map((name) => ({ name, isNumber: true })),
      ],
      rows,
    }),
    whatIf === null ? null : whatIfPart(whatIf, isAll),
  );
}

function ratioText(ratio: number | null): string {
  return ratio === null ? '–' : `${digits(ratio)} : 1`;
}

function whatIfPart(whatIf: NonNullable<ReportModel['whatIf']>, isAll: boolean): HTMLElement {
  const { batches, partitions, sampleBytes, storedBytes, storedRatio, results, unavailable } = whatIf;
  const most = Math.max(storedBytes, ...results.map(({ compressedBytes }) => compressedBytes), 1);
  const now: readonly Child[] = ['as it is', bar(storedBytes / most), bytes(storedBytes), ratioText(storedRatio), '–'];
  return el(
    'div',
    {},
    el('h3', {}, 'With another codec'),
    el(
      'p',
      {},
      `${counted(batches, 'batch', 'batches')} (format 2) of ${counted(partitions, 'partition')}${isAll ? '' : ' of the directory'}, ` +
        `${bytes(sampleBytes)} uncompressed, compressed again. Speeds are those of one thread of the machine that made this report.`,
    ),
    table({
      label: 'What codecs make of a sample',
      columns: [
        { name: 'codec' },
        { name: 'of the largest' },
        ...['size', 'ratio', 'speed'].map((name) => ({ name, isNumber: true })),
      ],
      rows: [
        { cells: now },
        ...results.map(({ codec, level, isDefault, compressedBytes, ratio, megabytesPerSecond: speed }) => ({
          cells: [
            `${codec}${level === null ? '' : ` ${level}`}${isDefault && level !== null ? ' (default)' : ''}`,
            ...[bar(compressedBytes / most), bytes(compressedBytes), ratioText(ratio)],
            speed === null ? '–' : `${digits(speed)} MB/s`,
          ],
        })),
      ],
    }),
    unavailable.length === 0
      ? null
      : el('p', { class: 'remark' }, `Not tried, as this engine cannot: ${unavailable.join(', ')}.`),
  );
}
