/** How fast sealed segments of keyed records are compacted. Making the log, opening and closing are not timed. */
import { systemClock } from '../../clock/clock.ts';
import { SeglogError } from '../../errors/errors.ts';
import type { Log } from '../../log/log.ts';
import type { Codec } from '../../log/options.ts';
import { benchLine, type CompactLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import { seededRandom } from '../random.ts';
import { Turns } from '../turn.ts';
import { randomValues, VALUE_COUNT } from '../values.ts';
import { type BenchPlace, levelOf, openEmpty } from './context.ts';

/** How much of what is compacted. */
export interface CompactLoad {
  readonly records: number;
  /** Bytes of a value. */
  readonly recordBytes: number;
  /** Keys are `key-0` to `key-N` at random, so that a few may be missing. */
  readonly distinctKeys: number;
  readonly compression: Codec;
  readonly compressionLevel?: number;
  /** Of each byte of a value, 0 to 8 bits; letters A to Z when left out. */
  readonly entropyBits?: number;
  readonly batchRecords: number;
  /** The most bytes of a segment. */
  readonly segmentBytes: number;
}

/** As the peer's: segments of 100 MiB, tombstones kept for a day. */
export const COMPACT_SEGMENT_BYTES: number = 100 << 20;
const DELETE_RETENTION_MS = 86_400_000;
/** Room for a batch of large records; Kafka's default of `max.message.bytes` otherwise. */
const MAX_MESSAGE_BYTES = 1_048_588;
const RECORD_OVERHEAD_BYTES = 64;
const KEY_SEED = 5;

async function fill(log: Log, load: CompactLoad, signal: AbortSignal | undefined): Promise<void> {
  const { records, distinctKeys, compression, recordBytes, entropyBits, batchRecords } = load;
  const values = randomValues(recordBytes, undefined, entropyBits);
  const random = seededRandom(KEY_SEED);
  const batch = log.batch();
  const turns = new Turns(signal);
  const firstTimestamp = systemClock.now() - records;
  for (let first = 0; first < records; first += batchRecords) {
    const end = Math.min(first + batchRecords, records);
    for (let i = first; i < end; i++) {
      const key = Buffer.from(`key-${Math.floor(random() * distinctKeys)}`);
      batch.add(firstTimestamp + first, key, values[i & (VALUE_COUNT - 1)] as Uint8Array);
    }
    log.appendSync(batch, { compression });
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
}

/** Compacts a new log in each round: all but its active segment. The last round's log stays. */
export async function* benchCompact(place: BenchPlace, load: CompactLoad): AsyncGenerator<CompactLine, void, void> {
  const batchBytes = load.batchRecords * (load.recordBytes + RECORD_OVERHEAD_BYTES);
  const config = {
    ...{
      segmentBytes: load.segmentBytes,
      cleanupPolicy: ['compact'] as const,
      deleteRetentionMs: DELETE_RETENTION_MS,
    },
    maxMessageBytes: Math.max(MAX_MESSAGE_BYTES, batchBytes),
    ...levelOf(load),
  };
  for (let round = 0; round < place.rounds; round++) {
    place.signal?.throwIfAborted();
    const meter = new RoundMeter(place);
    const { engine, fs } = meter.place;
    const log = await openEmpty(meter.place, { ...config, engine, fs });
    try {
      await fill(log, load, place.signal);
      yield await compactRound(log, load, round, meter);
    } finally {
      await log.close();
    }
  }
}

async function compactRound(log: Log, load: CompactLoad, round: number, meter: RoundMeter): Promise<CompactLine> {
  const { engine, signal } = meter.place;
  const before = meter.cost().bytesWritten;
  const result = await meter.time(() => log.compact(signal === undefined ? {} : { signal }));
  const cost = meter.cost();
  const { elapsedMs } = meter;
  const { bytesBefore, bytesAfter, segmentsBefore, segmentsAfter, statistics, endOffset } = result;
  if (statistics.recordsKept > load.distinctKeys) {
    throw new SeglogError('INTERNAL', 'more records stayed than there are keys', {
      file: log.directory,
      expected: `at most ${load.distinctKeys}`,
      found: statistics.recordsKept,
    });
  }
  return {
    ...benchLine('compact', round, engine.name, { records: endOffset, bytes: bytesBefore, elapsedMs }),
    ...{ bytesAfter, segmentsBefore, segmentsAfter, recordsKept: statistics.recordsKept },
    ...{ recordBytes: load.recordBytes, distinctKeys: load.distinctKeys, compression: load.compression },
    // Making the log is not what is measured here.
    ...{ ...cost, bytesWritten: cost.bytesWritten - before },
  };
}
