import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECOVERY_ROW } from '../../src/engine/contract.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { BatchBuilder, type BatchFields } from '../../src/record/batch-builder.ts';
import { type SegmentScan, scanSegment, scanSegmentSync, SegmentScanner } from '../../src/segment/recover.ts';
import { fixtureConfig, segmentContext } from '../support/context.ts';
import { FIXTURES, jsonLines, livedThroughRestart, segments } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';

interface Edit {
  readonly file: string;
  readonly op: string;
  readonly at: number;
  readonly bit: number;
  readonly length: number;
  readonly hex: string;
}
interface Recipe {
  readonly name: string;
  readonly source: string;
  readonly edits: readonly Edit[];
  readonly kafka: { readonly logEndOffset: number; readonly segments: readonly { baseOffset: number; size: number }[] };
}

const recipes = jsonLines<Recipe>(readFileSync(join(FIXTURES, 'damage.jsonl'), 'utf8')).filter(({ edits }) =>
  edits.every(({ file }) => file.endsWith('.log')),
);

function applied(bytes: Buffer, { op, at, bit, length, hex }: Edit): Buffer {
  if (op === 'truncate') return bytes.subarray(0, at);
  if (op === 'append-zeros') return Buffer.concat([bytes, Buffer.alloc(length)]);
  if (op === 'append-hex') return Buffer.concat([bytes, Buffer.from(hex, 'hex')]);
  if (op === 'zero') return bytes.fill(0, at, at + length);
  if (op !== 'flip-bit') throw new Error(`unknown: ${op}`);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
  return bytes;
}

const KINDS: Readonly<Record<string, readonly string[]>> = {
  'truncate-log': ['partial'],
  'truncate-sealed-log': ['partial'],
  'duplicate-tail': ['partial', 'falls', 'invalid-offset'],
  'flip-log': ['crc', 'size', 'partial'],
  'zero-tail': ['zeros'],
  'zero-middle': ['size', 'crc'],
  'garbage-tail': ['partial', 'size', 'crc'],
};

describe.each(recipes)('$name', ({ name, source, edits, kafka }) => {
  test("ends where Kafka's recovery ended, with the same kind of damage", async () => {
    const directory = scratch();
    const edit = edits[0] as Edit;
    const bytes = applied(readFileSync(join(FIXTURES, source, edit.file)), edit);
    writeFileSync(join(directory, edit.file), bytes);
    const base = Number(edit.file.slice(0, 20));
    const context = segmentContext(fixtureConfig(source.split('/')[1] as string));
    const scan = await scanSegment(context, directory, base);
    expect(scanSegmentSync(context, directory, base)).toEqual(scan);
    expect(KINDS[name.slice(4)]).toContain(scan.faultKind);
    expect(scan.fault === undefined).toBe(scan.faultKind === 'zeros');
    expect(scan.fileBytes).toBe(bytes.length);
    const size = kafka.segments.find(({ baseOffset }) => baseOffset === base)?.size;
    if (name.startsWith('025')) {
      // Kafka takes a marker that goes back to the segment's start for the end of the log; here it is cut.
      const whole = scanSegmentSync(context, join(FIXTURES, source), base);
      expect(scan).toMatchObject({
        faultKind: 'falls',
        nextOffset: whole.nextOffset,
        maxTimestamp: whole.maxTimestamp,
      });
      expect(scan.offsetEntries).toEqual(whole.offsetEntries);
      expect([kafka.logEndOffset, size]).toEqual([840, bytes.length]);
      expect(scan.validBytes).toBe(bytes.length - edit.hex.length / 2);
      return;
    }
    expect(scan.validBytes).toBe(size);
    expect(scan.nextOffset).toBe(kafka.logEndOffset);
    if (name.startsWith('012')) expect(scan).toMatchObject({ faultKind: 'invalid-offset', maxTimestamp: -1 });
  });
});

describe.each(segments('clean').filter((segment) => !livedThroughRestart(segment)))('$partition $file', (segment) => {
  test("has the index entries that Kafka's broker wrote", () => {
    const context = segmentContext(fixtureConfig(segment.partition));
    const scan = scanSegmentSync(context, dirname(segment.path), Number(segment.file.slice(0, 20)));
    expect(scan.fault).toBeUndefined();
    const isSame = (entries: Uint8Array, suffix: string): boolean =>
      readFileSync(segment.path.replace('.log', suffix)).equals(entries);
    expect([isSame(scan.offsetEntries, '.index'), isSame(scan.timeEntries, '.timeindex')]).toEqual([true, true]);
  });
});

const NAME = '00000000000000000000.log';

/** Batches of one record each, with those fields. */
function logOf(...all: readonly (Partial<BatchFields> & { readonly timestamp?: number })[]): Buffer {
  const builder = new BatchBuilder(defaultEngine());
  return Buffer.concat(
    all.map(({ timestamp = 1, ...fields }, at) => {
      builder.reset();
      builder.add(timestamp, null, Buffer.from('value'));
      const { bytes, length } = builder.build({ baseOffset: at, ...fields });
      return Buffer.from(bytes.subarray(0, length));
    }),
  );
}

function written(bytes: Uint8Array): string {
  const directory = scratch();
  writeFileSync(join(directory, NAME), bytes);
  return directory;
}

const everyBatch = { indexIntervalBytes: 0 };

