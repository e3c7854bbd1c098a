/** The engine's lines of a batch are those that are printed record by record. */
import { expect, test } from 'vitest';
import { CODEC_IDS } from '../../src/engine/contract.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { SeglogError } from '../../src/errors/errors.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { type BatchSummary, summarize } from '../../src/inspect/batch-summary.ts';
import { BatchWalk, type FoundBatch } from '../../src/inspect/batches.ts';
import { FieldPrinter, PRINT_ENCODINGS, type Redactable } from '../../src/inspect/byte-encoding.ts';
import { JsonLines } from '../../src/inspect/dump-lines.ts';
import { RecordLines, type RecordLinesOptions } from '../../src/inspect/record-lines.ts';
import { recordCursor } from '../../src/inspect/records.ts';
import { segments } from '../support/fixtures.ts';
import { batch, record } from './make-batch.ts';

const engine = defaultEngine();
const NOBODY = { finding: (): void => undefined, note: (): void => undefined };
const REDACTIONS: readonly (readonly Redactable[])[] = [
  [],
  ['keys'],
  ['values', 'headers'],
  ['keys', 'values', 'headers'],
];

function foundIn(bytes: Buffer): { found: FoundBatch; summary: BatchSummary } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = { bytes, view, start: 0, size: bytes.length, position: 0, valid: true };
  return { found, summary: summarize(view, 0, bytes.length, 0, true) };
}

/** Lines and, behind them, what is wrong. */
function gather(pieces: () => Iterable<Uint8Array | string>): { lines: string; error?: unknown } {
  const gathered: Buffer[] = [];
  try {
    for (const piece of pieces()) gathered.push(Buffer.from(piece as Uint8Array));
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    return {
      lines: Buffer.concat(gathered).toString(),
      error: { code: error.code, message: error.message, position: error.position, file: error.file },
    };
  }
  return { lines: Buffer.concat(gathered).toString() };
}

function* oneByOne(found: FoundBatch, summary: BatchSummary, { bytes, redact }: RecordLinesOptions): Generator<string> {
  const printer = new JsonLines(new FieldPrinter(bytes, redact));
  const cursor = recordCursor(engine, found, summary, { file: 'f.log' });
  while (cursor.next()) yield printer.record(cursor, summary);
}

function expectSame(lines: RecordLines, found: FoundBatch, summary: BatchSummary, options: RecordLinesOptions): string {
  const expected = gather(() => oneByOne(found, summary, options));
  expect(gather(() => lines.batch(found, summary, { file: 'f.log' }))).toEqual(expected);
  return expected.lines;
}

function eachStyle(visit: (options: RecordLinesOptions) => void): void {
  for (const bytes of PRINT_ENCODINGS) for (const redact of REDACTIONS) visit({ bytes, redact: new Set(redact) });
}

test.each(segments('clean', 'unclean'))('$set/$partition/$file has the lines of its records one by one', ({ path }) => {
  const file = nodeFileSystem.open(path, 'read');
  let written = 0;
  try {
    eachStyle((options) => {
      const lines = new RecordLines(engine, options);
      let batches = 0;
      for (const found of new BatchWalk(engine, file, NOBODY).batches()) {
        const summary = summarize(found.view, found.start, found.size, found.position, found.valid);
        if (!RecordLines.handles(summary)) continue;
        written += expectSame(lines, found, summary, options).length;
        // Styles differ in bytes, not in batches: the first of a long file are enough.
        if (++batches === 6) break;
      }
    });
  } finally {
    file.close();
  }
  expect(written).toBeGreaterThan(0);
});

test('offsets and times at the ends of int64 are exact, and stamped batches have one time', () => {
  for (const [baseOffset, baseTimestamp, attributes] of [
    [2n ** 63n - 1n, 2n ** 63n - 1n, 0],
    [2n ** 53n, 2n ** 53n + 1n, 0],
    [5n, -1n, 8],
  ] as const) {
    const records = record(7, 'key', 'value', { timestampDelta: 5n });
    const { found, summary } = foundIn(batch({ baseOffset, baseTimestamp, maxTimestamp: 77n, attributes, records }));
    eachStyle((options) => {
      const text = expectSame(new RecordLines(engine, options), found, summary, options);
      const timestamp = attributes === 8 ? 77n : BigInt.asIntN(64, baseTimestamp + 5n);
      expect(text).toContain(`"offset":${baseOffset + 7n},"timestamp":${timestamp},`);
    });
  }
});

