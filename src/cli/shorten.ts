/** What `truncate` and `delete-records` have in common: look, do or only tell, and print what was and what is. */
import type { LogConfig } from '../config/log-config.ts';
import type { Log } from '../log/log.ts';
import type { LogReader } from '../log/log-reader.ts';
import { tell } from './exit-codes.ts';
import { behindEnd } from './log-end.ts';
import { changeLines, extentOf, type LogChange, type LogExtent } from './log-extent.ts';
import { openForChanges, readerOfLog } from './open-log.ts';
import { Output } from './output.ts';

/** One way of making a log shorter. */
export interface Shortening {
  /** What the log would be. @throws SeglogError when it is not to be done */
  foresee(reader: LogReader): LogExtent;
  /** Does it. @throws SeglogError when it is not to be done */
  apply(log: Log): Promise<void>;
}

/** How, and what is printed. */
interface ShortenOptions {
  readonly config: Partial<LogConfig>;
  readonly dryRun: boolean;
  readonly json: boolean;
}

function extentNow(directory: string): LogExtent {
  const reader = readerOfLog(directory);
  try {
    return extentOf(reader);
  } finally {
    reader.close();
  }
}

function foreseen(directory: string, shortening: Shortening): LogChange {
  const reader = readerOfLog(directory);
  try {
    const { fault, torn } = behindEnd(reader);
    const cut = fault ?? torn;
    if (cut !== undefined) tell(`note: opening the log for changes would cut it first: ${cut.message}`);
    return { directory: reader.directory, dryRun: true, before: extentOf(reader), after: shortening.foresee(reader) };
  } finally {
    reader.close();
  }
}

async function applied(directory: string, shortening: Shortening, config: Partial<LogConfig>): Promise<LogChange> {
  // Opening makes a log where there is none: that is not what was asked for.
  readerOfLog(directory).close();
  const log = await openForChanges(directory, config);
  let before: LogExtent;
  try {
    const { logStartOffset, logEndOffset, segments, sizeBytes } = log.status();
    before = { logStartOffset, logEndOffset, segments, sizeBytes };
    await shortening.apply(log);
  } finally {
    await log.close();
  }
  // What whoever opens it next will find.
  return { directory: log.directory, dryRun: false, before, after: extentNow(directory) };
}

/** Makes the log shorter, or tells what that would do, and prints it. */
export async function shorten(directory: string, shortening: Shortening, options: ShortenOptions): Promise<void> {
  const change = options.dryRun
    ? foreseen(directory, shortening)
    : await applied(directory, shortening, options.config);
  const output = new Output(process.stdout);
  await output.write(changeLines(change, options.json));
  await output.flush();
}
