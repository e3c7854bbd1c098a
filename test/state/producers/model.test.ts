import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AppendOrigin, ProducerBatch } from '../../../src/state/producers/producer-batch.ts';
import type { ProducerState } from '../../../src/state/producers/producer-state.ts';
import { Model } from './model.ts';
import { codeOf, data, DAY_MS, inMemory, marker, type Place, stateIn, write } from './support.ts';

const MAX = 0x7fffffff;
const producerId = fc.integer({ min: 1, max: 3 });
const epochStep = fc.constantFrom(-1, 0, 0, 0, 0, 1);
const origin = fc.constantFrom<AppendOrigin>('client', 'client', 'client', 'coordinator', 'replica');
const timestamp = fc.constantFrom(0, DAY_MS / 2, DAY_MS);
const nowMs = fc.constantFrom(DAY_MS / 2, DAY_MS, 1.5 * DAY_MS, 2 * DAY_MS);

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('data' as const),
      ...{ producerId, epochStep, origin, timestamp },
      sequence: fc.constantFrom('next', 'next', 'next', 'next', 'again', 'gap', 'zero', 'largest'),
      count: fc.integer({ min: 1, max: 3 }),
      isTransactional: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('marker' as const),
      ...{ producerId, epochStep, origin, timestamp },
      type: fc.constantFrom('commit' as const, 'abort' as const),
      coordinatorEpoch: fc.nat(2),
      isEmpty: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
    }),
  },
  fc.record({ what: fc.constant('snapshot' as const), sync: fc.boolean() }),
  fc.record({ what: fc.constant('truncate' as const), to: fc.double({ min: 0, max: 1, noNaN: true }), nowMs }),
  fc.record({ what: fc.constantFrom('restart' as const, 'asFromSnapshot' as const, 'expire' as const), nowMs }),
  fc.record({ what: fc.constant('highWatermark' as const), to: fc.double({ min: 0, max: 1, noNaN: true }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Producer state and the model, side by side. */
class Pair {
  readonly place: Place = inMemory();
  readonly model = new Model();
  state: ProducerState = stateIn(this.place);

  run(now: Step): void {
    const { model } = this;
    if (now.what === 'data' || now.what === 'marker') this.#write(this.#batch(now), now.origin);
    else if (now.what === 'snapshot') expect(this.state.takeSnapshot(now)).toBe(model.snapshot());
    else if (now.what === 'truncate') this.#truncate(this.#boundary(now.to), now.nowMs);
    else if (now.what === 'restart') this.#restart(now.nowMs);
    else if (now.what === 'highWatermark') {
      const offset = Math.floor(now.to * model.end);
      this.state.onHighWatermark(offset);
      model.highWatermark(offset);
    } else if (now.what === 'expire') {
      const before = model.producers.size;
      model.expire(now.nowMs);
      expect(this.state.expire(now.nowMs)).toBe(before - model.producers.size);
    } else {
      this.state.reloadAsFromSnapshot(now.nowMs);
      model.asFromSnapshot(now.nowMs);
    }
    this.#compare();
  }

  #batch(now: Extract<Step, { what: 'data' | 'marker' }>): ProducerBatch {
    const known = this.model.producers.get(now.producerId);
    const producerEpoch = Math.max(0, (known?.epoch ?? 0) + now.epochStep);
    const common = { producerId: now.producerId, producerEpoch, maxTimestamp: now.timestamp };
    if (now.what === 'marker') {
      const { coordinatorEpoch, isEmpty } = now;
      const batch = marker(this.model.end, now.type, { ...common, coordinatorEpoch });
      return isEmpty ? { ...batch, marker: undefined } : batch;
    }
    const last = known?.batches.at(-1);
    const sequences = { again: last?.baseSequence ?? 0, gap: 77, zero: 0, largest: MAX - 1 };
    const next = now.epochStep === 1 ? 0 : ((last?.lastSequence ?? -1) + 1) % 2 ** 31;
    const baseSequence = now.sequence === 'next' ? next : sequences[now.sequence];
    const { count, isTransactional } = now;
    return data(this.model.end, { ...common, baseSequence, count, isTransactional });
  }

  #write(batch: ProducerBatch, from: AppendOrigin): void {
    const refusal = this.model.refusal(batch, from);
    const lastStableOffset = refusal === undefined ? this.model.take(batch) : undefined;
    expect(codeOf(() => this.#append(batch, from, lastStableOffset))).toBe(refusal);
    if (refusal !== undefined) return;
    this.model.log.push(batch);
    this.model.end = batch.lastOffset + 1;
  }

  #append(batch: ProducerBatch, from: AppendOrigin, lastStableOffset: number | undefined): void {
    const append = this.state.prepareUpdate(batch.producerId, from);
    const completed = append.append(batch);
    this.state.update(append);
    expect(completed && this.state.lastStableOffset(completed)).toBe(lastStableOffset);
    if (completed !== undefined) this.state.completeTransaction(completed);
    this.state.updateMapEndOffset(batch.lastOffset + 1);
  }

  #boundary(part: number): number {
    const { log, end } = this.model;
    return log[Math.floor(part * log.length)]?.baseOffset ?? end;
  }

  #truncate(end: number, now: number): void {
    this.state.truncateAndReload(0, end, now);
    if (end === this.model.end) {
      this.model.lastSnapshot = Math.max(0, ...this.model.snapshots.keys());
      return;
    }
    this.model.reload(end, now);
    this.#replay();
  }

  #restart(now: number): void {
    this.state = stateIn(this.place);
    this.state.truncateAndReload(0, this.model.end, now);
    // A fresh state ends at 0, as an empty log does: then there is nothing to load.
    this.model.reload(this.model.end, now);
    this.#replay();
  }

  #replay(): void {
    const from = this.state.mapEndOffset;
    for (const batch of this.model.log) if (batch.baseOffset >= from) write(this.state, batch, 'replica');
    this.state.updateMapEndOffset(this.model.end);
  }

  #compare(): void {
    const { model, state } = this;
    expect(state.entries()).toEqual(model.describe());
    expect(state.count).toBe(model.producers.size);
    expect(state.mapEndOffset).toBe(model.end);
    expect(state.firstUnstableOffset).toBe(model.firstUnstable());
    expect(state.hasOpenTransactions).toBe([...model.producers.values()].some(({ open }) => open !== -1));
    expect(state.latestSnapshotOffset ?? 0).toBe(Math.max(0, ...model.snapshots.keys()));
    for (const batch of model.log) {
      if (!batch.isControl) expect(state.findDuplicate(batch)?.firstOffset).toBe(model.duplicateOf(batch));
    }
  }
}

test('appends, markers, snapshots, truncation, restarts and expiry leave what a naive model says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const pair = new Pair();
      for (const now of steps) pair.run(now);
    }),
    { numRuns: 300 },
  );
});
