/**
 * Lines as they are shown: text in styles, cut to a width. Whatever comes from a log goes through {@link shown}, here, where
 * nobody can forget it: a terminal gets no control of anyone's but ours.
 */
import stringWidth from 'string-width';
import { printable } from '../../inspect/byte-encoding.ts';

/** How a piece of text looks; what that is in a terminal is the painter's affair. */
export type Style = 'plain' | 'dim' | 'bold' | 'good' | 'bad' | 'warn' | 'accent' | 'bar';

/** A piece of a line. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** A line; a selected one is shown as such over its whole width. */
export interface Line {
  readonly spans: readonly Span[];
  readonly isSelected: boolean;
}

/** What a terminal can show. */
export interface Abilities {
  /** Whether it takes UTF-8: otherwise all but ASCII is written as `\u{e9}`. */
  readonly unicode: boolean;
  readonly colors: boolean;
}

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const PLAIN_ASCII = /^[\x20-\x7e]*$/;
/**
 * Unseen characters besides those that {@link printable} knows: they hide what stands around them. What joins letters and
 * emoji, and chooses their look, stays.
 */
const UNSEEN = /(?!\u200c|\u200d|[\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}|[\ufff9-\ufffb]|\p{Cs}/gu;
const NOT_ASCII = /[^\x20-\x7e]/gu;
/** What is piled up on one character beyond this reaches into other lines, or hides what it is. */
const MAX_CHARACTER_LENGTH = 24;

/** A line of spans. */
export function line(...spans: readonly Span[]): Line {
  return { spans, isSelected: false };
}

/** A piece of text. */
export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

/** Text that any terminal shows and none obeys. */
export function shown(text: string, { unicode }: Abilities): string {
  if (PLAIN_ASCII.test(text)) return text;
  const seen = printable(text).replace(UNSEEN, escaped);
  if (!unicode) return seen.replace(NOT_ASCII, escaped);
  if (PLAIN_ASCII.test(seen)) return seen;
  let out = '';
  for (const { segment } of characters.segment(seen))
    out += segment.length > MAX_CHARACTER_LENGTH ? segment.replace(NOT_ASCII, escaped) : segment;
  return out;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x1_0000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/** How many columns a text takes. */
export function widthOf(text: string): number {
  return PLAIN_ASCII.test(text) ? text.length : stringWidth(text, { countAnsiEscapeCodes: true });
}

/** As much of a shown text as has room in so many columns, by whole characters. */
export function clip(text: string, columns: number): { readonly text: string; readonly width: number } {
  if (PLAIN_ASCII.test(text)) {
    const cut = text.slice(0, columns);
    return { text: cut, width: cut.length };
  }
  let width = 0;
  let kept = '';
  for (const { segment } of characters.segment(text)) {
    const its = widthOf(segment);
    if (width + its > columns) break;
    kept += segment;
    width += its;
  }
  return { text: kept, width };
}

/** A text cut or filled up to so many columns. */
export function column(text: string, columns: number, abilities: Abilities): string {
  const cut = clip(shown(text, abilities), columns);
  return cut.text + ' '.repeat(columns - cut.width);
}

/** The spans of a line that have room, the last one cut; a mark tells where there is more. */
export function fit({ spans }: Line, columns: number, abilities: Abilities): { spans: Span[]; width: number } {
  const fitted: Span[] = [];
  let width = 0;
  for (const { text, style } of spans) {
    // What cannot be seen need not be made printable: a column takes a character of a few units at most.
    const whole = shown(text.slice(0, columns * MAX_CHARACTER_LENGTH), abilities);
    const cut = clip(whole, columns - width);
    fitted.push({ text: cut.text, style });
    width += cut.width;
    if (cut.text.length < whole.length) return { spans: marked(fitted, columns, abilities), width: columns };
  }
  return { spans: fitted, width };
}

/** Room for the mark is made in the last span. */
function marked(spans: readonly Span[], columns: number, { unicode }: Abilities): Span[] {
  const mark = unicode ? '…' : '>';
  let room = columns - 1;
  const kept: Span[] = [];
  for (const { text, style } of spans) {
    const cut = clip(text, Math.max(0, room));
    room -= cut.width;
    kept.push({ text: cut.text, style });
  }
  // A wide character that had no room leaves one column.
  return columns < 1 ? [] : [...kept, { text: ' '.repeat(Math.max(0, room)) + mark, style: 'dim' }];
}