describe('a scan of a segment', () => {
  test('shows the batches that matter, and ends before the one that its visitor says', async () => {
    const plain = Array.from({ length: 6 }, (_, at) => ({ timestamp: 100 - at, partitionLeaderEpoch: at >> 1 }));
    const bytes = logOf(...plain);
    const size = bytes.length / 6;
    const positions: unknown[] = [];
    const scan = await scanSegment(segmentContext(everyBatch), written(bytes), 0, (rows, count) => {
      for (let row = 0; row < count; row++) positions.push(rows[row * RECOVERY_ROW.length + RECOVERY_ROW.position]);
      return 4 * size;
    });
    expect(positions).toEqual([0, 2 * size, 4 * size]);
    expect(scan).toMatchObject({ validBytes: 4 * size, fileBytes: 6 * size, nextOffset: 4, faultKind: 'none' });
    expect(scan).toEqual({
      ...scanSegmentSync(segmentContext(everyBatch), written(bytes.subarray(0, 4 * size)), 0),
      fileBytes: 6 * size,
    });
  });

  test('that is cut gives what a scan of the shorter file gives, wherever it is cut and however many calls there were', async () => {
    // More rows than a call has room for.
    const count = 20_000;
    const bytes = logOf(
      ...Array.from({ length: count }, (_, at) => ({ producerId: 7, producerEpoch: 0, timestamp: at % 999 })),
    );
    const size = bytes.length / count;
    const directory = written(bytes);
    await fc.assert(
      fc.asyncProperty(fc.nat(count), fc.nat(4), async (batches, calls) => {
        const context = segmentContext();
        const scanner = new SegmentScanner(context, directory, 0);
        for (let call = 0; call < calls; call++) await scanner.next();
        const cut = await scanner.finish(batches * size);
        scanner.close();
        const limited = new SegmentScanner(context, directory, 0, { end: batches * size });
        expect(cut).toEqual(limited.finishSync());
        limited.close();
        expect(cut).toMatchObject({ validBytes: batches * size, nextOffset: batches, faultKind: 'none' });
      }),
      { numRuns: 12 },
    );
  });

  const outcomes: [string, Buffer, Partial<SegmentScan>][] = [
    [
      'falling offsets that Kafka does not notice',
      logOf({}, {}, { baseOffset: 1 }),
      { faultKind: 'falls', nextOffset: 2 },
    ],
    [
      'falling offsets that an index entry makes Kafka notice',
      logOf({}, {}, {}, { baseOffset: 1 }, { baseOffset: 1 }),
      { faultKind: 'invalid-offset', nextOffset: 0, validBytes: 0, maxTimestamp: -1 },
    ],
    ['an offset too far from the base', logOf({}, { baseOffset: 2 ** 31 }), { faultKind: 'overflow', nextOffset: 1 }],
    ['an offset below the base', logOf({}, { baseOffset: -5 }), { faultKind: 'below-base', nextOffset: 1 }],
    ['an empty file', logOf(), { faultKind: 'none', nextOffset: 0, maxTimestamp: -1, offsetOfMaxTimestamp: 0 }],
    ['nothing but zeros', Buffer.alloc(5000), { faultKind: 'zeros', validBytes: 0, fileBytes: 5000 }],
    ['a piece of a header', logOf({ baseOffset: 7 }).subarray(0, 9), { faultKind: 'partial', validBytes: 0 }],
    [
      'timestamps',
      logOf({ timestamp: 5 }, { timestamp: 9 }, { timestamp: 9 }),
      { maxTimestamp: 9, offsetOfMaxTimestamp: 1 },
    ],
  ];
  test.each(outcomes)('tells of %s', async (_what, bytes, expected) => {
    const directory = written(bytes);
    const found = await scanSegment(segmentContext({ indexIntervalBytes: 100 }), directory, 0);
    expect(found).toMatchObject(expected);
  });

  test('that Kafka would notice only when it adds the last time entry is emptied, too', async () => {
    // The entry at the third batch is that of offset 2; then the largest timestamp comes with offset 1, and no entry is due.
    const bytes = logOf({}, {}, { timestamp: 50 }, { baseOffset: 1, timestamp: 99 });
    const size = bytes.length / 4;
    const scan = await scanSegment(segmentContext({ indexIntervalBytes: 2 * size - 1 }), written(bytes), 0);
    expect(scan).toMatchObject({ faultKind: 'invalid-offset', validBytes: 0, nextOffset: 0 });
  });

  test('of a damaged batch larger than any buffer says so', async () => {
    const builder = new BatchBuilder(defaultEngine());
    builder.add(1, null, Buffer.alloc(6_000_000, 3));
    const { bytes, length } = builder.build({ baseOffset: 0 });
    const whole = Buffer.from(bytes.subarray(0, length));
    expect(scanSegmentSync(segmentContext(), written(whole), 0)).toMatchObject({ validBytes: length, nextOffset: 1 });
    whole.writeUInt8(9, length - 1);
    const { fault, faultKind } = await scanSegment(segmentContext(), written(whole), 0);
    expect([fault?.code, faultKind]).toEqual(['BATCH_CRC_MISMATCH', 'crc']);
  });

  test('ends where the file ends when another process trims it meanwhile', async () => {
    const bytes = logOf({}, {}, {});
    const directory = written(bytes);
    const scanner = new SegmentScanner(segmentContext(), directory, 0);
    truncateSync(join(directory, NAME), bytes.length / 3);
    expect(await scanner.finish()).toMatchObject({ validBytes: bytes.length / 3, nextOffset: 1 });
    scanner.close();
  });

  test('reads a copied fixture as it reads the original', () => {
    const segment = segments('legacy')[0];
    if (segment === undefined) throw new Error('there are fixtures');
    const directory = scratch();
    copyFileSync(segment.path, join(directory, segment.file));
    const base = Number(segment.file.slice(0, 20));
    const context = segmentContext(fixtureConfig(segment.partition));
    expect(scanSegmentSync(context, directory, base)).toEqual(scanSegmentSync(context, dirname(segment.path), base));
  });
});
