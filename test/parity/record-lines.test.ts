/** The JSON lines of records: both engines write the same bytes, and those are what a plain description of them says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Engine, LINE_ENCODINGS, LINE_STATE, RECORD_FAULTS } from '../../src/engine/contract.ts';
import { describeParity, outcomeOf, UNTOUCHED } from './engines.ts';
import { damaged, records } from './inputs.ts';
import { expectedLine, hostileBytes, type LinePlan, linePlan, recordBytes } from './line-inputs.ts';

/** What the lines are to look like, and what the batch says. */
interface Asked {
  readonly count: number;
  readonly baseOffset: bigint;
  readonly timestamp: bigint;
  readonly isAppendTime: boolean;
  readonly encoding: number;
  readonly redacted: number;
}

function stateOf(asked: Asked, position: number): Int32Array {
  const state = new Int32Array(LINE_STATE.length).fill(UNTOUCHED);
  const half = (value: bigint, shift: bigint): number => Number(BigInt.asIntN(32, value >> shift));
  state.set(
    [
      asked.count,
      half(asked.baseOffset, 0n),
      half(asked.baseOffset, 32n),
      half(asked.timestamp, 0n),
      half(asked.timestamp, 32n),
      asked.isAppendTime ? 1 : 0,
      asked.encoding,
      asked.redacted,
    ],
    LINE_STATE.count,
  );
  state[LINE_STATE.position] = position;
  state[LINE_STATE.record] = 0;
  return state;
}

/** All lines, call after call into a target of `room` bytes, and where each call stopped. */
function write(engine: Engine, bytes: Uint8Array, start: number, end: number, asked: Asked, room: number): unknown {
  const state = stateOf(asked, start);
  const target = new Uint8Array(room);
  const lines: Buffer[] = [];
  const stops: number[][] = [];
  for (;;) {
    const result = outcomeOf(() => engine.recordLines(bytes, end, target, state));
    if ('error' in result) return result;
    const written = state[LINE_STATE.written] ?? 0;
    lines.push(Buffer.from(target.subarray(0, written)));
    stops.push([...state.subarray(0, LINE_STATE.count)]);
    const isOver = state[LINE_STATE.fault] !== RECORD_FAULTS.none || written === 0;
    if (isOver || (state[LINE_STATE.record] ?? 0) >= asked.count) break;
  }
  return { lines: Buffer.concat(lines).toString('utf8'), stops };
}

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -5n, max: 1_800_000_000_000n }),
  fc.constantFrom(
    0n,
    -1n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    999_999_999n,
    10n ** 9n,
  ),
);

const style = fc.record({
  baseOffset: int64,
  timestamp: int64,
  isAppendTime: fc.boolean(),
  encoding: fc.constantFrom(...Object.values(LINE_ENCODINGS)),
  redacted: fc.oneof(fc.constant(0), fc.nat(7)),
});

