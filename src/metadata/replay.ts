/**
 * Reads the metadata log, and changes nothing: the latest snapshot, then the log behind it.
 *
 *     control    LeaderChange, KRaftVersion, KRaftVoters
 *     batch      counts whole, or not at all
 *     Begin ...  records of a transaction count when its end is there; the last one may have no end: its writer is dead
 *
 * An append that a crash tore is not there: nothing valid follows it. Anything else that cannot be read is damage, and raises.
 */
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { logConfig } from '../config/log-config.ts';
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { CONTROL_TYPES, controlTypeOf } from '../format/control-record.ts';
import { segmentFileName, SUFFIXES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { listSegments } from '../log/load/segment-files.ts';
import { LogReader } from '../log/log-reader.ts';
import { LeaderChangeMessage, VotersRecord } from '../message/generated/control.ts';
import { readMessage } from '../message/read.ts';
import { MessageReader } from '../message/reader.ts';
import type { LogRecord, RecordBatch } from '../record/record-batch.ts';
import { hasBatchBehind } from '../segment/batch-behind.ts';
import { OpenSegments } from '../segment/open-segments.ts';
import type { Epoch, Offset, TimestampMs } from '../units/units.ts';
import type { ControlRecord } from './batches.ts';
import { MetadataImage } from './image.ts';
import { decodeRecord, type MetadataRecord } from './record.ts';
import { RECORD_TYPES } from './record-types.ts';
import { listSnapshots, placed, readSnapshot, type RecordPlace, type SnapshotId } from './snapshot.ts';

const ACTION = 'Nothing was changed. Look at it with `seglog dump --decode metadata`, and restore it from a copy';

/** What reading stands on. */
export interface MetadataEnvironment {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
}

/** What the metadata log says, and how far it goes. */
export interface ReplayedMetadata {
  readonly image: MetadataImage;
  readonly logEndOffset: Offset;
  /** Of the last batch, or of the snapshot; -1 when there is neither. */
  readonly epoch: Epoch;
  /** The latest snapshot. */
  readonly snapshot: SnapshotId | undefined;
  /** Bytes of batches behind it, and the time of the first and the last one. */
  readonly bytesBehind: number;
  readonly firstTimestampMs: TimestampMs | undefined;
  readonly lastTimestampMs: TimestampMs;
  /** Whether the log ends within a transaction. */
  readonly isWithinTransaction: boolean;
  /** KRaftVersion and KRaftVoters as they were written last: none where voters are static. */
  readonly voters: readonly ControlRecord[];
  /** The nodes that vote, as far as the log says. */
  readonly voterIds: ReadonlySet<number>;
}

/**
 * Reads the metadata log in `directory`.
 *
 * @param saysClean - whether a mark says that it was closed clean: then no append was torn
 * @throws SeglogError with file, position and the record's offset: `UNSUPPORTED_VERSION` for records, features and levels that are
 * not known; `INVALID_RECORD`, `BATCH_CRC_MISMATCH`, `CORRUPT_SNAPSHOT` and others for damage; `IO`
 */
export function replayMetadata(
  environment: MetadataEnvironment,
  directory: string,
  saysClean: boolean,
): ReplayedMetadata {
  const replay = new Replay(environment, directory);
  replay.run(saysClean);
  return replay;
}

class Replay implements ReplayedMetadata {
  readonly #environment: MetadataEnvironment;
  readonly #directory: string;
  readonly image: MetadataImage = new MetadataImage();
  logEndOffset: Offset = 0;
  epoch: Epoch = -1;
  snapshot: SnapshotId | undefined;
  bytesBehind = 0;
  firstTimestampMs: TimestampMs | undefined;
  lastTimestampMs: TimestampMs = 0;
  readonly voterIds = new Set<number>();
  readonly #voters = new Map<number, ControlRecord>();
  /** The records of a transaction that has no end yet. */
  #held: { readonly record: MetadataRecord; readonly place: RecordPlace }[] | undefined;

  constructor(environment: MetadataEnvironment, directory: string) {
    this.#environment = environment;
    this.#directory = directory;
  }

  get isWithinTransaction(): boolean {
    return this.#held !== undefined;
  }

  get voters(): readonly ControlRecord[] {
    return [...this.#voters.values()];
  }

  run(saysClean: boolean): void {
    const { engine, fs, clock } = this.#environment;
    this.#readSnapshot();
    using reader = LogReader.open(this.#directory, { engine, fs, clock });
    const from = this.snapshot?.endOffset ?? 0;
    const start = listSegments(fs, this.#directory)[0]?.baseOffset;
    if (start === undefined ? from > 0 : start > from) throw this.#gap(from, start);
    this.logEndOffset = reader.logEndOffset;
    if (this.logEndOffset < from) throw this.#tooShort(from);
    // Nobody has committed offsets here: all that is whole is there.
    const last = this.#readLog(reader, from);
    this.#checkTail(last, saysClean);
  }

  #readSnapshot(): void {
    const { engine, fs } = this.#environment;
    const latest = listSnapshots(fs, this.#directory).at(-1);
    if (latest === undefined) return;
    this.lastTimestampMs = readSnapshot(fs, engine, latest.path, {
      control: (record) => this.#control(record),
      record: (value, place) => this.#apply(this.#decoded(value, place), place),
    });
    this.snapshot = { endOffset: latest.endOffset, epoch: latest.epoch };
    this.epoch = latest.epoch;
  }

  /** @returns the last batch, unless the log is empty from there on */
  #readLog(reader: LogReader, from: Offset): RecordBatch | undefined {
    let last: RecordBatch | undefined;
    let nextOffset: Offset | undefined;
    if (from >= reader.logEndOffset) return undefined;
    for (const batch of reader.readSync({ from, isolation: 'log_end' })) {
      // The first one may begin before the snapshot ends. Nothing is ever compacted here: a gap is a segment that is gone.
      if (nextOffset === undefined ? batch.baseOffset > from : batch.baseOffset !== nextOffset) {
        throw hole(batch, nextOffset ?? from);
      }
      nextOffset = batch.lastOffset + 1;
      last = batch;
      if (batch.lastOffset < from) continue;
      this.epoch = batch.partitionLeaderEpoch;
      this.lastTimestampMs = batch.maxTimestamp;
      this.firstTimestampMs ??= batch.maxTimestamp;
      this.bytesBehind += batch.sizeBytes;
      this.#batch(batch);
    }
    return last;
  }

  #batch(batch: RecordBatch): void {
    const { file, position, isControl } = batch;
    for (const record of batch.records()) {
      if (isControl) this.#controlRecord(record);
      else {
        const place = { file, position, offset: record.offset };
        this.#record(this.#decoded(record.value ?? new Uint8Array(0), place), place);
      }
    }
  }

  #controlRecord({ key, value }: LogRecord): void {
    const type = key === null ? undefined : controlTypeOf(key);
    if (type === undefined || value === null) return;
    this.#control({ type, value: Buffer.from(value) });
  }

  #control({ type, value }: ControlRecord): void {
    if (type === CONTROL_TYPES.kraftVersion || type === CONTROL_TYPES.kraftVoters) {
      this.#voters.set(type, { type, value });
    }
    if (type === CONTROL_TYPES.kraftVoters) {
      this.voterIds.clear();
      const { voters } = readMessage(VotersRecord, new MessageReader(value), 0);
      for (const { voterId } of voters) this.voterIds.add(voterId);
    } else if (type === CONTROL_TYPES.leaderChange) {
      const { voters } = readMessage(LeaderChangeMessage, new MessageReader(value), value[1] ?? 0);
      for (const { voterId } of voters) this.voterIds.add(voterId);
    }
  }

  #record(record: MetadataRecord, place: RecordPlace): void {
    switch (record.type) {
      case RECORD_TYPES.beginTransaction:
        if (this.#held !== undefined) throw this.#unpaired('a transaction begins within another one', place);
        this.#held = [];
        return;
      case RECORD_TYPES.endTransaction: {
        const held = this.#held ?? [];
        if (this.#held === undefined) throw this.#unpaired('a transaction ends that did not begin', place);
        this.#held = undefined;
        for (const one of held) this.#apply(one.record, one.place);
        return;
      }
      case RECORD_TYPES.abortTransaction:
        this.#held = undefined;
        return;
      default:
        if (this.#held === undefined) this.#apply(record, place);
        else this.#held.push({ record, place });
    }
  }

  #apply(record: MetadataRecord, place: RecordPlace): void {
    try {
      this.image.apply(record);
    } catch (error) {
      throw placed(error, place, ACTION);
    }
  }

  #decoded(value: Uint8Array, place: RecordPlace): MetadataRecord {
    try {
      return decodeRecord(value);
    } catch (error) {
      throw placed(error, place, ACTION);
    }
  }

  /**
   * What is behind the last valid batch is a torn append, space that was set aside, or what damage has cut off. A store has each
   * batch on the disk before the next is written: one behind a bad one was promised, and so was the bad one. A log's own recovery
   * would cut there, since no recovery point is kept for this one.
   */
  #checkTail(last: RecordBatch | undefined, saysClean: boolean): void {
    const { engine, fs, clock } = this.#environment;
    const segment = listSegments(fs, this.#directory).at(-1);
    if (segment === undefined) return;
    const file = join(this.#directory, segmentFileName(segment.baseOffset, SUFFIXES.log));
    const end = last?.file === file ? last.position + last.sizeBytes : this.#endOfUnread(segment.baseOffset);
    if (end === undefined || end >= segment.sizeBytes || isZero(fs, file, end)) return;
    const context = { engine, fs, clock, config: logConfig(), open: new OpenSegments() };
    const hasMore = hasBatchBehind(context, file, end);
    if (!saysClean && !hasMore) return;
    throw new SeglogError('LOG_CORRUPT', `the metadata log is damaged behind offset ${this.logEndOffset - 1}`, {
      ...{ file, position: end, baseOffset: this.logEndOffset },
      expected: hasMore ? 'a whole batch: valid ones follow' : 'the end of the file: the log was closed clean',
      found: `${segment.sizeBytes - end} bytes that are none`,
      action: ACTION,
    });
  }

  /** Where the log ends in its last segment, when nothing was read of that; undefined when a snapshot is all there is of it. */
  #endOfUnread(baseOffset: Offset): number | undefined {
    return this.logEndOffset === baseOffset ? 0 : undefined;
  }

  #gap(from: Offset, start: Offset | undefined): SeglogError {
    return new SeglogError('LOG_CORRUPT', 'the metadata log does not go on where its latest snapshot ends', {
      file: this.#directory,
      expected: `a segment with offset ${from}`,
      found: start === undefined ? 'no segment' : `segments from offset ${start} on`,
      action: ACTION,
    });
  }

  #tooShort(from: Offset): SeglogError {
    return new SeglogError('LOG_CORRUPT', 'the metadata log ends before its latest snapshot', {
      ...{ file: this.#directory, expected: `offsets up to ${from}`, found: this.logEndOffset, action: ACTION },
    });
  }

  #unpaired(message: string, place: RecordPlace): SeglogError {
    return placed(new SeglogError('INVALID_RECORD', message), place, ACTION);
  }
}

function hole({ file, position, baseOffset }: RecordBatch, expected: Offset): SeglogError {
  return new SeglogError('LOG_CORRUPT', 'the metadata log has a hole: a segment is missing', {
    ...{ file, position, baseOffset, expected, found: baseOffset, action: ACTION },
  });
}

function isZero(fs: FileSystem, path: string, from: number): boolean {
  const file = fs.open(path, 'read');
  try {
    const bytes = Buffer.alloc(64 * 1024);
    for (let at = from; ; ) {
      const got = file.read(bytes, 0, bytes.length, at);
      if (got === 0) return true;
      if (bytes.subarray(0, got).some((byte) => byte !== 0)) return false;
      at += got;
    }
  } finally {
    file.close();
  }
}
