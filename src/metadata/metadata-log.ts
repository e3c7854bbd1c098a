/** The metadata log of one node that is its own controller, open for writing: `__cluster_metadata-0`. */
import { dirname, join } from 'node:path';
import { LOG_DIRECTORY_FILES, METADATA_TOPIC_ID, QUORUM_STATE } from '../format/names.ts';
import { printQuorumState } from '../format/quorum-state.ts';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { LogDirectory } from '../log/log-directory.ts';
import { Log } from '../log/log.ts';
import type { LogOptions } from '../log/options.ts';
import { type Epoch, MAX_INT32, type Offset, type TimestampMs } from '../units/units.ts';
import { BatchSequence, type LaidBatch, leaderChange } from './batches.ts';
import {
  BOOTSTRAP,
  firstRecords,
  newBootstrap,
  readBootstrap,
  registerBroker,
  type Registration,
} from './bootstrap.ts';
import { MetadataImage } from './image.ts';
import { imageRecords } from './image-records.ts';
import { type MetadataOwner, readQuorumState } from './one-node.ts';
import { decodeRecord } from './record.ts';
import type { MetadataEnvironment, ReplayedMetadata } from './replay.ts';
import { firstKept, listSnapshots, printSnapshot, snapshotName } from './snapshot.ts';

const HALF_DONE = /^(?:quorum-state|\d{20}-\d{10}\.checkpoint)\.tmp$/;
const DAY_MS = 24 * 60 * 60 * 1000;
/** As a broker has it: `metadata.log.segment.bytes` and `.ms`. Nothing goes by retention: snapshots say what may go. */
const LOG_CONFIG: LogOptions = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: 7 * DAY_MS,
  maxMessageBytes: MAX_INT32,
  retentionMs: Infinity,
  retentionBytes: Infinity,
};

/** When snapshots are made, and which are kept; Kafka's names and values in {@link SNAPSHOT_DEFAULTS}. */
export interface SnapshotSettings {
  /** `metadata.log.max.record.bytes.between.snapshots`. */
  readonly maxBytesBetween: number;
  /** `metadata.log.max.snapshot.interval.ms`; 0: never for time. */
  readonly maxIntervalMs: number;
  /** `metadata.max.retention.bytes`, of the log and its snapshots together. */
  readonly retentionBytes: number;
  /** `metadata.max.retention.ms`. */
  readonly retentionMs: number;
}

/** Kafka's. */
export const SNAPSHOT_DEFAULTS: SnapshotSettings = {
  maxBytesBetween: 20 * 1024 * 1024,
  maxIntervalMs: 60 * 60 * 1000,
  retentionBytes: 100 * 1024 * 1024,
  retentionMs: 7 * DAY_MS,
};

/** What the log is opened with. */
export interface MetadataLogOptions {
  readonly environment: MetadataEnvironment;
  readonly owner: MetadataOwner;
  readonly settings: SnapshotSettings;
  /** What reading it has given; undefined where there is none yet. */
  readonly replayed: ReplayedMetadata | undefined;
}

/** The log. One change at a time: whoever appends waits before the next. */
export class MetadataLog {
  readonly #environment: MetadataEnvironment;
  readonly #settings: SnapshotSettings;
  readonly #nodeId: number;
  readonly #log: Log;
  #image: MetadataImage;
  /** Of the last batch. */
  #lastEpoch: Epoch;
  /** The one that this process leads in; undefined until it has something to say. */
  #epoch: Epoch | undefined;
  #hasLed = false;
  #isWithinTransaction: boolean;
  readonly #voters: ReplayedMetadata['voters'];
  /** Up to where the image has the log. */
  #appliedEnd: Offset;
  #snapshotEnd: Offset;
  #bytesBehind: number;
  #firstTimestampMs: TimestampMs | undefined;
  #lastTimestampMs: TimestampMs;

  private constructor(log: Log, { environment, owner, settings, replayed }: MetadataLogOptions) {
    this.#log = log;
    this.#environment = environment;
    this.#settings = settings;
    this.#nodeId = owner.nodeId;
    this.#image = replayed?.image ?? new MetadataImage();
    this.#lastEpoch = replayed?.epoch ?? -1;
    this.#isWithinTransaction = replayed?.isWithinTransaction ?? false;
    this.#voters = replayed?.voters ?? [];
    this.#appliedEnd = replayed?.logEndOffset ?? 0;
    this.#snapshotEnd = replayed?.snapshot?.endOffset ?? 0;
    this.#bytesBehind = replayed?.bytesBehind ?? 0;
    this.#firstTimestampMs = replayed?.firstTimestampMs;
    this.#lastTimestampMs = replayed?.lastTimestampMs ?? 0;
  }

