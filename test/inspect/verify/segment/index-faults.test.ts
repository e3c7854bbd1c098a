/** Faults of indexes, and what only looks like one. */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Log } from '../../../../src/log/log.ts';
import { scratch } from '../../../support/temp.ts';
import { batch, batches, record } from '../../make-batch.ts';
import { brief, copied, verifyPaths } from '../support.ts';

const STEM = '00000000000000000000';
const LOG = `${STEM}.log`;
const INDEX = `${STEM}.index`;
const TIME_INDEX = `${STEM}.timeindex`;

function offsetEntries(...entries: [offset: number, position: number][]): Buffer {
  const bytes = Buffer.alloc(entries.length * 8);
  for (const [slot, [offset, position]] of entries.entries()) {
    bytes.writeInt32BE(offset, slot * 8);
    bytes.writeInt32BE(position, slot * 8 + 4);
  }
  return bytes;
}

function timeEntries(...entries: [timestamp: bigint, offset: number][]): Buffer {
  const bytes = Buffer.alloc(entries.length * 12);
  for (const [slot, [timestamp, offset]] of entries.entries()) {
    bytes.writeBigInt64BE(timestamp, slot * 12);
    bytes.writeInt32BE(offset, slot * 12 + 8);
  }
  return bytes;
}

/** What is found in the files of one segment, each named alone. */
async function segment(log: Buffer, index: Buffer, timeIndex: Buffer): Promise<string[]> {
  const directory = scratch();
  const paths = [LOG, INDEX, TIME_INDEX].map((name) => join(directory, name));
  for (const [at, bytes] of [log, index, timeIndex].entries()) writeFileSync(paths[at] as string, bytes);
  return brief((await verifyPaths(paths)).findings);
}

/** Ten batches of one record, all of the same size and time. */
const TEN = batches(10, 'v'.repeat(100));
const SIZE = (TEN[0] as Buffer).length;
const TEN_LOG = Buffer.concat(TEN);
const TEN_TIMES = timeEntries([1000n, 0]);

describe('an index entry', () => {
  it('that names a batch and its last offset is right', async () => {
    expect(await segment(TEN_LOG, offsetEntries([3, 3 * SIZE], [6, 6 * SIZE]), TEN_TIMES)).toEqual([]);
  });

  it('of a batch of many records names its last one: no mismatch, as KAFKA-7487 told of', async () => {
    const records = Buffer.concat([0, 1, 2].map((at) => record(at, 'k', 'v')));
    const many = (baseOffset: bigint): Buffer => batch({ baseOffset, records, lastOffsetDelta: 2, count: 3 });
    const log = Buffer.concat([many(0n), many(3n)]);
    expect(await segment(log, offsetEntries([5, log.length / 2]), timeEntries([1000n, 2]))).toEqual([]);
    expect(await segment(log, offsetEntries([3, log.length / 2]), timeEntries([1000n, 2]))).toEqual([
      `warning INDEX_ENTRY_WRONG ${INDEX} 0`,
    ]);
  });

  it.each([
    ['a position within a batch', [3, 3 * SIZE + 1], 0],
    ['another offset', [2, 3 * SIZE], 0],
    ['a position behind the end', [3, 10 * SIZE], 0],
    ['the first batch, which is never indexed', [0, 0], 0],
    ['a negative offset', [-3, 3 * SIZE], 0],
  ] as const)('that names %s is wrong, and the one behind it is not', async (_, [offset, position], at) => {
    const index = offsetEntries([offset, position], [6, 6 * SIZE]);
    expect(await segment(TEN_LOG, index, TEN_TIMES)).toEqual([`warning INDEX_ENTRY_WRONG ${INDEX} ${at}`]);
  });

  it('that stands twice does not rise', async () => {
    const index = offsetEntries([3, 3 * SIZE], [3, 3 * SIZE], [6, 6 * SIZE]);
    expect(await segment(TEN_LOG, index, TEN_TIMES)).toEqual([`warning INDEX_NOT_RISING ${INDEX} 8`]);
  });

  it('of whole appends is what followers before 4.0 wrote', async () => {
    const index = offsetEntries([2, SIZE], [5, 4 * SIZE], [9, 7 * SIZE]);
    expect(await segment(TEN_LOG, index, TEN_TIMES)).toEqual([`info INDEX_OF_APPENDS ${INDEX} 0`]);
  });

  it('of an append is wrong when it alone is so, or reaches into the next', async () => {
    expect(await segment(TEN_LOG, offsetEntries([2, SIZE], [5, 5 * SIZE]), TEN_TIMES)).toEqual([
      `warning INDEX_ENTRY_WRONG ${INDEX} 0`,
    ]);
    expect(await segment(TEN_LOG, offsetEntries([5, SIZE], [5, 4 * SIZE], [9, 7 * SIZE]), TEN_TIMES)).toEqual([
      `warning INDEX_ENTRY_WRONG ${INDEX} 0`,
      `info INDEX_OF_APPENDS ${INDEX} 8`,
    ]);
  });
});

