/** Writes a partition with seglog, and says what Kafka must find in it. */
import { ManualClock } from '../../src/clock/clock.ts';
import { type Codec, Log, type LogOptions, type LogRecord, type RecordInput } from '../../src/index.ts';
import { encoded, type ExpectedRecord } from '../support/fixtures.ts';
import { FIRST_TIMESTAMP, type Workload } from './workloads.ts';

/** A partition as we wrote it, and our own answers about it. */
export interface Written {
  directory: string;
  workload: Workload;
  codec: Codec;
  records: ExpectedRecord[];
  logEndOffset: number;
  segmentCount: number;
  /** Questions, and what we answer. */
  timestamps: { timestamp: number; offset: number; foundTimestamp: number }[];
  reads: { from: number; batchOffset: number; segment: number; position: number; size: number }[];
}

/** Kafka's names for the special timestamps. */
const [EARLIEST, LATEST, MAX_TIMESTAMP] = [-2, -1, -3];
/** At most so many offsets and timestamps are asked about, evenly spread. */
const MAX_QUESTIONS = 60;

function asBytes(value: Uint8Array | string | null | undefined): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value) : (value ?? null);
}

/** A record that we gave, as Kafka must read it. */
export function expectedRecord(input: RecordInput, offset: number, timestamp: number): ExpectedRecord {
  return {
    type: 'record',
    offset,
    timestamp,
    key: encoded(asBytes(input.key)),
    value: encoded(asBytes(input.value)),
    headers: (input.headers ?? []).map(([key, value]) => [encoded(asBytes(key)) ?? '', encoded(value)]),
  };
}

/** A record that we read, in the same form. */
function readRecord({ offset, timestamp, key, value, headers }: LogRecord): ExpectedRecord {
  return expectedRecord({ key, value, headers }, offset, timestamp);
}

/** All that we read from a log. */
export async function readAll(log: Log): Promise<ExpectedRecord[]> {
  const records: ExpectedRecord[] = [];
  for await (const batch of log.read()) records.push(...batch.records().map(readRecord));
  return records;
}

/** All that counts: without markers, and without what was aborted. */
export async function readCommitted(log: Log): Promise<Omit<ExpectedRecord, 'type'>[]> {
  const records: Omit<ExpectedRecord, 'type'>[] = [];
  for await (const batch of log.read({ isolation: 'read_committed' })) {
    if (batch.isControl) continue;
    for (const record of batch.records()) {
      const { type: _, ...rest } = readRecord(record);
      records.push(rest);
    }
  }
  return records;
}

async function appendSession(
  log: Log,
  workload: Workload,
  batches: readonly (readonly RecordInput[])[],
  codec: Codec,
): Promise<void> {
  const options = workload.codecFrom === 'append' ? { compression: codec } : {};
  if (workload.through === 'writer') {
    const writer = log.writer({ ...options, batchRecords: 7, linger: 60_000 });
    for (const record of batches.flat()) await writer.write(record);
    await writer.close();
    return;
  }
  for (const batch of batches) {
    if (workload.through === 'append')
      await log.append(batch.length === 1 ? (batch[0] as RecordInput) : batch, options);
    else log.appendSync(batch, options);
  }
}

function spread<T>(things: readonly T[]): T[] {
  const step = Math.max(1, Math.floor(things.length / MAX_QUESTIONS));
  return things.filter((_, i) => i % step === 0 || i === things.length - 1);
}

function answerTimestamps(log: Log, records: readonly ExpectedRecord[]): Written['timestamps'] {
  const asked = new Set(spread(records).flatMap(({ timestamp }) => [timestamp - 1, timestamp, timestamp + 1]));
  const ordinary = [...asked, 0, Number.MAX_SAFE_INTEGER].filter((timestamp) => timestamp >= 0);
  const answers = ordinary.map((timestamp) => {
    const found = log.offsetForTimestamp(timestamp);
    return { timestamp, offset: found?.offset ?? -1, foundTimestamp: found?.timestamp ?? -1 };
  });
  const newest = log.maxTimestamp();
  return [
    ...answers,
    { timestamp: EARLIEST, offset: log.logStartOffset, foundTimestamp: -1 },
    { timestamp: LATEST, offset: log.logEndOffset, foundTimestamp: -1 },
    { timestamp: MAX_TIMESTAMP, offset: newest?.offset ?? -1, foundTimestamp: newest?.timestamp ?? -1 },
  ];
}

function answerReads(log: Log, records: readonly ExpectedRecord[]): Written['reads'] {
  return spread(records).map(({ offset }) => {
    const found = log.find(offset);
    if (found === undefined) throw new Error(`we cannot find offset ${offset}`);
    const { baseOffset, segmentBaseOffset, position, sizeBytes } = found;
    return { from: offset, batchOffset: baseOffset, segment: segmentBaseOffset, position, size: sizeBytes };
  });
}

/** Writes a partition, session by session, then opens it once more to ask about it. */
export async function writePartition(directory: string, workload: Workload, codec: Codec): Promise<Written> {
  const clock = new ManualClock(FIRST_TIMESTAMP);
  const config: LogOptions = {
    ...workload.config,
    clock,
    ...(workload.codecFrom === 'log' ? { compressionType: codec } : {}),
  };
  const isLogTime = workload.config.messageTimestampType === 'LogAppendTime';
  const records: ExpectedRecord[] = [];
  for (const batches of workload.sessions) {
    await using log = await Log.open(directory, config);
    await appendSession(log, workload, batches, codec);
    for (const input of batches.flat()) {
      const timestamp = isLogTime ? FIRST_TIMESTAMP : (input.timestamp ?? FIRST_TIMESTAMP);
      records.push(expectedRecord(input, records.length, timestamp));
    }
  }
  await using log = await Log.open(directory, config);
  return {
    directory,
    workload,
    codec,
    records,
    logEndOffset: log.logEndOffset,
    segmentCount: log.status().segments,
    timestamps: answerTimestamps(log, records),
    reads: answerReads(log, records),
  };
}