test('a record that cannot be read is told behind the lines before it, as by reading one by one', () => {
  const good = record(0, 'key', 'value');
  for (const [records, count] of [
    [Buffer.concat([good, good.subarray(0, 5)]), 2],
    [Buffer.concat([good, Buffer.of(1)]), 2],
    [Buffer.concat([good, good]), 1],
    [Buffer.concat([good, good]), 3],
    [good, -1],
  ] as const) {
    const { found, summary } = foundIn(batch({ records, count }));
    const options = { bytes: 'utf8', redact: new Set<Redactable>() } as const;
    expectSame(new RecordLines(engine, options), found, summary, options);
    expect(gather(() => new RecordLines(engine, options).batch(found, summary, {})).error).toMatchObject({
      code: 'INVALID_RECORD',
    });
  }
});

test('lines of more than the buffer, and of megabytes, are written whole', () => {
  const texts = ['plain ', 'grün ', '\u{1f600}', '"\u202e\u0000', 'x\u001b'];
  for (const sizeBytes of [300_000, 5_000_000]) {
    for (const text of sizeBytes < 1_000_000 ? texts : ['grün "\u2028', 'x\u001b']) {
      const long = Buffer.alloc(sizeBytes, text).subarray(0, sizeBytes - (sizeBytes % Buffer.byteLength(text)));
      const headers: [string | Buffer, string | Buffer | null][] = [
        ['h', long],
        [Buffer.of(0xff), null],
      ];
      const records = Buffer.concat([
        record(0, 'before', 'it'),
        record(1, long, 'value', { headers }),
        record(2, null, Buffer.concat([long, Buffer.of(0xff)])),
        record(3, 'behind', 'it'),
      ]);
      const { found, summary } = foundIn(batch({ records, count: 4 }));
      for (const bytes of PRINT_ENCODINGS) {
        for (const redact of [new Set<Redactable>(), new Set<Redactable>(['keys', 'headers'])]) {
          const options = { bytes, redact };
          const lines = expectSame(new RecordLines(engine, options), found, summary, options);
          expect(lines.split('\n')).toHaveLength(5);
        }
      }
    }
  }
});

test('a long line is handed over in pieces that are far smaller than it', () => {
  const { found, summary } = foundIn(batch({ records: record(0, null, Buffer.alloc(20_000_000, 1)) }));
  const pieces = new RecordLines(engine, { bytes: 'utf8', redact: new Set() }).batch(found, summary, {});
  let total = 0;
  for (const piece of pieces) {
    expect(piece.length).toBeLessThan(2_000_000);
    total += piece.length;
  }
  expect(total).toBeGreaterThan(120_000_000);
});

test('a record of millions of headers is written in memory that does not grow with them', () => {
  const count = 200_000;
  const records = record(0, null, null, { headers: Array.from({ length: count }, () => ['', null]) });
  const { found, summary } = foundIn(batch({ records }));
  let total = 0;
  for (const piece of new RecordLines(engine, { bytes: 'hex', redact: new Set(['headers']) }).batch(
    found,
    summary,
    {},
  )) {
    expect(piece.length).toBeLessThan(5_000_000);
    total += piece.length;
  }
  expect(total).toBeGreaterThan(count * 35);
});

test('what cannot be decompressed is told before any line, and older formats and control batches are not taken', () => {
  const { found, summary } = foundIn(batch({ attributes: CODEC_IDS.zstd }));
  const lines = new RecordLines(engine, { bytes: 'auto', redact: new Set() });
  expect(gather(() => lines.batch(found, summary, {}))).toMatchObject({
    lines: '',
    error: { code: 'CORRUPT_COMPRESSED_DATA' },
  });
  expect(RecordLines.handles(summary)).toBe(true);
  expect(RecordLines.handles({ ...summary, isControl: true })).toBe(false);
  expect(RecordLines.handles({ ...summary, magic: 1 })).toBe(false);
  expect(RecordLines.handles({ ...summary, count: null })).toBe(false);
});
