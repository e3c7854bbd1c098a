/** The upper pane: a row for each batch, record and finding. */
import { codecName } from '../../inspect/batch-summary.ts';
import type { Row } from '../contract.ts';
import type { State } from '../model/state.ts';
import { type Abilities, column, type Line, line, span, type Span, type Style } from './line.ts';
import { previewText, sizeText, timeText } from './words.ts';

const OFFSET_COLUMNS = 22;
const TIME_COLUMNS = 24;
/** Keys are often short; values take the rest. */
const KEY_COLUMNS = 20;

/** Marks of rows. */
interface Marks {
  readonly closed: string;
  readonly open: string;
  readonly bad: string;
  readonly rule: string;
  readonly none: string;
}

function marksOf({ unicode }: Abilities): Marks {
  return unicode
    ? { closed: '▸ ', open: '▾ ', bad: '✗ ', rule: '─', none: '∅' }
    : { closed: '> ', open: 'v ', bad: '! ', rule: '-', none: '-' };
}

/** What stands above the rows. */
export function listHead(): Line {
  const head = `  ${'offset'.padEnd(OFFSET_COLUMNS)}${'time (UTC)'.padEnd(TIME_COLUMNS)}${'key'.padEnd(KEY_COLUMNS)}value`;
  return line(span(head, 'dim'));
}

/** One row. */
export function listLine(row: Row, state: State, abilities: Abilities): Line {
  const marks = marksOf(abilities);
  if (row.kind === 'end') return endLine(state, marks);
  if (row.kind === 'record') return recordLine(row, state.columns, marks, abilities);
  if (row.kind === 'fault') return line(...faultSpans(row, marks));
  return batchLine(row, marks);
}

function batchLine({ entry, isOpen }: Row & { readonly kind: 'batch' }, marks: Marks): Line {
  const { summary, size, fault } = entry;
  const { baseOffset, lastOffset, count, codec, maxTimestamp, magic } = summary;
  const offsets = `${baseOffset ?? '?'}..${lastOffset ?? '?'}`;
  const mark = isOpen ? marks.open : marks.closed;
  const style: Style = fault === undefined ? 'accent' : 'bad';
  const facts = [
    ...(count === null ? [] : [`${count} ${count === 1 ? 'record' : 'records'}`]),
    sizeText(size),
    ...(codec === 0 ? [] : [codecName(codec)]),
    ...(magic === 2 ? [] : [`format ${magic}`]),
    ...(summary.isControl ? ['control'] : []),
    ...(summary.isTransactional ? ['transactional'] : []),
    ...(summary.producerId === -1 ? [] : [`producer ${summary.producerId}/${summary.producerEpoch}`]),
  ];
  return line(
    span(`${mark}${offsets.padEnd(OFFSET_COLUMNS - 1)} `, style),
    span(timeText(maxTimestamp).padEnd(TIME_COLUMNS), 'dim'),
    span(facts.join(', '), fault === undefined ? 'plain' : 'dim'),
    ...(fault === undefined ? [] : [span(` ${marks.bad}${fault.code}: ${fault.text}`, 'bad')]),
  );
}

function recordLine(
  { record, entry }: Row & { readonly kind: 'record' },
  columns: number,
  marks: Marks,
  abilities: Abilities,
): Line {
  const { bytes, keyStart, keyLength, valueStart, valueLength } = record;
  const side = (start: number, length: number, most: number): Span =>
    length < 0 ? span(marks.none, 'dim') : span(previewText(bytes, start, length, most));
  const key = side(keyStart, keyLength, KEY_COLUMNS);
  const value = side(valueStart, valueLength, columns);
  return line(
    span(`    ${String(record.offset).padEnd(OFFSET_COLUMNS - 3)} `),
    span(timeText(record.timestamp).padEnd(TIME_COLUMNS), 'dim'),
    { ...key, text: `${column(key.text, KEY_COLUMNS - 1, abilities)} ` },
    entry.summary.isControl ? span('control record', 'warn') : value,
  );
}

function faultSpans({ entry, fault, place }: Row & { readonly kind: 'fault' }, marks: Marks): Span[] {
  const where = place.record < 0 ? `byte ${entry.position}, ${sizeText(entry.size)}` : `record ${place.record}`;
  const indent = place.record < 0 ? '' : '    ';
  return [span(`${indent}${marks.bad}${where}: `, 'bad'), span(`${fault.code}: ${fault.text}`, 'bad')];
}

function endLine({ info }: State, { rule }: Marks): Line {
  const text =
    info.segments === 0
      ? 'no segment: the partition is empty'
      : info.end === info.start
        ? `the log is empty; it begins at offset ${info.end}`
        : `the log ends at offset ${info.end ?? '?'}`;
  return line(span(`${rule.repeat(2)} ${text} ${rule.repeat(8)}`, 'dim'));
}
