/** `seglog explain`: what Kafka does with the segments of a partition, when, and why not now. */
import { Argument, type Command } from 'commander';
import { systemClock } from '../clock/clock.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { EXPLAIN_KINDS, type ExplainKind } from '../inspect/explain/contract.ts';
import { explainPartition } from '../inspect/explain/explain.ts';
import { collectConfig, CONFIG_HELP, CONFIG_OPTION } from './arguments.ts';
import { type ExitCode, EXIT, exitCodeOf, tell, tellError, ToldError } from './exit-codes.ts';
import { explanationLines } from './explain/lines.ts';
import { parseMoment } from './explain/moment.ts';
import { CONFIG_FILE_HELP, CONFIG_FILE_OPTION, type SettingsArguments, settingsFrom } from './explain/settings.ts';
import { explanationText } from './explain/table.ts';
import { Output } from './output.ts';

interface ExplainArguments extends SettingsArguments {
  readonly at?: number;
  readonly json?: boolean;
}

async function explain(kind: ExplainKind, paths: readonly string[], options: ExplainArguments): Promise<void> {
  const question = { kind, now: options.at ?? systemClock.now(), config: settingsFrom(options) };
  const output = new Output(process.stdout);
  let worst: ExitCode = EXIT.ok;
  for (const path of paths) {
    const note = (text: string): void => tell(`note: ${path}: ${text}`);
    const context = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock, note };
    try {
      const explained = explainPartition(context, path, question);
      if (options.json === true) for (const line of explanationLines(explained)) await output.write(line);
      else await output.write(explanationText(explained));
    } catch (error) {
      // The other partitions are still wanted.
      tellError(error);
      const exitCode = exitCodeOf(error);
      if (exitCode > worst) worst = exitCode;
    }
    if (output.closed) return;
  }
  await output.flush();
  if (worst !== EXIT.ok) throw new ToldError(worst);
}

/** Adds `explain` to the program. */
export function registerExplain(program: Command): void {
  program
    .command('explain')
    .description('tell for every segment what retention, compaction or rolling does with it, when, and why not now')
    .addArgument(new Argument('<what>', 'the question').choices(EXPLAIN_KINDS))
    .argument('<partition-dirs...>', 'partition directories; nothing is changed')
    .option('--at <time>', 'ask about another moment: milliseconds since 1970, or 2026-11-21T09:30:00Z', parseMoment)
    .option('--json', 'one JSON object a line: the partition, then its segments')
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .option(CONFIG_FILE_OPTION, CONFIG_FILE_HELP)
    .action(explain);
}
