import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { SeglogError } from '../../src/errors/errors.ts';
import {
  decodeProducerSnapshot,
  encodeProducerSnapshot,
  type ProducerSnapshotEntry,
} from '../../src/format/producer-snapshot.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { fixtureFiles } from './fixture-files.ts';

const crc32c = (bytes: Uint8Array, start: number, end: number): number => defaultEngine().crc32c(bytes, start, end);
const decode = (bytes: Uint8Array): ProducerSnapshotEntry[] => decodeProducerSnapshot(bytes, crc32c, 'some.snapshot');

const ENTRY: ProducerSnapshotEntry = {
  producerId: 0x0102030405060708n,
  producerEpoch: 0x090a,
  lastSequence: 0x0b0c0d0e,
  lastOffset: 0x0f10111213141516n,
  offsetDelta: 0x1718191a,
  timestamp: 0x1b1c1d1e1f202122n,
  coordinatorEpoch: 0x23242526,
  currentTxnFirstOffset: 0x2728292a2b2c2d2en,
};

/** A snapshot with a part of it changed, and the checksum that fits again. */
function changed(change: (bytes: Buffer) => Buffer | void): Buffer {
  const bytes = Buffer.from(encodeProducerSnapshot([ENTRY], crc32c));
  const after = change(bytes) ?? bytes;
  after.writeUInt32BE(crc32c(after, 6, after.length), 2);
  return after;
}

describe('a producer snapshot', () => {
  test('is a version, a checksum, a count and 46 bytes for each producer', () => {
    const bytes = Buffer.from(encodeProducerSnapshot([ENTRY], crc32c));
    const body = Array.from({ length: 46 }, (_, at) => at + 1);
    expect(bytes.toString('hex', 6)).toBe(`00000001${Buffer.from(body).toString('hex')}`);
    expect(bytes.readInt16BE(0)).toBe(1);
    expect(bytes.readUInt32BE(2)).toBe(crc32c(bytes, 6, bytes.length));
    expect(decode(bytes)).toEqual([ENTRY]);
  });

  test('gives back what was written, over the whole range of each field', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const entry: fc.Arbitrary<ProducerSnapshotEntry> = fc.record({
      producerId: int64,
      producerEpoch: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
      lastSequence: int32,
      lastOffset: int64,
      offsetDelta: int32,
      timestamp: int64,
      coordinatorEpoch: int32,
      currentTxnFirstOffset: int64,
    });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        expect(decode(encodeProducerSnapshot(entries, crc32c))).toEqual(entries);
      }),
    );
  });

  test('that Kafka wrote is written again byte for byte', () => {
    const files = fixtureFiles('.snapshot');
    expect(files.length).toBeGreaterThan(100);
    for (const path of files) {
      const bytes = readFileSync(path);
      const again = Buffer.from(encodeProducerSnapshot(decode(bytes), crc32c));
      expect({ path: relative(FIXTURES, path), bytes: again }).toEqual({
        path: relative(FIXTURES, path),
        bytes,
      });
    }
  });

  test('may have bytes behind its last entry, as long as the checksum covers them', () => {
    expect(decode(changed((bytes) => Buffer.concat([bytes, Buffer.alloc(20, 1)])))).toEqual([ENTRY]);
  });

  test.each([
    ['that is empty', Buffer.alloc(0), 'CORRUPT_SNAPSHOT', /at least 10 bytes, found 0/],
    ['of one byte', Buffer.of(0), 'CORRUPT_SNAPSHOT', /at least 10 bytes, found 1/],
    ['that ends before its count', Buffer.of(0, 1, 0, 0, 0, 0), 'CORRUPT_SNAPSHOT', /at least 10 bytes, found 6/],
    ['of zeros', Buffer.alloc(56), 'UNSUPPORTED_VERSION', /expected 1, found 0/],
    ['of a later version', changed((bytes) => void (bytes[1] = 2)), 'UNSUPPORTED_VERSION', /expected 1, found 2/],
    [
      'with a negative count',
      changed((bytes) => void bytes.writeInt32BE(-1, 6)),
      'CORRUPT_SNAPSHOT',
      /0 to 1, found -1/,
    ],
    [
      'with a count beyond all memory',
      changed((bytes) => void bytes.writeInt32BE(0x7fffffff, 6)),
      'CORRUPT_SNAPSHOT',
      /0 to 1, found 2147483647/,
    ],
    ['with a piece of an entry', changed((bytes) => bytes.subarray(0, 55)), 'CORRUPT_SNAPSHOT', /0 to 0, found 1/],
  ])('%s is refused, and the file named', (_what, bytes, code, message) => {
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code, file: 'some.snapshot' }));
    expect(() => decode(bytes)).toThrow(message);
  });

  test('of which any byte has changed is refused', () => {
    const sound = encodeProducerSnapshot([ENTRY, ENTRY], crc32c);
    for (let at = 0; at < sound.length; at++) {
      const bytes = sound.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      expect(() => decode(bytes)).toThrow(SeglogError);
    }
  });

  test('whose checksum is wrong is told with the one that is stored and the one that is right', () => {
    const bytes = Buffer.from(encodeProducerSnapshot([ENTRY], crc32c));
    const right = bytes.readUInt32BE(2);
    bytes.writeUInt32BE(7, 2);
    expect(() => decode(bytes)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT', expected: 'crc 7', found: `crc ${right}`, position: 2 }),
    );
  });

  test('of any bytes is decoded or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, plausible) => {
        if (plausible && bytes.length >= 10) {
          bytes.set([0, 1]);
          new DataView(bytes.buffer).setUint32(2, crc32c(bytes, 6, bytes.length));
        }
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SeglogError);
        }
      }),
    );
  });
});
