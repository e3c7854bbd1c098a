/** `seglog stats`: what is in files, partitions and log directories, in numbers. Changes nothing. */
import type { Command } from 'commander';
import { bytesText } from '../bench/text.ts';
import { systemClock } from '../clock/clock.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { StatsCollection } from '../inspect/stats/collect.ts';
import type { PartitionStats, StatsFailure } from '../inspect/stats/contract.ts';
import { parseCount, parseOffset, THREADS_HELP, THREADS_OPTION } from './arguments.ts';
import { EXIT, tell, ToldError } from './exit-codes.ts';
import { parseMoment } from './explain/moment.ts';
import { counted } from './open-log.ts';
import { Output } from './output.ts';
import { partitionLine, totalLine } from './stats-lines.ts';
import { partitionText, statsText } from './stats-table.ts';
import { VerifyProgress } from './verify-progress.ts';

interface StatsArguments {
  readonly json?: boolean;
  readonly each?: boolean;
  readonly top?: number;
  /** Undefined unless one of both options is given. */
  readonly whatIf?: boolean;
  readonly threads?: number;
  readonly fromOffset?: number;
  readonly toOffset?: number;
  readonly fromTime?: number;
  readonly toTime?: number;
}

async function stats(paths: readonly string[], options: StatsArguments): Promise<void> {
  const { fromOffset, toOffset, fromTime, toTime, threads, top: topKeys } = options;
  const whatIf = options.whatIf === undefined ? 'usual' : options.whatIf ? 'all' : 'none';
  const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
  let doneBytes = 0;
  const onProgress = (bytes: number): void => {
    progress.add(bytes - doneBytes);
    doneBytes = bytes;
  };
  const limits = { fromOffset, toOffset, fromTime, toTime };
  const collection = new StatsCollection(machine, paths, { ...limits, threads, topKeys, whatIf, onProgress });
  const progress = new VerifyProgress(collection.totalBytes, systemClock);
  for (const note of collection.notes) tell(`note: ${note}`);
  const output = new Output(process.stdout);
  const partitions: PartitionStats[] = [];
  const startMs = systemClock.monotonicMs();
  try {
    for await (const partition of collection.partitions()) {
      if (options.json !== true) partitions.push(partition);
      else await printed(output, partitionLine(partition), progress);
      if (output.closed) return;
    }
  } finally {
    progress.hide();
  }
  const elapsedMs = systemClock.monotonicMs() - startMs;
  const end = await collection.finish();
  if (options.json === true) {
    await output.write(totalLine(end));
  } else {
    await output.write(statsText(partitions, end));
    if (options.each === true && partitions.length > 1)
      for (const partition of partitions) await output.write(partitionText(partition, end.now));
  }
  await output.flush();
  for (const failure of end.failures) tell(failureText(failure));
  const { segments, fileBytes, findings } = end.total;
  tell(`${counted(segments, 'segment')}, ${bytesText(fileBytes)} in ${(elapsedMs / 1000).toFixed(2)} s`);
  if (end.failures.length > 0) throw new ToldError(EXIT.failed);
  if (findings > 0) throw new ToldError(EXIT.findings);
}

async function printed(output: Output, line: string, progress: VerifyProgress): Promise<void> {
  progress.hide();
  await output.write(line);
  await output.flush();
}

function failureText({ path, code, message }: StatsFailure): string {
  return code === 'INVALID_ARGUMENT' ? `${code}: ${message}` : `${code}: ${path} was not read to its end: ${message}`;
}

/** Adds `stats` to the program. */
export function registerStats(program: Command): void {
  program
    .command('stats')
    .description(
      'count what is in a log: records, keys, sizes, codecs, timestamps, producers, growth; nothing is changed',
    )
    .argument('<paths...>', '.log files, partition directories or log directories')
    .option('--json', 'one JSON object a line: each partition, then all together')
    .option('--each', 'tables of each partition too, not only of all together')
    .option('--top <count>', 'how many of the most frequent keys are named (default: 10)', parseCount)
    .option('--what-if', 'try every codec at every level on a sample, not only at usual ones')
    .option('--no-what-if', 'try no codec')
    .option('--from-offset <offset>', 'count records from this offset on', parseOffset)
    .option('--to-offset <offset>', 'count records up to this offset', parseOffset)
    .option(
      '--from-time <time>',
      'count records from this time on: milliseconds since 1970, or 2026-11-21T09:30:00Z',
      parseMoment,
    )
    .option('--to-time <time>', 'count records up to this time', parseMoment)
    .option(THREADS_OPTION, THREADS_HELP, parseCount)
    .addHelpText('after', '\nExit: 0 clean, 1 findings (damage was passed over), 2 usage or I/O.')
    .action(stats);
}
