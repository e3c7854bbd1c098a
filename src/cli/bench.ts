/** `seglog bench`: measures this machine on works that Kafka's own engine can be measured on too. */
import { type Command, Option } from 'commander';
import type { BenchOrder } from '../bench/order.ts';
import { runOrder } from '../bench/order.ts';
import { copyShareText } from '../bench/report.ts';
import { benchOnThreads } from '../bench/threads/threads.ts';
import { benchCompact, COMPACT_SEGMENT_BYTES } from '../bench/work/compact.ts';
import { benchCopy } from '../bench/work/copy.ts';
import { READ_WAYS, type ReadWay } from '../bench/work/looks.ts';
import { benchMixed, type MixedUse } from '../bench/work/mixed.ts';
import { benchOpen } from '../bench/work/open.ts';
import { benchOpenPartitions } from '../bench/work/open-partitions.ts';
import { benchTailLatency } from '../bench/work/tail-latency.ts';
import { parseCount, parsePositiveCount } from './arguments.ts';
import { registerAppend } from './bench-append.ts';
import {
  batchesOf,
  type BatchOptions,
  type CacheOptions,
  isGiven,
  type LoadOptions,
  loadOf,
  type PlaceOptions,
  type ProducerOptions,
  type ThreadOptions,
  type TimingOptions,
  timingOf,
  withBatchOptions,
  withCacheOption,
  withLoadOptions,
  withPlaceOptions,
  withProducerOptions,
  withThreadsOption,
  withTimingOptions,
} from './bench-options.ts';
import { runBench } from './bench-run.ts';

/** Adds a work to `seglog bench`. */
type AddWork = (name: string, description: string) => Command;

/** Runs what threads can do: on this one, or on so many others. */
async function runOrdered(
  options: PlaceOptions & ThreadOptions & Partial<CacheOptions>,
  order: BenchOrder,
): Promise<void> {
  const { threads, cache = 'warm' } = options;
  await runBench(
    options,
    (place) => (threads === undefined ? runOrder(place, order) : benchOnThreads(place, threads, order)),
    { cache },
  );
}

function registerReads(work: AddWork): void {
  const reading = (name: string, description: string): Command =>
    withThreadsOption(withCacheOption(withPlaceOptions(withLoadOptions(work(name, description)))));
  reading('read', 'read all records, checksums verified')
    .addOption(new Option('--as <way>', 'how records are looked at').choices(READ_WAYS).default('cursor'))
    .action(async (options: LoadOptions & CacheOptions & ThreadOptions & { as: ReadWay }) => {
      await runOrdered(options, { work: 'read', load: loadOf(options), as: options.as });
    });
  const seeking = (name: string, description: string, by: 'offset' | 'time', seeks: number): void => {
    withTimingOptions(reading(name, description), 'seeks')
      .option('--seeks <n>', 'how many a round', parsePositiveCount, seeks)
      .action(async (options: LoadOptions & CacheOptions & ThreadOptions & TimingOptions & { seeks: number }) => {
        const use = { seeks: options.seeks, by, ...timingOf(options) };
        await runOrdered(options, { work: 'seek', load: loadOf(options), use });
      });
  };
  seeking('seek', 'find the batches of random offsets and read their headers', 'offset', 200_000);
  seeking('seek-time', 'find the first records of random times', 'time', 20_000);
}

function registerOpening(work: AddWork): void {
  withCacheOption(
    withPlaceOptions(work('open', 'open a partition of many small segments, or many partitions, after a clean close')),
  )
    .option('--segments <n>', 'how many', parsePositiveCount, 10_000)
    .addOption(
      new Option('--partitions <n>', 'so many partitions in one log directory instead')
        .argParser(parsePositiveCount)
        .conflicts('segments'),
    )
    .action(async (options: PlaceOptions & CacheOptions & { segments: number; partitions?: number }) => {
      const { segments, partitions, cache } = options;
      await runBench(
        options,
        (place) => (partitions === undefined ? benchOpen(place, segments) : benchOpenPartitions(place, partitions)),
        { cache },
      );
    });
  const recover = work('recover', 'open a log as after an unclean stop, every byte gone over');
  withThreadsOption(withCacheOption(withProducerOptions(withPlaceOptions(withLoadOptions(recover))))).action(
    async (options: ProducerOptions & CacheOptions & ThreadOptions) => {
      await runOrdered(options, { work: 'recover', load: loadOf(options) });
    },
  );
}

