import { describe, expect, test } from 'vitest';
import { SeglogError } from '../../../src/errors/errors.ts';
import { lastSequenceOf } from '../../../src/state/producers/producer-batch.ts';
import type { ProducerState } from '../../../src/state/producers/producer-state.ts';
import { codeOf, data, inMemory, marker, stateIn, write } from './support.ts';

const MAX = 0x7fffffff;
const fresh = (): ProducerState => stateIn(inMemory());

describe('sequences', () => {
  test('go from the largest to 0, between batches and within one', () => {
    const state = fresh();
    write(state, data(0, { baseSequence: MAX - 1, count: 2 }));
    write(state, data(2, { baseSequence: 0, count: 1 }));
    expect(state.get(1)?.lastSequence).toBe(0);
    const other = fresh();
    write(other, data(0, { baseSequence: MAX - 1, count: 4 }));
    expect(other.get(1)?.lastSequence).toBe(1);
    write(other, data(4, { baseSequence: 2 }));
    expect([lastSequenceOf(MAX, 0), lastSequenceOf(MAX, 1), lastSequenceOf(-1, 9)]).toEqual([MAX, 0, -1]);
  });

  test('start anywhere with a producer that is not known, as when its state was deleted', () => {
    const state = fresh();
    write(state, data(0, { baseSequence: 15, producerEpoch: 5 }), 'replica');
    write(state, data(1, { baseSequence: 16, producerEpoch: 5 }));
    const client = fresh();
    write(client, data(0, { baseSequence: 99 }));
    expect(client.get(1)?.lastSequence).toBe(99);
  });

  test('leave no gap, and do not come again', () => {
    const state = fresh();
    write(state, data(0, { count: 3 }));
    for (const baseSequence of [0, 2, 4, -1, MAX]) {
      expect(codeOf(() => write(state, data(3, { baseSequence })))).toBe('OUT_OF_ORDER_SEQUENCE');
    }
    expect(state.get(1)?.lastSequence).toBe(2);
    write(state, data(3, { baseSequence: 3 }));
  });

  test('start at 0 in a new epoch, of which the old batches are no part', () => {
    const state = fresh();
    write(state, data(0, { count: 3 }));
    expect(codeOf(() => write(state, data(3, { producerEpoch: 1, baseSequence: 3 })))).toBe('OUT_OF_ORDER_SEQUENCE');
    write(state, data(3, { producerEpoch: 1, baseSequence: 0 }));
    expect(state.get(1)).toMatchObject({ producerEpoch: 1, lastSequence: 0, batches: [{ lastOffset: 3 }] });
    expect(state.findDuplicate(data(9, { count: 3 }))).toBeUndefined();
  });

  test('follow one another within an append', () => {
    const state = fresh();
    write(state, data(0));
    const append = state.prepareUpdate(1, 'client');
    append.append(data(1, { baseSequence: 1, count: 2 }));
    append.append(data(3, { baseSequence: 3 }));
    expect(codeOf(() => append.append(data(4, { baseSequence: 5 })))).toBe('OUT_OF_ORDER_SEQUENCE');
  });

  test('of an unknown producer are not compared within its first append either', () => {
    const append = fresh().prepareUpdate(1, 'client');
    append.append(data(0, { baseSequence: 5 }));
    expect(codeOf(() => append.append(data(1, { baseSequence: 50 })))).toBeUndefined();
  });

  test('start at 0 behind a marker of the same append that raises the epoch', () => {
    const state = fresh();
    write(state, data(0, { count: 5 }));
    const append = state.prepareUpdate(1, 'client');
    append.append(marker(5, 'abort', { producerEpoch: 1 }));
    expect(codeOf(() => append.append(data(6, { producerEpoch: 1, baseSequence: 5 })))).toBe('OUT_OF_ORDER_SEQUENCE');
    expect(codeOf(() => append.append(data(6, { producerEpoch: 1, baseSequence: 0 })))).toBeUndefined();
  });

  test('may have gaps on a replica', () => {
    const state = fresh();
    write(state, data(0), 'replica');
    write(state, data(1, { baseSequence: 7 }), 'replica');
    expect(state.get(1)?.lastSequence).toBe(7);
  });

  test('are not looked at where the coordinator writes, as in the group metadata topic', () => {
    const state = fresh();
    const offsets = { isTransactional: true, baseSequence: -1 };
    write(state, data(0, offsets), 'coordinator');
    write(state, data(1, offsets), 'coordinator');
    expect(state.findDuplicate(data(2, offsets))).toBeUndefined();
    write(state, data(2, { isTransactional: true, baseSequence: 0 }));
  });
});

