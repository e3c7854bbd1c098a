import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CONTROL_TYPES,
  controlTypeOf,
  endTransactionMarkerKey,
  endTransactionMarkerValue,
  readEndTransactionMarker,
} from '../../src/format/control-record.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const ABORT = bytes('00000000');
const EPOCH_7 = bytes('000000000007');

describe('a marker', () => {
  test.each([
    ['abort', '00000000'],
    ['commit', '00000001'],
  ] as const)('of an %s has the key %s', (type, hex) => {
    expect(Buffer.from(endTransactionMarkerKey(type)).toString('hex')).toBe(hex);
  });

  test('has a version and the epoch of the coordinator as its value', () => {
    expect(Buffer.from(endTransactionMarkerValue(0x01020304)).toString('hex')).toBe('000001020304');
  });

  test('gives back what was written', () => {
    const marker = fc.record({
      type: fc.constantFrom('commit' as const, 'abort' as const),
      coordinatorEpoch: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    });
    fc.assert(
      fc.property(marker, ({ type, coordinatorEpoch }) => {
        const value = endTransactionMarkerValue(coordinatorEpoch);
        expect(readEndTransactionMarker(endTransactionMarkerKey(type), value)).toEqual({ type, coordinatorEpoch });
      }),
    );
  });

  test('of a later version, or with more bytes than there are fields, is read as version 0', () => {
    expect(readEndTransactionMarker(bytes('000500010909'), bytes('0003000000070909'))).toEqual({
      type: 'commit',
      coordinatorEpoch: 7,
    });
  });

  test('may lie anywhere in a buffer', () => {
    const buffer = bytes('ffffff00000001ff000000000009ff');
    expect(readEndTransactionMarker(buffer.subarray(3, 7), buffer.subarray(8, 14))).toEqual({
      type: 'commit',
      coordinatorEpoch: 9,
    });
  });

  test.each([
    ['a null key', null, EPOCH_7],
    ['a null value', ABORT, null],
    ['an empty key', bytes(''), EPOCH_7],
    ['a key of 3 bytes', bytes('000000'), EPOCH_7],
    ['a value of 5 bytes', ABORT, bytes('0000000000')],
    ['a key of a version below 0', bytes('ffff0000'), EPOCH_7],
    ['a value of a version below 0', ABORT, bytes('ffff00000007')],
    ['the key of a leader change', bytes('00000002'), EPOCH_7],
    ['a type that is not known', bytes('00000063'), EPOCH_7],
    ['a type below 0', bytes('0000ffff'), EPOCH_7],
  ])('is none with %s', (_what, key, value) => {
    expect(readEndTransactionMarker(key, value)).toBeUndefined();
  });
});

describe('the type of a control record', () => {
  test.each([
    ...Object.values(CONTROL_TYPES).map((type) => [type, bytes(`0000000${type}`)] as const),
    [99, bytes('00000063')] as const,
    [-1, bytes('0000ffff')] as const,
    [1, bytes('7fff0001ff')] as const,
  ])('is %d, known or not', (type, key) => {
    expect(controlTypeOf(key)).toBe(type);
  });

  test.each(['', '000000', '80000000', 'ffff0001'])('is none in the key %j', (hex) => {
    expect(controlTypeOf(bytes(hex))).toBeUndefined();
  });
});
