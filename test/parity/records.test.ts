import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DECODE_OUTCOME, type Engine, RECORD_FAULTS, RECORD_ROW } from '../../src/engine/contract.ts';
import { describeParity, outcomeOf, UNTOUCHED } from './engines.ts';
import { damaged, records } from './inputs.ts';

const ROOM = 12;

function decode(engine: Engine, bytes: Uint8Array, start: number, end: number, count: number, room = ROOM): unknown {
  const rows = new Int32Array(room * RECORD_ROW.length).fill(UNTOUCHED);
  const outcome = new Int32Array(DECODE_OUTCOME.length).fill(UNTOUCHED);
  const result = outcomeOf(() => engine.decodeRecords(bytes, start, end, count, rows, outcome));
  if ('error' in result) return result;
  const [fault = 0, record = 0, position = 0] = outcome;
  const whole = fault === RECORD_FAULTS.none ? count : record;
  return { fault, record, position, rows: [...rows.subarray(0, Math.max(0, whole) * RECORD_ROW.length)] };
}

/** Seven bits a byte; `extra` bytes more than needed. */
function varint(value: bigint, extra: number): number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  for (let i = 0; i < extra; i++) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(0);
  }
  return bytes;
}

const oddNumber = fc
  .tuple(
    fc.oneof(
      fc.bigInt({ min: -3n, max: 12n }),
      fc.constantFrom(
        63n,
        64n,
        -64n,
        -65n,
        2n ** 31n - 1n,
        -(2n ** 31n),
        2n ** 31n,
        2n ** 32n - 1n,
        2n ** 53n,
        2n ** 63n - 1n,
        -(2n ** 63n),
      ),
    ),
    fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 10 })),
  )
  .map(([value, extra]) => varint(value, extra));

/** Laid out as a record is, with numbers that a writer would not choose; its length is right more often than not. */
const oddRecord = fc
  .record({
    length: fc.option(oddNumber, { freq: 4 }),
    numbers: fc.array(oddNumber, { minLength: 5, maxLength: 8 }),
    payload: fc.uint8Array({ maxLength: 6 }),
    place: fc.nat(8),
  })
  .map(({ length, numbers, payload, place }) => {
    const fields = numbers.map((number, index) => (index === place ? [...number, ...payload] : number));
    const body = [0, ...fields.flat()];
    return [...(length === null || length.length === 0 ? varint(BigInt(body.length), 0) : length), ...body];
  });

describeParity('decoding records', ({ native, ts }) => {
  const same = (bytes: Uint8Array, start: number, end: number, count: number, room?: number): unknown => {
    const expected = decode(native, bytes, start, end, count, room);
    expect(decode(ts, bytes, start, end, count, room)).toEqual(expected);
    return expected;
  };

  test('what a builder wrote decodes to the same rows, without a fault', () => {
    fc.assert(
      fc.property(records, fc.nat(5), ({ bytes, count }, before) => {
        const shifted = Buffer.concat([Buffer.alloc(before, 0xff), bytes]);
        expect(same(shifted, before, shifted.length, count)).toMatchObject({ fault: RECORD_FAULTS.none });
      }),
      { numRuns: 400 },
    );
  });

  test('damaged records have the same first fault, at the same record and place', () => {
    const wrong = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -9, max: 3 }));
    fc.assert(
      fc.property(
        records.chain(({ bytes, count }) => fc.tuple(damaged(fc.constant(bytes)), fc.constant(count))),
        wrong,
        ([bytes, count], more) => {
          same(bytes, 0, bytes.length, count + more);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('so have records with numbers that no writer would choose', () => {
    fc.assert(
      fc.property(fc.array(oddRecord, { maxLength: 4 }), fc.nat(4), (parts, count) => {
        const bytes = Uint8Array.from(parts.flat());
        same(bytes, 0, bytes.length, count);
      }),
      { numRuns: 4000 },
    );
  });

  test('so has a count that cannot be, and a range that is not there', () => {
    const count = fc.constantFrom(-1, -(2 ** 31), 0, 1, ROOM, 2 ** 31 - 1);
    const edge = fc.oneof(fc.nat(60), fc.constantFrom(-1, 2 ** 31, NaN));
    fc.assert(
      fc.property(records, edge, edge, count, ({ bytes }, start, end, claimed) => {
        same(bytes, start, end, claimed);
      }),
      { numRuns: 1000 },
    );
  });

  test('rows without room for all records are refused', () => {
    fc.assert(
      fc.property(records, fc.nat(8), ({ bytes, count }, room) => {
        fc.pre(room < count);
        expect(same(bytes, 0, bytes.length, count, room)).toEqual({ error: 'INVALID_ARGUMENT' });
      }),
      { numRuns: 100 },
    );
  });
});
