/** A line that is being typed: by characters as people count them, not by code units. */
import type { Key } from './events.ts';
import type { Prompt, PromptKind } from './state.ts';

/** What is longer is not typed by hand. */
const MAX_LENGTH = 4096;
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Text as characters. */
function charactersOf(text: string): string[] {
  return Array.from(characters.segment(text), ({ segment }) => segment);
}

/** An empty line, or one with a text in it. */
export function prompt(kind: PromptKind, text = ''): Prompt {
  const typed = charactersOf(text);
  return { kind, text: typed, cursor: typed.length };
}

/** What was typed. */
export function textOf({ text }: Prompt): string {
  return text.join('');
}

/** The line with text put in at the cursor. */
export function insert(line: Prompt, text: string): Prompt {
  const before = line.text.slice(0, line.cursor).join('') + text.slice(0, MAX_LENGTH);
  const whole = charactersOf(before + line.text.slice(line.cursor).join('')).slice(0, MAX_LENGTH);
  return { ...line, text: whole, cursor: Math.min(charactersOf(before).length, whole.length) };
}

/** What a key makes of the line, as in a shell; undefined for a key that means nothing to it. */
export function edited(line: Prompt, { name, ctrl, meta, text }: Key): Prompt | undefined {
  const { cursor } = line;
  const { length } = line.text;
  const at = (to: number): Prompt => ({ ...line, cursor: Math.max(0, Math.min(length, to)) });
  const without = (from: number, to: number): Prompt => ({
    ...line,
    text: [...line.text.slice(0, Math.max(0, from)), ...line.text.slice(to)],
    cursor: Math.max(0, from),
  });
  if (name === 'left' || (ctrl && name === 'b')) return at(cursor - 1);
  if (name === 'right' || (ctrl && name === 'f')) return at(cursor + 1);
  if (name === 'home' || (ctrl && name === 'a')) return at(0);
  if (name === 'end' || (ctrl && name === 'e')) return at(length);
  if (name === 'backspace') return cursor === 0 ? line : without(cursor - 1, cursor);
  if (name === 'delete' || (ctrl && name === 'd')) return without(cursor, cursor + 1);
  if (ctrl && name === 'u') return without(0, cursor);
  if (ctrl && name === 'k') return without(cursor, length);
  if (ctrl && name === 'w') return without(startOfWord(line), cursor);
  if (ctrl || meta || text === '' || /^[\x00-\x1f\x7f]/.test(text)) return undefined;
  return insert(line, text);
}

function startOfWord({ text, cursor }: Prompt): number {
  let at = cursor;
  while (at > 0 && text[at - 1] === ' ') at--;
  while (at > 0 && text[at - 1] !== ' ') at--;
  return at;
}
