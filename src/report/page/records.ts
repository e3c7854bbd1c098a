/** Sampled records, to search and to look into. */
import type { Field, PartitionDetail, SampleRecord } from '../contract.ts';
import { button, el, replace, shown } from './dom.ts';
import { fieldBlock, fieldElement, searchText } from './field.ts';
import { bytes, count, counted, moment } from './format.ts';

/** Rows that are there at first, and that each press adds. */
const PAGE = 50;

const KINDS = {
  all: () => true,
  tombstones: ({ valueBytes, keyBytes, words }: SampleRecord) => valueBytes < 0 && keyBytes >= 0 && words.length === 0,
  'without a key': ({ keyBytes }: SampleRecord) => keyBytes < 0,
  'with headers': ({ headers }: SampleRecord) => headers.length > 0,
  binary: ({ key, value }: SampleRecord) => isBinary(key) || isBinary(value),
} as const satisfies Record<string, (record: SampleRecord) => boolean>;
type Kind = keyof typeof KINDS;

function isBinary(field: Field): boolean {
  return field !== null && typeof field !== 'string';
}

/** The browser of a partition's sample. */
export function recordBrowser({ sample, figures }: PartitionDetail): HTMLElement {
  return new RecordView(sample, figures.records + figures.controlRecords).element;
}

class RecordView {
  readonly element: HTMLElement;
  readonly #records: readonly SampleRecord[];
  readonly #texts: readonly string[];
  readonly #list: HTMLElement = el('ol', { class: 'records', id: 'record-list' });
  readonly #status: HTMLElement = el('p', { class: 'remark', role: 'status', id: 'record-count' });
  readonly #more: HTMLButtonElement = button('', () => this.#add(), { class: 'quiet-button' });
  #query = '';
  #kind: Kind = 'all';
  #left: SampleRecord[] = [];

  constructor(sample: PartitionDetail['sample'], total: number) {
    const { records, isAll, unreadable, maxBytes } = sample;
    this.#records = records;
    this.#texts = records.map(textOf);
    const search = el('input', { type: 'search', id: 'record-search', autocomplete: 'off', spellcheck: 'false' });
    search.addEventListener('input', () => {
      this.#query = search.value;
      this.#fill();
    });
    const kind = el(
      'select',
      { id: 'record-kind' },
      ...Object.keys(KINDS).map((name) => el('option', { value: name }, name)),
    );
    kind.addEventListener('change', () => {
      this.#kind = kind.value as Kind;
      this.#fill();
    });
    const chosen = isAll
      ? `All ${counted(records.length, 'record')} of the partition are here.`
      : records.length === 0
        ? `None of ${counted(total, 'record')} is here.`
        : records.length >= total
          ? `All ${counted(total, 'record')} that can be read are here.`
          : `${counted(records.length, 'record')} of ${count(total)}, spread evenly over the bytes of the log.`;
    const unread =
      unreadable === 0 ? '' : ` ${counted(unreadable, 'place')} that would have been chosen could not be read.`;
    this.element = el(
      'div',
      {},
      el(
        'p',
        {},
        `${chosen}${unread} Keys, values and headers are cut to ${bytes(maxBytes)}. Arrow keys go from record to record.`,
      ),
      el(
        'div',
        { class: 'controls' },
        el('label', { for: 'record-search' }, 'Search'),
        search,
        el('label', { for: 'record-kind' }, 'Records'),
        kind,
      ),
      this.#status,
      this.#list,
      this.#more,
    );
    this.#list.addEventListener('keydown', (event) => step(this.#list, event));
    this.#fill();
  }

  #fill(): void {
    const query = this.#query.toLowerCase();
    const isOfKind = KINDS[this.#kind];
    this.#left = this.#records.filter(
      (record, at) => isOfKind(record) && (query === '' || (this.#texts[at] ?? '').includes(query)),
    );
    this.#status.textContent = `${count(this.#left.length)} of ${counted(this.#records.length, 'sampled record')} shown.`;
    replace(this.#list);
    this.#add();
  }

  #add(): void {
    const next = this.#left.slice(0, PAGE);
    this.#left = this.#left.slice(PAGE);
    this.#list.append(...next.map((record) => this.#item(record)));
    this.#more.hidden = this.#left.length === 0;
    this.#more.textContent = `Show ${Math.min(PAGE, this.#left.length)} more of ${this.#left.length}`;
  }

  #item(record: SampleRecord): HTMLElement {
    const { offset, timestamp, key, value, words, headers } = record;
    const query = this.#query;
    const details = el('details');
    const said = words[0] === undefined ? fieldElement(value, query) : shown(words.join(', '), query);
    details.append(
      el(
        'summary',
        {},
        el('span', { class: 'offset' }, count(offset)),
        el('span', { class: 'when' }, moment(timestamp)),
        el('span', { class: 'key' }, fieldElement(key, query)),
        el(
          'span',
          { class: 'value' },
          said,
          headers.length === 0 ? null : el('span', { class: 'tag' }, counted(headers.length, 'header')),
        ),
      ),
    );
    details.addEventListener('toggle', () => {
      if (details.open && details.childElementCount === 1) details.append(bodyOf(record, query));
    });
    return el('li', {}, details);
  }
}

/** What a search looks through, in lower case. */
function textOf({ offset, key, value, headers, words }: SampleRecord): string {
  const fields = [key, value, ...headers.flat()].map(searchText);
  return [String(offset), ...fields, ...words].join('\u0000').toLowerCase();
}

/** A record in full. */
function bodyOf(
  { key, value, keyBytes, valueBytes, headers, codec, segment, position, words }: SampleRecord,
  query: string,
): HTMLElement {
  const list = el('dl', { class: 'facts' });
  const fact = (name: string, ...nodes: Node[]): void => list.append(el('dt', {}, name), el('dd', {}, ...nodes));
  fact(`Key${sizeOf(keyBytes)}`, fieldBlock(key, query));
  fact(`Value${sizeOf(valueBytes)}`, fieldBlock(value, query));
  for (const [name, its] of headers) {
    const cell = el('span', {}, fieldElement(name, query), ' = ');
    fact('Header', cell, fieldElement(its, query));
  }
  for (const word of words) fact('In words', el('pre', { tabindex: 0 }, shown(word, query)));
  fact('Batch', document.createTextNode(`segment ${segment}, byte ${count(position)}, ${codec}`));
  return el('div', { class: 'body' }, list);
}

function sizeOf(size: number): string {
  return size < 0 ? '' : `, ${bytes(size)}`;
}

/** Arrow keys go from one record to the next. */
function step(list: HTMLElement, event: KeyboardEvent): void {
  const all = [...list.querySelectorAll<HTMLElement>('summary')];
  const at = all.findIndex((summary) => summary === event.target);
  if (at < 0) return;
  const places: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
  const next = places[event.key];
  if (next === undefined) return;
  event.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, next))]?.focus();
}
