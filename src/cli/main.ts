#!/usr/bin/env node
/** The command line: `seglog <command>`. Data goes to stdout, everything else to stderr. */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { engineInfo } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { registerAppend } from './append.ts';
import { registerBench } from './bench.ts';
import { registerDeleteRecords } from './delete-records.ts';
import { registerDemo } from './demo.ts';
import { registerDump } from './dump.ts';
import { EXIT, exitCodeOf, tell, tellError } from './exit-codes.ts';
import { registerOffsets } from './offsets.ts';
import { registerRead } from './read.ts';
import { registerRecover } from './recover.ts';
import { registerTruncate } from './truncate.ts';

/** From dist/cli, and from src/cli alike. */
const PACKAGE = '../../package.json';

function packageVersion(): string {
  const bytes = nodeFileSystem.readSmall(fileURLToPath(new URL(PACKAGE, import.meta.url)));
  const { version } = JSON.parse(Buffer.from(bytes ?? '{}').toString('utf8')) as { version?: string };
  return version ?? 'unknown';
}

/** In the order of `--help`. */
const REGISTER = [
  ...[registerAppend, registerRead, registerDump, registerOffsets],
  ...[registerRecover, registerTruncate, registerDeleteRecords, registerBench, registerDemo],
] as const;

/** Loads the engine, so it is made only when asked for. */
function versionText(): string {
  const { engine, reason, description, io } = engineInfo();
  return `seglog ${packageVersion()}\nengine: ${engine} (${reason})\n${description}${io === 'portable' ? '\nio: portable (SEGLOG_IO asks for it)' : ''}\n`;
}

function buildProgram(): Command {
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
  for (const register of REGISTER) register(program);
  return program;
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const program = buildProgram();
    // Before commander, which knows only versions that cost nothing to tell.
    if (args[0] === '--version' || args[0] === '-V') {
      process.stdout.write(versionText());
      return EXIT.ok;
    }
    await program.parseAsync([...args], { from: 'user' });
    return process.exitCode === undefined ? EXIT.ok : Number(process.exitCode);
  } catch (error) {
    tellError(error);
    return exitCodeOf(error);
  }
}

// No process.exit: what is still on its way to a pipe would be cut.
process.exitCode = await main(process.argv.slice(2));
