/**
 * A log's configuration: Kafka's keys, defaults and ranges, parsed once and typed after that.
 *
 * Kafka's names (`segment.bytes`) are for files and the command line, camelCase ones (`segmentBytes`) for the library.
 * Source: spec 5, Kafka's `LogConfig`.
 */
import { SeglogError } from '../errors/errors.ts';
import { MAX_INT32, MAX_INT64 } from '../units/units.ts';

export const COMPRESSION_TYPES = ['producer', 'uncompressed', 'none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
/** What a log does with its records: a codec, or whatever the producer chose. `none` and `uncompressed` are one. */
export type CompressionType = (typeof COMPRESSION_TYPES)[number];

export const TIMESTAMP_TYPES = ['CreateTime', 'LogAppendTime'] as const;
/** Whose clock a record's timestamp is. */
export type TimestampType = (typeof TIMESTAMP_TYPES)[number];

/** A log's configuration. Limits that mean "none" are `Infinity`. */
export interface LogConfig {
  /** The most bytes in a .log file. */
  readonly segmentBytes: number;
  /** The age at which a segment rolls, in milliseconds. */
  readonly segmentMs: number;
  /** At most how much sooner it may roll, at random, in milliseconds. */
  readonly segmentJitterMs: number;
  /** The most bytes in an index file. */
  readonly segmentIndexBytes: number;
  /** Bytes of .log between two index entries. */
  readonly indexIntervalBytes: number;
  /** The most bytes in one batch. */
  readonly maxMessageBytes: number;
  /** Whether a segment's whole size is set aside when it is made. */
  readonly preallocate: boolean;
  readonly compressionType: CompressionType;
  readonly compressionGzipLevel: number;
  readonly compressionLz4Level: number;
  readonly compressionZstdLevel: number;
  readonly messageTimestampType: TimestampType;
  readonly messageTimestampBeforeMaxMs: number;
  readonly messageTimestampAfterMaxMs: number;
  readonly flushMessages: number;
  readonly flushMs: number;
  readonly retentionBytes: number;
  readonly retentionMs: number;
  readonly cleanupPolicy: readonly ('delete' | 'compact')[];
  readonly deleteRetentionMs: number;
  readonly fileDeleteDelayMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minCleanableDirtyRatio: number;
}

interface NumberRule {
  readonly kind: 'int' | 'long' | 'double';
  readonly min: number;
  readonly max: number;
}
type Rule =
  | NumberRule
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'list'; readonly of: readonly string[] };

interface Entry {
  readonly kafkaName: string;
  readonly rule: Rule;
  readonly fallback: LogConfig[keyof LogConfig];
}

const int = (min: number, max = MAX_INT32): NumberRule => ({ kind: 'int', min, max });
const long = (min: number): NumberRule => ({ kind: 'long', min, max: Infinity });