interface CompactOptions extends PlaceOptions, BatchOptions {
  readonly records: number;
  readonly recordBytes: number;
  readonly distinctKeys: number;
  readonly segmentBytes: number;
}

function registerCompact(work: AddWork): void {
  withPlaceOptions(
    withBatchOptions(work('compact', 'compact the sealed segments of a log with keys key-N'))
      .option('--records <n>', 'records to append', parsePositiveCount, 5_000_000)
      .option('--record-bytes <n>', 'bytes of a value', parseCount, 100)
      .option('--distinct-keys <n>', 'how many keys there are', parsePositiveCount, 1_000_000)
      .option('--segment-bytes <n>', 'the most bytes of a segment', parsePositiveCount, COMPACT_SEGMENT_BYTES),
  ).action(async (options: CompactOptions) => {
    const { records, recordBytes, distinctKeys, segmentBytes } = options;
    const load = { records, recordBytes, distinctKeys, segmentBytes, ...batchesOf(options) };
    await runBench(options, (place) => benchCompact(place, load));
  });
}

/** Small enough that there is something to clean all the time. */
const MIXED_SEGMENT_BYTES = 16 << 20;
const MIXED_KEYS = 100_000;

function registerConcurrent(work: AddWork): void {
  const tail = work('tail-latency', 'time from when a batch is due to when a reader at the end of the log has it');
  withPlaceOptions(withLoadOptions(tail))
    .option('--rate <n>', 'batches a second', parsePositiveCount, 1000)
    .action(async (options: LoadOptions & { rate: number }, command: Command) => {
      const load = {
        ...loadOf(options),
        ...(isGiven(command, 'records') ? {} : { records: 5000 }),
        ...(isGiven(command, 'batchRecords') ? {} : { batchRecords: 1 }),
      };
      await runBench(options, (place) => benchTailLatency({ ...place, load }, options.rate));
    })
    .addHelpText('after', '\nUnless told otherwise 5000 batches of one record a round.');
  const mixed = work('mixed', 'append keyed records while readers follow the end and sealed segments are compacted');
  withTimingOptions(withPlaceOptions(withLoadOptions(mixed)), 'batches')
    .option('--readers <n>', 'how many readers follow the end', parseCount, 1)
    .addOption(
      new Option('--cleaner <where>', 'where compaction runs').choices(['worker', 'here', 'none']).default('worker'),
    )
    .action(async (options: LoadOptions & TimingOptions & Pick<MixedUse, 'readers' | 'cleaner'>) => {
      const { readers, cleaner } = options;
      const load = { keys: MIXED_KEYS, segmentBytes: MIXED_SEGMENT_BYTES, ...loadOf(options) };
      await runBench(options, (place) => benchMixed({ ...place, load }, { readers, cleaner, ...timingOf(options) }));
    })
    .addHelpText('after', `\nUnless told otherwise ${MIXED_KEYS} keys and segments of ${MIXED_SEGMENT_BYTES} bytes.`);
}

/** Adds `seglog bench` to the program. */
export function registerBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('measure appending, reading, seeking, opening, recovery and compaction on this machine');
  const work: AddWork = (name, description) => bench.command(name).description(description);
  registerAppend(work, runOrdered);
  registerReads(work);
  registerOpening(work);
  registerCompact(work);
  registerConcurrent(work);
  withPlaceOptions(
    withLoadOptions(work('copy', 'append, and copy as many bytes plainly to a fresh mapping, in turn (native engine)')),
  ).action(async (options: LoadOptions) => {
    const lines = await runBench(options, (place) => benchCopy({ ...place, load: loadOf(options) }), {
      linesPerRound: 2,
    });
    if (lines.length > 1) process.stderr.write(`${copyShareText(lines)}\n`);
  });
}
