/** Tables: long ones show some rows at first, and more when asked. */
import { button, type Child, el } from './dom.ts';

/** A column. Numbers stand on the right. */
export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

/** A table to be made. */
export interface TableSpec {
  /** What it is, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** A row. The first cell names it. */
export interface Row {
  readonly cells: readonly Child[];
  readonly id?: string;
}

/** Rows that are there at first, and that each press adds. */
const PAGE = 100;

/** A table in a region that scrolls by itself, with the keyboard too. */
export function table({ label, columns, rows }: TableSpec): HTMLElement {
  const body = el('tbody');
  const head = columns.map(({ name, isNumber }) => el('th', { scope: 'col', class: classOf(isNumber) }, name));
  const whole = el(
    'table',
    {},
    el('caption', { class: 'unseen' }, label),
    el('thead', {}, el('tr', {}, ...head)),
    body,
  );
  const region = el('div', { class: 'scroll', role: 'group', tabindex: 0, 'aria-label': label }, whole);
  let made = 0;
  const more = button('', () => add(), { class: 'quiet-button' });
  const add = (): void => {
    const next = rows.slice(made, made + PAGE);
    body.append(...next.map((row) => rowElement(row, columns)));
    made += next.length;
    more.hidden = made >= rows.length;
    more.textContent = `Show ${Math.min(PAGE, rows.length - made)} more of ${rows.length - made}`;
  };
  add();
  return el('div', { class: 'table' }, region, more);
}

function rowElement({ cells, id }: Row, columns: readonly Column[]): HTMLTableRowElement {
  const made = cells.map((cell, at) => {
    const attributes = { class: classOf(columns[at]?.isNumber) };
    return at === 0 ? el('th', { scope: 'row', ...attributes }, cell) : el('td', attributes, cell);
  });
  return el('tr', id === undefined ? {} : { id }, ...made);
}

function classOf(isNumber: boolean | undefined): string {
  return isNumber === true ? 'number' : 'text';
}
