import { describe, expect, test } from 'vitest';
import type { ProducerState } from '../../../src/state/producers/producer-state.ts';
import { codeOf, data, DAY_MS, inMemory, marker, stateIn, write } from './support.ts';

const fresh = (): ProducerState => stateIn(inMemory());
const inTransaction = { isTransactional: true };

describe('a transaction', () => {
  test('opens with the first transactional batch, and a marker ends it', () => {
    const state = fresh();
    write(state, data(10, inTransaction));
    write(state, data(11, { ...inTransaction, baseSequence: 1 }));
    expect(state.hasOpenTransactions).toBe(true);
    expect(state.get(1)?.currentTxnFirstOffset).toBe(10);
    expect(write(state, marker(12, 'abort'))).toEqual({
      ...{ producerId: 1, firstOffset: 10, lastOffset: 12, isAborted: true },
    });
    expect(state.hasOpenTransactions).toBe(false);
    expect(state.get(1)?.currentTxnFirstOffset).toBe(-1);
  });

  test('takes no batch without transaction while it is open, from nobody', () => {
    for (const origin of ['client', 'coordinator', 'replica'] as const) {
      const state = fresh();
      write(state, data(0, inTransaction));
      expect(codeOf(() => write(state, data(1, { baseSequence: 1 }), origin))).toBe('INVALID_TRANSACTION_STATE');
      expect(state.get(1)?.lastOffset).toBe(0);
    }
  });

  test('that is not open is not ended by a marker', () => {
    const state = fresh();
    expect(write(state, marker(0, 'commit', { coordinatorEpoch: 3 }))).toBeUndefined();
    expect(state.entries()).toMatchObject([{ producerId: 1, coordinatorEpoch: 3, lastOffset: -1 }]);
    expect(state.firstUnstableOffset).toBeUndefined();
    expect(() => state.completeTransaction({ producerId: 1, firstOffset: 0, lastOffset: 1, isAborted: false })).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });

  test('is not touched by an empty control batch', () => {
    const state = fresh();
    const empty = { ...marker(1, 'commit', { producerEpoch: 9 }), marker: undefined };
    write(state, data(0, inTransaction));
    const before = state.entries();
    expect(write(state, empty)).toBeUndefined();
    expect(state.entries()).toEqual(before);
    const unknown = fresh();
    write(unknown, empty);
    expect(unknown.entries()).toMatchObject([{ producerEpoch: -1, currentTxnFirstOffset: -1, lastTimestamp: -1 }]);
    expect(unknown.firstUnstableOffset).toBeUndefined();
  });

  test('may follow another in one append', () => {
    const state = fresh();
    const append = state.prepareUpdate(1, 'replica');
    append.append(data(0, inTransaction));
    const first = append.append(marker(1, 'commit'));
    append.append(data(2, { ...inTransaction, baseSequence: 1 }));
    const second = append.append(marker(3, 'abort'));
    append.append(data(4, { ...inTransaction, baseSequence: 2 }));
    expect(append.startedTransactions).toEqual([0, 2, 4]);
    expect(state.hasOpenTransactions).toBe(false);
    state.update(append);
    for (const completed of [first, second]) if (completed !== undefined) state.completeTransaction(completed);
    expect(state.get(1)?.currentTxnFirstOffset).toBe(4);
    state.onHighWatermark(5);
    expect(state.firstUnstableOffset).toBe(4);
  });
});

describe('the first unstable offset', () => {
  test('stays until the marker is below the high watermark', () => {
    const state = fresh();
    expect(state.firstUnstableOffset).toBeUndefined();
    write(state, data(99, inTransaction));
    expect(state.firstUnstableOffset).toBe(99);
    write(state, data(105, { ...inTransaction, producerId: 2 }));
    expect(state.firstUnstableOffset).toBe(99);
    write(state, marker(109, 'abort', { producerId: 2 }));
    expect(state.firstUnstableOffset).toBe(99);
    state.onHighWatermark(110);
    write(state, marker(110, 'commit'));
    expect(state.firstUnstableOffset).toBe(99);
    state.onHighWatermark(110);
    expect(state.firstUnstableOffset).toBe(99);
    state.onHighWatermark(111);
    expect(state.firstUnstableOffset).toBeUndefined();
  });

  test('is that of the oldest, in whatever order producers were told of', () => {
    const state = fresh();
    write(state, data(30, { ...inTransaction, producerId: 3 }));
    write(state, data(10, { ...inTransaction, producerId: 1 }));
    write(state, data(20, { ...inTransaction, producerId: 2 }));
    expect(state.firstUnstableOffset).toBe(10);
    write(state, marker(40, 'commit', { producerId: 1 }));
    state.onHighWatermark(41);
    expect(state.firstUnstableOffset).toBe(20);
  });

  test('lets go of ended transactions that lie below the start of the log', () => {
    const state = fresh();
    write(state, data(0, inTransaction));
    write(state, marker(5, 'commit'));
    state.onLogStartIncremented(5);
    expect(state.firstUnstableOffset).toBe(0);
    state.onLogStartIncremented(6);
    expect(state.firstUnstableOffset).toBeUndefined();
  });
});

test('the last stable offset of a completed transaction is the start of the oldest open one of another producer', () => {
  const state = fresh();
  const lsoOf = (producerId: number, lastOffset: number): number =>
    state.lastStableOffset({ producerId, firstOffset: 0, lastOffset, isAborted: true });
  write(state, data(0, { ...inTransaction, producerId: 1 }));
  write(state, data(1, { ...inTransaction, producerId: 2 }));
  write(state, data(2, { ...inTransaction, producerId: 3 }));
  expect([lsoOf(1, 9), lsoOf(2, 9), lsoOf(4, 9)]).toEqual([1, 0, 0]);
  write(state, marker(3, 'abort', { producerId: 2 }));
  write(state, marker(4, 'abort', { producerId: 3 }));
  expect(lsoOf(1, 9)).toBe(10);
});

describe('expiry', () => {
  test('is counted from the last timestamp, and comes at its very millisecond', () => {
    const state = fresh();
    write(state, data(0, { maxTimestamp: 5000 }));
    expect(state.expire(5000 + DAY_MS - 1)).toBe(0);
    expect(state.expire(5000 + DAY_MS)).toBe(1);
    expect([state.count, state.get(1)]).toEqual([0, undefined]);
    write(state, data(1, { baseSequence: 77 }));
  });

  test('spares producers with an open transaction', () => {
    const state = fresh();
    write(state, data(0, inTransaction));
    write(state, data(1, { producerId: 2 }));
    expect(state.expire(10 * DAY_MS)).toBe(1);
    expect(state.entries()).toMatchObject([{ producerId: 1 }]);
    write(state, marker(2, 'commit', { maxTimestamp: 3000 }));
    expect(state.expire(3000 + DAY_MS)).toBe(1);
  });
});
