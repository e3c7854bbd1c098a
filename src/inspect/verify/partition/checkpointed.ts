/** What the log directory's checkpoints say of one partition, against its log. */
import { join } from 'node:path';
import { LOG_DIRECTORY_FILES } from '../../../format/names.ts';
import type { Finding } from '../../findings/finding.ts';
import type { PartitionFindingCode } from '../../findings/partition-findings.ts';
import type { LogDirectoryFacts } from '../facts.ts';
import type { PartitionExtent } from './extent.ts';
import type { SmallFiles } from './small-files.ts';
import { textOf } from './text-lines.ts';
import { told } from './told.ts';

/** The offsets that checkpoints have for one partition. */
export interface Checkpointed {
  readonly recoveryPoint: bigint | undefined;
  readonly logStart: bigint | undefined;
  readonly highWatermark: bigint | undefined;
  readonly cleanerOffset: bigint | undefined;
}

/** What is known of a partition of that name; nothing without a log directory. */
export function checkpointedOf(logDirectory: LogDirectoryFacts | undefined, name: string): Checkpointed {
  return {
    recoveryPoint: logDirectory?.recoveryPoints.get(name),
    logStart: logDirectory?.logStartOffsets.get(name),
    highWatermark: logDirectory?.highWatermarks.get(name),
    cleanerOffset: logDirectory?.cleanerOffsets.get(name),
  };
}

/** Offsets outside of the log. Nothing is compared with an end that is not known. */
export function* checkCheckpointed(
  logDirectory: LogDirectoryFacts,
  name: string,
  extent: PartitionExtent,
  files: SmallFiles,
): Generator<Finding, void> {
  const { recoveryPoint, logStart, highWatermark, cleanerOffset } = checkpointedOf(logDirectory, name);
  const { logEnd, firstBase, segments } = extent;
  const tell = (code: PartitionFindingCode, file: string, expected: string, found: bigint): Finding => {
    const path = join(logDirectory.path, file);
    const message = `partition ${name}`;
    return told(code, path, { position: positionOf(files, path, name), expected, found, message });
  };
  const isBeyond = (offset: bigint): boolean => logEnd !== undefined && offset > logEnd;
  const isBelow = (offset: bigint): boolean => segments.length > 0 && offset < firstBase;
  const { recoveryPoints, logStartOffsets, highWatermarks, cleanerOffsets } = LOG_DIRECTORY_FILES;
  const most = `at most ${logEnd}`;
  const least = `from ${firstBase} on`;
  if (recoveryPoint !== undefined && isBeyond(recoveryPoint)) {
    yield tell('RECOVERY_POINT_BEYOND_END', recoveryPoints, most, recoveryPoint);
  }
  if (logStart !== undefined) {
    if (isBeyond(logStart)) yield tell('LOG_START_BEYOND_END', logStartOffsets, most, logStart);
    else if (isBelow(logStart)) yield tell('LOG_START_BELOW_FIRST_SEGMENT', logStartOffsets, least, logStart);
  }
  if (highWatermark !== undefined) {
    if (isBeyond(highWatermark)) yield tell('HIGH_WATERMARK_BEYOND_END', highWatermarks, most, highWatermark);
    // A broker at work moves the log start before it writes the file.
    else if (isBelow(highWatermark) && !logDirectory.isLive) {
      yield tell('HIGH_WATERMARK_BELOW_LOG_START', highWatermarks, least, highWatermark);
    }
  }
  if (cleanerOffset !== undefined && isBeyond(cleanerOffset)) {
    yield tell('CLEANER_OFFSET_OUTSIDE', cleanerOffsets, most, cleanerOffset);
  }
}

/** Where the line of a partition starts; the file was read before, so what it takes now is little. */
function positionOf(files: SmallFiles, path: string, name: string): number | undefined {
  const bytes = files.read(path);
  if (bytes === undefined) return undefined;
  const text = textOf(bytes);
  const dash = name.lastIndexOf('-');
  const head = `${name.slice(0, dash)} ${name.slice(dash + 1)} `;
  // Entries come behind two lines, so each has a line feed before it.
  const before = text.lastIndexOf(`\n${head}`);
  return before === -1 ? undefined : before + 1;
}
