/** Long text over several lines of a width. */
import { type Abilities, clip, shown } from './line.ts';

/** More lines are not made of one text. */
const MAX_LINES = 4000;

/** The lines of a text: broken where it has ends of lines, and where a line is full. What is shown is safe. */
export function wrapped(text: string, columns: number, abilities: Abilities): string[] {
  const lines: string[] = [];
  for (const part of text.split(/\r?\n/)) {
    let rest = shown(part, abilities);
    do {
      // A line takes so many characters at most, however narrow they are.
      const { text: first } = clip(rest.slice(0, columns * 24), columns);
      const taken = first === '' ? rest.slice(0, 1) : first;
      lines.push(taken);
      rest = rest.slice(taken.length);
    } while (rest !== '' && lines.length < MAX_LINES);
    if (lines.length >= MAX_LINES) break;
  }
  return lines;
}
