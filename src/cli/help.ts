/** `seglog help`: of a command, or of a code that `seglog verify` or `seglog explain` prints. */
import type { Command } from 'commander';
import { printable } from '../inspect/byte-encoding.ts';
import { CATALOGUE } from '../inspect/findings/catalogue.ts';
import type { FindingPage } from '../inspect/findings/page.ts';
import { REASONS, WARNINGS } from '../inspect/explain/reasons.ts';
import { usageError } from './exit-codes.ts';

/** The page about a finding, for a terminal. */
function pageText(code: string, { severity, title, meaning, causes, action }: FindingPage): string {
  return `${code} (${severity})\n${title}.\n\n${meaning}\n\nHow it comes: ${causes}\n\nWhat to do: ${action}.\n`;
}

function ofCode<T>(pages: Readonly<Record<string, T>>, code: string): T[] {
  const page = Object.hasOwn(pages, code) ? pages[code] : undefined;
  return page === undefined ? [] : [page];
}

/** All that a code stands for: some are a finding and a reason both. */
function pagesOf(code: string): string[] {
  return [
    ...ofCode<FindingPage>(CATALOGUE, code).map((page) => pageText(code, page)),
    ...ofCode<string>(REASONS, code).map((meaning) => `${code} (a reason of seglog explain)\n${meaning}\n`),
    ...ofCode<string>(WARNINGS, code).map((meaning) => `${code} (a warning of seglog explain)\n${meaning}\n`),
  ];
}

function help(program: Command, topic: string | undefined): void {
  if (topic === undefined) return program.outputHelp();
  const command = program.commands.find((candidate) => candidate.name() === topic);
  if (command !== undefined) return command.outputHelp();
  const pages = pagesOf(topic.toUpperCase());
  if (pages.length === 0)
    throw usageError(`no command and no code is named ${printable(topic)}; the codes are in docs/inspector.md`);
  process.stdout.write(pages.join('\n'));
}

/** Adds `help` to the program, in place of commander's own. */
export function registerHelp(program: Command): void {
  program
    .command('help')
    .description('explain a command, or a code of verify or explain such as INDEX_MISSING')
    .argument('[command or code]')
    .action((topic?: string) => help(program, topic));
}
