/** Opens the log in a directory for writing: configuration, lock, loading. */
import { basename, dirname } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import { logConfig } from '../config/log-config.ts';
import { defaultEngine } from '../engine/select.ts';
import { parsePartitionDirectory } from '../format/names.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import type { SegmentContext } from '../segment/context.ts';
import { OpenSegments } from '../segment/open-segments.ts';
import { rebuildIndexes, scanSegmentSync } from '../segment/recover.ts';
import { type Loaded, type LoadRequest, loadLog } from './load/load.ts';
import { LogDirectory } from './log-directory.ts';
import type { LogOptions } from './options.ts';
import { PartitionLog } from './partition-log.ts';
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
 * @throws SeglogError as `Log.open`
 */
export async function openLog(directory: string, options: LogOptions, held?: LogDirectory): Promise<OpenedLog> {
  const {
    engine,
    fs,
    clock,
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
  const made = context.fs.makeDirectory(directory);
  const path = context.fs.realPath(directory);
  const partition = parsePartitionDirectory(basename(path));
  if (made) context.fs.syncDirectory(dirname(path));
  const logDirectory = held?.join(path) ?? (await LogDirectory.enter(context.engine, context.fs, path));
  try {
    const topicId = TopicId.load(context.fs, path, givenId);
    const checkpoint = logDirectory.checkpointOf(partition);
    const request: LoadRequest = {
      parentClean: logDirectory.wasClean(path),
      producerExpirationMs: producerIdExpirationMs ?? PRODUCER_EXPIRATION_MS,
      ...recovery,
      recoveryPoint: recovery?.recoveryPoint ?? checkpoint.recoveryPoint,
      logStartOffset: recovery?.logStartOffset ?? checkpoint.logStartOffset,
    };
    const loaded = await loadLog(context, path, request);
    const highWatermarkMode = highWatermark ?? 'follows-log-end';
    const log = new PartitionLog(
      { context, directory: path, partition, topicId, logDirectory, highWatermarkMode },
      loaded,
    );
    return { log, logDirectory, loaded, leaderEpoch: leaderEpoch ?? loaded.epochs.latest?.epoch ?? 0 };
  } catch (error) {
    await logDirectory.leave(path, false);
    throw error;
  }
}
