/** How fast sealed segments of keyed records are compacted. Making the log, opening and closing are not timed. */
import { systemClock } from '../../clock/clock.ts';
import { SeglogError } from '../../errors/errors.ts';
import type { Log } from '../../log/log.ts';
import type { Codec } from '../../log/options.ts';
import { benchLine, type CompactLine } from '../line.ts';
import { seededRandom } from '../random.ts';
import { Turns } from '../turn.ts';
import { randomValues, VALUE_COUNT } from '../values.ts';
import { type BenchPlace, openEmpty } from './context.ts';

/** How much of what is compacted. */
export interface CompactLoad {
  readonly records: number;
  /** Bytes of a value. */
  readonly recordBytes: number;
  /** Keys are `key-0` to `key-N` at random, so that a few may be missing. */
  readonly distinctKeys: number;
  readonly compression: Codec;
}

/** As the peer's: segments of 100 MiB, 1,000 records a batch, tombstones kept for a day. */
const COMPACT_SEGMENT_BYTES = 100 << 20;
const BATCH_RECORDS = 1000;
const DELETE_RETENTION_MS = 86_400_000;
/** Room for a batch of large records; Kafka's default of `max.message.bytes` otherwise. */
const MAX_MESSAGE_BYTES = 1_048_588;
const RECORD_OVERHEAD_BYTES = 64;
const KEY_SEED = 5;

async function fill(log: Log, load: CompactLoad, signal: AbortSignal | undefined): Promise<void> {
  const { records, distinctKeys, compression, recordBytes } = load;
  const values = randomValues(recordBytes);
  const random = seededRandom(KEY_SEED);
  const batch = log.batch();
  const turns = new Turns(signal);
  const firstTimestamp = systemClock.now() - records;
  for (let first = 0; first < records; first += BATCH_RECORDS) {
    const end = Math.min(first + BATCH_RECORDS, records);
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
  const { engine, fs, rounds, signal } = place;
  const batchBytes = BATCH_RECORDS * (load.recordBytes + RECORD_OVERHEAD_BYTES);
  const config = {
    ...{
      segmentBytes: COMPACT_SEGMENT_BYTES,
      cleanupPolicy: ['compact'] as const,
      deleteRetentionMs: DELETE_RETENTION_MS,
    },
    ...{ maxMessageBytes: Math.max(MAX_MESSAGE_BYTES, batchBytes), engine, fs },
  };
  for (let round = 0; round < rounds; round++) {
    signal?.throwIfAborted();
    const log = await openEmpty(place, config);
    try {
      await fill(log, load, signal);
      yield await compactRound(log, load, round, place);
    } finally {
      await log.close();
    }
  }
}

async function compactRound(log: Log, load: CompactLoad, round: number, place: BenchPlace): Promise<CompactLine> {
  const { engine, signal } = place;
  const start = systemClock.monotonicMs();
  const result = await log.compact(signal === undefined ? {} : { signal });
  const elapsedMs = systemClock.monotonicMs() - start;
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
  };
}
