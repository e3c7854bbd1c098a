/** The life of a whole store, on a simulated disk or on the machine's own files. */
import type { ManualClock } from '../../src/clock/clock.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { type Log, Store, type StoreOptions } from '../../src/index.ts';
import type { DiskProcess } from '../simulate/disk/disk-process.ts';
import { leftovers, Life } from './store-model-life.ts';
import { explain } from './store-model-look.ts';
import type { ModelStore } from './store-model.ts';

const DIRECTORIES = ['/one', '/two'];
/** What a cleaner meets that is disturbed: the log was cut, closed, or is being compacted already. */
const EXPECTED: ReadonlySet<string> = new Set(['OFFSET_OUT_OF_RANGE', 'LOG_CLOSED', 'INVALID_ARGUMENT']);

/** Stores on the machine's own files: they are stopped well, and nothing dies. */
export interface RealFiles {
  readonly directories: readonly string[];
  open(directories: readonly string[], options: StoreOptions): Promise<Store>;
}

/** A store that can be stopped in any way. */
export class StoreLife extends Life {
  readonly #options: StoreOptions;
  readonly #files: RealFiles | undefined;
  #store: Store | undefined;

  constructor(options: StoreOptions, files?: RealFiles) {
    super(DIRECTORIES);
    this.#options = options;
    this.#files = files;
  }

  override get store(): Store {
    if (this.#store === undefined) throw new Error('no store');
    return this.#store;
  }

  override logOf(name: string, partition: number): Log {
    return this.store.partition(name, partition);
  }

  protected override async start(process: DiskProcess, clock: ManualClock): Promise<void> {
    this.#store = undefined;
    const options = { ...this.#options, clock };
    this.#store =
      this.#files === undefined
        ? await Store.open(DIRECTORIES, { ...options, fs: process })
        : await this.#files.open(this.#files.directories, options);
    const { troubled, problems } = this.store.status();
    const odd = problems.find(({ code, errno }) => errno !== 'ENOENT' && code !== 'TOPIC_ID_MISMATCH');
    if (troubled[0] !== undefined) throw troubled[0].problem;
    if (odd !== undefined) throw odd;
  }

  protected override async stop(): Promise<void> {
    await this.store.close();
    await this.settleCompaction();
    for (const path of this.#files?.directories ?? DIRECTORIES) {
      const left = leftovers(this.#files === undefined ? this.process : nodeFileSystem, path);
      if (left.length > 0) throw new Error(`left behind: ${left.join()}`);
    }
  }

  override sync(): Promise<void> {
    return this.store.flush();
  }

  /** What goes wrong by itself is told in the status alone. */
  protected override checkTold(): void {
    const { uncleanable, problems } = this.store.status();
    const told = [...uncleanable.map(({ problem }) => problem), ...problems];
    const odd = told.find(({ code, errno }) => !EXPECTED.has(code) && errno !== 'ENOENT');
    if (odd !== undefined) throw odd;
  }

  /** What a fault left in a store's status is not judged here: it is opened again. */
  protected override get isWhole(): boolean {
    return false;
  }

  override compare(model: ModelStore, isAfterPowerLoss: boolean): void {
    const names = Object.keys(model).sort();
    const found = this.store.topics();
    if (names.join() !== found.join()) throw new Error(`topics ${found.join()}, not ${names.join()}`);
    for (const name of names) {
      const topic = model[name];
      const { partitions } = this.store.describeTopic(name);
      if (topic === undefined || partitions.length !== topic.partitions.length) {
        throw new Error(`${name} has ${partitions.length} partitions, not ${topic?.partitions.length}`);
      }
      for (const [at, partition] of topic.partitions.entries()) {
        const log = this.store.partition(name, at);
        const odd = Object.entries(topic.config).find(
          ([key, value]) => JSON.stringify(log.config[key as keyof typeof log.config]) !== JSON.stringify(value),
        );
        const fault =
          odd === undefined ? explain(log, partition, { isAfterPowerLoss }) : `its ${odd[0]} is not ${String(odd[1])}`;
        if (fault !== undefined) throw new Error(`${name}-${at}: ${fault}`);
      }
    }
  }
}
