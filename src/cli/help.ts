/** `seglog help`: of a command, or of a code that `seglog verify` prints. */
import type { Command } from 'commander';
import { printable } from '../inspect/byte-encoding.ts';
import { CATALOGUE } from '../inspect/findings/catalogue.ts';
import type { FindingPage } from '../inspect/findings/page.ts';
import { usageError } from './exit-codes.ts';

/** The page about a code, for a terminal. */
function pageText(code: string, { severity, title, meaning, causes, action }: FindingPage): string {
  return `${code} (${severity})\n${title}.\n\n${meaning}\n\nHow it comes: ${causes}\n\nWhat to do: ${action}.\n`;
}

function help(program: Command, topic: string | undefined): void {
  if (topic === undefined) return program.outputHelp();
  const command = program.commands.find((candidate) => candidate.name() === topic);
  if (command !== undefined) return command.outputHelp();
  const page = Object.entries(CATALOGUE).find(([code]) => code === topic.toUpperCase());
  if (page === undefined)
    throw usageError(`no command and no finding is named ${printable(topic)}; the codes are in docs/inspector.md`);
  process.stdout.write(pageText(...page));
}

/** Adds `help` to the program, in place of commander's own. */
export function registerHelp(program: Command): void {
  program
    .command('help')
    .description('explain a command, or a finding code such as INDEX_MISSING')
    .argument('[command or code]')
    .action((topic?: string) => help(program, topic));
}
