/** What the records of a batch are judged by: both engines find the same, and what reading them one by one tells. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DECODE_OUTCOME, type Engine, RECORD_CHECK, RECORD_FAULTS, RECORD_ROW } from '../../src/engine/contract.ts';
import { describeParity, outcomeOf, UNTOUCHED } from './engines.ts';
import { damaged, records } from './inputs.ts';
import { linePlan, recordBytes } from './line-inputs.ts';

function check(engine: Engine, bytes: Uint8Array, start: number, end: number, count: number): unknown {
  const outcome = new Int32Array(RECORD_CHECK.length).fill(UNTOUCHED);
  const result = outcomeOf(() => engine.checkRecords(bytes, start, end, count, outcome));
  return 'error' in result ? result : [...outcome];
}

/** The same from the rows of decoded records. */
function judge(engine: Engine, bytes: Uint8Array, count: number): number[] {
  const rows = new Int32Array((bytes.length + 1) * RECORD_ROW.length);
  const outcome = new Int32Array(DECODE_OUTCOME.length);
  engine.decodeRecords(bytes, 0, bytes.length, count, rows, outcome);
  const [fault = 0, record = 0, position = 0] = outcome;
  const read = fault === RECORD_FAULTS.none ? Math.max(0, count) : record;
  const field = (index: number, name: keyof typeof RECORD_ROW): number =>
    rows[index * RECORD_ROW.length + RECORD_ROW[name]] ?? 0;
  const deltas = Array.from({ length: read }, (_, index) => field(index, 'offsetDelta'));
  const falling = deltas.find((delta, index) => delta <= (deltas[index - 1] ?? -1));
  const times = Array.from(
    { length: read },
    (_, index) => (BigInt(field(index, 'timestampDeltaHigh')) << 32n) | BigInt(field(index, 'timestampDeltaLow') >>> 0),
  );
  const max = times.reduce((a, b) => (b > a ? b : a), -(2n ** 63n));
  const halves = [Number(BigInt.asIntN(32, max)), Number(max >> 32n)];
  return [fault, record, position, falling === undefined ? 0 : 1, falling ?? 0, deltas.at(-1) ?? -1, ...halves];
}

describeParity('checking records', ({ native, ts }) => {
  test('records of any numbers, whole or damaged, are judged as one by one', () => {
    const odd = fc.array(linePlan, { maxLength: 6 }).map((plans) => Buffer.concat(plans.map(recordBytes)));
    const any = fc.oneof(damaged(records.map(({ bytes }) => bytes)), odd, damaged(odd));
    fc.assert(
      fc.property(any, fc.integer({ min: -1, max: 9 }), (bytes, count) => {
        const expected = judge(ts, bytes, count);
        expect(check(native, bytes, 0, bytes.length, count)).toEqual(expected);
        expect(check(ts, bytes, 0, bytes.length, count)).toEqual(expected);
      }),
      { numRuns: 4000 },
    );
  });

  test('a range that is not there and an outcome without room are refused', () => {
    const edge = fc.oneof(fc.nat(60), fc.constantFrom(-1, 2 ** 31, NaN));
    fc.assert(
      fc.property(records, edge, edge, ({ bytes, count }, start, end) => {
        expect(check(ts, bytes, start, end, count)).toEqual(check(native, bytes, start, end, count));
      }),
      { numRuns: 500 },
    );
    for (const engine of [native, ts]) {
      const short = new Int32Array(RECORD_CHECK.length - 1);
      expect(outcomeOf(() => engine.checkRecords(new Uint8Array(1), 0, 1, 0, short))).toEqual({
        error: 'INVALID_ARGUMENT',
      });
    }
  });
});
