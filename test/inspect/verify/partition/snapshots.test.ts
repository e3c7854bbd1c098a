/** Producer snapshots against the log: each fault gives one finding, at the entry; and which snapshots there are. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../../../src/engine/select.ts';
import {
  decodeProducerSnapshot,
  encodeProducerSnapshot,
  type ProducerSnapshotEntry,
} from '../../../../src/format/producer-snapshot.ts';
import { applyEdits } from '../../../support/edits.ts';
import { copied, factsOf, findingsOf, findingsWithin, inShort, verifyContext } from './support.ts';
import { readLogDirectory } from '../../../../src/inspect/verify/directory/facts.ts';
import { checkPartition } from '../../../../src/inspect/verify/partition/check.ts';

type Entry = { -readonly [K in keyof ProducerSnapshotEntry]: ProducerSnapshotEntry[K] };

const crc32c = (bytes: Uint8Array, start: number, end: number): number => defaultEngine().crc32c(bytes, start, end);
/** Where entry `slot` starts. */
const at = (slot: number): number => 10 + 46 * slot;
const slotOf = (entries: readonly Entry[], producerId: bigint): number =>
  entries.findIndex((entry) => entry.producerId === producerId);

/** Changes the entries of a snapshot, with a right checksum; returns them. */
function rewrite(directory: string, file: string, change: (entries: Entry[]) => void): Entry[] {
  const path = join(directory, file);
  const entries: Entry[] = decodeProducerSnapshot(readFileSync(path), crc32c, path).map((entry) => ({ ...entry }));
  change(entries);
  writeFileSync(path, encodeProducerSnapshot(entries, crc32c));
  return entries;
}

describe('a producer snapshot of a log that is all there', () => {
  const FILE = '00000000000000000839.snapshot';

  test.each<[string, (entry: Entry) => void, string, string]>([
    ['epoch', (entry) => (entry.producerEpoch += 1), 'producerEpoch 10', 'producerEpoch 11'],
    ['last sequence', (entry) => (entry.lastSequence += 1), 'lastSequence 34', 'lastSequence 35'],
    ['last offset, too high', (entry) => (entry.lastOffset -= 1n), 'lastOffset 838', 'lastOffset 837'],
    ['batch', (entry) => (entry.offsetDelta += 1), 'offsetDelta 16', 'offsetDelta 17'],
    ['timestamp', (entry) => (entry.timestamp += 1n), 'timestamp 1700000009229', 'timestamp 1700000009230'],
    ['coordinator epoch', (entry) => (entry.coordinatorEpoch = 7), 'coordinatorEpoch 0', 'coordinatorEpoch 7'],
    [
      'open transaction',
      (entry) => (entry.currentTxnFirstOffset -= 1n),
      'currentTxnFirstOffset 766',
      'currentTxnFirstOffset 765',
    ],
    [
      'open transaction, of none',
      (entry) => (entry.currentTxnFirstOffset = -1n),
      'currentTxnFirstOffset 766',
      'currentTxnFirstOffset -1',
    ],
  ])('with another %s does not agree with it', (_what, change, expected, found) => {
    const directory = copied('clean/f-txn-0');
    const entries = rewrite(directory, FILE, (all) => change(all[slotOf(all, 4n)] as Entry));
    const findings = findingsOf(directory);
    expect(inShort(findings)).toEqual([`warning SNAPSHOT_MISMATCH ${FILE} ${at(slotOf(entries, 4n))}`]);
    expect(findings[0]).toMatchObject({ expected, found });
  });

  test('with a producer that wrote nothing does not agree with it', () => {
    const directory = copied('clean/f-txn-0');
    rewrite(directory, FILE, (all) => all.push({ ...(all[0] as Entry), producerId: 99n }));
    expect(inShort(findingsOf(directory))).toEqual([`warning SNAPSHOT_MISMATCH ${FILE} ${at(3)}`]);
  });

  test('may lack a producer, but not one with an open transaction', () => {
    const file = '00000000000000001627.snapshot';
    const directory = copied('clean/f-txn-0');
    rewrite(directory, file, (all) => all.splice(slotOf(all, 3n), 1));
    expect(findingsOf(directory)).toEqual([]);
    rewrite(directory, file, (all) => all.splice(slotOf(all, 5n), 1));
    expect(inShort(findingsOf(directory))).toEqual([
      `warning SNAPSHOT_MISMATCH ${file} ${at(1)}`,
      'info TRANSACTION_OPEN 00000000000000000839.log null',
    ]);
  });

  test.each<[string, (entries: Entry[]) => void, number]>([
    ['a producer twice', (all) => all.push({ ...(all[0] as Entry) }), 3],
    ['a negative producer id', (all) => ((all[2] as Entry).producerId = -3n), 2],
    ['a last offset at or above its own', (all) => ((all[1] as Entry).lastOffset = 839n), 1],
    ['a batch longer than all offsets', (all) => ((all[1] as Entry).offsetDelta = 2000), 1],
    ['a transaction that begins above its last offset', (all) => ((all[1] as Entry).currentTxnFirstOffset = 2000n), 1],
  ])('with %s cannot be, whatever the log has', (_what, change, slot) => {
    const directory = copied('clean/f-txn-0');
    rewrite(directory, FILE, change);
    expect(inShort(findingsOf(directory))).toEqual([`warning SNAPSHOT_MISMATCH ${FILE} ${at(slot)}`]);
  });

  test('is taken as it is where the log before it is damaged', () => {
    const directory = copied('clean/f-txn-0');
    applyEdits(directory, [{ op: 'flip-bit', file: '00000000000000000017.log', at: 30_000, bit: 1 }]);
    rewrite(directory, FILE, (all) => ((all[1] as Entry).timestamp += 1n));
    expect(findingsOf(directory)).toEqual([]);
  });
});

