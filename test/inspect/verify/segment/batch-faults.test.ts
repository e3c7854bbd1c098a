/** Faults of batches and records that no checksum tells of: what a writer other than Kafka may leave. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultEngine } from '../../../../src/engine/select.ts';
import { BATCH } from '../../../../src/format/batch.ts';
import { scratch } from '../../../support/temp.ts';
import { batch, batches, message, record } from '../../make-batch.ts';
import { brief, NOW, verifyPaths } from '../support.ts';

const LOG = '00000000000000000100.log';

/** What is found in a .log of these bytes whose base offset is 100. */
async function found(...parts: Buffer[]): Promise<string[]> {
  const path = join(scratch(), LOG);
  writeFileSync(path, Buffer.concat(parts));
  const { findings, failures } = await verifyPaths([path]);
  expect(failures).toEqual([]);
  return brief(findings).map((line) => line.replace(` ${LOG}`, ''));
}

const at = (baseOffset: number, more: Parameters<typeof batch>[0] = {}): Buffer =>
  batch({ baseOffset: BigInt(baseOffset), ...more });
const SIZE = at(100).length;

/** The batch with another leader epoch, which no checksum covers. */
function withEpoch(bytes: Buffer, epoch: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeInt32BE(epoch, BATCH.LEADER_EPOCH);
  return copy;
}

describe('one batch', () => {
  it.each([
    ['UNKNOWN_ATTRIBUTES', 'warning', { attributes: 0x80 }],
    ['UNSUPPORTED_CODEC', 'error', { attributes: 5 }],
    ['CORRUPT_COMPRESSED_DATA', 'error', { attributes: 1 }],
    ['CORRUPT_COMPRESSED_DATA', 'error', { attributes: 3 }],
    ['CORRUPT_COMPRESSED_DATA', 'error', { attributes: 4 }],
    ['BATCH_COUNTS_INVALID', 'error', { count: 2 }],
    ['BATCH_COUNTS_INVALID', 'error', { count: -1 }],
    ['PRODUCER_FIELDS_INVALID', 'error', { producerId: 7n }],
    ['PRODUCER_FIELDS_INVALID', 'error', { producerId: -2n }],
    ['PRODUCER_FIELDS_INVALID', 'error', { attributes: 0x10 }],
    ['INVALID_RECORD', 'error', { records: Buffer.of(2, 0) }],
    ['INVALID_RECORD', 'error', { records: Buffer.concat([record(0, 'k', 'v'), Buffer.of(0)]) }],
    ['RECORD_OFFSETS_INVALID', 'error', { records: record(1, 'k', 'v') }],
    ['MAX_TIMESTAMP_WRONG', 'warning', { maxTimestamp: 999n }],
    ['CONTROL_RECORD_INVALID', 'error', { attributes: 0x20, records: record(0, Buffer.of(0, 0), null) }],
    ['UNSUPPORTED_MAGIC', 'error', { magic: 3 }],
  ] as const)('%s', async (code, severity, parts) => {
    expect(await found(at(100), at(101, parts))).toEqual([`${severity} ${code} ${SIZE}`]);
  });

  it('may have fewer records than offsets, none at all, or the time of its arrival', async () => {
    expect(
      await found(
        at(100, { lastOffsetDelta: 5 }),
        at(106, { count: 0, records: Buffer.alloc(0), maxTimestamp: 5000n }),
        at(107, { attributes: 0x08, maxTimestamp: 9000n }),
      ),
    ).toEqual([]);
  });

  it('of a claimed size beyond the file is a torn tail when nothing follows, and a wrong size otherwise', async () => {
    const claims = at(101, { length: 1_000_000 });
    expect(await found(at(100), claims)).toEqual([`error BATCH_TRUNCATED ${SIZE}`]);
    expect(await found(at(100), claims, at(102))).toEqual([`error BATCH_SIZE_INVALID ${SIZE}`]);
  });
});

describe('timestamps', () => {
  it('that look like seconds, or lie years ahead, are worth knowing', async () => {
    expect(await found(at(100, { baseTimestamp: 1_700_000_000n }), at(101, { baseTimestamp: 1_700_000_001n }))).toEqual(
      ['info TIMESTAMPS_IN_SECONDS 0'],
    );
    expect(await found(at(100), at(101, { baseTimestamp: BigInt(NOW) * 1000n }))).toEqual([
      `info TIMESTAMP_AHEAD ${SIZE}`,
    ]);
  });
});

