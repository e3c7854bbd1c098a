/** The head of the page: how much there is, and how it is. */
import type { Counts, Figures, ReportModel, Totals } from '../contract.ts';
import { el, shown } from './dom.ts';
import { bytes, count, counted, digits, minute, span } from './format.ts';

/** Tiles with the figures that one looks for first. */
export function tiles(
  totals: Totals,
  figures: Figures,
  more: readonly (readonly [string, string, string])[],
): HTMLElement {
  const { bytes: size, segments, batches, records, firstMs, lastMs } = totals;
  const stored = figures.codecs.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const plain = figures.codecs.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
  const ratio = stored === 0 ? '–' : `${digits(plain / stored)} : 1`;
  const codecs = figures.codecs.map(({ codec }) => codec).join(', ');
  const { keys } = figures;
  const distinct = `${keys.isExact ? '' : 'about '}${count(keys.distinct)}`;
  const all: readonly (readonly [string, string, string])[] = [
    ['Size', bytes(size), counted(segments, 'segment')],
    ['Records', count(records), counted(batches, 'batch', 'batches')],
    ...more,
    firstMs === null || lastMs === null
      ? ['Time', '–', 'no timestamps']
      : ['Time', span(lastMs - firstMs), `${minute(firstMs)} to ${minute(lastMs)}`],
    ['Compression', ratio, codecs === '' ? 'no batches' : codecs],
    ['Keys', distinct, `${counted(keys.tombstones, 'tombstone')}, ${count(keys.withoutKey)} without a key`],
  ];
  return el(
    'dl',
    { class: 'tiles' },
    ...all.map(([name, value, said]) =>
      el('div', { class: 'tile' }, el('dt', {}, name), el('dd', { class: 'value' }, value), el('dd', {}, said)),
    ),
  );
}

/** Whether all is well, in a line. */
export function verdict({ findings: { counts, failures, failuresOmitted } }: ReportModel): HTMLElement {
  const failed = failures.length + failuresOmitted;
  const isSound = counts.error + counts.warning + failed === 0;
  if (isSound) {
    const infos = counts.info === 0 ? '' : ` ${counted(counts.info, 'thing')} worth knowing.`;
    return el('p', { class: 'verdict sound' }, `Everything was checked, and nothing is wrong.${infos}`);
  }
  const unread = failed === 0 ? '' : `, ${counted(failed, 'file')} could not be read`;
  const kind = counts.error > 0 ? 'error' : 'warning';
  return el('p', { class: `verdict ${kind}` }, `${countsText(counts)}${unread}.`);
}

/** `2 errors, 1 warning, 3 info`. */
function countsText({ error, warning, info }: Counts): string {
  return `${counted(error, 'error')}, ${counted(warning, 'warning')}, ${count(info)} info`;
}

/** What was good to know while the report was made. */
export function notes(lines: readonly string[]): HTMLElement | null {
  if (lines.length === 0) return null;
  return el('ul', { class: 'notes' }, ...lines.map((line) => el('li', {}, shown(line))));
}
