/** Damaged and hostile files: what is whole is counted, the rest is told with its place, and memory stays bounded. */
import { describe, expect, it, test } from 'vitest';
import { join } from 'node:path';
import { defaultEngine } from '../../../src/engine/select.ts';
import { CODEC_IDS } from '../../../src/engine/contract.ts';
import { BATCH, HEADER_SIZE } from '../../../src/format/batch.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { fuzzPlan, Random } from '../../support/random.ts';
import { collectBytes } from '../collect.ts';
import { batch, batches, message, record } from '../make-batch.ts';
import { statsOf, statsOfBytes } from './support.ts';

const many = batches(40);
const whole = Buffer.concat(many);

function flipped(at: number): Buffer {
  const bytes = Buffer.from(whole);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  return bytes;
}

/** A batch whose records are these bytes, compressed. */
function compressed(codec: 'gzip' | 'zstd', records: Buffer, count = 1): Buffer {
  const engine = defaultEngine();
  const target = Buffer.alloc(engine.compressBound(CODEC_IDS[codec], records.length));
  const length = engine.compress(CODEC_IDS[codec], 3, records, 0, records.length, target, 0);
  return batch({
    attributes: CODEC_IDS[codec],
    records: target.subarray(0, length),
    count,
    lastOffsetDelta: count - 1,
  });
}

describe('damage', () => {
  it('is told with file, position and reason, and what follows is counted', async () => {
    const at = many[0]?.length ?? 0;
    const stats = await statsOfBytes(flipped(at + 70));
    expect(stats).toMatchObject({ batches: 39, records: 39, damagedBatches: 1, findings: 1, lastOffset: 39 });
    expect(stats.findingList).toMatchObject([
      { code: 'BATCH_CRC_MISMATCH', severity: 'error', path: '/d/t-0/00000000000000000000.log', position: at },
    ]);
    expect(stats.segmentList[0]).toMatchObject({ batches: 39, findings: 1 });
  });

  it('of any kind leaves those batches that a dump shows as valid', async () => {
    const { seed, cases } = fuzzPlan(150);
    const random = new Random(seed);
    for (let turn = 0; turn < cases; turn++) {
      let bytes = Buffer.from(whole);
      for (let edits = random.between(1, 4); edits > 0; edits--) {
        const at = random.between(0, bytes.length - 1);
        const kind = random.between(0, 3);
        if (kind === 0) bytes[at] = random.between(0, 255);
        else if (kind === 1) bytes.fill(0, at, Math.min(bytes.length, at + random.between(1, 200)));
        else if (kind === 2)
          bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(random.between(1, 90)), bytes.subarray(at)]);
        else bytes = Buffer.from(bytes.subarray(0, Math.max(1, at)));
      }
      const lines = collectBytes(bytes).lines.map((line) => JSON.parse(line) as { type: string; valid?: boolean });
      const stats = await statsOfBytes(bytes);
      const context = `seed ${seed}, case ${turn}`;
      expect(stats.batches, context).toBe(lines.filter(({ type, valid }) => type === 'batch' && valid).length);
      expect(stats.failures, context).toEqual([]);
    }
  });

  it('within records is told, and what comes before it is counted', async () => {
    const records = Buffer.concat([record(0, 'a', 'b'), record(1, 'c', 'd'), Buffer.of(0x7e, 1, 2)]);
    const stats = await statsOfBytes(batch({ records, count: 3, lastOffsetDelta: 2 }));
    expect(stats).toMatchObject({ batches: 1, records: 2, unreadableBatches: 1, damagedBatches: 0, findings: 1 });
    expect(stats.findingList).toMatchObject([{ code: 'INVALID_RECORD', position: 0, offsets: [0, 2] }]);
    expect(stats.keys.withKey).toBe(2);
  });

  it.each([
    ['a count that is negative', batch({ count: -1 }), 'INVALID_RECORD', 0],
    ['a count beyond the records', batch({ count: 2 ** 31 - 1 }), 'INVALID_RECORD', 1],
    ['bytes that are no gzip', batch({ attributes: 1 }), 'CORRUPT_COMPRESSED_DATA', 0],
    ['a codec that nobody knows', batch({ attributes: 6 }), 'UNSUPPORTED_CODEC', 0],
    ['a format that nobody knows', batch({ magic: 3 }), 'UNSUPPORTED_MAGIC', 0],
    ['a wrapper without messages', message({ attributes: 1, value: Buffer.of(1) }), 'CORRUPT_COMPRESSED_DATA', 0],
  ])('%s is a finding, and the batch behind it is counted', async (_, bytes, code, records) => {
    const next = batch({ baseOffset: 1n, records: record(0, 'next', '') });
    const stats = await statsOfBytes(Buffer.concat([bytes, next]));
    expect(stats.findingList.map((finding) => finding.code)).toEqual([code]);
    expect(stats).toMatchObject({ records: records + 1, unreadableBatches: 1, batches: 2 });
  });

  it('of which there is much is counted, and told up to a limit', async () => {
    const bytes = Buffer.from(whole);
    let at = 0;
    for (const one of many) {
      bytes[at + one.length - 2] = 0xff;
      at += one.length;
    }
    const stats = await statsOfBytes(bytes, { findingsPerFile: 3 });
    expect(stats).toMatchObject({ batches: 0, records: 0, damagedBatches: 40, findings: 40 });
    expect(stats.findingList).toHaveLength(3);
  });

  it('of zeros at the end is space set aside', async () => {
    const stats = await statsOfBytes(Buffer.concat([whole, Buffer.alloc(5000)]));
    expect(stats).toMatchObject({ batches: 40, damagedBatches: 0, zeroTailBytes: 5000 });
    expect(stats.findingList).toMatchObject([{ code: 'ZERO_TAIL', severity: 'warning', position: whole.length }]);
  });
});

