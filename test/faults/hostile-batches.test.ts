/** Rows F19, F20 and F30 where a log is opened for writing, and F20's legal oddities (test/log/bad-input.test.ts reads the others). */
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { BATCH } from '../../src/format/batch.ts';
import { Log, LogReader } from '../../src/index.ts';
import {
  afterFault,
  boundaries,
  fileOf,
  filled,
  logOf,
  placed,
  unclean,
  valuesTo,
  withFile,
} from '../log/fault-rows/partition.ts';

const BATCHES = 4;
const HIT = 2;

type Damage = (batch: Buffer) => void;

/** A partition of which one batch was changed, with the right checksum where asked. */
async function changed(damage: Damage, isSealed: boolean): Promise<Map<string, Buffer>> {
  const files = await filled({ batches: BATCHES });
  const log = Buffer.from(fileOf(files, logOf(0)));
  const ends = boundaries(log);
  const batch = log.subarray(ends[HIT], ends[HIT + 1]);
  damage(batch);
  if (isSealed) defaultEngine().sealBatch(batch, batch.length);
  return withFile(files, logOf(0), log);
}

const LENGTHS: [string, number][] = [
  ['negative', -1],
  ['the least int32', -(2 ** 31)],
  ['0', 0],
  ['13', 13],
  ['48, one below a header', 48],
  ['2^31 - 1', 2 ** 31 - 1],
  ['more than the file has', 100_000],
];

describe.each(LENGTHS)('F19: a batch whose length is %s', (_what, length) => {
  const damage: Damage = (batch) => batch.writeInt32BE(length, BATCH.LENGTH);

  test('is cut off above the recovery point, with all behind it in quarantine', async () => {
    const found = await afterFault(await changed(damage, false), valuesTo(2 * BATCHES), unclean());
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(2 * HIT), logEndOffset: 2 * HIT });
  });

  test('is damage below it: nothing is cut, and what is before it is served', async () => {
    const files = await changed(damage, false);
    const found = await afterFault(files, valuesTo(2 * BATCHES), unclean(2 * BATCHES));
    expect(found).toMatchObject({ appending: 'LOG_CORRUPT', values: valuesTo(2 * HIT), cuts: [] });
    expect(fileOf(found.files, logOf(0))).toEqual(fileOf(files, logOf(0)));
  });
});

test.each<[string, Damage]>([
  ['2^31 - 1 records in a hundred bytes', (batch) => batch.writeInt32BE(2 ** 31 - 1, BATCH.RECORD_COUNT)],
  ['a negative number of records', (batch) => batch.writeInt32BE(-1, BATCH.RECORD_COUNT)],
  ['a last offset below its records', (batch) => batch.writeInt32BE(0, BATCH.LAST_OFFSET_DELTA)],
])(
  'F19: %s, under a right checksum, never take memory or records of others, and never end the process',
  async (_what, damage) => {
    const files = await changed(damage, true);
    const directory = placed(files);
    const log = await Log.open(directory, unclean());
    const seen: string[] = [];
    let code = 'ok';
    try {
      for (const batch of log.readSync()) seen.push(...batch.records().map(({ value }) => value?.toString() ?? ''));
    } catch (error) {
      code = (error as { code: string }).code;
    }
    expect(seen.slice(0, 2 * HIT)).toEqual(valuesTo(2 * HIT));
    expect(['INVALID_RECORD', 'ok']).toContain(code);
    for (const value of seen) expect(valuesTo(2 * BATCHES)).toContain(value);
    await log.close();
  },
);

test('F19: a last offset beyond its records, and a batch without any, are legal: compaction leaves them', async () => {
  const files = await filled({ batches: BATCHES });
  const log = Buffer.from(fileOf(files, logOf(0)));
  const ends = boundaries(log);
  const last = log.subarray(ends[BATCHES - 1]);
  last.writeInt32BE(9, BATCH.LAST_OFFSET_DELTA);
  defaultEngine().sealBatch(last, last.length);
  const found = await afterFault(withFile(files, logOf(0), log), valuesTo(2 * BATCHES), unclean());
  expect(found).toMatchObject({
    appending: 'ok',
    values: valuesTo(2 * BATCHES),
    logEndOffset: 2 * BATCHES + 8,
    cuts: [],
  });
});

