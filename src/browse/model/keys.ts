/** What each key does. The help page is in view/help.ts: change both. */
import { type DecodeKind, DECODE_KINDS } from '../../inspect/decode/contract.ts';
import { END_PLACE, START_PLACE, WHOLE } from '../contract.ts';
import { parseQuery, type Query } from '../source/query.ts';
import type { Action, Key, Parsers, Step } from './events.ts';
import { withOpen } from './opened.ts';
import { edited, prompt, textOf } from './prompt.ts';
import { currentPlace, currentRow, heights, type Prompt, type PromptKind, type State } from './state.ts';

/** Takes a key. */
export function onKey(state: State, key: Key, parsers: Parsers): Step {
  if (key.ctrl && key.name === 'c') return [state, { do: 'quit', isInterrupted: true }];
  if (key.ctrl && key.name === 'z') return [state, { do: 'suspend' }];
  if (key.ctrl && key.name === 'l') return [state, { do: 'redraw' }];
  if (state.prompt !== undefined) return inPrompt({ ...state, message: undefined }, state.prompt, key, parsers);
  if (state.isHelp) return [{ ...state, isHelp: false }];
  if (key.name === 'escape' && state.work !== undefined) return [state, { do: 'cancel' }];
  // A message stands until a key is pressed.
  const next = state.message === undefined ? state : { ...state, message: undefined };
  return everywhere(next, key) ?? (next.pane === 'list' ? inList(next, key) : inDetail(next, key)) ?? [next];
}

function inPrompt(state: State, line: Prompt, key: Key, parsers: Parsers): Step {
  if (key.name === 'escape') return [{ ...state, prompt: undefined }];
  if (key.name === 'return' || key.name === 'enter') return submitted(state, line, parsers);
  if (key.name === 'up') return [{ ...state, prompt: prompt(line.kind, state.typed[line.kind] ?? textOf(line)) }];
  return [{ ...state, prompt: edited(line, key) ?? line }];
}

/** What was typed is kept where it cannot be understood. */
function submitted(state: State, line: Prompt, parsers: Parsers): Step {
  const text = textOf(line);
  const typed = { ...state.typed, [line.kind]: text };
  try {
    const next = { ...state, prompt: undefined, typed, isFollowing: false };
    if (line.kind === 'offset') {
      const target = { to: 'offset', offset: parsers.offset(text.trim()) } as const;
      return [
        { ...next, work: { what: 'looking for an offset', progress: undefined } },
        { do: 'show', target },
      ];
    }
    if (line.kind === 'time') {
      const target = { to: 'time', time: parsers.time(text.trim()) } as const;
      return [
        { ...next, work: { what: 'looking for a time', progress: undefined } },
        { do: 'show', target },
      ];
    }
    return search(next, parseQuery(text), line.kind === 'search-back', false);
  } catch (error) {
    return [{ ...state, message: { text: (error as Error).message, isError: true } }];
  }
}

/** Looks on from the current row, in the direction that was asked for, or in the other one. */
function search(state: State, query: Query, isBackwards: boolean, isTurned: boolean): Step {
  const way = isBackwards !== isTurned;
  const work = { what: way ? 'searching backwards' : 'searching', progress: undefined };
  return [
    { ...state, query: { query, isBackwards }, work, isFollowing: false },
    { do: 'search', query, from: currentPlace(state), isBackwards: way },
  ];
}

const PROMPTS: Readonly<Record<string, PromptKind>> = {
  o: 'offset',
  ':': 'offset',
  t: 'time',
  '/': 'search',
  '\\': 'search-back',
};

/** Keys that mean the same in both panes; undefined for the others. */
function everywhere(state: State, { name, text, ctrl, meta }: Key): Step | undefined {
  if (name === 'tab') return [{ ...state, pane: state.pane === 'list' ? 'detail' : 'list' }];
  if (name === 'escape') return [{ ...state, pane: 'list' }];
  if (ctrl || meta) return undefined;
  const kind = Object.hasOwn(PROMPTS, text) ? PROMPTS[text] : undefined;
  if (kind !== undefined) return [{ ...state, prompt: prompt(kind) }];
  switch (text) {
    case 'q':
      return [state, { do: 'quit', isInterrupted: false }];
    case '?':
      return [{ ...state, isHelp: true }];
    case 'n':
    case 'N':
      if (state.query === undefined) return [tell(state, 'nothing was searched for: / begins a search')];
      return search(state, state.query.query, state.query.isBackwards, text === 'N');
    case 'x':
      return [{ ...state, tab: state.tab === 'hex' ? 'decoded' : 'hex', scroll: 0 }];
    case 'd':
      return [withNextDecoder(state)];
    case 'f':
      return follow(state);
    case 'e':
      return openAll(state);
    default:
      return undefined;
  }
}

