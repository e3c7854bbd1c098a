/** `seglog delete-records`: moves a log's start forward. */
import type { Command } from 'commander';
import { logConfig, parseLogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import { checkDeletePolicy } from '../log/append.ts';
import type { Log } from '../log/log.ts';
import type { LogReader } from '../log/log-reader.ts';
import { collectConfig, CONFIG_HELP, CONFIG_OPTION, parseOffsetOrAll } from './arguments.ts';
import { tell } from './exit-codes.ts';
import { extentOf, type LogExtent, segmentsOf } from './log-extent.ts';
import { type Shortening, shorten } from './shorten.ts';

/** Stands for the high watermark, as in Kafka. */
const ALL = -1;

interface DeleteRecordsArguments {
  readonly before: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly config?: readonly (readonly [string, string])[];
}

class Deletion implements Shortening {
  readonly #before: number;

  constructor(before: number) {
    this.#before = before;
  }

  foresee(reader: LogReader): LogExtent {
    const whole = extentOf(reader);
    const { logStartOffset, logEndOffset } = whole;
    const before = this.#before === ALL ? logEndOffset : this.#before;
    if (before > logEndOffset) {
      throw new SeglogError('OFFSET_OUT_OF_RANGE', 'the log start cannot be above the log end', {
        expected: `at most ${logEndOffset}`,
        found: before,
      });
    }
    if (before <= logStartOffset) return whole;
    const segments = segmentsOf(reader);
    // A segment ends where the next one begins; the last one stays.
    const kept = segments.filter((_, at) => (segments[at + 1]?.baseOffset ?? Infinity) > before);
    const sizeBytes = kept.reduce((total, { size }) => total + size, 0);
    return { logStartOffset: before, logEndOffset, segments: kept.length, sizeBytes };
  }

  async apply(log: Log): Promise<void> {
    const was = log.logStartOffset;
    const is = await log.deleteRecordsBefore(this.#before);
    if (is === was) tell(`note: the log starts at ${was}; there is nothing to delete`);
  }
}

async function deleteRecords(directory: string, options: DeleteRecordsArguments): Promise<void> {
  const { before, dryRun = false, json = false } = options;
  const config = parseLogConfig(options.config ?? []);
  // Before anything is opened: the log itself would say so after its recovery.
  checkDeletePolicy(logConfig(config), directory);
  await shorten(directory, new Deletion(before), { config, dryRun, json });
}

/** Adds `delete-records` to the program. */
export function registerDeleteRecords(program: Command): void {
  program
    .command('delete-records')
    .description(
      'move the start of a log forward; segments that are wholly below it are deleted; prints what was and what is',
    )
    .argument('<partition-dir>', 'the partition directory')
    .requiredOption('--before <offset>', 'the first offset that stays; -1: delete all', parseOffsetOrAll)
    .option('--dry-run', 'change nothing: print what would be')
    .option('--json', 'one JSON object: dir, dryRun, before, after')
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .action(deleteRecords);
}