test('F20: a number in more bytes than it needs is read as Java reads it, by every way of reading', async () => {
  const files = await filled({ batches: 1 });
  const log = fileOf(files, logOf(0));
  // The first record behind the header: length, attributes, time, offset, null key (01), value length, value.
  const record = log.subarray(61, 61 + 1 + (log[61] as number) / 2);
  const key = record.indexOf(1, 3);
  const longer = Buffer.concat([
    Buffer.from([(record[0] as number) + 2 * 2]),
    record.subarray(1, key),
    Buffer.from([0x81, 0x80, 0x00]),
    record.subarray(key + 1),
  ]);
  const batch = Buffer.concat([log.subarray(0, 61), longer, log.subarray(61 + record.length)]);
  batch.writeInt32BE(batch.length - 12, BATCH.LENGTH);
  defaultEngine().sealBatch(batch, batch.length);
  const found = await afterFault(withFile(files, logOf(0), batch), valuesTo(2), unclean());
  expect(found).toMatchObject({ values: valuesTo(2), appending: 'ok', cuts: [] });
  using reader = LogReader.open(placed(withFile(files, logOf(0), batch)));
  for (const one of reader.readSync()) {
    const cursor = one.cursor();
    const lengths: number[] = [];
    while (cursor.next()) lengths.push(cursor.keyLength);
    expect(lengths).toEqual([-1, -1]);
    expect(one.columns().count).toBe(2);
  }
});

describe('F30: what a later Kafka may write', () => {
  test.each([3, 4, 127])('a batch of format %i is kept as it is, byte for byte', async (magic) => {
    const files = await changed((batch) => batch.writeInt8(magic, BATCH.MAGIC), false);
    const found = await afterFault(files, valuesTo(2 * BATCHES), unclean());
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', cuts: [] });
    expect(fileOf(found.files, logOf(0))).toEqual(fileOf(files, logOf(0)));
  });

  test.each([5, 6, 7])(
    'a batch of the unknown codec %i is kept as it is, and refused by name when it is read',
    async (codec) => {
      const files = await changed((batch) => batch.writeInt16BE(codec, BATCH.ATTRIBUTES), true);
      const found = await afterFault(files, valuesTo(2 * BATCHES), unclean());
      expect(found).toMatchObject({ opening: 'ok', appending: 'ok', cuts: [], readError: 'UNSUPPORTED_CODEC' });
      expect(fileOf(found.files, logOf(0))).toEqual(fileOf(files, logOf(0)));
    },
  );

  test.each([0x80, 0x100, 0x4000, -0x8000])(
    'a batch with the unknown attribute bit %i is kept and read',
    async (bit) => {
      const files = await changed((batch) => batch.writeInt16BE(bit, BATCH.ATTRIBUTES), true);
      const found = await afterFault(files, valuesTo(2 * BATCHES), unclean());
      expect(found).toMatchObject({ opening: 'ok', appending: 'ok', cuts: [], values: valuesTo(2 * BATCHES) });
      expect(fileOf(found.files, logOf(0))).toEqual(fileOf(files, logOf(0)));
    },
  );

  test('a leader epoch checkpoint of a version to come is made again, and no record is lost', async () => {
    const files = withFile(await filled({ batches: BATCHES }), 'leader-epoch-checkpoint', Buffer.from('7\n1\n0 0\n'));
    const found = await afterFault(files, valuesTo(2 * BATCHES), unclean());
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(2 * BATCHES) });
    expect(fileOf(found.files, 'leader-epoch-checkpoint').toString()).toBe('0\n1\n0 0\n');
  });

  test('partition.metadata of a version to come is taken, as Kafka takes it, and stays as it is', async () => {
    const later = Buffer.from('version: 9\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\nmore: x\n');
    const files = withFile(await filled({ batches: BATCHES }), 'partition.metadata', later);
    const found = await afterFault(files, valuesTo(2 * BATCHES), unclean());
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(2 * BATCHES) });
    expect(fileOf(found.files, 'partition.metadata')).toEqual(later);
  });
});
