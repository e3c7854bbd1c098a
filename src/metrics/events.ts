/** What is told to a {@link Logger}: each event with its level, its text and its fields (docs/metrics.md). */
import type { Logger } from './logger.ts';

/** Times are seconds, sizes are bytes. Each event of a log also has `topic` and `partition`. */
export const LOG_EVENTS = {
  log_opened: {
    level: 'info',
    message: 'log opened',
    fields: ['directory', 'wasClean', 'segments', 'sizeBytes', 'logStartOffset', 'logEndOffset', 'seconds'],
  },
  log_recovered: {
    level: 'warn',
    message: 'log recovered: it had not been closed clean',
    fields: ['directory', 'scannedSegments', 'scannedBytes', 'cuts', 'cutBytes', 'reason', 'quarantine'],
  },
  log_closed: { level: 'info', message: 'log closed', fields: ['clean', 'logEndOffset'] },
  log_offline: {
    level: 'error',
    message: 'log offline: a sync or a change of files failed',
    fields: ['directory', 'code', 'err'],
  },
  log_corrupt: {
    level: 'error',
    message: 'log takes no appends: damage below the recovery point',
    fields: ['file', 'position', 'offset', 'code', 'err'],
  },
  log_truncated: { level: 'warn', message: 'log truncated', fields: ['fromOffset', 'toOffset'] },
  segment_rolled: {
    level: 'info',
    message: 'segment rolled',
    fields: ['baseOffset', 'reason', 'sealedBytes', 'seconds'],
  },
  flush_slow: { level: 'warn', message: 'flush was slow', fields: ['seconds', 'toOffset'] },
  retention_deleted: {
    level: 'info',
    message: 'segments deleted by retention',
    fields: ['segments', 'sizeBytes', 'byLogStart', 'bySize', 'byTime', 'logStartOffset', 'seconds'],
  },
  compaction_finished: {
    level: 'info',
    message: 'compaction finished',
    fields: [
      'fromOffset',
      'toOffset',
      'bound',
      'rounds',
      'segmentsBefore',
      'segmentsAfter',
      'bytesBefore',
      'bytesAfter',
      'recordsRead',
      'recordsKept',
      'seconds',
    ],
  },
  compaction_failed: {
    level: 'warn',
    message: 'compaction failed',
    fields: ['failures', 'isGivenUp', 'code', 'err'],
  },
  partition_offline: {
    level: 'error',
    message: 'partition offline: its log could not be opened',
    fields: ['directory', 'code', 'err'],
  },
  directory_offline: { level: 'error', message: 'log directory offline', fields: ['directory', 'code', 'err'] },
  problem: { level: 'warn', message: 'problem', fields: ['file', 'code', 'err'] },
  store_opened: {
    level: 'info',
    message: 'store opened',
    fields: ['directories', 'topics', 'partitions', 'offlinePartitions', 'seconds'],
  },
  store_closed: { level: 'info', message: 'store closed', fields: ['clean'] },
  topic_created: { level: 'info', message: 'topic created', fields: ['name', 'partitions', 'configs'] },
  topic_altered: { level: 'info', message: 'topic altered', fields: ['name', 'partitions', 'configs'] },
  topic_deleted: { level: 'info', message: 'topic deleted', fields: ['name'] },
} as const;

/** The name of an event: the field `event`. */
export type LogEvent = keyof typeof LOG_EVENTS;

/** The fields of an event; undefined where there is nothing to say. `err` is an error, which pino takes apart. */
export type EventFields<Name extends LogEvent> = Readonly<Record<(typeof LOG_EVENTS)[Name]['fields'][number], unknown>>;

/** Tells events of one log, or of a store. */
export class Events {
  readonly #logger: Logger | undefined;
  readonly #shared: Readonly<Record<string, unknown>>;

  /** @param shared fields that every event has */
  constructor(logger: Logger | undefined, shared: Readonly<Record<string, unknown>> = {}) {
    this.#logger = logger;
    this.#shared = shared;
  }

  /** The work goes on whatever the logger does. */
  tell<Name extends LogEvent>(event: Name, fields: EventFields<Name>): void {
    if (this.#logger === undefined) return;
    const { level, message } = LOG_EVENTS[event];
    try {
      this.#logger[level]({ event, ...this.#shared, ...fields }, message);
    } catch {
      // Nobody is left to tell.
    }
  }
}
