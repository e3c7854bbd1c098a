/** What Kafka's DefaultRecordBatchTest and MemoryRecordsTest tell of batches, as a log's readers meet them. */
import { describe, expect, test } from 'vitest';
import { CODEC_IDS } from '../../../src/engine/contract.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { BatchBuilder, Log } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import { batchOf, changed, opened, setCount } from '../validate/make.ts';

const RECORDS = ['a', 'b', 'c'].map((value, at) => ({ timestamp: 10 + at, key: value, value }));

describe.each(Object.entries(CODEC_IDS))('a batch whose count is wrong, with codec %s', (_name, codec) => {
  test.each([
    ['testInvalidRecordCountTooMany', 4],
    ['testInvalidRecordCountTooLittle', 2],
  ])('%s: is refused by whoever looks at its records', async (_test, count) => {
    const bytes = changed(batchOf(RECORDS, {}, codec), setCount(count));
    expect(() => opened(bytes).records()).toThrow(expect.objectContaining({ name: 'SeglogError' }));
    await using log = await Log.open(scratchPartition());
    await expect(log.appendEncoded(bytes)).rejects.toMatchObject({ name: 'SeglogError' });
    expect(log.logEndOffset).toBe(0);
    expect(opened(batchOf(RECORDS, {}, codec)).records()).toHaveLength(3);
  });
});

test('testBaseTimestampToDeleteHorizonConversion: with a delete horizon the times of the records stay, above it and below', () => {
  for (const deleteHorizonMs of [0, 11, 1_000_000]) {
    const builder = new BatchBuilder(defaultEngine());
    builder.startAt(deleteHorizonMs);
    for (const { timestamp, key } of RECORDS) builder.add(timestamp, Buffer.from(key), null);
    const { bytes, length } = builder.build({ baseOffset: 0, deleteHorizonMs });
    const batch = opened(Buffer.from(bytes.subarray(0, length)));
    expect(batch.records().map(({ timestamp }) => timestamp)).toEqual([10, 11, 12]);
    expect(batch.maxTimestamp).toBe(12);
    expect(batch.deleteHorizonMs).toBe(deleteHorizonMs);
  }
});
