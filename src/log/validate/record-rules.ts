/** What each record must be to get into a log, and what its time may be. */
import type { LogConfig } from '../../config/log-config.ts';
import { SeglogError } from '../../errors/errors.ts';
import { RecordRefusals } from './record-errors.ts';

const NO_TIMESTAMP = -1;

/**
 * The rules for the records of one append (spec 3.2 item 3, Kafka's `LogValidator.validateRecord`): with compaction a
 * record needs a key; with CreateTime its time must be near the log's clock, where it has one; and a producer may not
 * say that its batch has the log's time, which only matters where no time of its own decides.
 */
export class RecordRules {
  /** The time of the log, where records have that. */
  readonly logAppendTimeMs: number | undefined;
  /** 0 where a key is required: the length of one that is missing is -1. */
  readonly #leastKeyLength: number;
  readonly #earliest: number;
  readonly #latest: number;
  /** What no rule has anything against, for a record with a time in a batch of CreateTime; with LogAppendTime any time. */
  readonly #usualFrom: number;
  readonly #usualTo: number;
  #refusals: RecordRefusals | undefined;

  constructor(config: LogConfig, nowMs: number) {
    this.logAppendTimeMs = config.messageTimestampType === 'LogAppendTime' ? nowMs : undefined;
    this.#leastKeyLength = config.cleanupPolicy.includes('compact') ? 0 : -1;
    this.#earliest = nowMs - config.messageTimestampBeforeMaxMs;
    this.#latest = nowMs + config.messageTimestampAfterMaxMs;
    const isOwnTime = this.logAppendTimeMs !== undefined;
    this.#usualFrom = isOwnTime ? -Infinity : this.#earliest;
    this.#usualTo = isOwnTime ? Infinity : this.#latest;
  }

  /** Whether a record is surely in order: the one question that each record of a usual batch is asked. */
  isUsual(keyLength: number, timestamp: number): boolean {
    return timestamp >= this.#usualFrom && timestamp <= this.#usualTo && keyLength >= this.#leastKeyLength;
  }

  /**
   * Looks at record `index` of a batch. What is wrong with it is told by {@link RecordRules.endBatch}.
   *
   * @param isLogAppendTime - whether its batch is said to have the log's time
   */
  check(index: number, keyLength: number, timestamp: number, isLogAppendTime: boolean): void {
    if (keyLength < this.#leastKeyLength) {
      this.refuse(index, 'a record of a compacted log needs a key');
    } else if (this.logAppendTimeMs === undefined && timestamp !== NO_TIMESTAMP) {
      if (timestamp < this.#earliest || timestamp > this.#latest) this.#refuseTimestamp(index, timestamp);
    } else if (isLogAppendTime) {
      this.#add(index, 'INVALID_TIMESTAMP', 'a producer cannot set the timestamp type LogAppendTime');
    }
  }

  /** Refuses record `index` for another reason. */
  refuse(index: number, message: string): void {
    this.#add(index, 'INVALID_RECORD', message);
  }

  /** @throws RecordValidationError when records of the batch at `position` were refused */
  endBatch(position: number): void {
    this.#refusals?.raise(position);
  }

  #refuseTimestamp(index: number, timestamp: number): void {
    this.#add(
      index,
      'INVALID_TIMESTAMP',
      `its timestamp ${timestamp} is not within ${this.#earliest} and ${this.#latest}`,
    );
  }

  #add(index: number, code: 'INVALID_TIMESTAMP' | 'INVALID_RECORD', message: string): void {
    this.#refusals ??= new RecordRefusals();
    this.#refusals.add({ index, code, message });
  }
}

/** @throws SeglogError `TIMESTAMP_NOT_EXACT` beyond 2^53 */
export function checkExactTimestamp(timestamp: number, index: number, position: number): void {
  if (timestamp <= Number.MAX_SAFE_INTEGER && timestamp >= Number.MIN_SAFE_INTEGER) return;
  throw new SeglogError(
    'TIMESTAMP_NOT_EXACT',
    `record ${index} of a batch has a timestamp that cannot be held exactly`,
    {
      position,
      expected: 'at most 2^53 - 1',
      found: timestamp,
    },
  );
}
