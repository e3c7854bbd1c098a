/** What was measured as tables for people: rows of text, for the terminal, for Markdown and for the page alike. */
import Table from 'cli-table3';
import { SIDES } from '../peers/sides.mjs';
import { ratioText, shareText, summaryText, valueText } from './numbers.mjs';

/** The unit as a reader is told it. */
function meaningOf({ unit, better }) {
  return `${unit}, ${better} is better`;
}

export function workHeading(work) {
  return `${work.name}: ${work.title} (${meaningOf(work)})`;
}

/** A promise and whether it is kept: ">= 2 times kafka: kept, aim 2.5 not reached". */
function promiseText(promise, unit) {
  const { to, ofBest, least, most, aim, reached, aimReached, found } = promise;
  const bound = least ?? most;
  const say = (value) =>
    to === undefined ? valueText(value, unit) : `${value} times ${to}${ofBest === true ? ', the best Node store' : ''}`;
  const asked = `${least === undefined ? 'at most' : 'at least'} ${say(bound)}`;
  const aimed = aim === undefined ? '' : `, aim ${aim} ${aimReached ? 'reached' : 'not reached'}`;
  const value = to === undefined ? valueText(found.median, unit) : Number(found.median.toPrecision(3));
  const turns = found.count === 1 ? ', of one turn only' : '';
  return `${asked}: ${reached ? 'kept' : 'NOT KEPT'} with ${value}${turns}${aimed}`;
}

/** Rows of a work: side, median with extremes, times the base, peak memory, promises. */
export function sideRows(work) {
  return Object.entries(work.sides).map(([name, side]) => {
    const title = SIDES[name]?.title ?? name;
    if (side.reason !== undefined) return [title, `not available: ${side.reason}`, '', '', ''];
    const ratio = name === work.base ? '1' : side.ratio === undefined ? '' : ratioText(side.ratio);
    const memory = side.peakMegabytes === undefined ? '' : `${Math.round(side.peakMegabytes)} MB`;
    const promises = work.promises.filter((promise) => promise.side === name);
    const kept = promises.map((promise) => promiseText(promise, work.unit)).join('; ');
    return [title, summaryText(side.summary, work.unit), ratio, memory, kept];
  });
}

/** Every promise of every work: work, side, what was asked, what came of it. */
export function promiseRows(works) {
  return works.flatMap((work) =>
    work.promises.map((promise) => [
      work.name,
      SIDES[promise.side]?.title ?? promise.side,
      promiseText(promise, work.unit),
    ]),
  );
}

export const PROMISE_HEAD = ['work', 'side', 'promised'];

/** How close each engine comes to the machine's limit, for each work that has one. */
export function closenessRows(works) {
  return works
    .filter(({ closeness }) => closeness !== undefined)
    .map(({ name, unit, sides, closeness: { limit, shares } }) => {
      const share = (side) => (shares[side] === undefined ? '' : shareText(shares[side].median));
      const title = (SIDES[limit]?.title ?? limit).replace('limit: ', '');
      return [name, title, valueText(sides[limit].summary.median, unit), share('native'), share('ts'), share('kafka')];
    });
}

export const CLOSENESS_HEAD = ['work', 'limit', 'limit reaches', 'native', 'TypeScript', 'Kafka'];

export function sideHead(work) {
  const base = work.base === undefined ? 'ratio' : `times ${SIDES[work.base]?.title ?? work.base}`;
  return ['side', 'median (least - most)', base, 'peak memory', 'promised'];
}

/** Columns that say nothing in any row are left out. */
export function withoutEmpty(head, rows) {
  const kept = head.map((_, at) => at).filter((at) => at === 0 || rows.some((row) => row[at] !== ''));
  const pick = (row) => kept.map((at) => row[at]);
  return { head: pick(head), rows: rows.map(pick) };
}

/** The table of a work for the terminal. */
export function sideTable(work) {
  const { head, rows } = withoutEmpty(sideHead(work), sideRows(work));
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}

function cell(text) {
  return String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** A table in Markdown. */
export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
