import { describe, expect, it } from 'vitest';
import { BUILD_STATE } from '../../../src/engine/contract.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';
import { batch, message } from './batches.ts';

const engine = createFallbackEngine();

function freshState(baseOffset: number, interval: number): Float64Array {
  const state = new Float64Array(BUILD_STATE.length);
  state[BUILD_STATE.baseOffset] = baseOffset;
  state[BUILD_STATE.interval] = interval;
  state[BUILD_STATE.maxTimestamp] = -1;
  state[BUILD_STATE.lastTimeIndexed] = -1;
  return state;
}

function rowsOf(batches: readonly Uint8Array[]): Int32Array {
  let at = 0;
  return Int32Array.from(
    batches.flatMap(({ length }) => {
      at += length;
      return [at - length, length];
    }),
  );
}

/** The entries of these batches as bytes; `state` goes on from there. */
function build(
  batches: readonly Uint8Array[],
  state: Float64Array,
  room = batches.length,
): [offsets: Buffer, times: Buffer] {
  const offsets = Buffer.alloc(room * 8);
  const times = Buffer.alloc(room * 12);
  engine.buildIndex(Buffer.concat(batches), rowsOf(batches), batches.length, state, offsets, times);
  return [
    offsets.subarray(0, (state[BUILD_STATE.offsetCount] ?? 0) * 8),
    times.subarray(0, (state[BUILD_STATE.timeCount] ?? 0) * 12),
  ];
}

describe('building an index', () => {
  // 61 bytes each; with an interval of 61 the third batch is the first after *more* than the interval.
  const batches = [5, 9, 9, 7, 12].map((timestamp, index) => batch(100 + index * 2, 1, timestamp));

  it("follows Kafka's rule", () => {
    const state = freshState(100, 61);
    const [offsets, times] = build(batches, state);
    expect([...offsets]).toEqual([0, 0, 0, 5, 0, 0, 0, 122, 0, 0, 0, 9, 0, 0, 0, 244]);
    expect([...times]).toEqual([0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 9]);
    expect([...state]).toEqual([100, 61, 305, 61, 12, 109, 12, 2, 2, 0]);
  });

  it('gives in chunks what it gives in one call', () => {
    const many = Array.from({ length: 50 }, (_, i) =>
      i % 3 === 0 ? message(i % 2, i, (i * 7) % 20) : batch(i, 0, (i * 7) % 20),
    );
    const whole = build(many, freshState(0, 100));
    const state = freshState(0, 100);
    const parts: [Buffer, Buffer][] = [];
    for (let at = 0; at < many.length; at += 7) parts.push(build(many.slice(at, at + 7), state));
    expect(Buffer.concat(parts.map(([offsets]) => offsets))).toEqual(whole[0]);
    expect(Buffer.concat(parts.map(([, times]) => times))).toEqual(whole[1]);
    expect(whole[0].length).toBeGreaterThan(100);
  });

  it('gives an entry to the time index only when the largest timestamp rises', () => {
    const [offsets, times] = build(
      [9, 1, 2, 9, 10].map((timestamp, i) => batch(i, 0, timestamp)),
      freshState(0, 0),
    );
    expect([offsets.length / 8, times.length / 12]).toEqual([4, 2]);
    expect([times.readInt32BE(8), times.readInt32BE(20)]).toEqual([0, 4]);
  });

  it.each([
    ['too far above the base', 2 ** 31, 1],
    ['below the base', -1, 1],
    ['as far above the base as an entry can say', 2 ** 31 - 1, 0],
  ])('stops at a batch whose last offset is %s', (_, lastOffset, overflow) => {
    const state = freshState(1000, 0);
    build([batch(1000), batch(1000 + lastOffset), batch(1002)], state);
    expect([state[BUILD_STATE.overflow], state[BUILD_STATE.position]]).toEqual(overflow === 1 ? [1, 61] : [0, 183]);
  });

  it('has no timestamps in format 0', () => {
    const state = freshState(0, 0);
    const [offsets, times] = build([message(0, 0), message(0, 1)], state);
    expect([offsets.length, times.length, state[BUILD_STATE.maxTimestamp]]).toEqual([8, 0, -1]);
  });

  it('refuses rows that are no batches, and arrays without room', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    const into = new Uint8Array(100);
    const at =
      (...row: number[]) =>
      () =>
        engine.buildIndex(batch(0), Int32Array.from(row), 1, freshState(0, 0), into, into);
    for (const row of [[0, 62], [-1, 61], [1, 61], [0, 60], [0, 16], [0]])
      expect(at(...row), row.join()).toThrow(invalid);
    expect(() => build(batches, freshState(100, 0), 2)).toThrow(invalid);
    expect(() => engine.buildIndex(batch(0), Int32Array.of(0, 61), 1, new Float64Array(9), into, into)).toThrow(
      invalid,
    );
  });
});
