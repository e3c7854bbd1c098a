/**
 * What Apache Kafka takes for the configuration of a topic, and what a broker calls the same. A broker that finds a value that it does
 * not take in its metadata log ends at its start; a name that it does not know it passes over.
 *
 * Source: Kafka 4.3.1's `LogConfig` and `ServerTopicConfigSynonyms`; `test/interop` asks Kafka's own about each line.
 */
import { printLogConfig, type LogConfig } from '../config/log-config.ts';
import { MAX_INT32 } from '../units/units.ts';

interface NumberRule {
  readonly kind: 'int' | 'long' | 'double';
  readonly min: number;
  readonly max: number;
  /** One number between them that is not taken. */
  readonly but?: number;
}
type Rule =
  | NumberRule
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice' | 'list'; readonly of: readonly string[] | undefined };

const MIN_INT32 = -(2 ** 31);
const INT64_RANGE = 2n ** 63n;
const int = (min: number, max: number = MAX_INT32): NumberRule => ({ kind: 'int', min, max });
const long = (min: number): NumberRule => ({ kind: 'long', min, max: Infinity });
const BOOLEAN: Rule = { kind: 'boolean' };
/** A list of `partition:broker`. */
const REPLICAS: Rule = { kind: 'list', of: undefined };

/** By the name that topics have it under: what is taken, and the name that a broker has it under for all topics. */
const TABLE: Readonly<Record<string, { readonly rule: Rule; readonly ofBroker?: string }>> = {
  'cleanup.policy': { rule: { kind: 'list', of: ['compact', 'delete'] }, ofBroker: 'log.cleanup.policy' },
  'compression.gzip.level': { rule: { ...int(-1, 9), but: 0 }, ofBroker: 'compression.gzip.level' },
  'compression.lz4.level': { rule: int(1, 17), ofBroker: 'compression.lz4.level' },
  // Unlike a producer's, a topic's cannot be "none".
  'compression.type': {
    rule: { kind: 'choice', of: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'] },
    ofBroker: 'compression.type',
  },
  'compression.zstd.level': { rule: int(-131072, 22), ofBroker: 'compression.zstd.level' },
  'delete.retention.ms': { rule: long(0), ofBroker: 'log.cleaner.delete.retention.ms' },
  'file.delete.delay.ms': { rule: long(0), ofBroker: 'log.segment.delete.delay.ms' },
  'flush.messages': { rule: long(1), ofBroker: 'log.flush.interval.messages' },
  'flush.ms': { rule: long(0), ofBroker: 'log.flush.interval.ms' },
  'follower.replication.throttled.replicas': { rule: REPLICAS },
  'index.interval.bytes': { rule: int(0), ofBroker: 'log.index.interval.bytes' },
  'internal.segment.bytes': { rule: int(MIN_INT32) },
  'leader.replication.throttled.replicas': { rule: REPLICAS },
  'local.retention.bytes': { rule: long(-2) },
  'local.retention.ms': { rule: long(-2) },
  'max.compaction.lag.ms': { rule: long(1), ofBroker: 'log.cleaner.max.compaction.lag.ms' },
  'max.message.bytes': { rule: int(0), ofBroker: 'message.max.bytes' },
  'message.timestamp.after.max.ms': { rule: long(0), ofBroker: 'log.message.timestamp.after.max.ms' },
  'message.timestamp.before.max.ms': { rule: long(0), ofBroker: 'log.message.timestamp.before.max.ms' },
  'message.timestamp.type': {
    rule: { kind: 'choice', of: ['CreateTime', 'LogAppendTime'] },
    ofBroker: 'log.message.timestamp.type',
  },
  'min.cleanable.dirty.ratio': {
    rule: { kind: 'double', min: 0, max: 1 },
    ofBroker: 'log.cleaner.min.cleanable.ratio',
  },
  'min.compaction.lag.ms': { rule: long(0), ofBroker: 'log.cleaner.min.compaction.lag.ms' },
  'min.insync.replicas': { rule: int(1) },
  preallocate: { rule: BOOLEAN, ofBroker: 'log.preallocate' },
  'remote.log.copy.disable': { rule: BOOLEAN },
  'remote.log.delete.on.disable': { rule: BOOLEAN },
  'remote.storage.enable': { rule: BOOLEAN },
  'retention.bytes': { rule: long(-Infinity), ofBroker: 'log.retention.bytes' },
  'retention.ms': { rule: long(-1), ofBroker: 'log.retention.ms' },
  'segment.bytes': { rule: int(1024 * 1024), ofBroker: 'log.segment.bytes' },
  'segment.index.bytes': { rule: int(4), ofBroker: 'log.index.size.max.bytes' },
  'segment.jitter.ms': { rule: long(0), ofBroker: 'log.roll.jitter.ms' },
  'segment.ms': { rule: long(1), ofBroker: 'log.roll.ms' },
  'unclean.leader.election.enable': { rule: BOOLEAN },
};

/** What a broker takes for all topics, where that is something else than for one. All below 0 is for ever. */
const OF_BROKER: Readonly<Record<string, Rule>> = {
  'retention.ms': { ...long(-Infinity), but: 0 },
};

/** Every name that Kafka knows. */
export const KAFKA_TOPIC_CONFIGS: readonly string[] = Object.keys(TABLE);

/** What Kafka expects instead of a value, in words; undefined where it takes it, or does not know the name. */
export function kafkaRefuses(name: string, value: string): string | undefined {
  const rule = Object.hasOwn(TABLE, name) ? TABLE[name]?.rule : undefined;
  return rule === undefined || takes(rule, value.trim()) ? undefined : described(rule);
}

/** What Kafka makes of the value of a boolean. */
export function isKafkaTrue(value: string | undefined): boolean {
  return value?.trim().toLowerCase() === 'true';
}

function takes(rule: Rule, text: string): boolean {
  switch (rule.kind) {
    case 'boolean':
      return /^(?:true|false)$/i.test(text);
    case 'choice':
      return rule.of?.includes(text) === true;
    case 'list':
      return text === '' || text.split(',').every((one) => isInList(rule.of, one.trim()));
    default:
      return takesNumber(rule, text);
  }
}

function isInList(of: readonly string[] | undefined, item: string): boolean {
  return of === undefined ? item === '*' || /^\d+:\d+$/.test(item) : of.includes(item);
}

/** Java's own: a sign and digits for whole numbers, a point and an exponent for others. */
function takesNumber({ kind, min, max, but }: NumberRule, text: string): boolean {
  if (kind === 'double') {
    const isNumber = /^[+-]?(?:NaN|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/.test(text);
    return isNumber && isBetween(Number.parseFloat(text), min, max);
  }
  if (!/^[+-]?\d+$/.test(text)) return false;
  const exact = BigInt(text.replace('+', ''));
  if (exact < -INT64_RANGE || exact >= INT64_RANGE) return false;
  return Number(exact) !== but && isBetween(Number(exact), min, max);
}

function isBetween(value: number, min: number, max: number): boolean {
  // As Kafka compares: what is no number is neither below nor above.
  return !(value < min || value > max);
}

function described(rule: Rule): string {
  switch (rule.kind) {
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${rule.of?.join(', ') ?? ''}`;
    case 'list':
      return rule.of === undefined ? 'a list of partition:broker' : `a list of ${rule.of.join(', ')}`;
    default: {
      const what = rule.kind === 'double' ? 'a number' : 'a whole number';
      const from = rule.min === -Infinity ? what : `${what} from ${rule.min}`;
      const range = rule.max === Infinity || rule.max === MAX_INT32 ? from : `${from} to ${rule.max}`;
      return rule.but === undefined ? range : `${range}, but not ${rule.but}`;
    }
  }
}

/** What Kafka expects instead of a broker's value for all topics, by a topic's name; undefined where it takes it. */
export function brokerRefuses(name: string, value: string): string | undefined {
  const rule = OF_BROKER[name];
  if (rule === undefined) return kafkaRefuses(name, value);
  return takes(rule, value.trim()) ? undefined : described(rule);
}

/** The configurations of which a broker would not take what is given for all topics; `name` is a topic's. */
export function* refusedByBrokers(
  given: Partial<LogConfig>,
): Generator<{ readonly name: string; readonly value: string; readonly expected: string }, void> {
  for (const [name, value] of printLogConfig(given)) {
    const expected = brokerRefuses(name, ofBroker(value));
    if (expected !== undefined) yield { name, value, expected };
  }
}

function ofBroker(value: string): string {
  return value === 'none' ? 'uncompressed' : value;
}

/** What a broker calls a configuration of topics: `log.retention.ms` for `retention.ms`. */
export function brokerNameOf(name: string): string {
  return TABLE[name]?.ofBroker ?? name;
}

/** A part of a configuration as a broker has it for all topics: `log.retention.ms` of `retentionMs`. */
export function brokerConfigs(given: Partial<LogConfig>): (readonly [name: string, value: string])[] {
  return printLogConfig(given).map(([name, value]) => [TABLE[name]?.ofBroker ?? name, ofBroker(value)]);
}
