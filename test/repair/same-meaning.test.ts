/** Files that differ from what recovery would write, and are right: no reason to repair anything. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { TRANSACTION_INDEX } from '../../src/format/transaction-index.ts';
import { Log } from '../../src/index.ts';
import { applyRepair, previewRepair } from '../../src/repair/repair.ts';
import { applyEdits } from '../support/edits.ts';
import { validPrefix } from '../support/log-bytes.ts';
import { scratchPartition } from '../support/temp.ts';
import { copyOf, optionsFor } from './partitions.ts';

const DAY_MS = 86_400_000;

async function filesToRepair(directory: string, options = optionsFor()): Promise<string[]> {
  return (await previewRepair(directory, options)).steps.map(({ file }) => file);
}

describe('an index', () => {
  const INDEX = '00000000000000000000.index';
  const TIME_INDEX = '00000000000000000000.timeindex';

  test.each([INDEX, TIME_INDEX])('%s with every other entry has another density, and stays', async (name) => {
    const directory = copyOf('clean/f-snappy-0');
    const bytes = readFileSync(join(directory, name));
    const size = name === INDEX ? 8 : 12;
    const count = bytes.length / size;
    // The last entry of a time index is the largest timestamp.
    const kept = Array.from({ length: count }, (_, slot) => slot).filter((slot) => slot % 2 === (count - 1) % 2);
    writeFileSync(
      join(directory, name),
      Buffer.concat(kept.map((slot) => bytes.subarray(slot * size, (slot + 1) * size))),
    );
    expect(await filesToRepair(directory)).toEqual([]);
  });

  test("without the largest timestamp at its end is made anew, unless it is the last segment's", async () => {
    const directory = copyOf('clean/f-snappy-0');
    const bytes = readFileSync(join(directory, TIME_INDEX));
    writeFileSync(join(directory, TIME_INDEX), bytes.subarray(0, bytes.length - 12));
    expect(await filesToRepair(directory)).toEqual([TIME_INDEX]);
  });

  test.each([
    ['a position', 4],
    ['an offset', 0],
  ])('in which %s is wrong is made anew', async (_, field) => {
    const directory = copyOf('clean/f-snappy-0');
    const path = join(directory, INDEX);
    const bytes = readFileSync(path);
    bytes.writeInt32BE(bytes.readInt32BE(16 + field) + 1, 16 + field);
    writeFileSync(path, bytes);
    expect(await filesToRepair(directory)).toEqual([INDEX]);
  });
});

describe('a snapshot', () => {
  async function withIdleProducer(): Promise<{ directory: string; clock: ManualClock; snapshot: string }> {
    const directory = scratchPartition();
    const clock = new ManualClock(1_700_000_000_000);
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 };
    const log = await Log.open(directory, { clock, segmentBytes: 300 });
    await log.append([{ value: 'x'.repeat(150) }], { producer });
    await log.append([{ value: 'y'.repeat(150) }]);
    await log.close();
    return { directory, clock, snapshot: '00000000000000000001.snapshot' };
  }

  test('that lacks a producer is made anew, unless the producer is long forgotten', async () => {
    const { directory, clock, snapshot } = await withIdleProducer();
    const at = (nowMs: number): ReturnType<typeof optionsFor> =>
      optionsFor({ clock: new ManualClock(nowMs), config: { segmentBytes: 300 } });
    expect(await filesToRepair(directory, at(clock.now()))).toEqual([]);
    // As of a log in which nobody is known.
    const empty = copyOf('clean/f-lz4-0');
    writeFileSync(join(directory, snapshot), readFileSync(join(empty, '00000000000000004000.snapshot')));
    expect(await filesToRepair(directory, at(clock.now()))).toContain(snapshot);
    expect(await filesToRepair(directory, at(clock.now() + 2 * DAY_MS))).toEqual([]);
  });
});

describe('a transaction index', () => {
  const LOG = '00000000000000000839.log';
  const INDEX = '00000000000000000839.txnindex';
  const { ENTRY_SIZE, FIRST_OFFSET } = TRANSACTION_INDEX;

  /** An earlier start of a transaction than what is left of it tells. */
  function earlier(directory: string): void {
    const path = join(directory, INDEX);
    const bytes = readFileSync(path);
    expect(bytes.length).toBeGreaterThanOrEqual(2 * ENTRY_SIZE);
    bytes.writeBigInt64BE(bytes.readBigInt64BE(ENTRY_SIZE + FIRST_OFFSET) - 1n, ENTRY_SIZE + FIRST_OFFSET);
    writeFileSync(path, bytes);
  }

  test('that says more than the log is made anew', async () => {
    const directory = copyOf('clean/f-txn-0');
    earlier(directory);
    expect(await filesToRepair(directory)).toEqual([INDEX]);
  });

  test('that says more than a compacted segment stays: the records went, and the entry stays for a while', async () => {
    const directory = copyOf('clean/f-txn-0');
    // As compaction leaves it: a batch is gone that no transaction depends on.
    const bytes = readFileSync(join(directory, LOG));
    const { entries } = validPrefix(bytes, 839n);
    const data = entries.filter(({ position }) => (bytes.readInt16BE(position + 21) & 0x20) === 0);
    const { position, sizeBytes } = data[1] as (typeof data)[0];
    applyEdits(directory, [{ op: 'cut', file: LOG, at: position, length: sizeBytes }]);
    await applyRepair(directory, optionsFor());
    expect(await filesToRepair(directory)).toEqual([]);
    earlier(directory);
    expect(await filesToRepair(directory)).toEqual([]);
  });
});
