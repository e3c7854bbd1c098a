/** Random lives of a store against a simple model: topics with lists of values. Stops are clean, or the end of the process. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import type { Lock } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store, type StoreOptions } from '../../src/index.ts';
import { partitionForKey } from '../../src/store/partitioner.ts';
import { Random } from '../support/random.ts';
import { StoppingFileSystem } from '../repair/stopping-fs.ts';
import { valuesOf } from './support.ts';

const LIVES = 25;
const STEPS = 40;
const NAMES = ['a', 'b.c', 'd-0', 'e'];

/** A process that ends leaves no lock behind. */
class ProcessFileSystem extends StoppingFileSystem {
  override async lockDirectory(path: string): Promise<Lock> {
    return { path, release: async () => undefined };
  }
}

/** Values by partition. */
type Model = Map<string, string[][]>;

class Life {
  readonly model: Model = new Map();
  readonly #random: Random;
  readonly #memory = new MemoryFileSystem();
  readonly #clock = new ManualClock(1_000_000);
  #fs = new ProcessFileSystem(this.#memory, Infinity);
  #store: Store | undefined;
  #written = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('no store');
    return this.#store;
  }

  async open(): Promise<void> {
    this.#fs = new ProcessFileSystem(this.#memory, Infinity);
    const options: StoreOptions = {
      ...{ fs: this.#fs, clock: this.#clock },
      ...{ segmentBytes: 500, retentionMs: -1, fileDeleteDelayMs: 10_000 },
    };
    this.#store = await Store.open(['/one', '/two', '/three'], options);
    expect(this.#store.status()).toMatchObject({ troubled: [], problems: [] });
  }

  async step(): Promise<string> {
    const name = this.#random.pick(NAMES);
    const values = this.model.get(name);
    const kind = this.#random.pick([
      'create',
      'append',
      'append',
      'write',
      'grow',
      'delete',
      'time',
      'clean stop',
      'end',
    ]);
    if (kind === 'create' && values === undefined) {
      const partitions = this.#random.between(1, 4);
      await this.store.createTopic({ name, partitions });
      this.model.set(
        name,
        Array.from({ length: partitions }, () => []),
      );
    } else if (kind === 'append' && values !== undefined) {
      const partition = this.#random.between(0, values.length - 1);
      const value = `${this.#written++}`;
      await this.store.partition(name, partition).append({ value });
      values[partition]?.push(value);
    } else if (kind === 'write' && values !== undefined) await this.#write(name, values);
    else if (kind === 'grow' && values !== undefined && values.length < 8) {
      await this.store.createPartitions(name, values.length + 1);
      values.push([]);
    } else if (kind === 'delete' && values !== undefined && this.#random.chance(0.3)) {
      await this.store.deleteTopic(name);
      this.model.delete(name);
    } else if (kind === 'time') this.#clock.advance(this.#random.between(0, 70_000));
    else if (kind === 'clean stop') {
      await this.store.close();
      await this.open();
    } else if (kind === 'end') {
      // The dead do nothing: whatever their timers begin fails.
      this.#fs.changes = Infinity;
      await this.open();
    }
    return `${kind} ${name}`;
  }

  async #write(name: string, values: string[][]): Promise<void> {
    await using writer = this.store.writer(name, { batchBytes: 200 });
    for (let i = 0; i < 10; i++) {
      const [key, value] = [`k${this.#random.between(0, 9)}`, `${this.#written++}`];
      await writer.write({ key, value });
      values[partitionForKey(Buffer.from(key), values.length)]?.push(value);
    }
  }

  async check(at: string): Promise<void> {
    expect(this.store.topics(), at).toEqual([...this.model.keys()].sort());
    for (const [name, values] of this.model) {
      const { partitions } = this.store.describeTopic(name);
      const found = await Promise.all(
        partitions.map(({ partition }) => valuesOf(this.store.partition(name, partition))),
      );
      expect(found, `${at}: ${name}`).toEqual(values);
    }
  }
}

test('a store has what the model has, after every stop', async () => {
  for (let seed = 1; seed <= LIVES; seed++) {
    const life = new Life(new Random(seed));
    await life.open();
    const steps: string[] = [];
    for (let i = 0; i < STEPS; i++) {
      steps.push(await life.step());
      if (/^(clean stop|end|delete)/.test(steps.at(-1) ?? '')) await life.check(`seed ${seed}: ${steps.join(', ')}`);
    }
    await life.check(`seed ${seed}`);
    await life.store.close();
  }
});