/** The table of keys: Kafka's name, what is allowed, and the default. */
const TABLE: { readonly [Key in keyof LogConfig]: Entry & { readonly fallback: LogConfig[Key] } } = {
  // Kafka asks for 1 MiB since 4.0 and keeps internal.segment.bytes (from 14) for tests; one key serves both here.
  segmentBytes: { kafkaName: 'segment.bytes', rule: int(14), fallback: 1073741824 },
  segmentMs: { kafkaName: 'segment.ms', rule: long(1), fallback: 604800000 },
  segmentJitterMs: { kafkaName: 'segment.jitter.ms', rule: long(0), fallback: 0 },
  segmentIndexBytes: { kafkaName: 'segment.index.bytes', rule: int(4), fallback: 10485760 },
  indexIntervalBytes: { kafkaName: 'index.interval.bytes', rule: int(0), fallback: 4096 },
  maxMessageBytes: { kafkaName: 'max.message.bytes', rule: int(0), fallback: 1048588 },
  preallocate: { kafkaName: 'preallocate', rule: { kind: 'boolean' }, fallback: false },
  compressionType: {
    kafkaName: 'compression.type',
    rule: { kind: 'choice', of: COMPRESSION_TYPES },
    fallback: 'producer',
  },
  compressionGzipLevel: { kafkaName: 'compression.gzip.level', rule: int(-1, 9), fallback: -1 },
  compressionLz4Level: { kafkaName: 'compression.lz4.level', rule: int(1, 17), fallback: 9 },
  compressionZstdLevel: { kafkaName: 'compression.zstd.level', rule: int(-131072, 22), fallback: 3 },
  messageTimestampType: {
    kafkaName: 'message.timestamp.type',
    rule: { kind: 'choice', of: TIMESTAMP_TYPES },
    fallback: 'CreateTime',
  },
  messageTimestampBeforeMaxMs: { kafkaName: 'message.timestamp.before.max.ms', rule: long(0), fallback: Infinity },
  messageTimestampAfterMaxMs: { kafkaName: 'message.timestamp.after.max.ms', rule: long(0), fallback: 3600000 },
  flushMessages: { kafkaName: 'flush.messages', rule: long(1), fallback: Infinity },
  flushMs: { kafkaName: 'flush.ms', rule: long(0), fallback: Infinity },
  retentionBytes: { kafkaName: 'retention.bytes', rule: long(-Infinity), fallback: -1 },
  retentionMs: { kafkaName: 'retention.ms', rule: long(-1), fallback: 604800000 },
  cleanupPolicy: {
    kafkaName: 'cleanup.policy',
    rule: { kind: 'list', of: ['delete', 'compact'] },
    fallback: ['delete'],
  },
  deleteRetentionMs: { kafkaName: 'delete.retention.ms', rule: long(0), fallback: 86400000 },
  fileDeleteDelayMs: { kafkaName: 'file.delete.delay.ms', rule: long(0), fallback: 60000 },
  minCompactionLagMs: { kafkaName: 'min.compaction.lag.ms', rule: long(0), fallback: 0 },
  maxCompactionLagMs: { kafkaName: 'max.compaction.lag.ms', rule: long(1), fallback: Infinity },
  minCleanableDirtyRatio: {
    kafkaName: 'min.cleanable.dirty.ratio',
    rule: { kind: 'double', min: 0, max: 1 },
    fallback: 0.5,
  },
};

/** Kafka's names that mean the same as a key of ours. */
const SYNONYMS: Readonly<Record<string, keyof LogConfig>> = { 'internal.segment.bytes': 'segmentBytes' };

const KEYS = Object.keys(TABLE) as (keyof LogConfig)[];
const BY_KAFKA_NAME: ReadonlyMap<string, keyof LogConfig> = new Map([
  ...KEYS.map((key) => [TABLE[key].kafkaName, key] as const),
  ...Object.entries(SYNONYMS),
]);

/** Kafka's name of a key: `segment.bytes` of `segmentBytes`. @throws SeglogError `INVALID_CONFIG` for what is no key */
export function kafkaNameOf(key: keyof LogConfig): string {
  checkKeys([key]);
  return TABLE[key].kafkaName;
}

function checkKeys(keys: readonly string[]): void {
  const unknown = keys.find((key) => !Object.hasOwn(TABLE, key));
  if (unknown === undefined) return;
  throw new SeglogError('INVALID_CONFIG', 'unknown configuration key', {
    expected: `one of ${KEYS.join(', ')}`,
    found: unknown,
  });
}

/** The key of Kafka's name: `segmentBytes` of `segment.bytes`. @throws SeglogError `INVALID_CONFIG` */
export function keyOfKafkaName(name: string): keyof LogConfig {
  const key = BY_KAFKA_NAME.get(name);
  if (key !== undefined) return key;
  throw new SeglogError('INVALID_CONFIG', 'unknown configuration name', {
    expected: `one of ${LOG_CONFIG_NAMES.join(', ')}`,
    found: JSON.stringify(name),
  });
}

/** Kafka's names of all keys, in the order of the table. */
export const LOG_CONFIG_NAMES: readonly string[] = KEYS.map((key) => TABLE[key].kafkaName);

function invalid(name: string, expected: string, found: unknown): SeglogError {
  return new SeglogError('INVALID_CONFIG', `the value of ${name} is not valid`, {
    expected,
    found: typeof found === 'string' ? JSON.stringify(found) : String(found),
  });
}

function rangeText({ kind, min, max }: NumberRule): string {
  const what = kind === 'double' ? 'a number' : 'a whole number';
  if (min === -Infinity) return what;
  return max === Infinity ? `${what} from ${min}` : `${what} from ${min} to ${max}`;
}

