/** `seglog offsets`: from moments to offsets. */
import type { Command } from 'commander';
import { LogReader } from '../log/log-reader.ts';
import { parseInt64 } from './arguments.ts';
import { tell, usageError } from './exit-codes.ts';
import { Output } from './output.ts';

/** Timestamps that ask for something else, as in Kafka. */
const LATEST = -1n;
const EARLIEST = -2n;
const MAX_TIMESTAMP = -3n;
const NAMES: ReadonlyMap<bigint, string> = new Map([
  [EARLIEST, 'earliest'],
  [LATEST, 'latest'],
  [MAX_TIMESTAMP, 'max-timestamp'],
]);

interface OffsetsArguments {
  readonly timestamp?: readonly bigint[];
  readonly json?: boolean;
}

interface Answer {
  readonly offset: number;
  readonly foundTimestamp: number;
}

const NOTHING: Answer = { offset: -1, foundTimestamp: -1 };

function answer(reader: LogReader, timestamp: bigint): Answer {
  if (timestamp === EARLIEST) return { offset: reader.logStartOffset, foundTimestamp: -1 };
  if (timestamp === LATEST) return { offset: reader.logEndOffset, foundTimestamp: -1 };
  if (timestamp === MAX_TIMESTAMP) return asAnswer(reader.maxTimestamp());
  // Beyond 2^53 the number is rounded, but stays above every timestamp that a log here can hold.
  const { found, endedAtSegment } = reader.lookupTimestamp(Number(timestamp));
  if (endedAtSegment !== undefined) {
    tell(
      `note: the search for ${timestamp} ended at ${endedAtSegment}: it has no timestamps, and counts with its file's time, as in Kafka`,
    );
  }
  return asAnswer(found);
}

function asAnswer(found: { readonly offset: number; readonly timestamp: number } | undefined): Answer {
  return found === undefined ? NOTHING : { offset: found.offset, foundTimestamp: found.timestamp };
}

function line(timestamp: bigint, { offset, foundTimestamp }: Answer, json: boolean): string {
  if (json) return `{"timestamp":${timestamp},"offset":${offset},"foundTimestamp":${foundTimestamp}}\n`;
  const name = NAMES.get(timestamp);
  return `timestamp: ${timestamp}${name === undefined ? '' : ` (${name})`} offset: ${offset} foundTimestamp: ${foundTimestamp}\n`;
}

async function offsets(directory: string, options: OffsetsArguments): Promise<void> {
  const asked = options.timestamp ?? [EARLIEST, LATEST, MAX_TIMESTAMP];
  const odd = asked.find((timestamp) => timestamp < MAX_TIMESTAMP);
  if (odd !== undefined)
    throw usageError(
      `--timestamp takes milliseconds since 1970, or -1 (latest), -2 (earliest), -3 (max-timestamp); found ${odd}`,
    );
  const reader = LogReader.open(directory, { onWarning: (warning) => tell(`note: ${warning}`) });
  try {
    const output = new Output(process.stdout);
    for (const timestamp of asked)
      await output.write(line(timestamp, answer(reader, timestamp), options.json === true));
    await output.flush();
  } finally {
    reader.close();
  }
}

/** Adds `offsets` to the program. */
export function registerOffsets(program: Command): void {
  program
    .command('offsets')
    .description(
      'print the first offset at or after each timestamp; without any, the earliest, the latest and that of the largest timestamp',
    )
    .argument('<partition-dir>', 'the partition directory')
    .option(
      '--timestamp <ms>',
      'ms since 1970, or -1 latest, -2 earliest, -3 max-timestamp; may repeat',
      (text: string, previous?: bigint[]) => [...(previous ?? []), parseInt64(text)],
    )
    .option('--json', 'one JSON object a line: timestamp, offset, foundTimestamp')
    .action(offsets);
}
