/** What an event makes of the browser's state, and what is to be done then. Pure: nothing is read and nothing shown here. */
import { comparePlaces, END_PLACE, type Window } from '../contract.ts';
import type { Action, Event, Parsers, Step } from './events.ts';
import { onKey } from './keys.ts';
import { withOpen } from './opened.ts';
import { insert } from './prompt.ts';
import { currentPlace, heights, type State } from './state.ts';

/** Takes an event. */
export function update(state: State, event: Event, parsers: Parsers): Step {
  switch (event.type) {
    case 'key':
      return onKey(state, event.key, parsers);
    case 'paste':
      // Into a line that is being typed; elsewhere it would be commands that nobody gave.
      return [state.prompt === undefined ? state : { ...state, prompt: insert(state.prompt, pasted(event.text)) }];
    case 'resize': {
      const { columns, lines, isBusy } = event;
      const next = { ...state, columns, lines, scroll: 0 };
      // To read rows now would give up the search or the jump that is under way.
      if (isBusy) return [{ ...next, window: inSight(next.window, heights(next).list), isStale: true }];
      return [next, reload(next)];
    }
    case 'shown': {
      const row = event.window.rows[event.window.cursor];
      const isSame = row !== undefined && comparePlaces(row.place, currentPlace(state)) === 0;
      const message = event.note === undefined ? state.message : { text: event.note, isError: false };
      const { window } = event;
      return settled({ ...state, window, scroll: isSame ? state.scroll : 0, work: undefined, message });
    }
    case 'landed':
      return landed(state, event);
    case 'progress':
      return [
        { ...state, work: { what: state.work?.what ?? 'reading', progress: event.progress ?? state.work?.progress } },
      ];
    case 'ended': {
      const { text, isError } = event;
      return settled({ ...state, work: undefined, message: text === '' ? state.message : { text, isError } });
    }
    case 'info':
      return [{ ...state, info: event.info }];
    case 'changed':
      return changed(state, event);
    default:
      // Of the detail pane's lines.
      return [event.lines === state.detailLines ? state : { ...state, detailLines: event.lines }];
  }
}

/** Ends of lines at the end are how text is copied, not what is looked for. */
function pasted(text: string): string {
  return text.replace(/[\r\n]+$/, '').replace(/\r\n?/g, '\n');
}

/** Where nothing is under way any more: the rows are made to fit a size that changed meanwhile. */
function settled(state: State): Step {
  if (!state.isStale) return [state];
  const next = { ...state, isStale: false };
  return [next, reload(next)];
}

/** As many of the rows as can be seen, the current one among them. */
function inSight({ rows, cursor }: Window, height: number): Window {
  const above = Math.max(0, cursor - height + 1);
  return { rows: rows.slice(above, above + height), cursor: cursor - above };
}

/** The same row at the same line, read anew. */
function reload(state: State): Action {
  const line = Math.min(state.window.cursor, heights(state).list - 1);
  return { do: 'show', target: { to: 'place', place: currentPlace(state), line } };
}

function landed(state: State, { place, batch, note }: Event & { readonly type: 'landed' }): Step {
  const opened = batch === undefined ? state.opened : withOpen(state.opened, batch, true);
  const line = Math.floor(heights(state).list / 2);
  const message = note === undefined ? undefined : { text: note, isError: false };
  return [
    // The rows around it are read next, and fit.
    { ...state, opened, work: undefined, message, pane: 'list', scroll: 0, isStale: false },
    { do: 'show', target: { to: 'place', place, line } },
  ];
}

function changed(state: State, { lost, note }: Event & { readonly type: 'changed' }): Step {
  const next = note === undefined ? state : { ...state, message: { text: note, isError: true } };
  if (state.isFollowing) {
    const line = heights(state).list - 1;
    return [next, { do: 'show', target: { to: 'place', place: END_PLACE, line } }];
  }
  if (lost === undefined) return [next, reload(next)];
  return [next, { do: 'show', target: { to: 'place', place: lost, line: 0 } }];
}
