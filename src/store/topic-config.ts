/**
 * What a topic's logs go by: the store's own configuration, with what the metadata log says of the topic. That may be Kafka's: keys
 * that mean nothing to a log, and values in spellings of Java's. They stay as they are in the log, and keep nobody from opening it.
 */
import {
  kafkaNameOf,
  LOG_CONFIG_NAMES,
  type LogConfig,
  logConfig,
  parseLogConfig,
  printLogConfig,
} from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicEntry } from '../format/topics-file.ts';

/** By which tests of Kafka's make segments smaller than `segment.bytes` may be. */
const INTERNAL_SEGMENT_BYTES = 'internal.segment.bytes';
const JAVA_DOUBLE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[df]?$/i;
/** As many decimals as a ratio can mean. */
const DECIMALS = 20;

/** Where something cannot be understood, nothing is deleted: it might have said so. */
const KEEP_ALL: Partial<LogConfig> = {
  cleanupPolicy: ['delete'],
  retentionMs: Infinity,
  retentionBytes: Infinity,
};

/** A value as a broker takes it: it ends when it meets `none`, which logs here take for `uncompressed`. */
export function brokersValue(name: string, value: string): string {
  return name === 'compression.type' && value === 'none' ? 'uncompressed' : value;
}

/** What is kept of a caller's configuration: Kafka's names and values. @throws SeglogError `INVALID_CONFIG` for what is no key */
export function printedConfig(set: Partial<LogConfig>): TopicEntry['configs'] {
  return Object.fromEntries(printLogConfig(set).map(([name, value]) => [name, brokersValue(name, value)]));
}

/** A topic's configuration as it was understood. */
export interface UnderstoodConfig {
  readonly config: LogConfig;
  /** Why not all of it could be: then nothing is deleted. */
  readonly problem: SeglogError | undefined;
}

/** @throws SeglogError `INVALID_CONFIG` for the store's own */
export function topicConfig(defaults: Partial<LogConfig>, configs: TopicEntry['configs']): UnderstoodConfig {
  const given: Partial<LogConfig> = {};
  let problem: SeglogError | undefined;
  for (const [name, value] of Object.entries(configs)) {
    try {
      Object.assign(given, understood(name, value, configs));
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      problem ??= error;
    }
  }
  try {
    if (problem === undefined) return { config: logConfig({ ...defaults, ...given }), problem };
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    problem = error;
  }
  return { config: logConfig({ ...defaults, ...KEEP_ALL }), problem };
}

/**
 * The configuration with a change that a caller makes of it: what the caller says is checked as such.
 *
 * @throws SeglogError `INVALID_CONFIG`
 */
export function changedConfig(
  defaults: Partial<LogConfig>,
  configs: TopicEntry['configs'],
  set: Partial<LogConfig>,
): LogConfig {
  const own = Object.fromEntries(Object.entries(configs).filter(([name]) => !namesOf(set).has(name)));
  const { config, problem } = topicConfig(defaults, own);
  return logConfig({ ...(problem === undefined ? config : { ...config, ...KEEP_ALL }), ...set });
}

function namesOf(set: Partial<LogConfig>): ReadonlySet<string> {
  return new Set(Object.keys(set).map((key) => kafkaNameOf(key as keyof LogConfig)));
}

/** @throws SeglogError `INVALID_CONFIG` for a value that is none, however it is read */
function understood(name: string, value: string, configs: TopicEntry['configs']): Partial<LogConfig> {
  if (name === INTERNAL_SEGMENT_BYTES && configs['segment.bytes'] === undefined) {
    return understood('segment.bytes', value, configs);
  }
  if (!LOG_CONFIG_NAMES.includes(name)) return {};
  let first: unknown;
  for (const text of spellings(value)) {
    try {
      return parseLogConfig([[name, text]]);
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/** A value in the ways that Java's parsers take it. */
function* spellings(value: string): Generator<string, void> {
  yield value;
  const text = value.trim();
  yield text;
  yield text.toLowerCase();
  yield text.replace(/^\+/, '');
  if (JAVA_DOUBLE.test(text)) yield Number.parseFloat(text).toFixed(DECIMALS);
}
