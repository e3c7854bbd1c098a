#!/usr/bin/env node
/** The command line: `seglog <command>`. Data goes to stdout, everything else to stderr. */
import { Command } from 'commander';
import { engineInfo } from '../engine/select.ts';
import { EXIT, exitCodeOf, tell, tellError } from './exit-codes.ts';
import { packageVersion } from './package-version.ts';

/**
 * In the order of `--help`. Only the one that is asked for is loaded: a dump's first line comes sooner than the other
 * commands could be read.
 */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  append: async () => (await import('./append.ts')).registerAppend,
  read: async () => (await import('./read.ts')).registerRead,
  offsets: async () => (await import('./offsets.ts')).registerOffsets,
  dump: async () => (await import('./dump.ts')).registerDump,
  verify: async () => (await import('./verify.ts')).registerVerify,
  stats: async () => (await import('./stats.ts')).registerStats,
  explain: async () => (await import('./explain.ts')).registerExplain,
  browse: async () => (await import('./browse.ts')).registerBrowse,
  report: async () => (await import('./report.ts')).registerReport,
  recover: async () => (await import('./recover.ts')).registerRecover,
  repair: async () => (await import('./repair.ts')).registerRepair,
  truncate: async () => (await import('./truncate.ts')).registerTruncate,
  'delete-records': async () => (await import('./delete-records.ts')).registerDeleteRecords,
  compact: async () => (await import('./compact.ts')).registerCompact,
  topics: async () => (await import('./topics.ts')).registerTopics,
  produce: async () => (await import('./produce.ts')).registerProduce,
  consume: async () => (await import('./consume.ts')).registerConsume,
  groups: async () => (await import('./groups.ts')).registerGroups,
  store: async () => (await import('./store.ts')).registerStore,
  handover: async () => (await import('./handover.ts')).registerHandover,
  adopt: async () => (await import('./adopt.ts')).registerAdopt,
  bench: async () => (await import('./bench.ts')).registerBench,
  demo: async () => (await import('./demo.ts')).registerDemo,
  help: async () => (await import('./help.ts')).registerHelp,
};

/** Loads the engine, so it is made only when asked for. */
function versionText(): string {
  const { engine, reason, description, io } = engineInfo();
  return `seglog ${packageVersion()}\nengine: ${engine} (${reason})\n${description}${io === 'portable' ? '\nio: portable (SEGLOG_IO asks for it)' : ''}\n`;
}

async function buildProgram(asked: string | undefined): Promise<Command> {
  const program = new Command('seglog')
    .description("Apache Kafka's segment log, in Kafka's own bytes: append, read, seek, dump, recover and cut")
    .option('-V, --version', 'print the version, the engine in use, and why')
    .exitOverride()
    .configureOutput({
      outputError: (text) =>
        tell(
          `INVALID_ARGUMENT: ${text
            .replace(/^error: /, '')
            .trim()
            .replaceAll('\n', ' ')}`,
        ),
    });
  // Help may be asked about any of them.
  const known =
    asked === undefined || asked === 'help'
      ? undefined
      : Object.entries(COMMANDS).find(([name]) => name === asked)?.[1];
  for (const load of known === undefined ? Object.values(COMMANDS) : [known]) (await load())(program);
  return program;
}

async function main(args: readonly string[]): Promise<number> {
  try {
    // Before commander, which knows only versions that cost nothing to tell.
    if (args[0] === '--version' || args[0] === '-V') {
      process.stdout.write(versionText());
      return EXIT.ok;
    }
    const program = await buildProgram(args[0]);
    await program.parseAsync([...args], { from: 'user' });
    return process.exitCode === undefined ? EXIT.ok : Number(process.exitCode);
  } catch (error) {
    tellError(error);
    return exitCodeOf(error);
  }
}

// A reader that has gone is no failure; anything else that nobody caught is one of ours, and not a finding about the data.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  const isOver = error.code === 'EPIPE';
  if (!isOver) tellError(error);
  process.exit(isOver ? EXIT.ok : EXIT.failed);
});
// No process.exit: what is still on its way to a pipe would be cut.
process.exitCode = await main(process.argv.slice(2));
