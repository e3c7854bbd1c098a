/** Lines as what a terminal is sent. */
import { type Abilities, fit, type Line, type Style } from '../view/line.ts';

/** Select Graphic Rendition: with and without colors. Names of colors are the terminal's own, light or dark. */
const COLORED: Readonly<Record<Style, string>> = {
  plain: '',
  dim: '2',
  bold: '1',
  good: '32',
  bad: '31',
  warn: '33',
  accent: '36',
  bar: '7',
};
const PLAIN: Readonly<Record<Style, string>> = { ...COLORED, good: '', bad: '1', warn: '1', accent: '' };
const SELECTED = '7';

/** One line, cut to the width, and all its styles ended. */
export function paint(line: Line, columns: number, abilities: Abilities): string {
  const table = abilities.colors ? COLORED : PLAIN;
  const { spans, width } = fit(line, columns, abilities);
  let text = '';
  for (const { text: part, style } of spans) {
    // On a selected line colors would be backgrounds.
    text += line.isSelected ? part : styled(part, table[style]);
  }
  if (!line.isSelected) return text;
  return styled(text + ' '.repeat(Math.max(0, columns - width)), SELECTED);
}

function styled(text: string, code: string): string {
  return code === '' || text === '' ? text : `\x1b[${code}m${text}\x1b[0m`;
}
