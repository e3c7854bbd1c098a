/** A log on the disk and its model, side by side. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { segmentFileName, SUFFIXES } from '../../../src/format/names.ts';
import { Log, type LogConfig, type RecordBatch } from '../../../src/index.ts';
import { maxTimestampOf, type NaiveBatch, type NaiveLog } from './naive-log.ts';

export const T0 = 1_700_000_000_000;
/** A flipped bit before it would not be noticed: the checksum does not cover offset and epoch. */
const CHECKED_FROM = 21;

/** What a crash does to the end of the last segment, above what was synced. */
export interface Tear {
  readonly kind: 'none' | 'cut' | 'garbage' | 'flip';
  /** Where, between what was synced and the end: 0 to 1. */
  readonly at: number;
}

type Shown = Omit<NaiveBatch, 'sizeBytes' | 'marker'> & { readonly isControl: boolean };

function shownOf(batch: RecordBatch): Shown {
  const { baseOffset, lastOffset, partitionLeaderEpoch: leaderEpoch, producerId, producerEpoch, baseSequence } = batch;
  const { isTransactional, isControl } = batch;
  const records = isControl
    ? []
    : batch.records().map(({ offset, timestamp, key, value }) => ({
        ...{ offset, timestamp, key: key?.toString() ?? null, value: value?.toString() ?? null },
      }));
  return {
    ...{ baseOffset, lastOffset, leaderEpoch, producerId, producerEpoch, baseSequence },
    ...{ isTransactional, isControl, records },
  };
}

function expectedOf({ sizeBytes: _size, marker, records, ...rest }: NaiveBatch): Shown {
  return { ...rest, isControl: marker !== undefined, records: marker === undefined ? records : [] };
}

export class Pair {
  readonly model: NaiveLog;
  readonly clock = new ManualClock(T0);
  log!: Log;
  readonly #config: Partial<LogConfig>;
  #parent: string;

