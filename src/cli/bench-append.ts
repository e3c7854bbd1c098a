/** `seglog bench append`: by batches or record by record, to the page cache or to the disk. */
import { type Command, Option } from 'commander';
import type { BenchOrder } from '../bench/order.ts';
import { syncShareText } from '../bench/report.ts';
import { benchDurable } from '../bench/work/durable.ts';
import { WRITER_CALLS, type WriterUse } from '../bench/work/write-load.ts';
import { parsePositiveCount } from './arguments.ts';
import {
  isGiven,
  loadOf,
  parseMilliseconds,
  type ProducerOptions,
  type ThreadOptions,
  type TimingOptions,
  timingOf,
  withLoadOptions,
  withPlaceOptions,
  withProducerOptions,
  withThreadsOption,
  withTimingOptions,
} from './bench-options.ts';
import { runBench } from './bench-run.ts';
import { usageError } from './exit-codes.ts';

const DURABILITIES = ['none', 'fsync', 'group'] as const;
const DEFAULT_LINGER_MS = 5;
const DEFAULT_IN_FLIGHT = 10_000;
/** A sync takes some milliseconds: as many records as without would take hours. */
const DURABLE_RECORDS = { fsync: 1000, group: 20_000 } as const;

/** Its options. */
interface AppendOptions extends ProducerOptions, TimingOptions, ThreadOptions {
  readonly durability: (typeof DURABILITIES)[number];
  readonly appenders: number;
  readonly api: 'batch' | WriterUse['api'];
  readonly linger: number;
  readonly batchBytes?: number;
  readonly inFlight: number;
}

/** Options that say nothing beside others, by what they need: told, not passed over. */
function checkTogether({ api, durability, producer, rate, threads }: AppendOptions, command: Command): void {
  const refuse = (option: string, beside: string): never => {
    throw usageError(`${option} says nothing with ${beside}`);
  };
  const lonely = ['linger', 'batchBytes', 'inFlight'].find((option) => isGiven(command, option));
  const flags = { linger: '--linger', batchBytes: '--batch-bytes', inFlight: '--in-flight' };
  if (api === 'batch' && lonely !== undefined) refuse(flags[lonely as keyof typeof flags], '--api batch');
  if (api === 'write' && lonely === 'inFlight') refuse('--in-flight', '--api write, which waits for nothing');
  if (api !== 'batch' && producer !== 'none')
    refuse(`--producer ${producer}`, `--api ${api}: a writer has no producer`);
  if (durability === 'none') {
    if (isGiven(command, 'appenders')) refuse('--appenders', '--durability none');
    return;
  }
  if (api !== 'batch') refuse(`--api ${api}`, `--durability ${durability}`);
  if (rate !== undefined) refuse('--rate', `--durability ${durability}: its appenders wait for each other`);
  if (threads !== undefined) refuse('--threads', `--durability ${durability}`);
}

/** Appending with syncs: fewer records, and each a batch, unless the user says otherwise. */
async function runDurable(options: AppendOptions, durability: 'fsync' | 'group', command: Command): Promise<void> {
  const load = {
    ...loadOf(options),
    ...(isGiven(command, 'records') ? {} : { records: DURABLE_RECORDS[durability] }),
    ...(isGiven(command, 'batchRecords') ? {} : { batchRecords: 1 }),
  };
  const appenders = durability === 'fsync' ? 1 : options.appenders;
  const how = { durability, appenders, ...(options.latency === true ? { latency: true } : {}) };
  const lines = await runBench(options, (place) => benchDurable({ ...place, load }, how), { linesPerRound: 2 });
  if (lines.length > 1) process.stderr.write(`${syncShareText(lines)}\n`);
}

function writerUse(options: AppendOptions, api: WriterUse['api'], command: Command): WriterUse {
  const { linger, batchBytes, batchRecords, inFlight } = options;
  return {
    ...{ api, lingerMs: linger, inFlight },
    ...(batchBytes === undefined ? {} : { batchBytes }),
    ...(isGiven(command, 'batchRecords') ? { batchRecords } : {}),
  };
}

/** Adds the work. @param runOrdered runs an order, on threads if they are asked for */
export function registerAppend(
  work: (name: string, description: string) => Command,
  runOrdered: (options: AppendOptions, order: BenchOrder) => Promise<void>,
): void {
  const append = work('append', 'append separate values: as batches that the caller builds, or one by one to a writer');
  withThreadsOption(withTimingOptions(withProducerOptions(withPlaceOptions(withLoadOptions(append))), 'appends'))
    .addOption(
      new Option(
        '--api <call>',
        'batch: the caller fills batches; write: single records to a writer, which gathers them; send: the same, waiting for the offset of each',
      )
        .choices(['batch', ...WRITER_CALLS])
        .default('batch'),
    )
    .option('--linger <ms>', "how long a writer's record waits for others", parseMilliseconds, DEFAULT_LINGER_MS)
    .option('--batch-bytes <n>', "the most bytes of a writer's batch (default: the writer's)", parsePositiveCount)
    .option(
      '--in-flight <n>',
      'records that may wait for their offsets with --api send',
      parsePositiveCount,
      DEFAULT_IN_FLIGHT,
    )
    .addOption(
      new Option(
        '--durability <how>',
        'when an append is done: in the page cache; after a sync of its own; after one that several appenders share. The last two take turns with a bare loop of writes and syncs, and append single records, 1000 and 20000, unless told otherwise',
      )
        .choices(DURABILITIES)
        .default('none'),
    )
    .option('--appenders <n>', 'how many append at the same time with --durability group', parsePositiveCount, 64)
    .action(async (options: AppendOptions, command: Command) => {
      checkTogether(options, command);
      const { durability, api } = options;
      if (durability !== 'none') return runDurable(options, durability, command);
      const writer = api === 'batch' ? {} : { writer: writerUse(options, api, command) };
      return runOrdered(options, { work: 'append', load: loadOf(options), use: { ...writer, ...timingOf(options) } });
    });
}
