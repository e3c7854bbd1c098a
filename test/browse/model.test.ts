/** What keys, pastes and news make of the browser's state. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { END_PLACE, type Row, START_PLACE } from '../../src/browse/contract.ts';
import type { Action, Event, Key, Parsers } from '../../src/browse/model/events.ts';
import { textOf } from '../../src/browse/model/prompt.ts';
import { firstState, heights, type State } from '../../src/browse/model/state.ts';
import { update } from '../../src/browse/model/update.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { ALL_CLOSED, finish, sourceOf } from './support.ts';

const PARSERS: Parsers = { offset: Number, time: Date.parse };

function key(name: string, more: Partial<Key> = {}): Event {
  return { type: 'key', key: { name, text: name.length === 1 ? name : '', ctrl: false, meta: false, ...more } };
}

/** A state with rows in it, and what was asked for by the events since. */
class Session {
  state: State = firstState(80, 24, 'auto');
  actions: Action[] = [];

  constructor() {
    const source = sourceOf(join(FIXTURES, 'clean/f-none-0'));
    const window = finish(source.window(START_PLACE, 0, heights(this.state).list, ALL_CLOSED));
    this.take({ type: 'shown', window });
  }

  take(...events: Event[]): this {
    for (const event of events) {
      const [state, ...actions] = update(this.state, event, PARSERS);
      this.state = state;
      this.actions.push(...actions);
    }
    return this;
  }

  type(text: string): this {
    return this.take(...Array.from(text, (character) => key(character)));
  }

  get row(): Row {
    return this.state.window.rows[this.state.window.cursor] ?? expect.fail();
  }
}

describe('keys', () => {
  test('move within what is there, and read what is not', () => {
    const session = new Session().take(key('down'), key('j'), key('k'));
    expect([session.state.window.cursor, session.actions]).toEqual([1, []]);
    session.take(key('up'), key('up'));
    expect(session.actions).toEqual([
      { do: 'show', target: { to: 'away', place: session.row.place, by: -1, line: 0 } },
    ]);
    session.actions = [];
    session.take(key('G', { name: 'g', text: 'G' }), key('home'));
    const line = heights(session.state).list - 1;
    expect(session.actions).toEqual([
      { do: 'show', target: { to: 'place', place: END_PLACE, line } },
      { do: 'show', target: { to: 'place', place: START_PLACE, line: 0 } },
    ]);
  });

  test('open and close batches, one or all', () => {
    const session = new Session().take(key('down'), key('return'));
    const { base, position } = session.row.place;
    expect([...session.state.opened.named]).toEqual([`${base}:${position}`]);
    expect(session.actions.at(-1)).toEqual({
      do: 'show',
      target: { to: 'place', place: session.row.place, line: 1 },
    });
    session.take(key('e'));
    expect(session.state.opened).toEqual({ all: true, named: new Set() });
    session.take(key('e'));
    expect(session.state.opened).toEqual({ all: false, named: new Set() });
  });

  test('mean the same over and over, whatever they are', () => {
    const names = [
      'escape',
      'tab',
      'x',
      'd',
      'f',
      'n',
      'N',
      '?',
      'left',
      'right',
      'pagedown',
      'end',
      'q',
      'é',
      '',
      'f5',
    ];
    const session = new Session();
    for (const one of names) {
      for (const two of names) {
        session.take(key(one), key(two));
        expect([one, two, session.row.kind, session.state.scroll]).toEqual([one, two, 'batch', 0]);
      }
    }
  });

  test('quit: q and Ctrl-C, which also leaves a prompt', () => {
    expect(new Session().type('q').actions).toEqual([{ do: 'quit', isInterrupted: false }]);
    const session = new Session().type('/q').take(key('c', { ctrl: true, text: '' }));
    expect(session.actions).toEqual([{ do: 'quit', isInterrupted: true }]);
  });
});

describe('a prompt', () => {
  test('takes what is typed and edited, and asks for it', () => {
    const session = new Session().type('o12').take(key('left'), key('backspace')).type('7').take(key('return'));
    expect(session.actions).toEqual([{ do: 'show', target: { to: 'offset', offset: 72 } }]);
    expect([session.state.prompt, session.state.work?.what]).toEqual([undefined, 'looking for an offset']);
  });

  test('keeps what cannot be understood, and says why', () => {
    const session = new Session().type('/hex:0').take(key('return'));
    expect(session.state.prompt === undefined ? '' : textOf(session.state.prompt)).toBe('hex:0');
    expect(session.state.message).toMatchObject({ isError: true, text: expect.stringContaining('pairs') });
    expect(session.take(key('escape')).state.prompt).toBeUndefined();
  });

  test('takes a paste as text; elsewhere a paste does nothing', () => {
    const session = new Session().take({ type: 'paste', text: 'q\x1b[A\nG' });
    expect(session.actions).toEqual([]);
    session.type('/a').take({ type: 'paste', text: 'q\x1b[2Jb\r\n' }, key('return'));
    const query = Buffer.from('aq\x1b[2Jb');
    expect(session.actions).toMatchObject([{ do: 'search', query: { bytes: query }, isBackwards: false }]);
  });

  test('deletes whole characters', () => {
    const session = new Session().type('/').take({ type: 'paste', text: 'x👩‍👩‍👧e\u0301' });
    session.take(key('backspace'), key('backspace'));
    expect(session.state.prompt?.text).toEqual(['x']);
  });
});