function inList(state: State, { name, text, ctrl }: Key): Step | undefined {
  const page = Math.max(1, heights(state).list - 1);
  if (name === 'up' || text === 'k') return move(state, -1);
  if (name === 'down' || text === 'j') return move(state, 1);
  if (name === 'pageup' || (ctrl && name === 'b')) return move(state, -page);
  if (name === 'pagedown' || name === 'space' || (ctrl && name === 'f')) return move(state, page);
  if (name === 'home' || text === 'g') return go(state, { to: 'place', place: START_PLACE, line: 0 });
  if (name === 'end' || text === 'G')
    return go(state, { to: 'place', place: END_PLACE, line: heights(state).list - 1 });
  if (name === 'return' || name === 'enter' || name === 'right' || text === 'l') return open(state);
  if (name === 'left' || text === 'h') return close(state);
  return undefined;
}

function inDetail(state: State, { name, text, ctrl }: Key): Step | undefined {
  const page = Math.max(1, heights(state).detail - 1);
  if (name === 'up' || text === 'k') return scroll(state, state.scroll - 1);
  if (name === 'down' || text === 'j') return scroll(state, state.scroll + 1);
  if (name === 'pageup' || (ctrl && name === 'b')) return scroll(state, state.scroll - page);
  if (name === 'pagedown' || name === 'space' || (ctrl && name === 'f')) return scroll(state, state.scroll + page);
  if (name === 'home' || text === 'g') return scroll(state, 0);
  if (name === 'end' || text === 'G') return scroll(state, state.detailLines);
  return undefined;
}

function scroll(state: State, to: number): Step {
  const last = Math.max(0, state.detailLines - heights(state).detail);
  return [{ ...state, scroll: Math.max(0, Math.min(last, to)) }];
}

/** Rows that are there are gone to at once; others are read. */
function move(state: State, by: number): Step {
  const { rows, cursor } = state.window;
  const to = cursor + by;
  const isThere = Math.abs(by) === 1 && to >= 0 && to < rows.length;
  if (isThere) return [{ ...state, window: { rows, cursor: to }, scroll: 0, isFollowing: false }];
  const line = Math.abs(by) > 1 ? cursor : by < 0 ? 0 : heights(state).list - 1;
  return go(state, { to: 'away', place: currentPlace(state), by, line });
}

function go(state: State, target: Extract<Action, { do: 'show' }>['target']): Step {
  return [
    { ...state, isFollowing: false },
    { do: 'show', target },
  ];
}

/** Opens a batch; where one is open, or on a record, it goes to the lower pane. */
function open(state: State): Step {
  const row = currentRow(state);
  if (row?.kind !== 'batch' || row.isOpen) return [{ ...state, pane: 'detail' }];
  return again({ ...state, opened: withOpen(state.opened, row.place, true) }, row.place);
}

/** Closes the batch that the current row is, or is in. */
function close(state: State): Step {
  const { base, position, record } = currentPlace(state);
  const row = currentRow(state);
  const isInside = record > WHOLE || (row?.kind === 'batch' && row.isOpen);
  if (!isInside) return [state];
  return again(
    { ...state, opened: withOpen(state.opened, { base, position }, false) },
    { base, position, record: WHOLE },
  );
}

function openAll(state: State): Step {
  const all = !state.opened.all;
  const { base, position, record } = currentPlace(state);
  const place = { base, position, record: all ? record : WHOLE };
  return again({ ...state, opened: { all, named: new Set() } }, place);
}

/** Rows anew around a place that stays where it is on the screen. */
function again(state: State, place: ReturnType<typeof currentPlace>): Step {
  return [state, { do: 'show', target: { to: 'place', place, line: state.window.cursor } }];
}

function follow(state: State): Step {
  const isFollowing = !state.isFollowing;
  const next = tell({ ...state, isFollowing }, isFollowing ? 'following the end of the log' : 'no longer following');
  if (!isFollowing) return [next];
  return [next, { do: 'show', target: { to: 'place', place: END_PLACE, line: heights(state).list - 1 } }];
}

function withNextDecoder(state: State): State {
  const decode: DecodeKind = DECODE_KINDS[(DECODE_KINDS.indexOf(state.decode) + 1) % DECODE_KINDS.length] ?? 'auto';
  return tell({ ...state, decode, tab: 'decoded', scroll: 0 }, `decoding: ${decode}`);
}

function tell(state: State, text: string): State {
  return { ...state, message: { text, isError: false } };
}
