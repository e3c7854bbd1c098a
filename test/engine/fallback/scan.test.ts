import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCAN_OUTCOME, SCAN_STOPS } from '../../../src/engine/contract.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { batch, message } from './batches.ts';

const engine = createFallbackEngine();
const good = batch(0, 0, 0, Buffer.from('some payload'));
const mixed = Buffer.concat([
  batch(0, 1, 5, Buffer.from('first')),
  message(0, 2, 0, Buffer.from('old')),
  message(1, 3, 9, Buffer.from('newer')),
  batch(4, 0, 6),
]);

function scan(bytes: Uint8Array, { start = 0, end = bytes.length, verify = true, room = 8 } = {}) {
  const rows = new Int32Array(room * 2);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  engine.scanBatches(bytes, start, end, verify, rows, outcome);
  const [count = 0, stoppedAt = 0, stop, need] = outcome;
  return { rows: [...rows.subarray(0, count * 2)], end: stoppedAt, stop, need };
}

/** The good batch with other bytes at `at`. */
function changed(at: number, ...values: number[]): Buffer {
  const bytes = Buffer.from(good);
  bytes.set(values, at);
  return bytes;
}

function withSize(size: number): Buffer {
  const bytes = Buffer.from(good);
  bytes.writeInt32BE(size, 8);
  return bytes;
}

/** A format's message of zeros, the checksum 0. */
function zeros(magic: number, size: number): Buffer {
  const bytes = Buffer.alloc(12 + size);
  bytes.writeInt32BE(size, 8);
  bytes.writeInt8(magic, 16);
  return bytes;
}

describe('a scan', () => {
  it('finds the batches of every format', () => {
    expect(scan(mixed)).toEqual({ rows: [0, 66, 66, 29, 95, 39, 134, 61], end: 195, stop: SCAN_STOPS.end, need: 0 });
  });

  it('gives positions in the buffer, not from the start of the range', () => {
    expect(scan(mixed, { start: 66, end: 95 })).toMatchObject({ rows: [66, 29], end: 95, stop: SCAN_STOPS.end });
  });

  const { partial, invalidSize, invalidCrc } = SCAN_STOPS;
  it.each<[string, Buffer, number, number]>([
    ['nothing', Buffer.alloc(0), SCAN_STOPS.end, 0],
    ['one byte', good.subarray(0, 1), partial, 17],
    ['sixteen bytes', good.subarray(0, 16), partial, 17],
    ['sixteen zeros', Buffer.alloc(16), partial, 17],
    ['seventeen zeros', Buffer.alloc(17), invalidSize, 0],
    ['all but the last byte', good.subarray(0, -1), partial, good.length],
    ['size 13', withSize(13), invalidSize, 0],
    ['size -1', withSize(-1), invalidSize, 0],
    ['the least size', withSize(-0x80000000), invalidSize, 0],
    ['the largest size', withSize(0x7fffffff), partial, 0x7fffffff + 12],
    ['another last byte', changed(good.length - 1, 0x58), invalidCrc, 0],
    ['another checksum', changed(17, 0), invalidCrc, 0],
    ['a magic of 1', changed(16, 1), invalidCrc, 0],
    ['a negative magic', changed(16, 0x80), invalidCrc, 0],
    ['format 2 without room for its header', zeros(2, 48), invalidCrc, 0],
    ['format 1 without room for its timestamp', zeros(1, 21), invalidCrc, 0],
    ['format 0 without room for its lengths', zeros(0, 14), invalidCrc, 0],
  ])('of %s stops and says why', (_, bytes, stop, need) => {
    expect(scan(bytes)).toEqual({ rows: [], end: 0, stop, need });
  });

  it.each([
    ['the leader epoch', changed(12, 1, 2, 3, 4)],
    ['the base offset', changed(0, 1, 2, 3, 4)],
    ['a magic above 2', changed(16, 9)],
  ])('does not mind another value of %s, which the checksum leaves out', (_, bytes) => {
    expect(scan(bytes).stop).toBe(SCAN_STOPS.end);
  });

  it('takes damaged batches for batches when it is not to verify', () => {
    expect(scan(changed(good.length - 1, 0x58), { verify: false })).toMatchObject({
      rows: [0, good.length],
      stop: SCAN_STOPS.end,
    });
  });

  it('stops at full rows before it looks at the next batch', () => {
    const cut = mixed.subarray(0, 66 + 3);
    expect(scan(cut, { room: 1 })).toEqual({ rows: [0, 66], end: 66, stop: SCAN_STOPS.full, need: 0 });
    expect(scan(cut, { room: 1, end: 66 }).stop).toBe(SCAN_STOPS.end);
  });

  it('refuses a range that is not there', () => {
    for (const range of [{ end: 999 }, { start: -1 }, { start: 5, end: 4 }, { end: Number.NaN }]) {
      expect(() => scan(mixed, range)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });

  it('never raises, and its rows follow each other, whatever the bytes hold', () => {
    const damage = fc.array(fc.tuple(fc.nat(mixed.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.nat(mixed.length), fc.boolean(), (edits, end, verify) => {
        const bytes = Buffer.from(mixed);
        for (const [at, value] of edits) bytes[at] = value;
        const found = scan(bytes, { end, verify });
        let at = 0;
        for (let row = 0; row < found.rows.length; row += 2) {
          expect(found.rows[row]).toBe(at);
          at += found.rows[row + 1] as number;
        }
        expect(found.end).toBe(at);
        expect(at).toBeLessThanOrEqual(end);
      }),
    );
  });
});

describe('reading batches of a file', () => {
  const fs = new MemoryFileSystem();
  const file = fs.open('/log', 'create');
  file.write(mixed, 0, mixed.length, 0);

  it.each(['readBatches', 'readBatchesAsync'] as const)(
    '%s scans what is there, and says how much that was',
    async (way) => {
      const bytes = new Uint8Array(300);
      const rows = new Int32Array(8);
      const outcome = new Float64Array(SCAN_OUTCOME.length);
      await engine[way](file, 66, bytes, 300, true, rows, outcome);
      expect([...outcome]).toEqual([3, 129, SCAN_STOPS.end, 0, 129]);
      expect([...rows.subarray(0, 6)]).toEqual([0, 29, 29, 39, 68, 61]);
      await engine[way](file, 66, bytes, 60, true, rows, outcome);
      expect([...outcome]).toEqual([1, 29, SCAN_STOPS.partial, 39, 60]);
      await engine[way](file, 1000, bytes, 60, true, rows, outcome);
      expect([...outcome]).toEqual([0, 0, SCAN_STOPS.end, 0, 0]);
    },
  );
});
