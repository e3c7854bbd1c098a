/** `seglog compact`: keeps the last record of each key of a partition that nobody has open. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../clock/clock.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { CompactionResult } from '../log/cleaning/compaction.ts';
import { parsePositiveCount, parseTime } from './arguments.ts';
import { CompactProgress } from './compact-progress.ts';
import { tell } from './exit-codes.ts';
import { jsonText } from './json-line.ts';
import { counted, openForChanges, readerOfLog } from './open-log.ts';
import { Output } from './output.ts';
import { untilStopped } from './signals.ts';

interface CompactArguments {
  readonly now?: number;
  readonly segmentBytes?: number;
  readonly deleteRetentionMs?: number;
  readonly json?: boolean;
}

/** A compaction, and how long it took. */
interface Compacted extends CompactionResult {
  readonly directory: string;
  readonly now: number;
  readonly seconds: number;
}

const SECOND_MS = 1000;

async function compactDirectory(path: string, options: CompactArguments, signal: AbortSignal): Promise<Compacted> {
  const { now = systemClock.now(), segmentBytes, deleteRetentionMs } = options;
  // Opening makes a log where there is none: that is not what was asked for.
  readerOfLog(path).close();
  // Nothing is appended, so that nothing rolls; what the close finds waiting for its removal it removes.
  const log = await openForChanges(path, {
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    ...(deleteRetentionMs === undefined ? {} : { deleteRetentionMs }),
  });
  const progress = new CompactProgress(systemClock);
  try {
    const startedMs = systemClock.monotonicMs();
    const onProgress = progress.onProgress;
    const result = await log.compact({
      ...{ now, signal, minCompactionLagMs: 0 },
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const seconds = (systemClock.monotonicMs() - startedMs) / SECOND_MS;
    return { ...result, directory: log.directory, now, seconds };
  } finally {
    progress.stop();
    await log.close();
  }
}

const BOUNDS: Readonly<Record<CompactionResult['bound'], string>> = {
  'active-segment': 'the active segment',
  'last-stable-offset': 'the last stable offset',
  'min-lag': 'min.compaction.lag.ms',
};

function jsonLine(compacted: Compacted): string {
  const { directory, now, firstDirtyOffset, endOffset, bound, rounds, statistics, seconds } = compacted;
  const { recordsRead, recordsKept, superseded, tombstones, keyless, discarded } = statistics;
  const { segmentsBefore, segmentsAfter, bytesBefore, bytesAfter } = compacted;
  return `${jsonText({
    ...{ dir: basename(directory), now, from: firstDirtyOffset, to: endOffset, bound, rounds },
    ...{ segmentsBefore, segmentsAfter, bytesBefore, bytesAfter },
    ...{ recordsRead, recordsKept, superseded, tombstones, keyless, discarded },
    seconds: Math.round(seconds * SECOND_MS) / SECOND_MS,
  })}\n`;
}

function textLines(compacted: Compacted): string {
  const { directory, firstDirtyOffset, endOffset, bound, rounds, statistics, seconds } = compacted;
  const name = printable(basename(directory));
  const limit = BOUNDS[bound];
  if (rounds === 0) return `${name}: nothing to compact from offset ${firstDirtyOffset} up to ${limit}\n`;
  const { recordsRead, recordsKept, superseded, tombstones, keyless, discarded } = statistics;
  const { segmentsBefore, segmentsAfter, bytesBefore, bytesAfter } = compacted;
  const lines = [
    `${name}: offsets ${firstDirtyOffset} to ${endOffset - 1} compacted, up to ${limit}, in ${seconds.toFixed(3)} s`,
    `segments: ${segmentsBefore} before, ${segmentsAfter} after; ${counted(bytesBefore, 'byte')} before, ${bytesAfter} after`,
    `records: ${recordsRead} read, ${recordsKept} kept; ${superseded} superseded, ${counted(tombstones, 'tombstone')}, ` +
      `${keyless} without a key, ${discarded} aborted or markers`,
    ...(rounds > 1 ? [`rounds: ${rounds}, since there were more keys than the offset map takes`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

async function compact(directory: string, options: CompactArguments): Promise<void> {
  const finished = await untilStopped(async (signal) => {
    const compacted = await compactDirectory(directory, options, signal);
    const output = new Output(process.stdout);
    await output.write(options.json === true ? jsonLine(compacted) : textLines(compacted));
    await output.flush();
  });
  if (!finished) tell('stopped; what was compacted by then stays, the rest is as it was');
}

/** Adds `compact` to the program. */
export function registerCompact(program: Command): void {
  program
    .command('compact')
    .description(
      'keep the last record of each key: everything below the active segment, up to the last stable offset, is cleaned as ' +
        "Kafka's cleaner does it, whatever cleanup.policy and lags say; prints what went",
    )
    .argument('<partition-dir>', 'the partition directory')
    .option('--now <ms>', 'the time as of which tombstones and markers are due (default: now)', parseTime)
    .option('--segment-bytes <n>', 'join neighbouring segments up to this size (default: 1 GiB)', parsePositiveCount)
    .option(
      '--delete-retention-ms <n>',
      'for how long a tombstone stays once it was cleaned (default: a day)',
      parseTime,
    )
    .option('--json', 'one JSON object: offsets, segments, bytes, records kept and gone by reason, seconds')
    .action(compact);
}