describe('a search', () => {
  test('goes on with n and turns with N', () => {
    const session = new Session().type('\\abc').take(key('return')).type('nN');
    const ways = session.actions.map((action) => action.do === 'search' && action.isBackwards);
    expect(ways).toEqual([true, true, false]);
    expect(new Session().type('n').state.message?.text).toContain('nothing was searched');
  });

  test('ends by Esc, and its end is told', () => {
    const session = new Session().type('/abc').take(key('return'));
    session.take({ type: 'progress', progress: { doneBytes: 1, totalBytes: 2, offset: 3 } });
    expect(session.state.work?.progress?.doneBytes).toBe(1);
    session.take(key('escape'));
    expect(session.actions.at(-1)).toEqual({ do: 'cancel' });
    session.take({ type: 'ended', text: 'not found', isError: false });
    expect([session.state.work, session.state.message?.text]).toEqual([undefined, 'not found']);
  });
});

describe('news', () => {
  test('of growth read the same rows again, or the end where it is followed', () => {
    const session = new Session().take(key('down'));
    session.take({ type: 'changed', lost: undefined, note: undefined });
    expect(session.actions.at(-1)).toEqual({ do: 'show', target: { to: 'place', place: session.row.place, line: 1 } });
    session.take(key('f'));
    session.take({ type: 'changed', lost: undefined, note: undefined });
    expect(session.actions.at(-1)).toMatchObject({ target: { place: END_PLACE } });
    expect(session.take(key('up')).state.isFollowing).toBe(false);
  });

  test('of a lost segment go to what is left, and say so', () => {
    const lost = { base: 100, position: 0, record: -1 };
    const session = new Session().take({ type: 'changed', lost, note: 'gone' });
    expect(session.actions.at(-1)).toEqual({ do: 'show', target: { to: 'place', place: lost, line: 0 } });
    expect(session.state.message?.text).toBe('gone');
  });

  test('of another size keep the row in view', () => {
    const session = new Session().take(...Array.from({ length: 10 }, () => key('down')));
    session.take({ type: 'resize', columns: 40, lines: 9, isBusy: false });
    const { list } = heights(session.state);
    expect(session.actions.at(-1)).toMatchObject({ target: { place: session.row.place, line: list - 1 } });
  });
});

describe('another size while something is under way', () => {
  const resize = { type: 'resize', columns: 60, lines: 9, isBusy: true } as const;

  test('gives up nothing, and keeps the row in sight', () => {
    const session = new Session()
      .take(...Array.from({ length: 10 }, () => key('down')))
      .type('/abc')
      .take(key('return'));
    const { row, state } = session;
    session.actions = [];
    session.take(resize);
    expect(session.actions).toEqual([]);
    expect(session.state.work).toEqual(state.work);
    expect(session.row.place).toEqual(row.place);
    expect(session.state.window.cursor).toBeLessThan(heights(session.state).list);
  });

  test('reads the rows for it when that ends, however it ends', () => {
    const reload = { do: 'show', target: { to: 'place', line: 0 } };
    const ended = { type: 'ended', text: 'not found', isError: false } as const;
    const session = new Session().type('/abc').take(key('return'), resize, ended);
    expect(session.actions.at(-1)).toMatchObject(reload);
    expect(session.state.message?.text).toBe('not found');
    const asked = session.actions.length;
    session.take(ended);
    expect(session.actions.length).toBe(asked);
    const shown = new Session();
    shown.take(resize, { type: 'shown', window: shown.state.window });
    expect(shown.actions).toMatchObject([reload]);
  });
});

test('the detail pane scrolls within its lines', () => {
  const session = new Session().take(key('tab'), { type: 'detail', lines: 30 });
  session.take(key('end'));
  const last = 30 - heights(session.state).detail;
  expect(session.state.scroll).toBe(last);
  session.take(key('down'), key('pageup'), key('up'));
  expect(session.state.scroll).toBe(Math.max(0, last - heights(session.state).detail));
});
