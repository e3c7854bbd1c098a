/** What seglog writes, Apache Kafka reads: batch by batch, record by record, index by index; and goes on writing. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Codec, Log } from '../../src/index.ts';
import { encoded, type ExpectedRecord } from '../support/fixtures.ts';
import {
  FETCH_TIMEOUT_MS,
  type KafkaRecord,
  openWithKafka,
  peer,
  readBackPartitions,
  skipWithoutKafka,
} from './kafka.ts';
import { FIRST_TIMESTAMP, WORKLOADS, type Workload } from './workloads.ts';
import { expectedRecord, readAll, type Written, writePartition } from './written.ts';

const CODECS: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

const KAFKA_RECORDS: KafkaRecord[] = [
  { timestamp: FIRST_TIMESTAMP + 2_000_000, key: null, value: null, headers: [] },
  {
    timestamp: FIRST_TIMESTAMP + 1,
    key: base64('from Kafka'),
    value: base64('x'.repeat(2000)),
    headers: [['h', null]],
  },
  { timestamp: FIRST_TIMESTAMP + 2, key: base64('ключ'), value: '', headers: [['ä', base64('1')]] },
];

/** What we append behind Kafka. */
const OURS = { value: 'behind Kafka', timestamp: FIRST_TIMESTAMP };

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function fromBase64(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64');
}

/** What Kafka's append adds to a log: with the times given, since we do not configure LogAppendTime there. */
function kafkaRecords(firstOffset: number): ExpectedRecord[] {
  return KAFKA_RECORDS.map(({ timestamp, key, value, headers }, i) => ({
    type: 'record',
    offset: firstOffset + i,
    timestamp,
    key: encoded(fromBase64(key)),
    value: encoded(fromBase64(value)),
    headers: headers.map(([name, bytes]) => [base64(name), encoded(fromBase64(bytes))]),
  }));
}

function filesOf(directory: string, extension: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(extension));
}

function kafkaConfig({ config }: Workload): Record<string, string> {
  return {
    'internal.segment.bytes': String(config.segmentBytes ?? 1 << 30),
    'index.interval.bytes': String(config.indexIntervalBytes ?? 4096),
  };
}

let root = '';
/** By codec and workload. */
const partitions = new Map<string, Written>();

function partition(codec: Codec, { name }: Workload): Written {
  const written = partitions.get(`${codec} ${name}`);
  if (written === undefined) throw new Error(`${name} with ${codec} was not written`);
  return written;
}

skipWithoutKafka();

beforeAll(async () => {
  if (!(await peer()).ok) return;
  root = mkdtempSync(join(tmpdir(), 'seglog-interop-'));
  for (const codec of CODECS) {
    for (const [i, workload] of WORKLOADS.entries()) {
      partitions.set(
        `${codec} ${workload.name}`,
        await writePartition(join(root, `${codec}-${i}`, 't-0'), workload, codec),
      );
    }
  }
}, FETCH_TIMEOUT_MS);

afterAll(() => {
  if (root !== '') rmSync(root, { recursive: true, force: true });
});

/** All partitions of a codec, copied, so that tests do not see what Kafka did in another. */
function copies(codec: Codec, purpose: string): Written[] {
  return WORKLOADS.map((workload) => {
    const written = partition(codec, workload);
    const directory = join(dirname(written.directory), purpose, basename(written.directory));
    cpSync(written.directory, directory, { recursive: true });
    return { ...written, directory, records: [...written.records] };
  });
}

describe.each(CODECS)('Kafka, of what we write with %s,', (codec) => {
  test('finds every batch valid and every record as it was given', async () => {
    const all = WORKLOADS.map((workload) => partition(codec, workload));
    const read = await readBackPartitions(all.map(({ directory }) => directory));
    for (const { directory, workload, records } of all) {
      const segments = read.get(directory) ?? [];
      const batches = segments.flatMap((segment) => segment.batches);
      expect(batches.filter(({ valid }) => !valid)).toEqual([]);
      for (const { file, bytes } of segments) {
        expect(bytes, `${workload.name}: whole batches in ${file}`).toBe(statSync(file).size);
      }
      const wanted = { compression: codec, timestampType: workload.config.messageTimestampType ?? 'CreateTime' };
      expect(batches.map(({ compression, timestampType }) => ({ compression, timestampType }))).toEqual(
        batches.map(() => wanted),
      );
      expect(
        segments.flatMap((segment) => segment.records),
        workload.name,
      ).toEqual(records);
    }
  });

  test('opens it as cleanly closed, finds the indexes sound and gives our answers', async () => {
    const all = copies(codec, 'clean');
    const answers = await openWithKafka(
      all.map(({ directory, timestamps, reads }) => ({
        dir: directory,
        timestamps: timestamps.map(({ timestamp }) => timestamp),
        reads: reads.map(({ from }) => ({ from, maxBytes: 1 })),
      })),
    );
    expect(answers.length).toBe(all.length);
    for (const [i, { workload, directory, logEndOffset, timestamps, reads }] of all.entries()) {
      const { name } = workload;
      const answer = answers[i];
      expect(answer, name).toMatchObject({ dir: directory, logStartOffset: 0, logEndOffset, problems: [] });
      expect(answer?.timestamps, name).toEqual(timestamps);
      expect(answer?.reads ?? [], name).toEqual(reads);
      expect(answer?.segments.length, name).toBe(filesOf(directory, '.log').length);
    }
  });

  test('rebuilds from it, as after a crash, the indexes that we wrote', async () => {
    // The bytes since the last index entry are not stored, so a log that was closed in between counts anew.
    const all = copies(codec, 'crash').filter(({ workload }) => workload.sessions.length === 1);
    const answers = await openWithKafka(
      all.map(({ directory, workload }) => ({ dir: directory, clean: false, config: kafkaConfig(workload) })),
    );
    for (const [i, { workload, directory, logEndOffset }] of all.entries()) {
      expect(answers[i], workload.name).toMatchObject({ logStartOffset: 0, logEndOffset, problems: [] });
      const ours = partition(codec, workload).directory;
      for (const name of ['.log', '.index', '.timeindex'].flatMap((extension) => filesOf(ours, extension))) {
        const same = readFileSync(join(directory, name)).equals(readFileSync(join(ours, name)));
        expect(same, `${workload.name}: ${name} is the same`).toBe(true);
      }
    }
  });

  test('appends behind it; we read both, and append behind Kafka', async () => {
    const all = copies(codec, 'append');
    const append = { compression: codec, records: KAFKA_RECORDS };
    const answers = await openWithKafka(
      all.map(({ directory, workload }) => ({ dir: directory, config: kafkaConfig(workload), append })),
    );
    for (const [i, { workload, directory, records, logEndOffset }] of all.entries()) {
      const end = logEndOffset + KAFKA_RECORDS.length;
      expect(answers[i]?.append, `${workload.name}: ${answers[i]?.error}`).toMatchObject({
        firstOffset: logEndOffset,
        logEndOffset: end,
      });
      records.push(...kafkaRecords(logEndOffset));
      await using log = await Log.open(directory, { ...workload.config, messageTimestampType: 'CreateTime' });
      expect(await readAll(log), workload.name).toEqual(records);
      expect(await log.append(OURS, { compression: codec })).toMatchObject({ baseOffset: end });
      records.push(expectedRecord(OURS, end, FIRST_TIMESTAMP));
    }
    const read = await readBackPartitions(all.map(({ directory }) => directory));
    for (const { directory, workload, records } of all) {
      expect(
        (read.get(directory) ?? []).flatMap((segment) => segment.records),
        workload.name,
      ).toEqual(records);
    }
  });
});
