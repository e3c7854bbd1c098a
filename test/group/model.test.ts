/**
 * Random lives of a group: consumers join, poll, commit, are closed or stop polling, time passes, topics grow, records come, the
 * store is closed and opened again, or killed. What has to hold whatever happens is held after each step.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AssignorName, type Consumer, type GroupDescription, SeglogError } from '../../src/index.ts';
import { copyOf, type GroupBench, groupBench } from './support.ts';

const POLL_INTERVAL_MS = 1000;
const REFUSED = [
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'PARTITION_NOT_ASSIGNED',
  'LOG_CLOSED',
];

type Step =
  | { readonly kind: 'join' | 'close' | 'poll' | 'commit' | 'stale'; readonly who: number }
  | { readonly kind: 'append' | 'grow' | 'reopen' | 'kill' }
  | { readonly kind: 'wait'; readonly ms: number };

const who = fc.nat(3);
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('join' as const), who }) },
    { weight: 10, arbitrary: fc.record({ kind: fc.constant('poll' as const), who }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const), who }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('stale' as const), who }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const), who }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1500 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('grow' as const, 'reopen' as const, 'kill' as const) }) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Where a consumer of the model was when it got its partitions. */
interface Held {
  readonly generation: number;
  readonly partitions: readonly number[];
}

class GroupLife {
  readonly #assignor: AssignorName;
  #bench: GroupBench;
  #consumers = new Map<number, Consumer>();
  /** Positions that were committed and told to be: what the group must not go back behind, nor be put before. */
  readonly #committed = new Map<number, number>();
  /** Up to where every record was handed out at least once since it was committed, by partition. */
  readonly #seen = new Map<number, Set<number>>();
  /** Who had a partition in which generation. */
  readonly #owners = new Map<string, string>();
  /** What a member had in a generation that it may have lost since. */
  readonly #held = new Map<number, Held>();

