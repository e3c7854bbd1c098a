/** `seglog verify`: whether files, partitions and log directories are as Kafka would have them. Changes nothing. */
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../clock/clock.ts';
import { parseLogConfig } from '../config/log-config.ts';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { MAX_BATCH_BYTES } from '../inspect/batch-limit.ts';
import { SEVERITIES, type Severity } from '../inspect/findings/finding.ts';
import { findTargets, type Target } from '../inspect/targets.ts';
import { threadsFor } from '../inspect/task-pool.ts';
import { LocalRunner, type TaskRunner, WorkerPool } from '../inspect/verify/pool.ts';
import { contextOf, type VerifySettings } from '../inspect/verify/task.ts';
import { noTotals, planTargets, type VerifyPlan, type VerifyTotals } from '../inspect/verify/verify.ts';
import {
  collectConfig,
  CONFIG_OPTION,
  parseCount,
  parsePositiveCount,
  THREADS_HELP,
  THREADS_OPTION,
} from './arguments.ts';
import { EXIT, type ExitCode, tell, tellError, ToldError, usageError } from './exit-codes.ts';
import { Output } from './output.ts';
import { findingJson, findingText, summaryText } from './verify-lines.ts';
import { VerifyProgress } from './verify-progress.ts';

/** Less than this is done before a thread has started. */
const WORTH_THREADS_BYTES = 32 * 1024 * 1024;
const FINDINGS_PER_FILE = 100;

interface VerifyArguments {
  readonly json?: boolean;
  readonly text?: boolean;
  readonly strict?: boolean;
  readonly threads?: number;
  readonly config?: readonly (readonly [string, string])[];
  readonly limitFindings?: number;
  readonly minSeverity?: Severity;
}

function parseSeverity(text: string): Severity {
  const found = SEVERITIES.find((severity) => severity === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`expected one of ${SEVERITIES.join(', ')}, found ${JSON.stringify(text)}.`);
}

function settingsOf(options: VerifyArguments): VerifySettings {
  const { indexIntervalBytes } = parseLogConfig(options.config ?? []);
  return {
    indexIntervalBytes,
    findingsPerFile: options.limitFindings ?? FINDINGS_PER_FILE,
    maxBatchBytes: MAX_BATCH_BYTES,
  };
}

/** Prints what is found as it is found. */
async function print(
  plan: VerifyPlan,
  runner: TaskRunner,
  totals: VerifyTotals,
  options: VerifyArguments,
  progress: VerifyProgress,
): Promise<void> {
  const output = new Output(process.stdout);
  const isText = options.text === true || (options.json !== true && process.stdout.isTTY);
  const line = isText ? findingText : findingJson;
  const least = SEVERITIES.indexOf(options.minSeverity ?? 'info');
  for await (const { findings, failures } of plan.run(runner, totals)) {
    const shown = findings.filter(({ severity }) => SEVERITIES.indexOf(severity) >= least);
    if (shown.length > 0 || failures.length > 0) progress.hide();
    for (const finding of shown) await output.write(line(finding));
    await output.flush();
    for (const { path, code, message } of failures) tell(`${code}: ${path} was not verified to the end: ${message}`);
    if (output.closed) return;
  }
}

/** What there is to verify, path by path. One that is nothing of the kind is told of; undefined in its place. */
function targetsOf(paths: readonly string[]): (Target | undefined)[] {
  return paths.map((path) => {
    try {
      return findTargets(nodeFileSystem, [path])[0];
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      tellError(whyNone(path) ?? error);
      return undefined;
    }
  });
}

/** A better reason than what its name says of a path, where there is one. */
function whyNone(path: string): SeglogError | undefined {
  const stat = nodeFileSystem.stat(path);
  if (stat === undefined) return usageError(`${path} is not there`);
  if (stat.isFile || stat.isDirectory) return undefined;
  return usageError(`${path} is a link or a special file, and those are not followed`);
}

async function verify(paths: readonly string[], options: VerifyArguments): Promise<void> {
  if (options.json === true && options.text === true) throw usageError('--json and --text exclude each other');
  const settings = settingsOf(options);
  const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
  const found = targetsOf(paths);
  const targets = found.filter((target) => target !== undefined);
  if (targets.length === 0) throw new ToldError(EXIT.failed);
  const plan = planTargets(contextOf(machine, settings), settings, targets);
  for (const note of plan.notes) tell(`note: ${note}`);
  const progress = new VerifyProgress(plan.bytes, systemClock);
  const add = (bytes: number): void => progress.add(bytes);
  const threads = threadsOf(targets, plan, options.threads);
  const runner = threads === 0 ? new LocalRunner(machine, settings, add) : new WorkerPool(threads, settings, add);
  const totals = noTotals();
  const startMs = systemClock.monotonicMs();
  try {
    await print(plan, runner, totals, options, progress);
  } finally {
    progress.hide();
    runner.close();
  }
  tell(summaryText(totals, systemClock.monotonicMs() - startMs));
  const exitCode = targets.length < found.length ? EXIT.failed : exitCodeOfTotals(totals, options.strict === true);
  if (exitCode !== EXIT.ok) throw new ToldError(exitCode);
}

/** One file is one task: a thread of its own would only have to start, and measured 0.85 against 0.69 s for 1 GB. */
function threadsOf(targets: readonly Target[], { bytes }: VerifyPlan, wanted: number | undefined): number {
  const isOneFile = targets.length === 1 && targets[0]?.kind === 'file';
  return threadsFor(bytes, isOneFile ? Number.POSITIVE_INFINITY : WORTH_THREADS_BYTES, wanted);
}

function exitCodeOfTotals({ failures, counts }: VerifyTotals, isStrict: boolean): ExitCode {
  if (failures > 0) return EXIT.failed;
  return counts.error + counts.warning + (isStrict ? counts.info : 0) > 0 ? EXIT.findings : EXIT.ok;
}

/** Adds `verify` to the program. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description(
      'check every byte of files, partitions and log directories, and how they fit together; nothing is changed',
    )
    .argument('<paths...>', 'files, partition directories or log directories')
    .option('--json', 'one JSON object a finding (default unless stdout is a terminal)')
    .option('--text', 'findings as text (default on a terminal)')
    .option('--strict', 'exit 1 on info too, not only on warnings and errors')
    .option(THREADS_OPTION, THREADS_HELP, parseCount)
    .option(CONFIG_OPTION, "a log config in Kafka's name; only index.interval.bytes matters here", collectConfig)
    .option(
      '--limit-findings <count>',
      `how many findings of a file are printed (default: ${FINDINGS_PER_FILE})`,
      parsePositiveCount,
    )
    .option('--min-severity <severity>', `the least severity that is printed: ${SEVERITIES.join(', ')}`, parseSeverity)
    .addHelpText('after', '\n`seglog help CODE` explains a finding. Exit: 0 clean, 1 findings, 2 usage or I/O.')
    .action(verify);
}