  /**
   * Opens the log in a log directory that a store holds, or makes it. What a torn append has left is cut; else nothing of it
   * changes until something is appended.
   *
   * @param directory - its own, `__cluster_metadata-0` in the log directory
   * @throws SeglogError as `Log.open`; `TOPIC_ID_MISMATCH`; `LOG_CORRUPT` when it does not end where it was read to
   */
  static async open(held: LogDirectory, directory: string, options: MetadataLogOptions): Promise<MetadataLog> {
    const { engine, fs, clock } = options.environment;
    const isThere = fs.stat(directory) !== undefined;
    if (isThere) removeHalfDone(fs, directory);
    const logStartOffset = isThere ? listSnapshots(fs, directory)[0]?.endOffset : undefined;
    const recovery = logStartOffset === undefined ? {} : { logStartOffset };
    const { log } = await Log.openHeld(held, directory, {
      ...LOG_CONFIG,
      ...{ engine, fs, clock, recovery, topicId: METADATA_TOPIC_ID },
    });
    const readTo = options.replayed?.logEndOffset ?? 0;
    if (log.logEndOffset !== readTo) {
      const found = log.logEndOffset;
      await log.close();
      throw endsElsewhere(directory, readTo, found);
    }
    return new MetadataLog(log, options);
  }

  /** What the log says, changes included that were appended here. */
  get image(): MetadataImage {
    return this.#image;
  }

  /** Its directory. */
  get directory(): string {
    return this.#log.directory;
  }

  /** The offset that the next record will have. */
  get logEndOffset(): Offset {
    return this.#log.logEndOffset;
  }