describe('a producer snapshot of a log whose beginning is gone', () => {
  /** The second half of `f-txn-0`, as retention leaves it. */
  function half(): string {
    const directory = copied('clean/f-txn-0');
    const gone = /^0{17}(000|017)\.|^0{17}807\.snapshot/;
    for (const file of ['log', 'index', 'timeindex', 'txnindex', 'snapshot'].flatMap((suffix) =>
      ['00000000000000000000', '00000000000000000017', '00000000000000000807'].map((base) => `${base}.${suffix}`),
    )) {
      if (gone.test(file)) rmSync(join(directory, file), { force: true });
    }
    writeFileSync(join(directory, 'leader-epoch-checkpoint'), '0\n2\n0 807\n2 1627\n');
    return directory;
  }

  test('is taken as it is where producers and transactions began before', () => {
    expect(findingsOf(half())).toEqual([]);
  });

  test('is held against what the log still has', () => {
    const directory = half();
    const file = '00000000000000000839.snapshot';
    const entries = rewrite(directory, file, (all) => ((all[slotOf(all, 4n)] as Entry).lastSequence += 1));
    expect(inShort(findingsOf(directory))).toEqual([`warning SNAPSHOT_MISMATCH ${file} ${at(slotOf(entries, 4n))}`]);
    rewrite(directory, file, (all) => ((all[slotOf(all, 4n)] as Entry).lastSequence -= 1));
    // A producer whose batches are gone may have been anything.
    rewrite(directory, file, (all) => all.push({ ...(all[slotOf(all, 3n)] as Entry), producerId: 99n }));
    expect(findingsOf(directory)).toEqual([]);
    rewrite(directory, file, (all) => ((all[slotOf(all, 99n)] as Entry).lastOffset = 820n));
    expect(inShort(findingsOf(directory))).toEqual([`warning SNAPSHOT_MISMATCH ${file} ${at(3)}`]);
  });
});

describe('the file of a snapshot', () => {
  const FILE = '00000000000000000839.snapshot';

  test('that is short, long or flipped says where', () => {
    const directory = copied('clean/f-txn-0');
    const path = join(directory, FILE);
    const bytes = readFileSync(path);
    const positionOf = (changed: Uint8Array): number | null | undefined => {
      writeFileSync(path, changed);
      const [found, ...others] = findingsOf(directory);
      expect([found?.code, others.length]).toEqual(['SNAPSHOT_CORRUPT', 0]);
      return found?.position;
    };
    const flipped = (byte: number): Buffer => {
      const copy = Buffer.from(bytes);
      copy[byte] = (copy[byte] as number) ^ 16;
      return copy;
    };
    expect(positionOf(bytes.subarray(0, 4))).toBe(4);
    expect(positionOf(bytes.subarray(0, 70))).toBe(70);
    expect(positionOf(Buffer.concat([bytes, Buffer.from('x')]))).toBe(bytes.length);
    expect(positionOf(flipped(4))).toBe(2);
    expect(positionOf(flipped(9))).toBe(6);
    expect(positionOf(flipped(60))).toBe(at(1));
    expect(positionOf(Buffer.from(bytes).fill(7, 30, 60))).toBe(2);
  });

  test('that is too large is not read', () => {
    const directory = copied('clean/f-idem-0');
    applyEdits(directory, [{ op: 'truncate', file: '00000000000000002100.snapshot', at: 0 }]);
    writeFileSync(join(directory, '00000000000000002100.snapshot'), Buffer.alloc(65 * 1024 * 1024));
    expect(inShort(findingsOf(directory))).toEqual(['warning FILE_TOO_LARGE 00000000000000002100.snapshot null']);
  });
});

