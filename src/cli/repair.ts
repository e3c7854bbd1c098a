/** `seglog repair`: what is wrong with partitions is put right, the originals are kept, and it can be taken back. */
import { basename, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../clock/clock.ts';
import { type LogConfig, parseLogConfig } from '../config/log-config.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { findTargets } from '../inspect/targets.ts';
import { type AskedRange, ON_CORRUPT, type OnCorrupt, type RepairOptions } from '../repair/options.ts';
import { applyRepair, previewRepair, undoRepair } from '../repair/repair.ts';
import { collectConfig, CONFIG_HELP, CONFIG_OPTION } from './arguments.ts';
import { EXIT, type ExitCode, exitCodeOf, tell, ToldError, usageError } from './exit-codes.ts';
import { counted } from './open-log.ts';
import { Output } from './output.ts';
import { RecoverProgress } from './recover-progress.ts';
import { failedRepairLine, repairLines, undoneLine } from './repair-lines.ts';
import { untilStopped } from './signals.ts';

interface RepairArguments {
  readonly apply?: boolean;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly onCorrupt: OnCorrupt;
  readonly range?: readonly AskedRange[];
  readonly json?: boolean;
  readonly config?: readonly (readonly [string, string])[];
}

/** Collects `--range FILE:FROM-TO`, which may repeat. */
function collectRange(text: string, previous: readonly AskedRange[] = []): AskedRange[] {
  const [, file, from, to] = /^(.+):(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  if (file === undefined) {
    throw new InvalidArgumentError(
      `expected FILE:FROM-TO, such as 00000000000000000000.log:61-130, found ${JSON.stringify(text)}.`,
    );
  }
  return [...previous, { file: basename(file), from: Number(from), to: Number(to) }];
}

/** The partition directories that are meant: a log directory stands for all in it. */
function partitionsOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const [target] = findTargets(nodeFileSystem, [nodeFileSystem.realPath(path)]);
    // As it was given: a link to a partition may lie in a log directory that is in use.
    if (target?.kind === 'partition') return [path];
    if (target?.kind === 'log-directory') return target.partitions.map((name) => join(target.path, name));
    throw usageError(`${path} is a file: repair takes partition directories, or log directories`);
  });
}

/** One directory, and its lines. A failure is a line too: the others are still wanted. */
async function repairOne(
  path: string,
  options: RepairArguments,
  config: Partial<LogConfig>,
  output: Output,
): Promise<ExitCode> {
  const progress = new RecoverProgress(basename(path));
  const isApplied = options.apply === true;
  const json = options.json === true;
  let text: string;
  let exitCode: ExitCode = EXIT.ok;
  try {
    const repairOptions: RepairOptions = {
      ...{ fs: nodeFileSystem, engine: defaultEngine(), clock: systemClock, config, onCorrupt: options.onCorrupt },
      ranges: options.range ?? [],
      ...(progress.onProgress === undefined ? {} : { onProgress: progress.onProgress }),
    };
    const report = await (isApplied ? applyRepair(path, repairOptions) : previewRepair(path, repairOptions));
    progress.stop();
    text = repairLines(report, isApplied, json);
    if (!isApplied && (report.steps.length > 0 || report.interrupted !== undefined)) exitCode = EXIT.findings;
  } catch (error) {
    progress.stop();
    text = failedRepairLine('repair', path, error, json);
    exitCode = isApplied ? EXIT.failed : exitCodeOf(error);
  }
  await output.write(text);
  await output.flush();
  return exitCode;
}

async function undoOne(path: string, options: RepairArguments, output: Output): Promise<ExitCode> {
  const json = options.json === true;
  let text: string;
  let exitCode: ExitCode = EXIT.ok;
  try {
    text = undoneLine(await undoRepair(path, { fs: nodeFileSystem, engine: defaultEngine() }), json);
  } catch (error) {
    text = failedRepairLine('undo', path, error, json);
    exitCode = EXIT.failed;
  }
  await output.write(text);
  return exitCode;
}

async function repair(paths: readonly string[], options: RepairArguments): Promise<void> {
  const asked = [options.apply, options.dryRun, options.undo].filter((flag) => flag === true).length;
  if (asked > 1) throw usageError('--apply, --dry-run and --undo exclude each other');
  const isUndo = options.undo === true;
  const config = parseLogConfig(options.config ?? []);
  const directories = isUndo ? paths : partitionsOf(paths);
  if (options.range !== undefined && directories.length > 1) throw usageError('--range is for one partition');
  const output = new Output(process.stdout);
  const codes: ExitCode[] = [];
  const finished = await untilStopped(async (signal) => {
    for (const directory of directories) {
      signal.throwIfAborted();
      codes.push(await (isUndo ? undoOne(directory, options, output) : repairOne(directory, options, config, output)));
    }
  });
  await output.flush();
  const failed = codes.filter((code) => code === EXIT.failed).length;
  if (failed > 0)
    tell(
      `${failed} of ${counted(codes.length, isUndo ? 'repair' : 'partition')} could not be ${isUndo ? 'undone' : 'repaired'}`,
    );
  if (!finished) return tell(`stopped after ${codes.length} of ${directories.length}`);
  const worst = Math.max(EXIT.ok, ...codes) as ExitCode;
  if (worst !== EXIT.ok) throw new ToldError(worst);
}

/** Adds `repair` to the program. */
export function registerRepair(program: Command): void {
  program
    .command('repair')
    .description(
      'show what would be repaired in partitions that nobody has open (the default), or repair it with --apply: indexes and ' +
        'snapshots are made anew, damage is cut or excised; the originals are kept in quarantine/, and --undo puts them back',
    )
    .argument('<dirs...>', 'partition directories, or log directories for all partitions in them; with --undo, repairs')
    .option('--dry-run', 'only show what would be done (the default): exit 1 when there is something to do')
    .option('--apply', 'do it')
    .option(
      '--undo',
      'put the originals of repairs back: their directories PARTITION/quarantine/repair-N are the arguments',
    )
    .addOption(
      new Option(
        '--on-corrupt <what>',
        'what happens to damage in a .log: cut the log there, as recovery does; excise the damaged bytes alone; ' +
          'or keep such segments as they are',
      )
        .choices(ON_CORRUPT)
        .default('cut'),
    )
    .option(
      '--range <file:from-to>',
      'excise these bytes of a .log: whole batches, or garbage; may repeat',
      collectRange,
    )
    .option('--json', 'one JSON object for each partition')
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .action(repair);
}
