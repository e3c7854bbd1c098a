/** `seglog report`: a directory as one page, to be looked at in a browser. Changes nothing. */
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { bytesText } from '../bench/text.ts';
import { systemClock } from '../clock/clock.ts';
import { parseLogConfig } from '../config/log-config.ts';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { MAX_BATCH_BYTES } from '../inspect/batch-limit.ts';
import { findTargets, OF_LOG_DIRECTORIES, type Target } from '../inspect/targets.ts';
import { threadsFor } from '../inspect/task-pool.ts';
import { LocalRunner, WorkerPool } from '../inspect/verify/pool.ts';
import type { Machine, VerifySettings } from '../inspect/verify/task.ts';
import { type Gathered, planReport, type ReportPlan } from '../report/gather.ts';
import { type PageAssets, reportPage } from '../report/page.ts';
import { collectConfig, CONFIG_HELP, CONFIG_OPTION, parseCount, THREADS_HELP, THREADS_OPTION } from './arguments.ts';
import { EXIT, tell, ToldError, usageError } from './exit-codes.ts';
import { parseMoment } from './explain/moment.ts';
import { CONFIG_FILE_HELP, CONFIG_FILE_OPTION, type SettingsArguments, settingsFrom } from './explain/settings.ts';
import { packageVersion } from './package-version.ts';
import { summaryText } from './verify-lines.ts';
import { VerifyProgress } from './verify-progress.ts';

/** Less than this is done before a thread has started. */
const WORTH_THREADS_BYTES = 64 * 1024 * 1024;
const FINDINGS_PER_FILE = 20;
const USUAL_RECORDS = 200;
const MOST_RECORDS = 1000;

interface ReportArguments extends SettingsArguments {
  readonly output: string;
  readonly at?: number;
  readonly records?: number;
  readonly threads?: number;
}

/** What the build made of `report/page`. @throws SeglogError `INTERNAL` where it is not there */
function pageAssets(): PageAssets {
  const read = (name: string): string => {
    const path = fileURLToPath(new URL(`../report/${name}`, import.meta.url));
    const bytes = nodeFileSystem.readSmall(path);
    if (bytes === undefined) throw new SeglogError('INTERNAL', 'a part of the page was not built', { file: path });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  };
  return { script: read('page-script.js'), style: read('page-style.css') };
}

function targetOf(path: string): Target & { readonly kind: 'partition' | 'log-directory' } {
  if (nodeFileSystem.stat(path)?.isDirectory !== true)
    throw usageError(`${path} is no directory: a report is of a partition directory or a log directory`);
  const [target] = findTargets(nodeFileSystem, [path]);
  if (target === undefined || target.kind === 'file') throw usageError(`${path} is no directory of a log`);
  return target;
}

/** The page must not lie among what it is about, where a broker or the next look at it would find it. */
function checkOutput(output: string, target: Target): void {
  const fs = nodeFileSystem;
  const stat = fs.stat(output);
  if (stat !== undefined && !stat.isFile) throw usageError(`${output} is there, and is no regular file`);
  const folder = dirname(resolve(output));
  if (fs.stat(folder) === undefined) throw usageError(`${folder} is not there`);
  const place = fs.realPath(folder);
  const directory = fs.realPath(target.path);
  const parent = dirname(directory);
  // Beside a partition, and in its neighbours, it is in the log directory too.
  const isBeside =
    target.kind === 'partition' &&
    isWithin(place, parent) &&
    fs.list(parent).some((name) => OF_LOG_DIRECTORIES.has(name));
  if (isWithin(place, directory) || isBeside)
    throw usageError(`${output} would lie in the log directory that it tells of: name a place outside of it`);
}

function isWithin(place: string, directory: string): boolean {
  const way = relative(directory, place);
  return !(way === '..' || way.startsWith(`..${sep}`) || way.startsWith(sep));
}

async function report(path: string, options: ReportArguments): Promise<void> {
  const target = targetOf(path);
  checkOutput(options.output, target);
  const config = settingsFrom(options);
  const settings: VerifySettings = {
    // Only what the user says of it is held against the indexes.
    indexIntervalBytes: parseLogConfig(options.config ?? []).indexIntervalBytes,
    findingsPerFile: FINDINGS_PER_FILE,
    maxBatchBytes: MAX_BATCH_BYTES,
  };
  const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
  const assets = pageAssets();
  const startMs = systemClock.monotonicMs();
  const plan = planReport(machine, {
    ...{ target, config, settings, nowMs: options.at ?? systemClock.now(), version: packageVersion() },
    records: Math.min(MOST_RECORDS, options.records ?? USUAL_RECORDS),
    threads: options.threads,
  });
  const { model, verified } = await gathered(plan, machine, settings, options.threads);
  for (const note of model.notes) tell(`note: ${note}`);
  for (const { path: file, code, message } of model.findings.failures)
    tell(`${code}: ${file} was not verified to the end: ${message}`);
  const bytes = Buffer.from(reportPage(model, assets));
  nodeFileSystem.replaceSmall(options.output, bytes);
  tell(`${options.output}: ${bytesText(bytes.length)}`);
  tell(summaryText(verified, systemClock.monotonicMs() - startMs));
  if (verified.failures > 0) throw new ToldError(EXIT.failed);
  if (verified.counts.error + verified.counts.warning > 0) throw new ToldError(EXIT.findings);
}

async function gathered(
  plan: ReportPlan,
  machine: Machine,
  settings: VerifySettings,
  wanted: number | undefined,
): Promise<Gathered> {
  const progress = new VerifyProgress(plan.bytes, systemClock);
  const add = (bytes: number): void => progress.add(bytes);
  const threads = threadsFor(plan.bytes, WORTH_THREADS_BYTES, wanted);
  const runner = threads === 0 ? new LocalRunner(machine, settings, add) : new WorkerPool(threads, settings, add);
  try {
    return await plan.run(runner, add);
  } finally {
    progress.hide();
    runner.close();
  }
}

/** Adds `report` to the program. */
export function registerReport(program: Command): void {
  program
    .command('report')
    .description('make one self-contained HTML page of a partition or a log directory; nothing in it is changed')
    .argument('<log-dir>', 'a partition directory or a log directory')
    .requiredOption('-o, --output <file>', 'where the page goes, outside of the log directory')
    .option(
      '--records <count>',
      `how many records of a partition the page holds, up to ${MOST_RECORDS}; 0 for no key and no value (default: ${USUAL_RECORDS})`,
      parseCount,
    )
    .option('--at <time>', 'explain another moment: milliseconds since 1970, or 2026-11-21T09:30:00Z', parseMoment)
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .option(CONFIG_FILE_OPTION, CONFIG_FILE_HELP)
    .option(THREADS_OPTION, THREADS_HELP, parseCount)
    .addHelpText('after', '\nExit: 0 clean, 1 findings (the page is written), 2 usage or I/O.')
    .action(report);
}
