/** `--config` of `seglog store run`: settings of the store itself, and what topics go by that say nothing of their own. */
import { kafkaNameOf, logConfig, type LogConfig, parseLogConfig, printLogConfig } from '../../config/log-config.ts';
import type { StoreSettings } from '../../store/options.ts';
import type { TopicDescription } from '../../store/status.ts';
import { usageError } from '../exit-codes.ts';

/** Kafka's names of a broker's settings that a store has, too. */
const OF_THE_STORE: Readonly<Record<string, keyof StoreSettings>> = {
  'log.retention.check.interval.ms': 'logRetentionCheckIntervalMs',
  'log.cleaner.threads': 'logCleanerThreads',
  'log.cleaner.backoff.ms': 'logCleanerBackoffMs',
  'log.cleaner.dedupe.buffer.size': 'logCleanerDedupeBufferSize',
  'log.cleaner.io.buffer.load.factor': 'logCleanerIoBufferLoadFactor',
  'log.cleaner.io.max.bytes.per.second': 'logCleanerIoMaxBytesPerSecond',
  'log.initial.task.delay.ms': 'logInitialTaskDelayMs',
  'log.flush.offset.checkpoint.interval.ms': 'logFlushOffsetCheckpointIntervalMs',
  'log.flush.start.offset.checkpoint.interval.ms': 'logFlushStartOffsetCheckpointIntervalMs',
  'replica.high.watermark.checkpoint.interval.ms': 'replicaHighWatermarkCheckpointIntervalMs',
  'num.recovery.threads.per.data.dir': 'numRecoveryThreadsPerDataDir',
};

/**
 * What a topic that says nothing is kept by: for ever. The configuration that its owner gives to `Store.open` is in no file, and
 * Kafka's seven days may not be what they want.
 */
const KEPT: Partial<LogConfig> = { retentionMs: -1, retentionBytes: -1, cleanupPolicy: ['delete'] };

/** What a store is run by. */
export interface RunSettings {
  readonly ofStore: StoreSettings;
  /** What the command line says of topics. */
  readonly given: Partial<LogConfig>;
  /** The same, with what it does not say and Kafka would delete by. */
  readonly defaults: Partial<LogConfig>;
}

/** @throws SeglogError `INVALID_CONFIG`, `INVALID_ARGUMENT` */
export function runSettings(config: readonly (readonly [string, string])[] = []): RunSettings {
  const ofStore: Record<string, number> = {};
  const ofTopics: (readonly [string, string])[] = [];
  for (const [name, text] of config) {
    const key = OF_THE_STORE[name];
    if (key === undefined) ofTopics.push([name, text]);
    else ofStore[key] = positiveNumber(name, text);
  }
  const given = parseLogConfig(ofTopics);
  const defaults = { ...KEPT, ...given };
  logConfig(defaults);
  return { ofStore, given, defaults };
}

/** Which numbers are allowed the store says. */
function positiveNumber(name: string, text: string): number {
  if (/^\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text);
  throw usageError(`the value of ${name} must be a number from 0, found ${JSON.stringify(text)}`);
}

/** A setting that counts for a topic, and who says so: the topic, the command line, or nobody. */
export interface PolicySetting {
  readonly name: string;
  readonly value: string;
  readonly source: 'topic' | '--config' | 'default';
}

/** By what a topic's records go. */
export interface Policy {
  readonly topic: string;
  readonly settings: readonly PolicySetting[];
}

const ALWAYS: readonly (keyof LogConfig)[] = ['cleanupPolicy'];
const OF_DELETION: readonly (keyof LogConfig)[] = ['retentionMs', 'retentionBytes'];
const OF_COMPACTION: readonly (keyof LogConfig)[] = [
  'minCleanableDirtyRatio',
  'deleteRetentionMs',
  'minCompactionLagMs',
  'maxCompactionLagMs',
];

/** What deletes and compacts the records of a topic. */
export function policyOf({ name: topic, config, configs }: TopicDescription, { given }: RunSettings): Policy {
  const keys = [
    ...ALWAYS,
    ...(config.cleanupPolicy.includes('delete') ? OF_DELETION : []),
    ...(config.cleanupPolicy.includes('compact') ? OF_COMPACTION : []),
  ];
  const settings = keys.map((key): PolicySetting => {
    const name = kafkaNameOf(key);
    const [[, value] = [name, '']] = printLogConfig({ [key]: config[key] });
    const source = name in configs ? 'topic' : key in given ? '--config' : 'default';
    return { name, value, source };
  });
  return { topic, settings };
}