  constructor(model: NaiveLog, config: Partial<LogConfig>) {
    this.model = model;
    this.#config = config;
    this.#parent = mkdtempSync(join(tmpdir(), 'seglog-model-'));
    // Kafka's file: kept true where it is.
    writeFileSync(join(this.#parent, 'replication-offset-checkpoint'), '0\n0\n');
  }

  async open(): Promise<void> {
    const highWatermark = this.model.isManaged ? 'managed' : 'follows-log-end';
    this.log = await Log.open(join(this.#parent, 't-0'), { ...this.#config, clock: this.clock, highWatermark });
  }

  async end(): Promise<void> {
    await this.log.close();
    rmSync(this.#parent, { recursive: true, force: true });
  }

  get bases(): number[] {
    return this.log.segments().map(({ baseOffset }) => baseOffset);
  }

  async reopen(): Promise<void> {
    const { bases } = this;
    await this.log.close();
    this.model.flushed = this.model.end;
    await this.#load(bases, true);
  }

  /** The files as they are go on in another place; the log that has them open is no longer heard of. */
  async crash(tear: Tear): Promise<void> {
    const { bases } = this;
    const copy = mkdtempSync(join(tmpdir(), 'seglog-model-'));
    cpSync(this.#parent, copy, { recursive: true, filter: (path) => !path.endsWith('.lock') });
    await this.log.close();
    rmSync(this.#parent, { recursive: true, force: true });
    this.#parent = copy;
    this.#tear(bases.at(-1) as number, tear);
    await this.#load(bases, false);
  }

  #tear(base: number, { kind, at }: Tear): void {
    const { model } = this;
    const path = join(this.#parent, 't-0', segmentFileName(base, SUFFIXES.log));
    const inside = model.batches.filter(({ baseOffset }) => baseOffset >= base);
    const size = sizeOf(inside);
    const kept = sizeOf(inside.filter(({ lastOffset }) => lastOffset < model.flushed));
    if (kind === 'garbage') {
      truncateSync(path, size);
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(1 + Math.floor(at * 200), 0xa5)]));
    }
    if (kind !== 'cut' && kind !== 'flip') return;
    let place = kept + Math.floor(at * (size - kept));
    let torn: NaiveBatch | undefined;
    let end = 0;
    for (const batch of inside) {
      if (end + batch.sizeBytes > place) {
        torn = batch;
        break;
      }
      end += batch.sizeBytes;
    }
    if (torn === undefined) return;
    if (kind === 'cut') truncateSync(path, place);
    else {
      place = Math.max(place, end + CHECKED_FROM);
      const bytes = readFileSync(path);
      bytes[place] = (bytes[place] as number) ^ 0x10;
      writeFileSync(path, bytes);
    }
    const { baseOffset: firstTorn } = torn;
    model.batches = model.batches.filter(({ baseOffset }) => baseOffset < firstTorn);
  }

  async #load(bases: readonly number[], isHighWatermarkKnown: boolean): Promise<void> {
    const { model } = this;
    await this.open();
    expect(this.log.status().corruption).toBeUndefined();
    const scanned = this.log.status().recovery?.scannedSegments ?? 0;
    model.reload(bases[0] as number, bases.at(-1) as number, scanned === 0 ? undefined : bases.at(-scanned));
    // After a crash it is where it was when the checkpoints were last written.
    if (!isHighWatermarkKnown) model.moveHighWatermark(this.log.highWatermark);
    this.adoptProducers();
  }

  adoptProducers(): void {
    expect(this.model.adoptProducers(this.log.producers())).toEqual([]);
  }

  /** Whether all that can be asked has the same answer. `sample`: what of it, 0 to 1. */
  compare(sample: number): void {
    const { model, log } = this;
    expect(log.status().corruption).toBeUndefined();
    const offsets = { start: log.logStartOffset, highWatermark: log.highWatermark, end: log.logEndOffset };
    expect(offsets).toEqual({ start: model.logStart, highWatermark: model.highWatermark, end: model.end });
    expect(model.lastStableOffsets()).toContain(log.lastStableOffset);
    expect(log.leaderEpoch).toBe(model.appendEpoch);
    expect(log.leaderEpochs()).toEqual(model.epochs);
    expect(log.producers()).toEqual(model.producers.describe());
    const read = (isolation: 'log_end' | 'read_uncommitted' | 'read_committed'): Shown[] =>
      [...log.readSync({ isolation })].map(shownOf);
    expect(read('log_end')).toEqual(model.visible(model.end).map(expectedOf));
    expect(read('read_uncommitted')).toEqual(model.visible(model.highWatermark).map(expectedOf));
    expect(read('read_committed')).toEqual(model.committed(log.lastStableOffset).map(expectedOf));
    this.#compareSegments();
    this.#compareSample(sample);
  }

  #compareSegments(): void {
    const segments = this.log.segments();
    for (const [at, { baseOffset: base, size }] of segments.entries()) {
      const next = segments[at + 1]?.baseOffset ?? Infinity;
      const inside = this.model.batches.filter(({ baseOffset }) => baseOffset >= base && baseOffset < next);
      expect({ base, size }).toEqual({ base, size: sizeOf(inside) });
      expect(inside.every(({ lastOffset }) => lastOffset < next)).toBe(true);
    }
  }

  #compareSample(sample: number): void {
    const { model, log, bases } = this;
    const offset = model.logStart + Math.round(sample * (model.end - model.logStart));
    for (const from of [model.logStart, offset, model.end]) {
      const expected = model.find(from);
      const found = log.find(from);
      expect(found && { at: found.baseOffset, last: found.lastOffset, sizeBytes: found.sizeBytes }).toEqual(
        expected && { at: expected.baseOffset, last: expected.lastOffset, sizeBytes: expected.sizeBytes },
      );
      if (expected !== undefined) expect(found?.maxTimestamp).toBe(maxTimestampOf(expected));
    }
    const expected = model.visible(model.highWatermark).filter(({ lastOffset }) => lastOffset >= offset);
    expect([...log.readSync({ from: offset })].map(shownOf)).toEqual(expected.map(expectedOf));
    const timestamps = model.batches.flatMap(({ records }) => records.map(({ timestamp }) => timestamp));
    const timestamp = timestamps[Math.floor(sample * timestamps.length)] ?? T0;
    for (const asked of [timestamp, timestamp + 1, timestamp - 1, T0 - 10_000]) {
      expect({ asked, found: log.offsetForTimestamp(asked) }).toEqual({
        asked,
        found: model.offsetForTimestamp(asked, bases),
      });
    }
    for (let epoch = -1; epoch <= model.latestEpoch + 1; epoch++) {
      expect({ epoch, end: log.endOffsetForEpoch(epoch) }).toEqual({ epoch, end: model.endOffsetForEpoch(epoch) });
    }
  }
}

function sizeOf(batches: readonly NaiveBatch[]): number {
  return batches.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}
