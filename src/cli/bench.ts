/** `seglog bench`: measures this machine on works that Kafka's own engine can be measured on too. */
import { parseCount, parsePositiveCount } from './arguments.ts';
import { tmpdir } from 'node:os';
import { type Command, Option } from 'commander';
import type { BenchLine } from '../bench/line.ts';
import { copyShareText, lineText, syncShareText } from '../bench/report.ts';
import { newScratch } from '../bench/scratch.ts';
import { benchAppend } from '../bench/work/append.ts';
import { benchCompact, type CompactLoad } from '../bench/work/compact.ts';
import { type BenchContext, type BenchPlace, SEGMENT_BYTES } from '../bench/work/context.ts';
import { benchCopy } from '../bench/work/copy.ts';
import { benchDurable } from '../bench/work/durable.ts';
import { PRODUCER_KINDS, type ProducerKind } from '../bench/work/load.ts';
import { READ_WAYS, type ReadWay } from '../bench/work/looks.ts';
import { benchOpen } from '../bench/work/open.ts';
import { benchOpenPartitions } from '../bench/work/open-partitions.ts';
import { benchRead } from '../bench/work/read.ts';
import { benchRecover } from '../bench/work/recover.ts';
import { benchSeek } from '../bench/work/seek.ts';
import { CODEC_IDS } from '../engine/contract.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import type { Codec } from '../log/options.ts';
import { Output } from './output.ts';
import { untilStopped } from './signals.ts';

/** The options of all works. */
interface PlaceOptions {
  readonly rounds: number;
  readonly dir?: string;
  readonly json?: boolean;
}

/** Those of works on a log of a given size. */
interface LoadOptions extends PlaceOptions {
  readonly records: number;
  readonly recordBytes: number;
  readonly batchRecords: number;
  readonly compression: Codec;
}

/** Those of works where it counts who appends. */
interface ProducerOptions extends LoadOptions {
  readonly producer: ProducerKind;
  readonly transactionBatches: number;
}

const DURABILITIES = ['none', 'fsync', 'group'] as const;

/** Those of appending. */
interface AppendOptions extends ProducerOptions {
  readonly durability: (typeof DURABILITIES)[number];
  readonly appenders: number;
}

/** A sync takes some milliseconds: as many records as without would take hours. */
const DURABLE_RECORDS = { fsync: 1000, group: 20_000 } as const;

function compressionOption(): Option {
  return new Option('--compression <codec>', 'how batches are compressed')
    .choices(Object.keys(CODEC_IDS))
    .default('none');
}

function withLoadOptions(command: Command): Command {
  return command
    .option('--records <n>', 'records to append', parsePositiveCount, 3_000_000)
    .option('--record-bytes <n>', 'bytes of a value', parseCount, 100)
    .option('--batch-records <n>', 'records a batch', parsePositiveCount, 1000)
    .addOption(compressionOption());
}

function withProducerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--producer <kind>', 'whether batches have sequences, and are in transactions')
        .choices(PRODUCER_KINDS)
        .default('none'),
    )
    .option('--transaction-batches <n>', 'batches a transaction', parsePositiveCount, 10);
}

function withPlaceOptions(command: Command): Command {
  return command
    .option('--rounds <n>', 'how often; the first rounds warm up', parsePositiveCount, 3)
    .option(
      '--dir <dir>',
      'scratch directory, replaced if it is ours and refused if not; the log in it is bench-0 (default: a temporary one)',
    )
    .option('--json', 'one JSON object a line');
}

/** Prints lines as they come; gives them back. Nobody reading any more ends the bench. */
async function print(json: boolean, lines: AsyncIterable<BenchLine>): Promise<BenchLine[]> {
  const output = new Output(process.stdout);
  const all: BenchLine[] = [];
  for await (const line of lines) {
    void output.write(`${json ? JSON.stringify(line) : lineText(line)}\n`);
    await output.flush();
    all.push(line);
    if (output.closed) break;
  }
  return all;
}

async function runBench(
  options: PlaceOptions,
  bench: (place: BenchPlace) => AsyncIterable<BenchLine>,
): Promise<BenchLine[]> {
  const engine = defaultEngine();
  const fs = nodeFileSystem;
  const directory = options.dir ?? newScratch(fs, tmpdir());
  let lines: BenchLine[] = [];
  try {
    await untilStopped(async (signal) => {
      const place = { engine, fs, directory, rounds: options.rounds, signal };
      lines = await print(options.json === true, bench(place));
    });
  } finally {
    if (options.dir === undefined) fs.removeTree(directory);
  }
  return lines;
}

