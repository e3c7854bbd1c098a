/** What was found: a list to filter, each with what it means and what to do, and the way to its place. */
import type { FindingRow, ReportModel } from '../contract.ts';
import { button, el, lazyDetails, replace, shown } from './dom.ts';
import { count, counted } from './format.ts';

const SEVERITIES = ['error', 'warning', 'info'] as const;
/** Rows that are there at first, and that each press adds. */
const PAGE = 50;

/** The list. */
export interface FindingList {
  readonly element: HTMLElement;
  /** Shows what was found about one segment alone, and goes there. */
  readonly only: (about: About) => void;
}

/** A segment, or a row of several: offsets in the names of files. */
export interface About {
  readonly partition: number;
  readonly from: number;
  readonly to: number | undefined;
}

/** What the list asks of the page. */
export interface FindingActions {
  /** Goes to a segment of a partition. */
  readonly segment: (partition: number, offset: number) => void;
  /** Whether there is such a place. */
  readonly isShown: (partition: number) => boolean;
}

/** Makes it. */
export function findingList(model: ReportModel, actions: FindingActions): FindingList {
  const list = new FindingView(model, actions);
  return { element: list.element, only: (about) => list.only(about) };
}

class FindingView {
  readonly element: HTMLElement;
  readonly #model: ReportModel;
  readonly #actions: FindingActions;
  readonly #items: HTMLElement = el('ul', { class: 'findings', id: 'finding-list' });
  readonly #status: HTMLElement = el('p', { class: 'remark', role: 'status' });
  readonly #more: HTMLButtonElement = button('', () => this.#add(), { class: 'quiet-button' });
  readonly #reset: HTMLButtonElement = button('Show all', () => this.#showAll(), { class: 'quiet-button' });
  readonly #severities: Set<string> = new Set(SEVERITIES);
  readonly #boxes: HTMLInputElement[] = [];
  #about: About | undefined;
  #left: FindingRow[] = [];

  constructor(model: ReportModel, actions: FindingActions) {
    this.#model = model;
    this.#actions = actions;
    const { counts, rows, omitted, failures, failuresOmitted } = model.findings;
    const failed = failures.map(({ path, code, message }) =>
      el('li', {}, el('strong', {}, shown(code)), ' ', shown(path), ': ', shown(message)),
    );
    if (failuresOmitted > 0) failed.push(el('li', {}, `${counted(failuresOmitted, 'file')} more`));
    const choice = el('fieldset', { class: 'choice' }, el('legend', {}, 'Show'));
    for (const severity of SEVERITIES) {
      const box = el('input', { type: 'checkbox', checked: true, value: severity });
      box.addEventListener('change', () => this.#toggle(severity, box.checked));
      this.#boxes.push(box);
      choice.append(el('label', {}, box, `${severity} (${count(counts[severity])})`));
    }
    this.element = el(
      'div',
      {},
      failed.length === 0 ? null : el('ul', { class: 'failures' }, ...failed),
      rows.length > 0
        ? null
        : el(
            'p',
            {},
            omitted === 0 ? 'Nothing was found.' : `${counted(omitted, 'finding')}: seglog verify lists them.`,
          ),
      ...(rows.length === 0 ? [] : [choice, this.#status, this.#reset, this.#items, this.#more]),
    );
    this.#fill();
  }

  only(about: About): void {
    this.#about = about;
    this.#showSeverities();
    this.#fill();
    const first = this.#items.querySelector('summary');
    first?.scrollIntoView({ block: 'center' });
    first?.focus();
  }

  #showAll(): void {
    this.#about = undefined;
    this.#showSeverities();
    this.#fill();
    this.#boxes[0]?.focus();
  }

  #showSeverities(): void {
    for (const severity of SEVERITIES) this.#severities.add(severity);
    for (const box of this.#boxes) box.checked = true;
  }

  #toggle(severity: string, isWanted: boolean): void {
    if (isWanted) this.#severities.add(severity);
    else this.#severities.delete(severity);
    this.#fill();
  }

  #fill(): void {
    const { rows, omitted } = this.#model.findings;
    const about = this.#about;
    const wanted = rows.filter(
      (row) => this.#severities.has(row.severity) && (about === undefined || isAbout(row, about)),
    );
    this.#left = [...wanted].sort((a, b) => rank(a) - rank(b));
    const beyond =
      omitted === 0 ? '' : `; ${counted(omitted, 'finding')} more not in this page: seglog verify lists all`;
    const where = about === undefined ? '' : ` about segment ${count(about.from)}`;
    this.#status.textContent = `${counted(wanted.length, 'finding')}${where}${beyond}.`;
    this.#reset.hidden = about === undefined;
    replace(this.#items);
    this.#add();
  }

  #add(): void {
    const next = this.#left.slice(0, PAGE);
    this.#left = this.#left.slice(PAGE);
    this.#items.append(...next.map((row) => this.#item(row)));
    this.#more.hidden = this.#left.length === 0;
    this.#more.textContent = `Show ${Math.min(PAGE, this.#left.length)} more of ${this.#left.length}`;
  }

  #item(row: FindingRow): HTMLElement {
    const { code, severity, file, position, offsets, message, partition } = row;
    const name = this.#model.kind === 'partition' ? undefined : this.#model.partitions[partition]?.name;
    const details = lazyDetails('', () => this.#body(row));
    const at = position === null ? '' : `, byte ${count(position)}`;
    const range =
      offsets === null
        ? ''
        : offsets[0] === offsets[1]
          ? `, offset ${count(offsets[0])}`
          : `, offsets ${count(offsets[0])} to ${count(offsets[1])}`;
    replace(
      details.firstElementChild ?? details,
      el('span', { class: `badge ${severity}` }, severity),
      el('code', {}, shown(code)),
      el('span', { class: 'place' }, shown(`${name === undefined ? '' : `${name}/`}${file}`), `${at}${range}`),
      el('span', { class: 'message' }, shown(message)),
    );
    return el('li', {}, details);
  }

  #body({ code, expected, found, action, partition, segment }: FindingRow): HTMLElement {
    const page = this.#model.findings.pages[code];
    const facts: [string, string | number | null | undefined][] = [
      ['Expected', expected === null ? null : String(expected)],
      ['Found', found === null ? null : String(found)],
      ['What it means', page?.meaning],
      ['How it comes', page?.causes],
      ['What to do', action ?? page?.action],
    ];
    const list = el('dl', { class: 'facts' });
    for (const [name, value] of facts) {
      if (value !== null && value !== undefined) list.append(el('dt', {}, name), el('dd', {}, shown(String(value))));
    }
    const offset = segment === null ? undefined : Number(segment);
    const way =
      offset === undefined || !this.#actions.isShown(partition)
        ? null
        : button('Show the segment', () => this.#actions.segment(partition, offset), { class: 'quiet-button' });
    return el('div', { class: 'body' }, list, way);
  }
}

function rank({ severity }: FindingRow): number {
  return SEVERITIES.indexOf(severity);
}

function isAbout({ partition, segment }: FindingRow, { partition: wanted, from, to }: About): boolean {
  if (partition !== wanted || segment === null) return false;
  return Number(segment) >= from && (to === undefined || Number(segment) < to);
}
