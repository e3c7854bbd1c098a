/** What seglog writes, Apache Kafka reads: batch by batch, record by record, index by index; and goes on writing. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encoded, type ExpectedRecord } from '../support/fixtures.ts';
import { base64, CODECS, Experiment, KAFKA_RECORDS, OUR_RECORD } from './experiment.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';
import { FIRST_TIMESTAMP, WORKLOADS } from './workloads.ts';
import { expectedRecord } from './written.ts';

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

/** What is in the files of these names. */
function digests(directory: string, names: RegExp): Record<string, string | null> {
  const files = readdirSync(directory).filter((name) => names.test(name));
  return Object.fromEntries(files.map((name) => [name, encoded(readFileSync(join(directory, name)))]));
}

await withKafka(() => {
  const experiment = new Experiment();
  beforeAll(async () => void (await experiment.written()), PATIENCE_MS);
  afterAll(() => experiment.close());

  describe.each(CODECS)('with %s', (codec) => {
    describe.each(WORKLOADS)('$name', (workload) => {
      const key = Experiment.key(codec, workload);
      const written = async () => experiment.get(await experiment.written(), key);

      test('Kafka finds every batch valid and every record as it was given', { timeout: PATIENCE_MS }, async () => {
        const segments = experiment.get(await experiment.read(), key);
        const batches = segments.flatMap((segment) => segment.batches);
        const wanted = {
          compression: codec,
          timestampType: workload.config.messageTimestampType ?? 'CreateTime',
          valid: true,
        };
        expect(segments.map(({ file, bytes }) => ({ file, bytes }))).toEqual(
          segments.map(({ file }) => ({ file, bytes: statSync(file).size })),
        );
        for (const batch of batches) expect(batch).toMatchObject(wanted);
        expect(segments.flatMap((segment) => segment.records)).toEqual((await written()).records);
      });

      test('Kafka opens it as cleanly closed, finds the indexes sound and gives our answers', {
        timeout: PATIENCE_MS,
      }, async () => {
        const answer = experiment.get(await experiment.opened(), key);
        const { logEndOffset, timestamps, reads, segmentCount } = await written();
        expect(answer).toMatchObject({ logStartOffset: 0, logEndOffset, problems: [] });
        expect(answer.timestamps).toEqual(timestamps);
        expect(answer.reads ?? []).toEqual(reads);
        expect(answer.segments.length).toBe(segmentCount);
      });

      test('Kafka rebuilds, as after a crash, the indexes that we wrote', { timeout: PATIENCE_MS }, async () => {
        const { answer, directory } = experiment.get(await experiment.recovered(), key);
        const ours = await written();
        // The bytes since the last index entry are not stored, so a log that was closed in between counts anew.
        const files = workload.sessions.length === 1 ? /\.(log|index|timeindex)$/ : /\.log$/;
        expect(answer).toMatchObject({ logStartOffset: 0, logEndOffset: ours.logEndOffset, problems: [] });
        expect(digests(directory, files)).toEqual(digests(ours.directory, files));
      });

      test('Kafka appends behind it; we read both and append; Kafka reads all', { timeout: PATIENCE_MS }, async () => {
        const { records, logEndOffset } = await written();
        const { answer, readByUs, ourOffset, readByKafka } = experiment.get(await experiment.continued(), key);
        const end = logEndOffset + KAFKA_RECORDS.length;
        const both = [...records, ...kafkaRecords(logEndOffset)];
        expect(answer.append).toMatchObject({ firstOffset: logEndOffset, logEndOffset: end });
        expect(readByUs).toEqual(both);
        expect(ourOffset).toBe(end);
        const ours = expectedRecord(OUR_RECORD, end, FIRST_TIMESTAMP);
        expect(readByKafka.flatMap((segment) => segment.records)).toEqual([...both, ours]);
      });
    });
  });
});