describe('hostile bytes', () => {
  it('that claim a batch of two gigabytes take no memory', async () => {
    const bytes = Buffer.from(many[0] as Buffer);
    bytes.writeInt32BE(2 ** 31 - 1, BATCH.LENGTH);
    const stats = await statsOfBytes(Buffer.concat([bytes, many[1] as Buffer]));
    expect(stats).toMatchObject({ batches: 1, damagedBatches: 1 });
  });

  it('that decompress to very much are told, not decompressed', async () => {
    const bomb = compressed('gzip', Buffer.alloc(70 * 1024 * 1024));
    const stats = await statsOfBytes(bomb);
    expect(stats.findingList).toMatchObject([{ code: 'DECOMPRESSED_TOO_LARGE' }]);
  });

  it('with numbers at their ends are counted without an error', async () => {
    const limits = [-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 63n - 1n];
    for (const baseOffset of limits)
      for (const maxTimestamp of limits) {
        const made = batch({ baseOffset, maxTimestamp, baseTimestamp: maxTimestamp, producerId: baseOffset });
        const stats = await statsOfBytes(made);
        expect(stats.failures).toEqual([]);
        expect(stats.records).toBe(1);
        expect(stats.growth.buckets.length).toBeLessThanOrEqual(1);
      }
  });

  it('as keys are handed on as they are, or in base64, and long ones cut between characters', async () => {
    const keys = ['plain', '\u001b[31mred', '', `${'x'.repeat(1023)}\u20ac\u20ac`];
    const records = keys.map((key, at) => record(at, key, 'v'));
    const binary = record(keys.length, Buffer.of(0xff, 0xfe), 'v');
    const stats = await statsOfBytes(
      batch({ records: Buffer.concat([...records, binary]), count: 5, lastOffsetDelta: 4 }),
    );
    const told = stats.topKeys.keys.map(({ key, encoding, isCut, sizeBytes }) => [key, encoding, isCut, sizeBytes]);
    expect(told).toHaveLength(5);
    expect(told).toContainEqual(['plain', 'utf8', false, 5]);
    expect(told).toContainEqual([Buffer.from('\u001b[31mred').toString('base64'), 'base64', false, 8]);
    expect(told).toContainEqual(['', 'utf8', false, 0]);
    expect(told).toContainEqual(['x'.repeat(1023), 'utf8', true, 1029]);
    expect(told).toContainEqual(['//4=', 'base64', false, 2]);
  });

  test('keys by the hundred thousand end in a sketch of fixed size', async () => {
    const made = Array.from({ length: 160 }, (_, at) => {
      const records = Array.from({ length: 1000 }, (__, one) => record(one, `key-${at * 1000 + one}`, ''));
      const baseOffset = BigInt(at * 1000);
      return batch({ baseOffset, records: Buffer.concat(records), count: 1000, lastOffsetDelta: 999 });
    });
    const { keys, topKeys, records } = await statsOfBytes(Buffer.concat(made));
    expect(records).toBe(160_000);
    expect(keys.isExact).toBe(false);
    expect(Math.abs(keys.distinct / 160_000 - 1)).toBeLessThan(3 * keys.standardError);
    expect(topKeys.keys).toEqual([]);
    expect(topKeys.errorBound).toBeLessThanOrEqual((2 * 160_000) / 2048);
  });
});

describe('what cannot be scanned', () => {
  it('is refused when there is nothing else', async () => {
    await expect(statsOf(['/nowhere/00000000000000000000.log'])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(statsOf([import.meta.filename])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each([{ topKeys: -1 }, { topKeys: 1001 }, { threads: 0.5 }, { fromOffset: NaN }])(
    '%j is no option',
    async (options) => {
      await expect(statsOf([join(FIXTURES, 'clean')], options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    },
  );
});

test('a compressed batch is counted as its records are', async () => {
  const records = Buffer.concat(Array.from({ length: 50 }, (_, at) => record(at, `k${at % 7}`, 'value '.repeat(20))));
  const stats = await statsOfBytes(compressed('gzip', records, 50));
  expect(stats).toMatchObject({ records: 50, keys: { distinct: 7 }, findings: 0 });
  expect(stats.codecs).toMatchObject([{ codec: 'gzip', records: 50, uncompressedBytes: records.length }]);
  expect(stats.codecs[0]?.storedBytes).toBe(stats.bytes - HEADER_SIZE);
});
