/** The whole screen: title, list, bar, detail, status. A line each, none of which depends on how wide another one is. */
import { currentRow, heights, LEAST_COLUMNS, LEAST_LINES, type State } from '../model/state.ts';
import type { Detail } from './detail.ts';
import { helpLines } from './help.ts';
import { type Abilities, clip, type Line, line, shown, span, widthOf } from './line.ts';
import { listHead, listLine } from './list.ts';
import { sizeText } from './words.ts';

/** What is shown at a moment. */
export interface Frame {
  readonly lines: readonly Line[];
  /** Where the cursor blinks; undefined when nothing is typed. */
  readonly cursor: { readonly column: number; readonly line: number } | undefined;
}

/** What does not change while one partition is looked at. */
export interface Titles {
  readonly name: string;
  readonly abilities: Abilities;
}

/** Makes a frame. */
export function frameOf(state: State, detail: Detail, titles: Titles): Frame {
  if (state.columns < LEAST_COLUMNS || state.lines < LEAST_LINES) {
    return { lines: [line(span('too small'))], cursor: undefined };
  }
  if (state.isHelp) return { lines: helpLines().slice(0, state.lines), cursor: undefined };
  const { list, detail: detailHeight } = heights(state);
  const rows: Line[] = state.window.rows.slice(0, list).map((row, index) => ({
    spans: listLine(row, state, titles.abilities).spans,
    isSelected: index === state.window.cursor,
  }));
  while (rows.length < list) rows.push(line());
  const details: Line[] = [];
  for (let number = state.scroll; number < state.scroll + detailHeight; number++)
    details.push(number < detail.length ? detail.line(number) : line());
  const lines = [title(state, titles), listHead(), ...rows, bar(state, detail), ...details];
  const status = statusOf(state, titles.abilities);
  return {
    lines: [...lines, status.line],
    cursor: status.column === undefined ? undefined : { column: status.column, line: lines.length },
  };
}

function title({ info, isFollowing, window, columns }: State, { name, abilities }: Titles): Line {
  const row = window.rows[window.cursor];
  const where =
    row === undefined || row.kind === 'end'
      ? ''
      : ` segment ${String(row.place.base).padStart(20, '0')} byte ${row.place.position}`;
  const facts = `${info.segments} ${info.segments === 1 ? 'segment' : 'segments'}, ${sizeText(info.sizeBytes)}, offsets ${info.start ?? '?'} to ${info.end ?? '?'}`;
  const text = ` ${name}  ${facts}${isFollowing ? '  FOLLOWING' : ''} ${where}`;
  const cut = clip(shown(text, abilities), columns);
  return line(span(cut.text + ' '.repeat(columns - cut.width), 'bar'));
}

function bar({ tab, pane, columns, scroll, decode }: State, detail: Detail): Line {
  const mark = (name: string, isOn: boolean): string => (isOn ? `[${name}]` : ` ${name} `);
  const scrolled = scroll > 0 ? ` from line ${scroll + 1} of ${detail.length}` : ` ${detail.length} lines`;
  const decoder = decode === 'auto' ? '' : ` decoder ${decode}`;
  const text = ` ${mark('decoded', tab === 'decoded')} ${mark('hex', tab === 'hex')}${decoder} ${pane === 'detail' ? '<focus>' : ''}${scrolled}`;
  return line(span(text.slice(0, columns).padEnd(columns), 'bar'));
}

const HINTS = ' ? help  q quit  Enter open  o offset  t time  / search  x hex  Tab pane  f follow';
const ASKS = {
  offset: 'offset: ',
  time: 'time (ms or 2026-11-21T10:00:00Z): ',
  search: 'search: ',
  'search-back': 'search backwards: ',
} as const;

/** The last line, and where in it the cursor stands. */
function statusOf(state: State, abilities: Abilities): { readonly line: Line; readonly column: number | undefined } {
  const { prompt, message, work } = state;
  if (prompt !== undefined) return promptLine(state, prompt, abilities);
  if (work !== undefined) return { line: line(span(` ${workText(work)}`, 'warn')), column: undefined };
  if (message !== undefined)
    return { line: line(span(` ${message.text}`, message.isError ? 'bad' : 'good')), column: undefined };
  if (currentRow(state) === undefined) return { line: line(span(' reading ...', 'dim')), column: undefined };
  return { line: line(span(HINTS, 'dim')), column: undefined };
}

function workText({ what, progress }: NonNullable<State['work']>): string {
  if (progress === undefined || progress.totalBytes === 0) return `${what} ...  Esc ends it`;
  const { doneBytes, totalBytes, offset } = progress;
  const percent = Math.min(100, Math.floor((doneBytes / totalBytes) * 100));
  const at = offset === undefined ? '' : `, at offset ${offset}`;
  return `${what}: ${percent} %, ${sizeText(doneBytes)} of ${sizeText(totalBytes)}${at}  Esc ends it`;
}

/** What was typed scrolls so that the cursor stays in sight. */
function promptLine(
  { columns, message }: State,
  { kind, text, cursor }: NonNullable<State['prompt']>,
  abilities: Abilities,
): { readonly line: Line; readonly column: number } {
  const ask = ASKS[kind];
  const before = text.slice(0, cursor).map((character) => shown(character, abilities));
  const room = Math.max(1, columns - ask.length - 2);
  let width = before.reduce((sum, character) => sum + widthOf(character), 0);
  let first = 0;
  while (width > room && first < before.length) width -= widthOf(before[first++] ?? '');
  const rest = text.slice(cursor).join('');
  const error = message === undefined ? [] : [span(`   ${message.text}`, 'bad')];
  return {
    line: line(span(ask, 'bold'), span(before.slice(first).join('') + rest), ...error),
    column: ask.length + width,
  };
}
