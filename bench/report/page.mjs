/**
 * The page: one HTML file with charts in it and nothing from elsewhere. `kit` has the functions of src/bench/page: the report
 * of `seglog bench --html` is made of the same.
 */
import { BENDS } from '../growth/bends.mjs';
import { SIDES } from '../peers/sides.mjs';
import { SECTIONS } from '../works/registry.mjs';
import { CLOSENESS_NOTE, commandRows, missingSides, originRows, usedSides } from './document.mjs';
import { growthRows } from './growth-tables.mjs';
import { microRows } from './micro-tables.mjs';
import { ratioText } from './numbers.mjs';
import {
  CLOSENESS_HEAD,
  closenessRows,
  PROMISE_HEAD,
  promiseRows,
  sideHead,
  sideRows,
  withoutEmpty,
} from './tables.mjs';

const titleOf = (name) => SIDES[name]?.title ?? name;
/** Lower is better there: said beside the unit, so that nobody takes the longest bar for the best. */
const unitText = ({ unit, better }) => (better === 'less' ? `${unit} (less is better)` : unit);

function measuredSides({ sides }) {
  return Object.entries(sides).filter(([, { summary }]) => summary !== undefined);
}

const LEAD =
  'Each side took its turns in new processes, one after the other, on one machine. Bars are medians, whiskers the extremes of the ' +
  'turns; ratios are taken turn by turn. Only ratios of one run mean something elsewhere.';

/** Rows of a name and a sentence: paragraphs wrap where a table's cells do not. */
function proseHtml(rows, { escapeHtml }) {
  return rows.map(([name, text]) => `<p><b>${escapeHtml(name)}</b>: ${escapeHtml(text)}</p>`).join('\n');
}

/** Absolute values, a bar a side, with the extremes of its turns. */
function valueChart(work, { barChart }) {
  const bars = measuredSides(work).map(([name, { summary, ratio }]) => ({
    label: titleOf(name),
    value: summary.median,
    low: summary.least,
    high: summary.most,
    note: ratio && `${Number(ratio.median.toPrecision(3))} x`,
  }));
  return bars.length === 0 ? '' : barChart({ title: work.title, unit: unitText(work), bars });
}

/** The same as ratios to the base, turn by turn. */
function ratioChart(work, { barChart }) {
  const bars = measuredSides(work)
    .filter(([, { ratio }]) => ratio !== undefined)
    .map(([name, { ratio }]) => ({ label: titleOf(name), value: ratio.median, low: ratio.least, high: ratio.most }));
  if (bars.length < 2) return '';
  return barChart({ title: `Times as good as ${titleOf(work.base)}`, unit: 'x', bars });
}

function workHtml(work, kit) {
  const { head, rows } = withoutEmpty(sideHead(work), sideRows(work));
  return [
    ...(work.note === undefined ? [] : [kit.paragraphHtml(work.note)]),
    valueChart(work, kit),
    ratioChart(work, kit),
    kit.tableHtml(head, rows),
  ].join('\n');
}

function sidesParts(sides, kit) {
  const missing = missingSides(sides).map(([name, reason]) => [titleOf(name), reason]);
  const origin = { title: 'What was measured, where and how', html: proseHtml(originRows(sides), kit) };
  const absent = { title: 'Not available here', html: proseHtml(missing, kit) };
  const works = Object.keys(SECTIONS).flatMap((section) => sides.works.filter((work) => work.section === section));
  return [
    origin,
    ...(missing.length === 0 ? [] : [absent]),
    { title: 'What was promised', html: kit.tableHtml(PROMISE_HEAD, promiseRows(works)) },
    {
      title: 'How close to the limit',
      html: `${kit.paragraphHtml(CLOSENESS_NOTE)}\n${kit.tableHtml(CLOSENESS_HEAD, closenessRows(works))}`,
    },
    { title: 'Every ratio', html: kit.tableHtml(['work', 'side', 'times', 'of'], allRatios(works)) },
    ...works.map((work) => ({ title: `${SECTIONS[work.section]}: ${work.title}`, html: workHtml(work, kit) })),
    { title: 'How each side is used', html: proseHtml(usedSides(sides), kit) },
    {
      title: 'The exact commands (DIR is a new directory each time)',
      html: kit.preHtml(
        commandRows(sides)
          .map(([work, side, command]) => `# ${work}, ${side}\n${command}`)
          .join('\n'),
      ),
    },
  ];
}

/** One line for each side of each work that has a ratio. */
function allRatios(works) {
  return works.flatMap((work) =>
    measuredSides(work)
      .filter(([, { ratio }]) => ratio !== undefined)
      .map(([name, { ratio }]) => [work.name, titleOf(name), ratioText(ratio), titleOf(work.base)]),
  );
}

function growthChart(one, { lineChart }) {
  const series = Object.entries(one.sides)
    .map(([name, { points }]) => ({
      name: SIDES[name]?.short ?? name,
      points: points
        .filter(({ reason }) => reason === undefined)
        .map(({ x, median, least, most }) => ({ x, y: median, low: least, high: most })),
    }))
    .filter(({ points }) => points.length > 0);
  if (series.length === 0) return '';
  return lineChart({
    title: one.title,
    xLabel: one.axis,
    yLabel: unitText(one),
    xScale: 'log',
    yScale: 'log',
    series,
  });
}

function bendHtml({ name }, { paragraphHtml }) {
  return BENDS[name] === undefined ? '' : paragraphHtml(BENDS[name]);
}

function growthParts(growth, kit) {
  const origin = { title: 'How cost grows', html: proseHtml(originRows(growth), kit) };
  const parts = growth.series.map((one) => {
    const { head, rows } = growthRows(one);
    return {
      title: one.title,
      html: [kit.paragraphHtml(one.note), growthChart(one, kit), kit.tableHtml(head, rows), bendHtml(one, kit)].join(
        '\n',
      ),
    };
  });
  return [origin, ...parts];
}

function microParts(micro, kit) {
  const { head, rows } = microRows(micro);
  const html = `${proseHtml(originRows(micro), kit)}\n${kit.tableHtml(head, rows)}`;
  return [{ title: 'Function by function', html }];
}

/** The raw numbers, for who has the page alone: every value of every turn. */
function rawPart({ works }, kit) {
  const raw = works.map(({ name, unit, sides }) => {
    const values = Object.entries(sides).map(([side, { turns }]) => [side, turns.map(({ value }) => value)]);
    return JSON.stringify({ work: name, unit, turns: Object.fromEntries(values) });
  });
  return { title: 'Every value of every turn', html: kit.preHtml(raw.join('\n')) };
}

/**
 * The whole page, of whichever results there are.
 *
 * @param {{ sides?: any, growth?: any, micro?: any }} results
 * @param {any} kit
 */
export function pageHtml({ sides, growth, micro }, kit) {
  const isQuick = [sides, growth].some((results) => results?.settings.quick === true);
  return kit.page({
    title: 'seglog: side by side',
    lead: `${isQuick ? 'A quick try, not to be quoted. ' : ''}${LEAD}`,
    parts: [
      ...(sides === undefined ? [] : sidesParts(sides, kit)),
      ...(growth === undefined ? [] : growthParts(growth, kit)),
      ...(micro === undefined ? [] : microParts(micro, kit)),
      ...(sides === undefined ? [] : [rawPart(sides, kit)]),
    ],
  });
}