describe('the order of batches', () => {
  it('is broken by a batch that is there twice', async () => {
    expect(await found(at(100), at(101), at(101))).toEqual([`error OFFSETS_OUT_OF_ORDER ${2 * SIZE}`]);
  });

  it('is broken by the one that leapt, not by those that go on', async () => {
    expect(await found(at(100), at(9000), at(102), at(103))).toEqual([`error OFFSETS_OUT_OF_ORDER ${SIZE}`]);
    expect(await found(at(100), at(101), at(100), at(103))).toEqual([`error OFFSETS_OUT_OF_ORDER ${2 * SIZE}`]);
  });

  it('lies within what the name allows', async () => {
    expect(await found(at(99), at(101))).toEqual(['error OFFSET_BELOW_BASE 0']);
    expect(await found(at(100), at(101 + 2 ** 31), at(102))).toEqual([`error OFFSET_OVERFLOW ${SIZE}`]);
  });

  it('may have gaps, told of once', async () => {
    expect(await found(at(100), at(105), at(110))).toEqual([`info OFFSET_GAP ${SIZE}`]);
  });

  it('has leader epochs that do not fall; the one that stands out is named', async () => {
    const four = [100, 101, 102, 103].map((offset) => at(offset));
    const epochs = (...wanted: number[]): Buffer[] => four.map((bytes, i) => withEpoch(bytes, wanted[i] ?? 0));
    expect(await found(...epochs(0, 0, 2, 3))).toEqual([]);
    expect(await found(...epochs(-1, -1, 2, 3))).toEqual([]);
    expect(await found(...epochs(1, 9, 1, 1))).toEqual([`error LEADER_EPOCH_INVALID ${SIZE}`]);
    expect(await found(...epochs(1, 1, 0, 1))).toEqual([`error LEADER_EPOCH_INVALID ${2 * SIZE}`]);
    expect(await found(...epochs(1, 1, -7, 1))).toEqual([`error LEADER_EPOCH_INVALID ${2 * SIZE}`]);
  });
});

describe('holes', () => {
  const zeros = Buffer.alloc(200);

  it('at the end are space set aside; before data they are loss', async () => {
    expect(await found(at(100), zeros)).toEqual([`warning ZERO_TAIL ${SIZE}`]);
    expect(await found(zeros)).toEqual(['warning ZERO_TAIL 0']);
    expect(await found(at(100), Buffer.alloc(5))).toEqual([`warning ZERO_TAIL ${SIZE}`]);
    expect(await found(at(100), zeros, at(101))).toEqual([`error DATA_BEHIND_ZEROS ${SIZE}`]);
  });

  it('of garbage are one finding, and what follows is checked', async () => {
    const garbage = Buffer.alloc(300, 0xa5);
    expect(await found(at(100), garbage, at(101), at(102, { count: 2 }))).toEqual([
      `error BATCH_SIZE_INVALID ${SIZE}`,
      `error BATCH_COUNTS_INVALID ${2 * SIZE + 300}`,
    ]);
  });

  it('of less than a header end the file', async () => {
    expect(await found(at(100), Buffer.of(0, 0, 1))).toEqual([`error BATCH_TRUNCATED ${SIZE}`]);
  });
});

describe('formats 0 and 1', () => {
  const one = message({ offset: 100n });

  it('are checked with the messages inside', async () => {
    expect(await found(one, message({ offset: 101n, magic: 0 }))).toEqual([]);
    const inner = (...offsets: bigint[]): Buffer => {
      const plain = Buffer.concat(offsets.map((offset) => message({ offset })));
      const target = Buffer.alloc(4096);
      return target.subarray(0, defaultEngine().compress(1, -1, plain, 0, plain.length, target, 0));
    };
    const wrapper = (...offsets: bigint[]): Buffer =>
      message({ offset: 105n, attributes: 1, value: inner(...offsets) });
    expect(await found(one, wrapper(0n, 1n, 2n, 3n, 4n))).toEqual([]);
    expect(await found(one, wrapper(0n, 2n, 1n, 3n, 4n))).toEqual([`error RECORD_OFFSETS_INVALID ${one.length}`]);
    expect(await found(one, message({ offset: 101n, attributes: 1 }))).toEqual([
      `error CORRUPT_COMPRESSED_DATA ${one.length}`,
    ]);
    expect(await found(one, message({ offset: 101n, attributes: 0x10 }))).toEqual([
      `warning UNKNOWN_ATTRIBUTES ${one.length}`,
    ]);
    expect(await found(one, message({ offset: 101n, body: Buffer.of(0, 0, 0, 99, 0, 0, 0, 0, 0) }))).toEqual([
      `error INVALID_RECORD ${one.length}`,
    ]);
  });
});

it('a flood of findings is cut, and counted', async () => {
  const path = join(scratch(), '00000000000000000000.log');
  writeFileSync(path, Buffer.concat(batches(50).map((bytes) => withEpoch(bytes, -5))));
  const { findings, totals } = await verifyPaths([path], { findingsPerFile: 7 });
  expect(findings).toHaveLength(7);
  expect(totals.counts.error).toBe(50);
});
