/** What a batch must be to get into a log (the part of Kafka's LogValidator that concerns a log opened alone). */
import type { CompressionType, LogConfig } from '../config/log-config.ts';
import { CODEC_IDS } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import type { BatchBuilder, BatchCompression } from '../record/batch-builder.ts';
import { MAX_INT32 } from '../units/units.ts';
import type { Codec, ProducerIdentity, RecordInput } from './options.ts';

const MAX_INT16 = 0x7fff;

/** The codec and level for a batch: the log's own, or the producer's where the log leaves it to that. */
export function compressionFor(config: LogConfig, asked: Codec | undefined): BatchCompression | undefined {
  const codec = codecOf(config.compressionType) ?? asked ?? 'none';
  if (!(codec in CODEC_IDS)) {
    throw new SeglogError('INVALID_ARGUMENT', 'unknown compression', {
      expected: Object.keys(CODEC_IDS).join(', '),
      found: codec,
    });
  }
  if (codec === 'none') return undefined;
  return { codec: CODEC_IDS[codec], level: levelOf(config, codec) };
}

function codecOf(type: CompressionType): Codec | undefined {
  if (type === 'producer') return undefined;
  return type === 'uncompressed' ? 'none' : type;
}

function levelOf(config: LogConfig, codec: Codec): number {
  if (codec === 'gzip') return config.compressionGzipLevel;
  if (codec === 'lz4') return config.compressionLz4Level;
  return codec === 'zstd' ? config.compressionZstdLevel : 0;
}

function asBytes(value: Uint8Array | string | null | undefined, what: string): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return value;
  throw new SeglogError('INVALID_ARGUMENT', `a record's ${what} cannot be stored`, {
    expected: 'bytes, a string or null',
    found: typeof value,
    action: 'Use a writer with a serde for other types',
  });
}

/** Adds records to a batch; those without a timestamp have `now`. All of them, or none. */
export function addRecords(builder: BatchBuilder, records: readonly RecordInput[], now: number): void {
  try {
    for (const record of records) {
      builder.add(record.timestamp ?? now, asBytes(record.key, 'key'), asBytes(record.value, 'value'), record.headers);
    }
  } catch (error) {
    builder.reset();
    throw error;
  }
}

/** @throws SeglogError `INVALID_TIMESTAMP` when a record's time is too far from the log's */
export function checkTimestamps(config: LogConfig, builder: BatchBuilder, now: number): void {
  const { messageTimestampBeforeMaxMs: before, messageTimestampAfterMaxMs: after } = config;
  const { minTimestamp, maxTimestamp } = builder;
  // -1 is "none", which is as good as now.
  if (maxTimestamp >= 0 && maxTimestamp - now > after) {
    throw new SeglogError('INVALID_TIMESTAMP', 'a record is too far in the future (message.timestamp.after.max.ms)', {
      expected: `at most ${now + after}`,
      found: maxTimestamp,
    });
  }
  if (before !== Infinity && now - minTimestamp > before) {
    throw new SeglogError('INVALID_TIMESTAMP', 'a record is too far in the past (message.timestamp.before.max.ms)', {
      expected: `at least ${now - before}`,
      found: minTimestamp,
    });
  }
}

/** @throws SeglogError `INVALID_RECORD` when a record has no key in a log that is compacted by keys */
export function checkKeys(config: LogConfig, builder: BatchBuilder): void {
  if (!builder.hasNullKeys || !config.cleanupPolicy.includes('compact')) return;
  throw new SeglogError('INVALID_RECORD', 'a compacted log keeps the last record of each key, and one has none', {
    expected: 'a key in every record',
    found: 'a record without a key',
  });
}

/** @throws SeglogError `POLICY_VIOLATION` when the log's `cleanup.policy` does not let records be deleted */
export function checkDeletePolicy({ cleanupPolicy }: LogConfig, directory: string): void {
  if (cleanupPolicy.includes('delete')) return;
  throw new SeglogError('POLICY_VIOLATION', 'records of a log that is only compacted are not deleted', {
    file: directory,
    expected: 'a cleanup.policy with delete',
    found: cleanupPolicy.join(',') || 'none',
  });
}

/** @throws SeglogError `INVALID_ARGUMENT` */
export function checkProducer({ producerId, producerEpoch, baseSequence, isTransactional }: ProducerIdentity): void {
  const inRange = (value: number, from: number, to: number): boolean =>
    Number.isSafeInteger(value) && value >= from && value <= to;
  if (
    inRange(producerId, 0, Number.MAX_SAFE_INTEGER) &&
    inRange(producerEpoch, 0, MAX_INT16) &&
    inRange(baseSequence, 0, MAX_INT32) &&
    (isTransactional === undefined || typeof isTransactional === 'boolean')
  )
    return;
  throw new SeglogError('INVALID_ARGUMENT', 'this is no producer', {
    expected: 'an id from 0, an epoch from 0 to 32767 and a sequence from 0 to 2^31-1',
    found: `id ${producerId}, epoch ${producerEpoch}, sequence ${baseSequence}`,
  });
}

/** @throws SeglogError `RECORD_TOO_LARGE` */
export function checkSize(config: LogConfig, sizeBytes: number): void {
  if (sizeBytes > config.maxMessageBytes) {
    throw new SeglogError('RECORD_TOO_LARGE', 'a batch is larger than max.message.bytes', {
      expected: `at most ${config.maxMessageBytes} bytes`,
      found: sizeBytes,
      action: 'Append fewer records at once, use a writer (which divides them), or raise maxMessageBytes',
    });
  }
  if (sizeBytes > config.segmentBytes) {
    throw new SeglogError('RECORD_TOO_LARGE', 'a batch is larger than a whole segment (segment.bytes)', {
      expected: `at most ${config.segmentBytes} bytes`,
      found: sizeBytes,
    });
  }
}
