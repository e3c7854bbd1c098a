/** `seglog truncate`: cuts a log's end off. */
import type { Command } from 'commander';
import { parseLogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import type { Log } from '../log/log.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { ReadableLog } from '../log/readable-log.ts';
import { collectConfig, CONFIG_HELP, CONFIG_OPTION, parseOffset } from './arguments.ts';
import { tell } from './exit-codes.ts';
import { extentOf, type LogExtent, segmentsOf } from './log-extent.ts';
import { type Shortening, shorten } from './shorten.ts';

interface TruncateArguments {
  readonly to: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly config?: readonly (readonly [string, string])[];
}

/**
 * Where to cut so that no batch at or behind `to` is left: a batch goes whole, so the log ends where that one began. An
 * end within it would hold only until the log is opened again.
 *
 * @returns undefined when there is nothing to cut
 * @throws SeglogError `OFFSET_OUT_OF_RANGE` below the log start: that would empty the log, and is more likely a slip
 */
function cutOffset(log: ReadableLog, to: number): number | undefined {
  const { logStartOffset, logEndOffset } = log;
  if (to < logStartOffset) {
    throw new SeglogError('OFFSET_OUT_OF_RANGE', 'the log cannot be cut below its start', {
      expected: `at least ${logStartOffset}, which empties the log`,
      found: to,
    });
  }
  if (to >= logEndOffset) return undefined;
  const { baseOffset, lastOffset } = log.find(to) ?? { baseOffset: to, lastOffset: to };
  if (baseOffset >= to) return to;
  tell(`note: offset ${to} is within the batch of offsets ${baseOffset} to ${lastOffset}, which goes whole`);
  return baseOffset;
}

class Truncation implements Shortening {
  readonly #to: number;

  constructor(to: number) {
    this.#to = to;
  }

  foresee(reader: LogReader): LogExtent {
    const whole = extentOf(reader);
    const { logStartOffset } = whole;
    const offset = cutOffset(reader, this.#to);
    if (offset === undefined) return whole;
    if (offset < logStartOffset) return { logStartOffset, logEndOffset: logStartOffset, segments: 1, sizeBytes: 0 };
    const kept = segmentsOf(reader).filter(({ baseOffset }) => baseOffset <= offset);
    const last = kept.at(-1);
    const cut = reader.find(offset);
    const bytes = kept.reduce((total, { size }) => total + size, 0);
    const lost = last !== undefined && cut?.segmentBaseOffset === last.baseOffset ? last.size - cut.position : 0;
    return { logStartOffset, logEndOffset: offset, segments: kept.length, sizeBytes: bytes - lost };
  }

  async apply(log: Log): Promise<void> {
    const offset = cutOffset(log, this.#to);
    if (offset === undefined) tell(`note: the log ends at ${log.logEndOffset}; there is nothing to cut`);
    else if (offset >= log.logStartOffset) await log.truncateTo(offset);
    // The one batch that is left began below the log start: the log goes on at its start.
    else await log.truncateFullyAndStartAt(log.logStartOffset);
  }
}

async function truncate(
  directory: string,
  { to, dryRun = false, json = false, config }: TruncateArguments,
): Promise<void> {
  await shorten(directory, new Truncation(to), { config: parseLogConfig(config ?? []), dryRun, json });
}

/** Adds `truncate` to the program. */
export function registerTruncate(program: Command): void {
  program
    .command('truncate')
    .description(
      'cut the end of a log off, by whole batches; prints what was and what is. Nothing is kept of what goes',
    )
    .argument('<partition-dir>', 'the partition directory')
    .requiredOption('--to <offset>', 'the first offset that goes; its batch goes whole', parseOffset)
    .option('--dry-run', 'change nothing: print what would be')
    .option('--json', 'one JSON object: dir, dryRun, before, after')
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .action(truncate);
}