  /**
   * Appends records that count together or not at all, and brings them to the disk. The first append of a process begins an
   * epoch: as its leader, which its one vote has made it.
   *
   * @param name - what they are, for people; seen where they take more than one batch
   * @throws SeglogError (as a rejection) what keeps a record from being read again, and nothing was appended; `IO`: whether they
   * are on the disk is known to nobody then if it was the sync that failed, and the log is offline
   */
  async append(values: readonly Uint8Array[], name: string): Promise<void> {
    if (values.length === 0) return;
    await this.#append((batches) => {
      batches.atomic(values, name);
      return values;
    });
  }

  /**
   * Appends what a new cluster begins with, and `values` with it, in one transaction: what `bootstrap.checkpoint` beside the log's
   * directory says; where it is not there it is written before.
   *
   * @throws SeglogError as {@link MetadataLog.append} and `readBootstrap`
   */
  async begin(registration: Registration, values: readonly Uint8Array[]): Promise<void> {
    const { engine, fs, clock } = this.#environment;
    const file = join(dirname(this.directory), LOG_DIRECTORY_FILES.bootstrap);
    const found = readBootstrap(fs, engine, file);
    const bootstrap = found ?? newBootstrap();
    if (found === undefined) {
      const times = { epoch: 0, lastTimestampMs: 0, nowMs: clock.now() };
      fs.replaceSmall(file, printSnapshot(engine, times, [], bootstrap.values));
    }
    await this.#append((batches) => {
      const first = firstRecords(bootstrap);
      // One record more begins the transaction.
      const registered = registerBroker(registration, batches.nextOffset + 1 + first.length);
      const all = [...first, registered, ...values];
      batches.transaction(all, BOOTSTRAP);
      return all;
    });
  }

  async #append(lay: (batches: BatchSequence) => readonly Uint8Array[]): Promise<void> {
    const { engine, clock } = this.#environment;
    this.#log.checkAppendable();
    const nowMs = clock.now();
    const epoch = this.#epoch ?? this.#newEpoch();
    const sequence = new BatchSequence(engine, this.#log.logEndOffset, epoch, nowMs, this.#isWithinTransaction);
    if (!this.#hasLed) sequence.control(leaderChange(this.#nodeId));
    if (this.#isWithinTransaction) sequence.abortTransaction('its writer has ended');
    const image = this.#changed(lay(sequence));
    if (this.#epoch === undefined) this.#claim(epoch);
    for (const batch of sequence.batches) await this.#appendBatch(batch, epoch, nowMs);
    this.#image = image;
    this.#appliedEnd = this.#log.logEndOffset;
  }

  /**
   * Each is on the disk before the next is written: pages reach it in any order, so that a crash could leave the next one behind a
   * hole, which looks like damage of what was promised.
   */
  async #appendBatch({ bytes, isWithinTransaction }: LaidBatch, epoch: Epoch, nowMs: TimestampMs): Promise<void> {
    await this.#log.appendEncoded(bytes, 'given', { leaderEpoch: epoch });
    this.#hasLed = true;
    this.#isWithinTransaction = isWithinTransaction;
    this.#lastEpoch = epoch;
    this.#bytesBehind += bytes.length;
    this.#firstTimestampMs ??= nowMs;
    this.#lastTimestampMs = nowMs;
    await this.#log.flush();
  }

  /** What the log says with records that are not in it yet. Nothing may reach the disk that reading it would refuse. */
  #changed(values: readonly Uint8Array[]): MetadataImage {
    const image = this.#image.copy();
    try {
      for (const value of values) image.apply(decodeRecord(value));
    } catch (error) {
      throw refusedRecord(error, this.directory, this.logEndOffset);
    }
    return image;
  }

  /** Whether so many bytes, or so much time, have come since the last snapshot that there should be another one. */
  get isSnapshotDue(): boolean {
    const { maxBytesBetween, maxIntervalMs } = this.#settings;
    if (this.#bytesBehind >= maxBytesBetween) return true;
    if (maxIntervalMs === 0 || this.#firstTimestampMs === undefined) return false;
    return this.#environment.clock.now() - this.#firstTimestampMs >= maxIntervalMs;
  }

  /**
   * Writes a snapshot of all that was appended, unless a transaction of a writer that has died is still to be aborted: its
   * AbortTransaction would be behind the snapshot, and its BeginTransaction nowhere, which Kafka refuses. Then removes what need not be kept: the oldest snapshots, and the segments that
   * are wholly below the oldest one that stays.
   *
   * @throws SeglogError (as a rejection) `IO`; the log is as it was then
   */
  async snapshot(): Promise<void> {
    const { engine, fs, clock } = this.#environment;
    const endOffset = this.#appliedEnd;
    if (this.#isWithinTransaction) return;
    // While an append is being synced the image is behind the log.
    if (endOffset === this.#snapshotEnd || endOffset !== this.#log.logEndOffset) return;
    const id = { endOffset, epoch: this.#lastEpoch };
    const times = { epoch: id.epoch, lastTimestampMs: this.#lastTimestampMs, nowMs: clock.now() };
    const bytes = printSnapshot(engine, times, this.#voters, imageRecords(this.image));
    fs.replaceSmall(join(this.directory, snapshotName(id)), bytes);
    this.#snapshotEnd = endOffset;
    this.#bytesBehind = 0;
    this.#firstTimestampMs = undefined;
    await this.#removeOld();
  }

  async #removeOld(): Promise<void> {
    const { fs, clock } = this.#environment;
    const { retentionBytes, retentionMs } = this.#settings;
    const snapshots = listSnapshots(fs, this.directory);
    const logBytes = this.#log.status().sizeBytes;
    const first = firstKept(fs, snapshots, { logBytes, retentionBytes, leastTimeMs: clock.now() - retentionMs });
    if (first === 0) return;
    // The log start first: a log that begins below its oldest snapshot is one that nobody can read on from.
    await this.#log.deleteRecordsBefore(snapshots[first]?.endOffset ?? 0);
    for (const { path } of snapshots.slice(0, first)) fs.remove(path);
    fs.syncDirectory(this.directory);
  }

  /** All that it says is on the disk once this resolves, also what a process had no time to sync. @throws SeglogError `IO` */
  flush(): Promise<void> {
    return this.#log.flush();
  }

  /** Closes the log. A second call does nothing. @throws SeglogError `IO` */
  close(): Promise<void> {
    return this.#log.close();
  }

  /** The epoch to append in. */
  #newEpoch(): Epoch {
    const voted = readQuorumState(this.#environment.fs, this.directory)?.leaderEpoch ?? 0;
    return Math.max(voted, this.#lastEpoch, 0) + 1;
  }

  /** It is in `quorum-state` before anything is in the log: an epoch has one leader, once. */
  #claim(epoch: Epoch): void {
    const version = this.#voters.length === 0 ? 0 : 1;
    const state = { leaderId: this.#nodeId, leaderEpoch: epoch, votedId: -1, currentVoters: [this.#nodeId] };
    this.#environment.fs.replaceSmall(join(this.directory, QUORUM_STATE), printQuorumState(version, state));
    this.#epoch = epoch;
  }
}

function endsElsewhere(file: string, expected: Offset, found: Offset): SeglogError {
  return new SeglogError('LOG_CORRUPT', 'the metadata log does not end where it was read to', {
    ...{ file, expected, found },
    action: 'Stop whoever else writes to it, and try again; look at it with `seglog dump --decode metadata`',
  });
}

/** Only seglog itself can be wrong here: the reason goes with it. */
function refusedRecord(error: unknown, file: string, logEndOffset: Offset): SeglogError {
  if (!(error instanceof SeglogError)) throw error;
  const { code, expected, found } = error;
  return new SeglogError(code, 'a record is not written into the metadata log: nobody could read it again', {
    ...{ file, baseOffset: logEndOffset, cause: error },
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    action: 'Nothing was appended. This is a mistake in seglog: please tell its authors',
  });
}

/** What a crash left that came before a rename: a snapshot, or a `quorum-state`. */
function removeHalfDone(fs: FileSystem, directory: string): void {
  for (const name of fs.list(directory)) if (HALF_DONE.test(name)) fs.remove(join(directory, name));
}
