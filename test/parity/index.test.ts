import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUILD_STATE, type Engine, SCAN_OUTCOME, SCAN_ROW } from '../../src/engine/contract.ts';
import { describeParity, outcomeOf } from './engines.ts';
import { damaged, foundLog, wholeBatches } from './inputs.ts';

const ROOM = 400;

/** Where the batches are, as a scan without checksums has it: damaged ones too. */
function rowsOf(engine: Engine, bytes: Uint8Array): { rows: Int32Array; count: number } {
  const rows = new Int32Array(ROOM * SCAN_ROW.length);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  engine.scanBatches(bytes, 0, bytes.length, false, rows, outcome);
  return { rows, count: outcome[SCAN_OUTCOME.count] ?? 0 };
}

interface Built {
  readonly result: unknown;
  readonly state: number[];
  readonly offsets: string;
  readonly times: string;
}

/** Builds the index `chunk` batches at a time, and stops where a caller would. */
function build(engine: Engine, bytes: Uint8Array, baseOffset: number, interval: number, chunk: number): Built {
  const { rows, count } = rowsOf(engine, bytes);
  const state = new Float64Array(BUILD_STATE.length);
  state[BUILD_STATE.baseOffset] = baseOffset;
  state[BUILD_STATE.interval] = interval;
  state[BUILD_STATE.maxTimestamp] = -1;
  state[BUILD_STATE.lastTimeIndexed] = -1;
  const offsets: Buffer[] = [];
  const times: Buffer[] = [];
  let result: unknown = { value: undefined };
  for (let at = 0; at < count && state[BUILD_STATE.overflow] === 0; at += chunk) {
    const part = Math.min(chunk, count - at);
    const offsetEntries = Buffer.alloc(part * 8);
    const timeEntries = Buffer.alloc(part * 12);
    result = outcomeOf(() =>
      engine.buildIndex(bytes, rows.subarray(at * SCAN_ROW.length), part, state, offsetEntries, timeEntries),
    );
    offsets.push(offsetEntries.subarray(0, (state[BUILD_STATE.offsetCount] ?? 0) * 8));
    times.push(timeEntries.subarray(0, (state[BUILD_STATE.timeCount] ?? 0) * 12));
    if (JSON.stringify(result) !== '{}') break;
  }
  // Counts are those of the last call, so they tell the chunks apart and nothing else.
  state[BUILD_STATE.offsetCount] = 0;
  state[BUILD_STATE.timeCount] = 0;
  return {
    result,
    state: [...state],
    offsets: Buffer.concat(offsets).toString('hex'),
    times: Buffer.concat(times).toString('hex'),
  };
}

const chunk = fc.integer({ min: 1, max: 9 });
const interval = fc.constantFrom(0, 61, 100, 500, 4096);
const baseOffset = fc.oneof(fc.constantFrom(-(2 ** 40), -1, 0, 100, 2 ** 31), fc.nat(3000));

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const key64 = fc.oneof(
  fc.bigInt({ min: -5n, max: 3000n }),
  fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
  fc.constantFrom(2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n),
);
const target = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -10, max: 3100 }) },
  fc.maxSafeInteger(),
  fc.constantFrom(
    -(2 ** 31),
    2 ** 31 - 1,
    2 ** 31,
    2 ** 53,
    2 ** 63,
    -(2 ** 63),
    Infinity,
    -Infinity,
    0.5,
    -0.5,
    2999.5,
  ),
);

describeParity('indexes', ({ native, ts }) => {
  test('a segment has the same index entries, however it is cut into chunks', () => {
    fc.assert(
      fc.property(foundLog, baseOffset, interval, chunk, chunk, (bytes, base, every, here, there) => {
        const expected = build(native, bytes, base, every, here);
        expect(build(ts, bytes, base, every, there)).toEqual(expected);
        // In one call, which is as a third way of cutting it.
        expect(build(ts, bytes, base, every, ROOM)).toEqual(expected);
      }),
      { numRuns: 700 },
    );
  });

  test('rows that are no batches are refused, and entries without room, with the same state behind them', () => {
    const row = fc.oneof(fc.nat(300), fc.constantFrom(-1, 0, 16, 17, 60, 61, 2 ** 31 - 1, -(2 ** 31)));
    fc.assert(
      fc.property(
        damaged(wholeBatches),
        fc.array(row, { maxLength: 8 }),
        fc.nat(5),
        fc.nat(40),
        (bytes, numbers, count, room) => {
          const seen = [native, ts].map((engine) => {
            const state = new Float64Array(BUILD_STATE.length);
            state[BUILD_STATE.maxTimestamp] = -1;
            state[BUILD_STATE.lastTimeIndexed] = -1;
            const [offsets, times] = [new Uint8Array(room), new Uint8Array(room)];
            const rows = Int32Array.from(numbers);
            const result = outcomeOf(() => engine.buildIndex(bytes, rows, count, state, offsets, times));
            return { result, state: [...state], offsets: [...offsets], times: [...times] };
          });
          expect(seen[1]).toEqual(seen[0]);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test.each([
    ['an offset index', 8, int32.map(BigInt)],
    ['a time index', 12, key64],
  ] as const)(
    'the search of %s ends at the same slot, also where entries are out of order',
    (_what, entrySize, key) => {
      const few = fc.array(key, { maxLength: 40 });
      // Enough for the part that is looked at first to be a part.
      const many = fc
        .tuple(
          fc.integer({ min: 600, max: 2300 }),
          fc.integer({ min: 0, max: 3 }),
          fc.array(fc.tuple(fc.nat(2300), key), { maxLength: 12 }),
        )
        .map(([count, step, others]) => {
          const keys = Array.from({ length: count }, (_, slot) => BigInt(slot * step));
          for (const [slot, other] of others) if (slot < count) keys[slot] = other;
          return keys;
        });
      const sorted = (keys: readonly bigint[]): bigint[] => [...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      fc.assert(
        fc.property(
          fc.oneof(few, few.map(sorted), many, many.map(sorted)),
          target,
          fc.integer({ min: -1, max: 2 }),
          (keys, wanted, missing) => {
            const entries = Buffer.alloc(keys.length * entrySize, 0xff);
            for (const [slot, value] of keys.entries()) {
              if (entrySize === 8) entries.writeInt32BE(Number(value), slot * 8);
              else entries.writeBigInt64BE(value, slot * 12);
            }
            const count = Math.max(0, keys.length - missing);
            const [expected, found] = [native, ts].map((engine) =>
              outcomeOf(() => engine.searchIndex(entries, count, entrySize, wanted)),
            );
            expect(found).toEqual(expected);
            if (count > keys.length) expect(expected).toEqual({ error: 'INVALID_ARGUMENT' });
          },
        ),
        { numRuns: 1500 },
      );
    },
  );
});
