/** The pages of the documentation, and their examples: fenced blocks of code, and of commands with what they print. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the project is, with a separator behind it. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block. */
export interface Block {
  readonly page: string;
  /** Where it starts in its page, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** A command of an example, and the lines that the page shows behind it. */
export interface ShownCommand {
  readonly command: string;
  readonly shown: readonly string[];
}

/** `README.md` and all pages of `docs`. */
export const PAGES: readonly string[] = ['README.md', ...pagesIn('docs')];

/** But for the list of the public interface, which is generated. */
function pagesIn(directory: string): string[] {
  const names = readdirSync(`${ROOT}${directory}`, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.md') && !name.startsWith('api'))
    .map((name) => `${directory}/${name}`)
    .sort();
}

/** All fenced blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const lines = readFileSync(`${ROOT}${page}`, 'utf8').split('\n');
  const blocks: Block[] = [];
  let start: number | undefined;
  for (const [at, line] of lines.entries()) {
    if (!line.startsWith('```')) continue;
    if (start === undefined) start = at;
    else {
      const language = (lines[start] ?? '').slice(3);
      blocks.push({ page, line: start + 1, language, text: lines.slice(start + 1, at).join('\n') });
      start = undefined;
    }
  }
  return blocks;
}

/** Programs: blocks in JavaScript or TypeScript. */
export function isProgram({ language }: Block): boolean {
  return language === 'ts' || language === 'js';
}

/** Examples of the command line, whatever their block is called. */
export function isConsole({ text }: Block): boolean {
  return /^\$ .*\bseglog /m.test(text);
}

/** The commands of a console example. A line that ends with `|`, `\` or an open quote goes on, and so does one behind `>`. */
export function commandsOf({ text }: Block): ShownCommand[] {
  const commands: { command: string; shown: string[] }[] = [];
  let isOpen = false;
  for (const line of text.split('\n')) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), shown: [] });
    else if (last === undefined) continue;
    else if (isOpen) last.command += `\n${line.replace(/^> +/, '')}`;
    else last.shown.push(line);
    isOpen = /[|\\]$/.test(line) && commands.at(-1)?.shown.length === 0;
  }
  for (const { shown } of commands) while (shown.at(-1) === '') shown.pop();
  return commands;
}
