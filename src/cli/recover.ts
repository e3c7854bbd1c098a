/** `seglog recover`: every byte of partitions is checked, and what is no whole, valid batch is cut and kept. */
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { type LogConfig, parseLogConfig } from '../config/log-config.ts';
import { recoverPartition } from '../log/recover-partition.ts';
import { collectConfig, CONFIG_HELP, CONFIG_OPTION } from './arguments.ts';
import { EXIT, type ExitCode, exitCodeOf, tell, ToldError } from './exit-codes.ts';
import { counted, existingDirectory } from './open-log.ts';
import { Output } from './output.ts';
import { failedLine, recoveredLines } from './recover-lines.ts';
import { RecoverProgress } from './recover-progress.ts';
import { untilStopped } from './signals.ts';

interface RecoverArguments {
  readonly json?: boolean;
  readonly config?: readonly (readonly [string, string])[];
}

/** Recovers one directory and prints its line. A failure is a line too: the others are still wanted. */
async function recoverOne(
  directory: string,
  config: Partial<LogConfig>,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const name = basename(resolve(directory)) || directory;
  const progress = new RecoverProgress(name);
  const { onProgress } = progress;
  let line: string;
  let exitCode: ExitCode = EXIT.ok;
  try {
    const recovery = onProgress === undefined ? {} : { onProgress };
    line = recoveredLines(await recoverPartition(existingDirectory(directory), { ...config, recovery }), json);
  } catch (error) {
    line = failedLine(name, error, json);
    exitCode = exitCodeOf(error);
  } finally {
    progress.stop();
  }
  // Whoever waits for a long list sees each as it is done.
  await output.write(line);
  await output.flush();
  return exitCode;
}

async function recover(directories: readonly string[], options: RecoverArguments): Promise<void> {
  const config = parseLogConfig(options.config ?? []);
  const output = new Output(process.stdout);
  const failures: ExitCode[] = [];
  let done = 0;
  const finished = await untilStopped(async (signal) => {
    for (const directory of directories) {
      signal.throwIfAborted();
      const exitCode = await recoverOne(directory, config, options.json === true, output);
      if (exitCode !== EXIT.ok) failures.push(exitCode);
      done++;
    }
  });
  if (failures.length > 0) tell(`${failures.length} of ${counted(done, 'partition')} could not be recovered`);
  if (!finished) return tell(`stopped after ${done} of ${counted(directories.length, 'partition')}`);
  if (failures.length > 0) throw new ToldError(failures.includes(EXIT.failed) ? EXIT.failed : EXIT.findings);
}

/** Adds `recover` to the program. */
export function registerRecover(program: Command): void {
  program
    .command('recover')
    .description(
      'check partitions from their first byte on, as after an unclean stop, and cut them at the first batch that is not ' +
        'whole and valid; what is cut is kept in quarantine/',
    )
    .argument('<partition-dirs...>', 'the partition directories, recovered in this order')
    .option(
      '--json',
      'one JSON object a line: dir, logStartOffset, logEndOffset, segments, files, cuts, quarantine; or dir, error',
    )
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .action(recover);
}