describe('a time index', () => {
  const rising = [1000n, 3000n, 2000n, 4000n].map((baseTimestamp, at) =>
    batch({ baseOffset: BigInt(at), baseTimestamp }),
  );
  const log = Buffer.concat(rising);

  it('has the largest timestamp so far and where it came first', async () => {
    expect(await segment(log, Buffer.alloc(0), timeEntries([1000n, 0], [3000n, 1], [4000n, 3]))).toEqual([]);
  });

  it.each([
    ['a timestamp that is not the largest so far', [2000n, 2]],
    ['another timestamp', [3001n, 1]],
    ['another offset', [3000n, 2]],
  ] as const)('with %s is wrong', async (_, [timestamp, offset]) => {
    expect(await segment(log, Buffer.alloc(0), timeEntries([timestamp, offset], [4000n, 3]))).toEqual([
      `warning INDEX_ENTRY_WRONG ${TIME_INDEX} 0`,
    ]);
  });

  it("without its segment's maximum is short", async () => {
    expect(await segment(log, Buffer.alloc(0), timeEntries([3000n, 1]))).toEqual([
      `warning INDEX_SHORT ${TIME_INDEX} 12`,
    ]);
    expect(await segment(log, Buffer.alloc(0), Buffer.alloc(0))).toEqual([`warning INDEX_SHORT ${TIME_INDEX} 0`]);
  });

  it('without an entry that was made with one of the offset index is short', async () => {
    const index = offsetEntries([1, (rising[0] as Buffer).length]);
    expect(await segment(log, index, timeEntries([4000n, 3]))).toEqual([`warning INDEX_SHORT ${TIME_INDEX} 0`]);
  });
});

describe('what brokers leave behind', () => {
  it('is one finding a file, not a flood: an index that was set aside and not trimmed', async () => {
    const directory = copied('clean/f-none-0');
    const stem = '00000000000000039955';
    for (const [suffix, size] of [
      ['index', 102_400],
      ['timeindex', 102_396],
    ] as const)
      truncateSync(join(directory, `${stem}.${suffix}`), size);
    const { findings } = await verifyPaths([directory]);
    expect(brief(findings)).toEqual([
      `warning INDEX_UNTRIMMED ${stem}.index 64`,
      `warning INDEX_UNTRIMMED ${stem}.timeindex 120`,
    ]);
  });

  it('KAFKA-19200, KAFKA-10207: a time index of full size that was never written', async () => {
    const directory = copied('clean/f-none-0');
    writeFileSync(join(directory, TIME_INDEX), Buffer.alloc(10_485_756));
    const { findings } = await verifyPaths([directory]);
    expect(brief(findings)).toEqual([`warning INDEX_UNTRIMMED ${TIME_INDEX} 0`]);
    expect(findings[0]).toMatchObject({ expected: '0 bytes', found: '10485756 bytes' });
  });

  it('KAFKA-5829: one bad index says nothing of the snapshots, which stay good', async () => {
    const directory = copied('clean/f-idem-0');
    const bytes = readFileSync(join(directory, INDEX));
    bytes.writeInt32BE(7, 4);
    writeFileSync(join(directory, INDEX), bytes);
    expect(brief((await verifyPaths([directory])).findings)).toEqual([`warning INDEX_ENTRY_WRONG ${INDEX} 0`]);
  });

  it('an index or a .log that is not there is named', async () => {
    const directory = copied('clean/f-gzip-0');
    rmSync(join(directory, TIME_INDEX));
    expect(brief((await verifyPaths([directory])).findings)).toEqual([`warning INDEX_MISSING ${TIME_INDEX} -`]);
    rmSync(join(directory, LOG));
    expect(brief((await verifyPaths([directory])).findings)).toEqual(
      expect.arrayContaining([`error LOG_MISSING ${LOG} -`, `warning INDEX_ORPHANED ${INDEX} -`]),
    );
  });

  it('a .log that ends before its indexes do is short', async () => {
    const directory = scratch();
    const paths = [LOG, INDEX, TIME_INDEX].map((name) => join(directory, name));
    writeFileSync(paths[0] as string, TEN_LOG.subarray(0, 5 * SIZE));
    writeFileSync(paths[1] as string, offsetEntries([3, 3 * SIZE], [6, 6 * SIZE], [9, 9 * SIZE]));
    writeFileSync(paths[2] as string, TEN_TIMES);
    expect(brief((await verifyPaths(paths)).findings)).toEqual([
      `error LOG_SHORT ${LOG} ${5 * SIZE}`,
      `warning INDEX_ENTRY_WRONG ${INDEX} 8`,
    ]);
  });

  it('an .index that was cut at an entry lacks what its time index has', async () => {
    const directory = copied('clean/f-none-0');
    const index = '00000000000000012550.index';
    truncateSync(join(directory, index), 56);
    expect(brief((await verifyPaths([directory])).findings)).toEqual([`warning INDEX_SHORT ${index} 56`]);
  });

  describe('where other segments have an entry for each batch', () => {
    const config = { segmentBytes: 1000, indexIntervalBytes: 0 };

    /** Three such segments, and how to open the log once more and append a value of so many bytes. */
    async function dense(): Promise<{ directory: string; append: (bytes: number) => Promise<void> }> {
      const directory = join(scratch(), 't-0');
      const log = await Log.open(directory, config);
      while (log.segments().length < 4) await log.append([{ timestamp: Date.now(), key: null, value: 'x' }]);
      await log.close();
      const append = async (bytes: number): Promise<void> => {
        const opened = await Log.open(directory, config);
        await opened.append([{ timestamp: Date.now(), key: null, value: 'x'.repeat(bytes) }]);
        await opened.close();
      };
      return { directory, append };
    }

    it('one of two batches with a restart between them has none, and nothing is wrong', async () => {
      const { directory, append } = await dense();
      for (const bytes of [800, 300, 20, 800]) await append(bytes);
      const sizes = readdirSync(directory).filter((name) => name.endsWith('.index'));
      expect(sizes.map((name) => statSync(join(directory, name)).size).filter((size) => size === 0).length).toBe(3);
      expect(brief((await verifyPaths([directory])).findings)).toEqual([]);
    });

    it('one of many batches without entries was emptied', async () => {
      const { directory } = await dense();
      for (const name of [INDEX, TIME_INDEX]) truncateSync(join(directory, name));
      expect(brief((await verifyPaths([directory])).findings)).toContain(`warning INDEX_SHORT ${INDEX} 0`);
    });
  });
});