function contextOf(place: BenchPlace, options: LoadOptions | ProducerOptions): BenchContext {
  const { records, recordBytes, batchRecords, compression } = options;
  const { producer, transactionBatches } =
    'producer' in options ? options : ({ producer: 'none', transactionBatches: 1 } as const);
  return { ...place, load: { records, recordBytes, batchRecords, compression, producer, transactionBatches } };
}

/** Appending with syncs: fewer records, and each a batch, unless the user says otherwise. */
async function runDurable(
  options: AppendOptions,
  durability: 'fsync' | 'group',
  isDefault: (option: keyof LoadOptions) => boolean,
): Promise<void> {
  const load = {
    ...options,
    ...(isDefault('records') ? { records: DURABLE_RECORDS[durability] } : {}),
    ...(isDefault('batchRecords') ? { batchRecords: 1 } : {}),
  };
  const appenders = durability === 'fsync' ? 1 : options.appenders;
  const lines = await runBench(options, (place) => benchDurable(contextOf(place, load), { durability, appenders }));
  if (lines.length > 1) process.stderr.write(`${syncShareText(lines)}\n`);
}

/** Adds `seglog bench` to the program. */
export function registerBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('measure appending, reading, seeking, opening, recovery and compaction on this machine');
  const work = (name: string, description: string): Command => bench.command(name).description(description);
  const loadWork = (name: string, description: string): Command =>
    withPlaceOptions(withLoadOptions(work(name, description)));

  withProducerOptions(loadWork('append', 'build batches from separate values and append them'))
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
      const { durability } = options;
      if (durability === 'none') await runBench(options, (place) => benchAppend(contextOf(place, options)));
      else await runDurable(options, durability, (option) => command.getOptionValueSource(option) === 'default');
    });
  loadWork('read', 'read all records, checksums verified')
    .addOption(new Option('--as <way>', 'how records are looked at').choices(READ_WAYS).default('cursor'))
    .action(async (options: LoadOptions & { as: ReadWay }) => {
      await runBench(options, (place) => benchRead(contextOf(place, options), options.as));
    });
  loadWork('seek', 'find the batches of random offsets and read their headers')
    .option('--seeks <n>', 'how many a round', parsePositiveCount, 200_000)
    .action(async (options: LoadOptions & { seeks: number }) => {
      await runBench(options, (place) => benchSeek(contextOf(place, options), options.seeks));
    });
  withPlaceOptions(work('open', 'open a partition of many small segments, or many partitions, after a clean close'))
    .option('--segments <n>', 'how many', parsePositiveCount, 10_000)
    .addOption(
      new Option('--partitions <n>', 'so many partitions in one log directory instead')
        .argParser(parsePositiveCount)
        .conflicts('segments'),
    )
    .action(async (options: PlaceOptions & { segments: number; partitions?: number }) => {
      const { segments, partitions } = options;
      await runBench(options, (place) =>
        partitions === undefined ? benchOpen(place, segments) : benchOpenPartitions(place, partitions),
      );
    });
  withProducerOptions(loadWork('recover', 'open a log as after an unclean stop, every byte gone over'))
    .option('--segment-bytes <n>', 'the most bytes of a segment', parsePositiveCount, SEGMENT_BYTES)
    .action(async (options: ProducerOptions & { segmentBytes: number }) => {
      await runBench(options, (place) => benchRecover(contextOf(place, options), options.segmentBytes));
    });
  withPlaceOptions(
    work('compact', 'compact the sealed segments, of 100 MiB, of a log with 1000 records a batch and keys key-N')
      .option('--records <n>', 'records to append', parsePositiveCount, 5_000_000)
      .option('--record-bytes <n>', 'bytes of a value', parseCount, 100)
      .option('--distinct-keys <n>', 'how many keys there are', parsePositiveCount, 1_000_000)
      .addOption(compressionOption()),
  ).action(async (options: PlaceOptions & CompactLoad) => {
    await runBench(options, (place) => benchCompact(place, options));
  });
  loadWork('copy', 'append, and copy as many bytes plainly to a fresh mapping, in turn (native engine)').action(
    async (options: LoadOptions) => {
      const lines = await runBench(options, (place) => benchCopy(contextOf(place, options)));
      if (lines.length > 1) process.stderr.write(`${copyShareText(lines)}\n`);
    },
  );
}
