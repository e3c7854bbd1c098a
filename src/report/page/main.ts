/** The page: reads its data, lays out its parts, and takes the reader from one to another. */
import type { ReportModel } from '../contract.ts';
import { compression } from './compression.ts';
import { byId, type Child, el, replace, shown } from './dom.ts';
import { explanations } from './explain.ts';
import { type FindingList, findingList } from './findings.ts';
import { bytes, count, counted, moment } from './format.ts';
import { growthCharts } from './growth.ts';
import { batchCharts } from './histograms.ts';
import { keysAndProducers } from './keys.ts';
import { notes, tiles, verdict } from './overview.ts';
import { partitionList } from './partitions.ts';
import { recordBrowser } from './records.ts';
import { themeButton } from './theme.ts';
import { type Timeline, timeline } from './timeline.ts';

/** All partitions together, in the place of one of them. */
const ALL = -1;

class Report {
  readonly #model: ReportModel;
  readonly #view: HTMLElement = el('div', { id: 'view' });
  readonly #nav: HTMLElement = el('nav', { 'aria-label': 'Parts of the report' });
  readonly #picker: HTMLSelectElement = el('select', { id: 'picker' });
  readonly #findings: FindingList;
  readonly #main: HTMLElement;
  #timeline: Timeline | undefined;
  #detail: number = ALL;

  constructor(model: ReportModel) {
    this.#model = model;
    this.#findings = findingList(model, {
      segment: (partition, offset) => this.#goSegment(partition, offset),
      isShown: (partition) => this.#detailOf(partition) >= 0,
    });
    const { title, path, kind } = model;
    const what = kind === 'partition' ? 'Partition' : 'Log directory';
    const header = el(
      'header',
      {},
      el(
        'div',
        { class: 'title' },
        el('p', { class: 'kind' }, what),
        el('h1', {}, shown(title)),
        el('p', { class: 'path' }, shown(path)),
      ),
      themeButton(),
    );
    this.#main = el('main', {}, ...this.#whole(), ...this.#picked(), this.#view);
    document.body.append(header, this.#nav, this.#main, this.#footer());
    this.show(kind === 'partition' && model.details.length > 0 ? 0 : this.#firstView());
  }

  /** Faults are what one wants to see first; all partitions together otherwise. */
  #firstView(): number {
    const { counts } = this.#model.findings;
    return counts.error + counts.warning > 0 && this.#model.details.length > 0 ? 0 : ALL;
  }

  #whole(): HTMLElement[] {
    const model = this.#model;
    const { totals, figures, kind, partitions, partitionsOmitted } = model;
    const [only] = partitions;
    const more: [string, string, string][] =
      kind === 'log-directory'
        ? [['Partitions', count(partitions.length + partitionsOmitted), 'in this log directory']]
        : only === undefined || only.firstOffset === null || only.lastOffset === null
          ? []
          : [
              [
                'Offsets',
                count(only.lastOffset - only.firstOffset + 1),
                `${count(only.firstOffset)} to ${count(only.lastOffset)}`,
              ],
            ];
    return [
      section('overview', 'Overview', verdict(model), tiles(totals, figures, more), notes(model.notes)),
      section('findings', 'Findings', this.#findings.element),
      ...(kind === 'log-directory'
        ? [
            section(
              'partitions',
              'Partitions',
              partitionList(model, (detail) => this.#open(detail)),
            ),
          ]
        : []),
    ];
  }

  /** What chooses the partition that the rest of the page is about. */
  #picked(): HTMLElement[] {
    const { kind, details, partitions } = this.#model;
    if (kind === 'partition') return [];
    const options = details.map(({ partition }, at) => ({ at, name: partitions[partition]?.name ?? '' }));
    const sorted = options.sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#picker.append(
      el('option', { value: ALL }, 'All partitions together'),
      ...sorted.map(({ at, name }) => el('option', { value: at }, shown(name).textContent)),
    );
    this.#picker.addEventListener('change', () => this.show(Number(this.#picker.value)));
    return [el('div', { class: 'picker', id: 'shown' }, el('label', { for: 'picker' }, 'Shown below'), this.#picker)];
  }

  /** Shows a partition in the lower part of the page, or all of them. */
  show(detail: number): void {
    this.#detail = detail;
    this.#picker.value = String(detail);
    replace(this.#view, ...this.#parts(detail));
    const links = [...this.#main.querySelectorAll('section')].map((part) =>
      el('li', {}, el('a', { href: `#${part.id}` }, part.querySelector('h2')?.textContent ?? '')),
    );
    replace(this.#nav, el('ul', {}, ...links));
  }

  #parts(at: number): Child[] {
    const model = this.#model;
    const detail = model.details[at];
    const figures = detail?.figures ?? model.figures;
    const isOne = model.kind === 'partition';
    this.#timeline = undefined;
    const common = [
      section('growth', 'Growth', growthCharts(figures)),
      section('batches', 'Batches', batchCharts(figures)),
      section('compression', 'Compression', compression(figures, model.whatIf, isOne || detail === undefined)),
      section('keys', 'Keys and producers', keysAndProducers(figures)),
    ];
    if (detail === undefined) return common;
    this.#timeline = timeline(detail, {
      findings: (from, to) => this.#findings.only({ partition: detail.partition, from, to }),
    });
    return [
      section('segments', 'Segments', this.#timeline.element),
      ...common,
      section(
        'explain',
        'What Kafka will do',
        explanations(model, detail.explained, (offset) => this.#goTo(offset)),
      ),
      section('records', 'Records', recordBrowser(detail)),
    ];
  }

  #detailOf(partition: number): number {
    return this.#model.partitions[partition]?.detail ?? -1;
  }

  #open(detail: number): void {
    this.show(detail);
    const shownBelow = byId('shown');
    shownBelow.scrollIntoView();
    this.#picker.focus({ preventScroll: true });
  }

  #goSegment(partition: number, offset: number): void {
    const detail = this.#detailOf(partition);
    if (detail !== this.#detail) this.show(detail);
    this.#goTo(offset);
  }

  #goTo(offset: number): void {
    this.#timeline?.go(offset);
    byId('segments').scrollIntoView();
  }

  #footer(): HTMLElement {
    const { version, madeMs, totals } = this.#model;
    return el(
      'footer',
      {},
      el(
        'p',
        {},
        `Made by seglog ${version} on ${moment(madeMs)} UTC from ${bytes(totals.bytes)} in ${counted(totals.segments, 'segment')}. ` +
          'All times are UTC. This page loads nothing from anywhere. Its charts are drawn by uPlot (MIT licence, in the source of the page).',
      ),
    );
  }
}

function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  return el('section', { id, 'aria-labelledby': `${id}-title` }, el('h2', { id: `${id}-title` }, title), ...children);
}

const model = JSON.parse(byId('model').textContent) as ReportModel;
// Kept out of reach of anything else: nothing is put on the window.
void new Report(model);