  constructor(bench: GroupBench, assignor: AssignorName) {
    this.#bench = bench;
    this.#assignor = assignor;
  }

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'join':
        if (!this.#consumers.has(step.who)) this.#consumers.set(step.who, this.#consumer(step.who));
        return this.#poll(step.who);
      case 'poll':
        return this.#poll(step.who);
      case 'commit':
        return this.#commit(step.who);
      case 'stale':
        return this.#commitStale(step.who);
      case 'close':
        await this.#consumers.get(step.who)?.close();
        this.#consumers.delete(step.who);
        return;
      case 'append':
        return this.#append();
      case 'grow': {
        const { partitionCount } = this.#bench.store.describeTopic('t');
        if (partitionCount < 6) await this.#bench.store.createPartitions('t', partitionCount + 1);
        return;
      }
      case 'wait':
        this.#bench.clock.advance(step.ms);
        return turns(3);
      case 'reopen':
        await this.#bench.reopen();
        return this.#opened();
      case 'kill':
        return this.#kill();
    }
  }

  #consumer(name: number): Consumer {
    return this.#bench.store.consumer({
      ...{ group: 'g', topics: 't', assignor: this.#assignor, clientId: `c${name}` },
      maxPollIntervalMs: POLL_INTERVAL_MS,
    });
  }

  async #poll(name: number): Promise<void> {
    const consumer = this.#consumers.get(name);
    if (consumer === undefined) return;
    const ended = new AbortController();
    const polling = consumer.poll({ maxRecords: 3, signal: ended.signal });
    await turns(4);
    ended.abort();
    for (const { partition, offset } of await polling) {
      const seen = this.#seen.get(partition) ?? new Set();
      this.#seen.set(partition, seen.add(offset));
    }
    this.#noteOwner(name, consumer);
  }

  /** At most one owner a partition in a generation. */
  #noteOwner(name: number, consumer: Consumer): void {
    const { generation, assignment, memberId } = consumer;
    if (generation < 0) return;
    for (const { partition } of assignment) {
      const key = `${generation} ${partition}`;
      expect(this.#owners.get(key) ?? memberId).toBe(memberId);
      this.#owners.set(key, memberId);
    }
    this.#held.set(name, { generation, partitions: assignment.map(({ partition }) => partition) });
  }

  async #commit(name: number): Promise<void> {
    const consumer = this.#consumers.get(name);
    if (consumer === undefined) return;
    const positions = consumer.reading.map((one) => ({ ...one, offset: consumer.position(one) }));
    const before = new Map(this.#committed);
    try {
      await consumer.commit(positions);
    } catch (error) {
      if (!(error instanceof SeglogError) || !REFUSED.includes(error.code)) throw error;
      return this.#checkCommitted(before);
    }
    for (const { partition, offset } of positions) {
      // Nothing is skipped: whatever lies before what is committed was handed out once.
      for (let at = 0; at < offset; at++) expect(this.#seen.get(partition)).toContain(at);
      this.#committed.set(partition, offset);
    }
    await this.#checkCommitted(this.#committed);
  }

  /** A consumer commits what it had in a generation that may be over. */
  async #commitStale(name: number): Promise<void> {
    const [held, consumer] = [this.#held.get(name), this.#consumers.get(name)];
    if (held === undefined || consumer === undefined) return;
    const { state, generation, members } = await this.#described();
    const isMember = members.some(({ memberId }) => memberId === consumer.memberId);
    if (state === 'Stable' && isMember && generation === consumer.generation) return;
    if (isMember && state === 'PreparingRebalance' && generation === consumer.generation) return;
    const positions = held.partitions.map((partition) => ({ topic: 't', partition, offset: 0 }));
    if (positions.length === 0) return;
    const code: unknown = await consumer.commit(positions).catch((error: unknown) => (error as SeglogError).code);
    expect(REFUSED).toContain(code);
    await this.#checkCommitted(this.#committed);
  }

  async #described(): Promise<Pick<GroupDescription, 'state' | 'generation' | 'members'>> {
    try {
      return await this.#bench.store.group('g').describe();
    } catch (error) {
      if (error instanceof SeglogError && error.code === 'GROUP_ID_NOT_FOUND')
        return { state: 'Empty', generation: 0, members: [] };
      throw error;
    }
  }

  async #checkCommitted(expected: ReadonlyMap<number, number>): Promise<void> {
    const group = this.#bench.store.group('g');
    const { partitionCount } = this.#bench.store.describeTopic('t');
    for (let partition = 0; partition < partitionCount; partition++) {
      const committed = await group.committed({ topic: 't', partition });
      expect(committed?.offset).toBe(expected.get(partition));
    }
  }

  async #append(): Promise<void> {
    const { partitionCount } = this.#bench.store.describeTopic('t');
    for (let partition = 0; partition < partitionCount; partition++) {
      await this.#bench.store.partition('t', partition).append([{ value: 'a' }, { value: 'b' }]);
    }
  }

  /** What is on the disk at this moment is opened by another process. */
  async #kill(): Promise<void> {
    const fs = copyOf(this.#bench.fs);
    await this.#bench.store.close();
    this.#bench = await groupBench({}, fs, this.#bench.clock);
    return this.#opened();
  }

  async #opened(): Promise<void> {
    this.#consumers = new Map();
    this.#held.clear();
    await this.#checkCommitted(this.#committed);
  }

  /** At least once: whoever comes last reads all that is left. */
  async end(): Promise<void> {
    for (const consumer of this.#consumers.values()) await consumer.close();
    this.#consumers = new Map([[9, this.#consumer(9)]]);
    for (let idle = 0; idle < 8; ) {
      const before = [...this.#seen.values()].reduce((sum, { size }) => sum + size, 0);
      await this.#poll(9);
      const after = [...this.#seen.values()].reduce((sum, { size }) => sum + size, 0);
      idle = after === before ? idle + 1 : 0;
    }
    for (const { partition, logEndOffset } of this.#bench.store.describeTopic('t').partitions) {
      expect(this.#seen.get(partition)?.size ?? 0).toBe(logEndOffset);
    }
    await this.#commit(9);
    await this.#bench.store.close();
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count * 8; i++) await new Promise((resolve) => setImmediate(resolve));
}

test.each(['range', 'roundrobin', 'sticky'] as const)(
  'whatever happens, %s: one owner, nothing skipped, nothing undone',
  async (assignor) => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const bench = await groupBench();
        await bench.store.createTopic({ name: 't', partitions: 3 });
        const life = new GroupLife(bench, assignor);
        for (const step of history) await life.step(step);
        await life.end();
      }),
      { numRuns: 12 },
    );
  },
);
