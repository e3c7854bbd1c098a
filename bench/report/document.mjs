/** The measured part of docs/benchmarks.md, and putting it in its place there. */
import { BENDS } from '../growth/bends.mjs';
import { SIDES } from '../peers/sides.mjs';
import { SECTIONS } from '../works/registry.mjs';
import { machineLine } from '../harness/machine.mjs';
import { growthRows } from './growth-tables.mjs';
import { microRows } from './micro-tables.mjs';
import {
  CLOSENESS_HEAD,
  closenessRows,
  markdownTable,
  PROMISE_HEAD,
  promiseRows,
  sideHead,
  sideRows,
  withoutEmpty,
} from './tables.mjs';

const BEGIN = '<!-- measured: begin (npm run bench writes what is between these lines) -->';
const END = '<!-- measured: end -->';

/** Where and when: the same for every kind of results. */
export function originRows({ name, date, minutes, command, machine, versions, settings }) {
  const named = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  const sizes = Object.entries(settings).map(([what, value]) => `${what} ${value}`);
  return [
    ['measured', `${date.slice(0, 16).replace('T', ' ')} UTC, in ${minutes} minutes`],
    ['with', command],
    ['settings', sizes.join(', ')],
    ['machine', machineLine(machine)],
    ['load before', machine.load.join(', ')],
    ['versions', named.join(', ')],
    ['raw data', `bench/results/${name}`],
  ];
}

/** Sides that were to run and could not: they are named, with the reason. */
export function missingSides({ works }) {
  const missing = new Map();
  for (const { sides } of works) {
    for (const [name, { reason, turns }] of Object.entries(sides)) {
      if (reason !== undefined && turns.length === 0) missing.set(name, reason);
    }
  }
  return [...missing];
}

/** How each side of the results was used. */
export function usedSides({ works }) {
  const names = new Set(works.flatMap(({ sides }) => Object.keys(sides)));
  return [...names].map((name) => [SIDES[name]?.title ?? name, SIDES[name]?.how ?? '']);
}

/** The exact command of each side of a work. */
export function commandRows({ works }) {
  return works.flatMap(({ name, sides }) =>
    Object.entries(sides)
      .filter(([, { command }]) => command !== undefined)
      .map(([side, { command }]) => [name, side, command]),
  );
}

function workText(work) {
  const { head, rows } = withoutEmpty(sideHead(work), sideRows(work));
  const note = work.note === undefined ? '' : `${work.note}\n\n`;
  return `#### ${work.title}\n\n${note}${markdownTable(head, rows)}`;
}

function sectionsOf({ works }) {
  return Object.entries(SECTIONS).flatMap(([section, title]) => {
    const ours = works.filter((work) => work.section === section);
    return ours.length === 0 ? [] : [`### ${title}`].concat(ours.map(workText));
  });
}

function promisesText({ works }) {
  const rows = promiseRows(works);
  return rows.length === 0 ? [] : ['### What was promised', markdownTable(PROMISE_HEAD, rows)];
}

/** What the table of limits cannot say in its cells. */
export const CLOSENESS_NOTE =
  'Shares of what the machine does with as many bytes, or files, and no log around them, measured in the same run and taken turn by ' +
  'turn; of several limits the best is the limit. No engine can reach all of a limit: it reads nothing, checks nothing and finds nothing again. ' +
  'What 64 writers append goes past the loop of single writes because many share a sync.';

function closenessText({ works }) {
  const rows = closenessRows(works);
  if (rows.length === 0) return [];
  return ['### How close to the limit', CLOSENESS_NOTE, markdownTable(CLOSENESS_HEAD, rows)];
}

function sidesText(sides) {
  const missing = missingSides(sides);
  const absent =
    missing.length === 0
      ? []
      : [`Not available: ${missing.map(([name, reason]) => `${SIDES[name]?.title ?? name} (${reason})`).join('; ')}.`];
  return [
    '## Side by side',
    markdownTable(['', ''], originRows(sides)),
    ...absent,
    ...promisesText(sides),
    ...closenessText(sides),
    ...sectionsOf(sides),
    '### How each side is used',
    markdownTable(['side', 'how'], usedSides(sides)),
  ];
}

function growthText(growth) {
  return [
    '## How cost grows',
    markdownTable(['', ''], originRows(growth)),
    ...growth.series.map((one) => {
      const { head, rows } = growthRows(one);
      const bend = BENDS[one.name] === undefined ? '' : `\n\n${BENDS[one.name]}`;
      return `### ${one.title}\n\n${one.note}\n\n${markdownTable(head, rows)}${bend}`;
    }),
  ];
}

function microText(micro) {
  const { head, rows } = microRows(micro);
  return ['## Function by function', markdownTable(['', ''], originRows(micro)), markdownTable(head, rows)];
}

/**
 * Everything that was measured, in Markdown.
 *
 * @param {{ sides?: any, growth?: any, micro?: any }} results
 */
export function measuredText({ sides, growth, micro }) {
  const parts = [
    ...(sides === undefined ? [] : sidesText(sides)),
    ...(growth === undefined ? [] : growthText(growth)),
    ...(micro === undefined ? [] : microText(micro)),
  ];
  return parts.join('\n\n');
}

/** A document with the measured part replaced; one without its place gets it at the end. */
export function placeMeasured(document, measured) {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  const whole = `${BEGIN}\n\n${measured}\n\n${END}`;
  if (from < 0 || to < from) return `${document.trimEnd()}\n\n${whole}\n`;
  return `${document.slice(0, from)}${whole}${document.slice(to + END.length)}`;
}
