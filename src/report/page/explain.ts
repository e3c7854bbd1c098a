/** What Kafka does with the segments, when, and why not now. */
import type { ExplainFailure, ExplainGroup, ExplainTable, ReportModel } from '../contract.ts';
import { type Child, el, shown } from './dom.ts';
import { bytes, count, counted, moment } from './format.ts';
import { table } from './table.ts';

const QUESTIONS: Readonly<Record<ExplainTable['kind'], string>> = {
  retention: 'Retention: what is deleted, and when?',
  compaction: 'Compaction: what is cleaned?',
  roll: 'Rolling: what closes the active segment?',
};

/** The three explanations. */
export function explanations(
  { nowMs }: ReportModel,
  explained: readonly (ExplainTable | ExplainFailure)[],
  go: (offset: number) => void,
): HTMLElement {
  const intro = el(
    'p',
    {},
    `As of ${moment(nowMs)} UTC, with the settings named below. Other settings: seglog report --config name=value.`,
  );
  return el('div', {}, intro, ...explained.map((one) => part(one, go)));
}

function part(one: ExplainTable | ExplainFailure, go: (offset: number) => void): HTMLElement {
  const heading = el('h3', {}, QUESTIONS[one.kind]);
  if ('failure' in one)
    return el('div', {}, heading, el('p', { class: 'failed' }, 'Cannot be told. ', shown(one.failure)));
  const { groups, config, remarks, omitted } = one;
  const settings = config.map(([name, value]) => el('code', {}, shown(`${name}=${value}`)));
  return el(
    'div',
    {},
    heading,
    el('p', { class: 'settings' }, ...settings),
    table({
      label: QUESTIONS[one.kind],
      columns: [
        { name: 'segments' },
        { name: 'size', isNumber: true },
        { name: 'decision' },
        { name: 'from (UTC)' },
        { name: 'why' },
      ],
      rows: groups.map((group) => ({ cells: cellsOf(group, go) })),
    }),
    omitted === 0
      ? null
      : el('p', { class: 'remark' }, `${counted(omitted, 'row')} between the oldest and the newest left out.`),
    el('ul', { class: 'remarks' }, ...remarks.map((remark) => el('li', {}, shown(remark)))),
  );
}

function cellsOf(group: ExplainGroup, go: (offset: number) => void): Child[] {
  const {
    base,
    next,
    segments,
    bytes: size,
    isActive,
    decision,
    reason,
    atMs,
    untilMs,
    text,
    warnings,
    warningsOmitted,
  } = group;
  const name = segments === 1 ? count(base) : `${count(base)} to below ${count(next)}`;
  const link = el('button', { type: 'button', class: 'link', click: () => go(Number(base)) }, name);
  const said = segments > 1 ? ` (${counted(segments, 'segment')})` : isActive ? ' (active)' : '';
  const due =
    atMs === null ? '–' : atMs === untilMs || untilMs === null ? moment(atMs) : `${moment(atMs)} to ${moment(untilMs)}`;
  const marks = warnings.map(([its, message]) =>
    el('p', { class: 'warned' }, segments > 1 ? `segment ${count(its)}: ` : null, shown(message)),
  );
  if (warningsOmitted > 0) marks.push(el('p', { class: 'warned' }, `${counted(warningsOmitted, 'warning')} more`));
  return [
    el('span', {}, link, said),
    bytes(size),
    el('span', { class: `decision ${decision}` }, decision),
    el('div', { class: 'due' }, due),
    el(
      'div',
      { class: 'why' },
      el('code', {}, reason),
      ' ',
      segments > 1 ? 'of the first: ' : '',
      shown(text),
      ...marks,
    ),
  ];
}
