/** What a log directory's own files say, for the checks of its partitions. */
import { join } from 'node:path';
import { SeglogError } from '../../../errors/errors.ts';
import { parsePartitionOffsets } from '../../../format/checkpoint.ts';
import { LOG_DIRECTORY_FILES } from '../../../format/names.ts';
import type { LogDirectoryFacts, VerifyContext } from '../facts.ts';
import { SmallFiles } from '../partition/small-files.ts';
import { textOf } from '../partition/text-lines.ts';

/** Reads the checkpoints and looks for the marker. Never raises for what the files hold: the directory's check tells of it. */
export function readLogDirectory({ fs }: VerifyContext, directory: string, isLive: boolean): LogDirectoryFacts {
  const files = new SmallFiles(fs);
  return {
    path: directory,
    isLive,
    isMarkedClean: fs.stat(join(directory, LOG_DIRECTORY_FILES.cleanShutdown)) !== undefined,
    recoveryPoints: readOffsets(files, join(directory, LOG_DIRECTORY_FILES.recoveryPoints)),
    logStartOffsets: readOffsets(files, join(directory, LOG_DIRECTORY_FILES.logStartOffsets)),
    highWatermarks: readOffsets(files, join(directory, LOG_DIRECTORY_FILES.highWatermarks)),
    cleanerOffsets: readOffsets(files, join(directory, LOG_DIRECTORY_FILES.cleanerOffsets)),
  };
}

function readOffsets(files: SmallFiles, path: string): ReadonlyMap<string, bigint> {
  const bytes = files.read(path);
  if (bytes === undefined) return new Map();
  try {
    const entries = parsePartitionOffsets(textOf(bytes), path);
    return new Map(entries.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
  } catch (error) {
    if (error instanceof SeglogError) return new Map();
    throw error;
  }
}

/** The same for one partition: other threads are not sent what is said of thousands of others. */
export function factsForPartition(facts: LogDirectoryFacts, name: string): LogDirectoryFacts {
  const only = (offsets: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> => {
    const offset = offsets.get(name);
    return offset === undefined ? new Map() : new Map([[name, offset]]);
  };
  return {
    ...facts,
    recoveryPoints: only(facts.recoveryPoints),
    logStartOffsets: only(facts.logStartOffsets),
    highWatermarks: only(facts.highWatermarks),
    cleanerOffsets: only(facts.cleanerOffsets),
  };
}
