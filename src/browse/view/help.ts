/** What the keys do, as `?` shows it. */
import { type Line, line, span } from './line.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['up down, k j', 'a row; PgUp PgDn a page; g G start and end of the log'],
  ['Enter, right, l', 'open a batch: its records are listed below it'],
  ['left, h', 'close it'],
  ['e', 'open or close all batches'],
  ['o', 'go to an offset'],
  ['t', 'go to a time: 2026-11-21T10:00:00Z, or ms since 1970'],
  ['/ and \\', 'search forwards, backwards, in keys and values'],
  ['', 'text, hex:00ff, key:text, value:hex:00ff, text:key:1'],
  ['n N', 'search on, or the other way'],
  ['Esc', 'end a search that is under way; leave a prompt'],
  ['Tab', 'the other pane: there, the same keys scroll'],
  ['x', 'decoded, or hexadecimal'],
  ['d', 'the next decoder'],
  ['f', 'follow the end of the log as it grows'],
  ['Ctrl-L, Ctrl-Z', 'draw anew, suspend'],
  ['q, Ctrl-C', 'quit'],
];

/** The page. */
export function helpLines(): Line[] {
  return [
    line(span('Keys', 'bold')),
    line(),
    ...KEYS.map(([keys, text]) => line(span(keys.padEnd(18), 'accent'), span(text))),
    line(),
    line(span('Any key closes this page. Nothing is ever changed in the log.', 'dim')),
  ];
}
