/** Opens the log in a directory for writing: configuration, lock, loading. */
import { basename, dirname } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import { logConfig } from '../config/log-config.ts';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import { parsePartitionDirectory } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import type { SegmentContext } from '../segment/context.ts';
import type { Measured } from '../metrics/measures.ts';
import { OpenSegments } from '../segment/open-segments.ts';
import { rebuildIndexes, scanSegmentSync } from '../segment/recover.ts';
import { type Loaded, type LoadRequest, loadLog } from './load/load.ts';
import { LogDirectory } from './log-directory.ts';
import { LogObserver } from './observer.ts';
import type { LogOptions } from './options.ts';
import { PartitionLog } from './partition-log.ts';
import { statusOf } from './status.ts';
import { ifThereIsSpace } from './tolerated.ts';
import { TopicId } from './topic-id.ts';

/** `producer.id.expiration.ms`. */
const PRODUCER_EXPIRATION_MS = 86_400_000;

/** A log that is open, and how it was found. */
export interface OpenedLog {
  readonly log: PartitionLog;
  readonly logDirectory: LogDirectory;
  readonly loaded: Loaded;
  readonly leaderEpoch: number;
}

/**
 * Makes the directory if there is none, locks its log directory (unless a store has: `held`), and loads what is there.
 *
 * @param measured where it counts what it does; a log that is open by itself counts for itself
 * @throws SeglogError as `Log.open`
 */
export async function openLog(
  directory: string,
  options: LogOptions,
  held?: LogDirectory,
  measured?: Measured,
): Promise<OpenedLog> {
  const {
    engine,
    fs,
    clock,
    logger,
    recovery,
    highWatermark,
    leaderEpoch,
    topicId: givenId,
    producerIdExpirationMs,
    ...given
  } = options;
  const config = logConfig(given);
  const context: SegmentContext = {
    engine: engine ?? defaultEngine(),
    fs: fs ?? nodeFileSystem,
    clock: clock ?? systemClock,
    config,
    open: new OpenSegments(),
    repairIndexes(at, baseOffset) {
      rebuildIndexes(context, at, baseOffset, scanSegmentSync(context, at, baseOffset));
    },
  };
  if (held !== undefined) refuseLink(context.fs, directory);
  const made = context.fs.makeDirectory(directory);
  const path = context.fs.realPath(directory);
  const partition = parsePartitionDirectory(basename(path));
  if (made) context.fs.syncDirectory(dirname(path));
  const logDirectory = held?.join(path) ?? (await LogDirectory.enter(context.engine, context.fs, path));
  try {
    const observer = new LogObserver(context.clock, partition, logger, measured);
    const startedMs = observer.begin();
    const topicId = TopicId.load(context.fs, path, givenId);
    const checkpoint = logDirectory.checkpointOf(partition);
    const request: LoadRequest = {
      parentClean: logDirectory.wasClean(path, partition),
      producerExpirationMs: producerIdExpirationMs ?? PRODUCER_EXPIRATION_MS,
      ...recovery,
      recoveryPoint: recovery?.recoveryPoint ?? checkpoint.recoveryPoint,
      logStartOffset: recovery?.logStartOffset ?? checkpoint.logStartOffset,
    };
    const loaded = await loadLog(context, path, request);
    const highWatermarkMode = highWatermark ?? 'follows-log-end';
    const log = new PartitionLog(
      { context, directory: path, partition, topicId, logDirectory, highWatermarkMode, observer },
      loaded,
    );
    // What is appended behind the log end is not on the disk, whatever was there before it was cut.
    const isTooHigh = !log.isReadOnly && (checkpoint.recoveryPoint ?? 0) > loaded.logEndOffset;
    if (isTooHigh) ifThereIsSpace(() => log.checkpoint.write());
    // Nor was it cleaned.
    if (!log.isReadOnly) ifThereIsSpace(() => logDirectory.capCleanerOffset(partition, loaded.logEndOffset));
    observer.opened(startedMs, statusOf(log, loaded.recovery));
    return { log, logDirectory, loaded, leaderEpoch: leaderEpoch ?? loaded.epochs.latest?.epoch ?? 0 };
  } catch (error) {
    await logDirectory.leave(path, false);
    throw error;
  }
}

/** A store has locked the parent alone: what a link in it leads to may be in use elsewhere. */
function refuseLink(fs: FileSystem, directory: string): void {
  const stat = fs.stat(directory);
  if (stat === undefined || stat.isDirectory) return;
  throw new SeglogError('NOT_A_REGULAR_FILE', 'there is no directory of its own in the place of a partition', {
    file: directory,
    expected: 'a directory',
    found: stat.isFile ? 'a file' : 'a link, or something else',
    action: 'Move the directory that is meant to this place, or add the log directory that it is in to the store',
  });
}