describeParity('records as JSON lines', ({ native, ts }) => {
  const same = (bytes: Uint8Array, start: number, end: number, asked: Asked, room: number): unknown => {
    const expected = write(native, bytes, start, end, asked, room);
    expect(write(ts, bytes, start, end, asked, room)).toEqual(expected);
    return expected;
  };

  test('the lines are those of their description, with any bytes in any encoding', () => {
    fc.assert(
      fc.property(fc.array(linePlan, { maxLength: 5 }), style, fc.nat(5), (plans, asked, before) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 0xff), ...plans.map(recordBytes), Buffer.alloc(3, 0xee)]);
        const all = { ...asked, count: plans.length };
        const expected = plans.map((plan) => expectedLine(plan, all)).join('');
        expect(same(bytes, before, bytes.length - 3, all, 100_000)).toMatchObject({ lines: expected });
      }),
      { numRuns: 2000 },
    );
  });

  test('a target that is too small for all lines is filled again and again, to the same lines', () => {
    fc.assert(
      fc.property(fc.array(linePlan, { minLength: 1, maxLength: 6 }), style, fc.nat(1500), (plans, asked, more) => {
        const bytes = Buffer.concat(plans.map(recordBytes));
        const all = { ...asked, count: plans.length };
        const lines = plans.map((plan) => expectedLine(plan, all));
        const longest = Math.max(...lines.map((line) => Buffer.byteLength(line)));
        expect(same(bytes, 0, bytes.length, all, longest + more)).toMatchObject({ lines: lines.join('') });
      }),
      { numRuns: 1000 },
    );
  });

  test('a line larger than the target is not begun, down to the last byte', () => {
    fc.assert(
      fc.property(linePlan, style, fc.double({ min: 0, max: 1, noNaN: true }), (plan, asked, part) => {
        const bytes = recordBytes(plan);
        const all = { ...asked, count: 1 };
        const size = Buffer.byteLength(expectedLine(plan, all));
        for (const room of [size, size - 1, Math.floor(part * size)]) {
          const stops = [[room < size ? 0 : bytes.length, room < size ? 0 : 1, room < size ? 0 : size, 0]];
          expect(same(bytes, 0, bytes.length, all, room)).toMatchObject({ stops });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('fields of any length, short and long, are written whole', () => {
    fc.assert(
      fc.property(fc.nat(1200), hostileBytes, style, (length, bytes, asked) => {
        const value = Buffer.concat([Buffer.alloc(length, 'value'), bytes]);
        const plan: LinePlan = { offsetDelta: 0, timestampDelta: 0n, key: null, value, headers: [] };
        const record = recordBytes(plan);
        const all = { ...asked, count: 1 };
        expect(same(record, 0, record.length, all, 20_000)).toMatchObject({ lines: expectedLine(plan, all) });
      }),
      { numRuns: 1000 },
    );
  });

  test('damaged records have the same first fault behind the same lines', () => {
    const wrong = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -9, max: 3 }));
    fc.assert(
      fc.property(
        records.chain(({ bytes, count }) => fc.tuple(damaged(fc.constant(bytes)), fc.constant(count))),
        wrong,
        style,
        fc.constantFrom(200, 1000, 100_000),
        ([bytes, count], more, asked, room) => {
          same(bytes, 0, bytes.length, { ...asked, count: count + more }, room);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('a fault is found as by decoding', () => {
    fc.assert(
      fc.property(damaged(records.map(({ bytes }) => bytes)), fc.integer({ min: -1, max: 9 }), (bytes, count) => {
        const rows = new Int32Array(100 * 8);
        const outcome = new Int32Array(3);
        ts.decodeRecords(bytes, 0, bytes.length, count, rows, outcome);
        const asked = { count, baseOffset: 0n, timestamp: 0n, isAppendTime: false, encoding: 1, redacted: 7 };
        const { stops } = same(bytes, 0, bytes.length, asked, 100_000) as { stops: number[][] };
        const [position, record, , fault] = stops.at(-1) ?? [];
        const isNone = fault === RECORD_FAULTS.none;
        expect([fault, record, isNone ? outcome[2] : position]).toEqual([
          outcome[0],
          isNone ? Math.max(0, count) : outcome[1],
          outcome[2],
        ]);
      }),
      { numRuns: 1000 },
    );
  });

  test('a state that cannot be is refused', () => {
    const odd = fc.constantFrom(-1, 0, 1, 5, 8, 100, 2 ** 31 - 1, -(2 ** 31));
    const fields = fc.constantFrom('position', 'record', 'count', 'encoding', 'redacted') as fc.Arbitrary<
      keyof typeof LINE_STATE
    >;
    fc.assert(
      fc.property(
        records,
        fields,
        odd,
        fc.constantFrom(0, 1, 30, 1e9, -1, NaN),
        ({ bytes, count }, field, value, end) => {
          const asked = { count, baseOffset: 0n, timestamp: 0n, isAppendTime: false, encoding: 0, redacted: 0 };
          const results = [native, ts].map((engine) => {
            const state = stateOf(asked, 0);
            state[LINE_STATE[field]] = value;
            return [outcomeOf(() => engine.recordLines(bytes, end, new Uint8Array(5000), state)), ...state];
          });
          expect(results[1]).toEqual(results[0]);
        },
      ),
      { numRuns: 1000 },
    );
    const short = new Int32Array(LINE_STATE.length - 1);
    for (const engine of [native, ts]) {
      const call = (): void => engine.recordLines(new Uint8Array(1), 1, new Uint8Array(9), short);
      expect(outcomeOf(call)).toEqual({ error: 'INVALID_ARGUMENT' });
    }
  });
});