describe('epochs', () => {
  test('below the known one are refused, except on a replica', () => {
    const state = fresh();
    write(state, data(0, { producerEpoch: 5 }));
    for (const origin of ['client', 'coordinator'] as const) {
      expect(codeOf(() => write(state, data(1, { producerEpoch: 4 }), origin))).toBe('INVALID_PRODUCER_EPOCH');
      expect(codeOf(() => write(state, marker(1, 'commit', { producerEpoch: 4 }), origin))).toBe(
        'INVALID_PRODUCER_EPOCH',
      );
    }
    write(state, data(1, { producerEpoch: 4, baseSequence: 3 }), 'replica');
    expect(state.get(1)).toMatchObject({ producerEpoch: 4, lastSequence: 3 });
  });

  test('that a marker raises shut out data of the old one, and start at 0', () => {
    const state = fresh();
    write(state, data(0));
    write(state, marker(1, 'abort', { producerEpoch: 1, maxTimestamp: 2000 }));
    expect(state.get(1)).toMatchObject({ producerEpoch: 1, lastSequence: -1, lastOffset: -1, lastTimestamp: 2000 });
    expect(codeOf(() => write(state, data(2, { baseSequence: 1 })))).toBe('INVALID_PRODUCER_EPOCH');
    expect(codeOf(() => write(state, data(2, { producerEpoch: 1, baseSequence: 1 })))).toBe('OUT_OF_ORDER_SEQUENCE');
    write(state, data(2, { producerEpoch: 1 }));
  });

  test('that a marker keeps leave the batches known', () => {
    const state = fresh();
    write(state, data(0, { count: 2, isTransactional: true }));
    write(state, marker(2, 'commit'));
    expect(state.get(1)).toMatchObject({ lastSequence: 1, lastOffset: 1 });
    write(state, data(3, { baseSequence: 2 }));
  });
});

describe('a coordinator', () => {
  test('of an earlier epoch than the last marker is fenced, except on a replica', () => {
    const state = fresh();
    write(state, marker(0, 'commit', { coordinatorEpoch: 1 }));
    expect(codeOf(() => write(state, marker(1, 'commit', { coordinatorEpoch: 0 })))).toBe(
      'TRANSACTION_COORDINATOR_FENCED',
    );
    expect(codeOf(() => write(state, marker(1, 'commit', { coordinatorEpoch: 0 }), 'client'))).toBe(
      'TRANSACTION_COORDINATOR_FENCED',
    );
    write(state, marker(1, 'commit', { coordinatorEpoch: 1 }));
    write(state, marker(2, 'abort', { coordinatorEpoch: 2 }));
    write(state, marker(3, 'abort', { coordinatorEpoch: 0 }), 'replica');
    expect(state.get(1)?.coordinatorEpoch).toBe(0);
  });
});

describe('a batch that comes again', () => {
  test('is known among the last five, and answered with where it is', () => {
    const state = fresh();
    const batches = [0, 1, 2, 3, 4, 5].map((at) =>
      data(10 + at * 2, { baseSequence: at * 2, count: 2, maxTimestamp: 1000 + at }),
    );
    for (const batch of batches) write(state, batch);
    const found = batches.map((batch) => state.findDuplicate({ ...batch, baseOffset: 99, lastOffset: 100 }));
    expect(found[0]).toBeUndefined();
    expect(found.slice(1)).toEqual(
      [1, 2, 3, 4, 5].map((at) => ({ firstOffset: 10 + at * 2, lastOffset: 11 + at * 2, timestamp: 1000 + at })),
    );
  });

  test('is another one when an end or the epoch differs', () => {
    const state = fresh();
    write(state, data(0, { count: 4 }));
    expect(state.findDuplicate(data(4, { count: 3 }))).toBeUndefined();
    expect(state.findDuplicate(data(4, { baseSequence: 1, count: 3 }))).toBeUndefined();
    expect(state.findDuplicate(data(4, { count: 4, producerEpoch: 1 }))).toBeUndefined();
    expect(state.findDuplicate(data(4, { count: 4, producerId: 2 }))).toBeUndefined();
    expect(state.findDuplicate(data(4, { count: 4 }))).toBeDefined();
  });

  test('is found where its sequences go round', () => {
    const state = fresh();
    write(state, data(0, { baseSequence: MAX - 1, count: 4 }));
    expect(state.findDuplicate(data(4, { baseSequence: MAX - 1, count: 4 }))).toMatchObject({ firstOffset: 0 });
  });
});

describe('an append', () => {
  test('that is refused leaves no trace', () => {
    const state = fresh();
    write(state, data(0, { isTransactional: true }));
    const before = state.entries();
    const append = state.prepareUpdate(1, 'client');
    append.append(data(1, { baseSequence: 1, isTransactional: true, maxTimestamp: 9 }));
    expect(codeOf(() => append.append(data(2, { baseSequence: 9, isTransactional: true })))).toBeDefined();
    expect(state.entries()).toEqual(before);
    expect(state.findDuplicate(data(1, { baseSequence: 1 }))).toBeUndefined();
    expect(codeOf(() => write(state, data(1, { producerId: 2, isTransactional: true }), 'client'))).toBeUndefined();
  });

  test.each([
    ['an old epoch', data(1, { producerEpoch: 2 }), ['producer 1', 'epoch 3', 'epoch 2']],
    ['a gap', data(1, { producerEpoch: 3, baseSequence: 7 }), ['producer 1', 'sequence 1 in epoch 3', 'sequence 7']],
    ['a new epoch', data(1, { producerEpoch: 4, baseSequence: 7 }), ['sequence 0 in epoch 4', 'last known epoch is 3']],
  ])('is told what was wrong: %s', (_what, batch, words) => {
    const state = fresh();
    write(state, data(0, { producerEpoch: 3 }));
    try {
      write(state, batch);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SeglogError);
      for (const word of words) expect((error as SeglogError).message).toContain(word);
    }
  });
});