describe('snapshots', () => {
  const snapshot = (offset: number): string => `${String(offset).padStart(20, '0')}.snapshot`;

  test.each([
    [[839], [839]],
    [
      [807, 839],
      [807, 839],
    ],
    // The one at the log end shows nothing without the mark of a clean stop, and that at 17 only an older one would.
    [[1627], []],
    [[17], []],
    [[17, 807], [807]],
  ])('at %j are missed at %j', (removed, missed) => {
    const directory = copied('clean/f-txn-0');
    for (const offset of removed) rmSync(join(directory, snapshot(offset)));
    const found = findingsOf(directory).filter(({ code }) => code !== 'TRANSACTION_OPEN');
    expect(inShort(found)).toEqual(missed.map((offset) => `warning SNAPSHOT_MISSING ${snapshot(offset)} null`));
  });

  test('of earlier segments are missed where still earlier ones are kept', () => {
    const directory = copied('clean/f-none-0');
    rmSync(join(directory, snapshot(5710)));
    expect(inShort(findingsOf(directory))).toEqual([`warning SNAPSHOT_MISSING ${snapshot(5710)} null`]);
  });

  test('at the log end are missed after a clean stop', () => {
    const directory = copied('clean/f-idem-0');
    writeFileSync(join(directory, '..', '.kafka_cleanshutdown'), '');
    expect(findingsWithin(directory)).toEqual([]);
    rmSync(join(directory, snapshot(2300)));
    expect(inShort(findingsWithin(directory))).toEqual([`warning SNAPSHOT_MISSING ${snapshot(2300)} null`]);
    const live = readLogDirectory(verifyContext(), join(directory, '..'), true);
    expect([...checkPartition(verifyContext(), directory, factsOf(directory), live)]).toEqual([]);
  });

  test('below the first segment are strays, those of earlier stops are not, and beyond the end they tell of a longer log', () => {
    const directory = copied('clean/f-idem-0');
    renameSync(join(directory, snapshot(2300)), join(directory, snapshot(500)));
    expect(findingsOf(directory)).toEqual([]);
    renameSync(join(directory, snapshot(500)), join(directory, snapshot(2301)));
    expect(inShort(findingsOf(directory))).toEqual([`warning SNAPSHOT_BEYOND_END ${snapshot(2301)} null`]);
    const retained = copied('clean/f-size-retained-0');
    renameSync(join(retained, snapshot(4000)), join(retained, snapshot(1983)));
    expect(inShort(findingsOf(retained))).toEqual([`info SNAPSHOT_STRAY ${snapshot(1983)} null`]);
  });
});

describe('an open transaction', () => {
  test('is told of where no snapshot at the log end records it', () => {
    const directory = copied('clean/f-txn-1');
    rmSync(join(directory, '00000000000000001635.snapshot'));
    const [found, ...others] = findingsOf(directory);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      code: 'TRANSACTION_OPEN',
      severity: 'info',
      file: '00000000000000000845.log',
      offsets: [1598, 1634],
      expected: 'a marker of producer 5',
    });
  });
});

describe("a batch outside of its producer's open transaction", () => {
  test('cannot be, and nothing behind it is held against the log', () => {
    const directory = copied('clean/f-txn-0');
    const path = join(directory, '00000000000000000839.log');
    const log = readFileSync(path);
    // The second batch of the transaction that began at 1603.
    const batch = log.subarray(55_072, 55_507);
    batch.writeUInt16BE(batch.readUInt16BE(21) & ~16, 21);
    batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
    writeFileSync(path, log);
    const found = findingsOf(directory);
    expect(inShort(found)).toEqual(['error PRODUCER_STATE_INVALID 00000000000000000839.log 55072']);
    expect(found[0]?.expected).toContain('1603');
  });
});