function checkValue(name: string, rule: Rule, value: unknown): LogConfig[keyof LogConfig] {
  switch (rule.kind) {
    case 'boolean':
      if (typeof value !== 'boolean') throw invalid(name, 'true or false', value);
      return value;
    case 'choice':
      if (typeof value !== 'string' || !rule.of.includes(value))
        throw invalid(name, `one of ${rule.of.join(', ')}`, value);
      return value as CompressionType;
    case 'list': {
      const bad = Array.isArray(value) ? value.find((item) => !rule.of.includes(item)) : value;
      if (!Array.isArray(value) || bad !== undefined) throw invalid(name, `a list of ${rule.of.join(', ')}`, bad);
      return value as readonly ('delete' | 'compact')[];
    }
    default: {
      const whole = rule.kind === 'double' || value === Infinity || Number.isSafeInteger(value);
      if (typeof value !== 'number' || !whole || !(value >= rule.min && value <= rule.max)) {
        throw invalid(name, rangeText(rule), value);
      }
      if (rule.kind === 'int' && value === Infinity) throw invalid(name, rangeText(rule), value);
      return value;
    }
  }
}

function parseText(name: string, rule: Rule, text: string): unknown {
  switch (rule.kind) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'choice':
      return text;
    case 'list':
      return text === '' ? [] : text.split(',').map((item) => item.trim());
    case 'double':
      if (!/^-?\d+(\.\d+)?$/.test(text)) throw invalid(name, rangeText(rule), text);
      return Number(text);
    default: {
      if (!/^-?\d{1,19}$/.test(text)) throw invalid(name, rangeText(rule), text);
      const value = Number(text);
      // Kafka writes "no limit" as the largest int64; nothing that large differs from none.
      return rule.kind === 'long' && value > Number.MAX_SAFE_INTEGER ? Infinity : value;
    }
  }
}

/**
 * Completes and checks a configuration.
 *
 * @param given - camelCase keys; what is left out has Kafka's default
 * @throws SeglogError `INVALID_CONFIG` naming the key, what is allowed and what was given; also for unknown keys
 * @example
 * ```ts
 * const config = logConfig({ segmentBytes: 64 * 1024 * 1024, compressionType: 'zstd' });
 * ```
 */
export function logConfig(given: Partial<LogConfig> = {}): LogConfig {
  const entries = KEYS.map((key) => {
    const { kafkaName, rule, fallback } = TABLE[key];
    const value = given[key];
    return [key, value === undefined ? fallback : checkValue(kafkaName, rule, value)];
  });
  checkKeys(Object.keys(given));
  const config = Object.fromEntries(entries) as unknown as LogConfig;
  if (config.minCompactionLagMs > config.maxCompactionLagMs) {
    throw invalid('min.compaction.lag.ms', 'at most max.compaction.lag.ms', config.minCompactionLagMs);
  }
  return config;
}

/**
 * Kafka's names and values of a part of a configuration: what {@link parseLogConfig} parses.
 *
 * @throws SeglogError `INVALID_CONFIG` for what is no key
 */
export function printLogConfig(given: Partial<LogConfig>): (readonly [name: string, value: string])[] {
  checkKeys(Object.keys(given));
  return KEYS.flatMap((key) => {
    const value = given[key];
    return value === undefined ? [] : [[TABLE[key].kafkaName, textOf(value)] as const];
  });
}

function textOf(value: LogConfig[keyof LogConfig]): string {
  return value === Infinity ? String(MAX_INT64) : Array.isArray(value) ? value.join(',') : String(value);
}

/**
 * Parses Kafka's names and values, as files and the command line have them, to a part of a configuration.
 *
 * @throws SeglogError `INVALID_CONFIG`
 * @example
 * ```ts
 * parseLogConfig([['segment.bytes', '1048576']]); // { segmentBytes: 1048576 }
 * ```
 */
export function parseLogConfig(entries: Iterable<readonly [name: string, value: string]>): Partial<LogConfig> {
  const config: Record<string, unknown> = {};
  for (const [name, text] of entries) {
    const key = keyOfKafkaName(name);
    const { rule } = TABLE[key];
    config[key] = checkValue(name, rule, parseText(name, rule, text));
  }
  return config;
}
