/** One store and its model through a history: every step is done to both, and then the two are compared. */
import { ManualClock } from '../../src/clock/clock.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Store, type StoreOptions } from '../../src/index.ts';
import { Random } from './random.ts';
import { Disk } from './store-model-disk.ts';
import { DiskProcess } from './store-model-process.ts';
import { explain } from './store-model-look.ts';
import type { ModelStore } from './store-model.ts';

/** What a step does to a store, and what to the model when that is done. */
export interface Deed {
  run(): Promise<void>;
  /** Changes the model; called with a copy, too, when nobody knows whether the step was done. */
  apply(model: ModelStore): void;
  /** What of the model is in doubt while it is being done. */
  doubt?(model: ModelStore): void;
}

const DIRECTORIES = ['/one', '/two'];

/** Stores on the machine's own files: they are stopped well, and nothing dies. */
export interface RealFiles {
  readonly directories: readonly string[];
  open(directories: readonly string[], options: StoreOptions): Promise<Store>;
}
/** What a cleaner meets that is disturbed: the log was cut, closed, or is being compacted already. */
const EXPECTED: ReadonlySet<string> = new Set(['OFFSET_OUT_OF_RANGE', 'LOG_CLOSED', 'INVALID_ARGUMENT']);
/** Turns of the event loop after which what runs by itself is mostly done. */
const TURNS = 12;

/** A store that can be stopped in any way. */
export class Life {
  model: ModelStore = {};
  clock: ManualClock = new ManualClock(1_000_000_000_000);
  readonly options: StoreOptions;
  /** Written values, so that none comes twice. */
  written = 0;
  #disk = new Disk();
  #process: DiskProcess;
  #store: Store | undefined;
  #compaction: Promise<void> | undefined;
  readonly #files: RealFiles | undefined;

  constructor(options: StoreOptions, files?: RealFiles) {
    this.options = options;
    this.#files = files;
    this.#process = new DiskProcess(this.#disk);
    for (const path of DIRECTORIES) this.#process.makeDirectory(path);
    this.#disk.settleAll();
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('no store');
    return this.#store;
  }

  async open(): Promise<void> {
    this.#process = new DiskProcess(this.#disk);
    await this.#open();
  }

  async #open(): Promise<void> {
    const now = this.clock.now();
    this.clock = new ManualClock(now);
    this.#compaction = undefined;
    const { options, clock } = this;
    this.#store =
      this.#files === undefined
        ? await Store.open(DIRECTORIES, { ...options, fs: this.#process, clock })
        : await this.#files.open(this.#files.directories, { ...options, clock });
    const { troubled, problems } = this.store.status();
    const odd = problems.find(({ code, errno }) => errno !== 'ENOENT' && code !== 'TOPIC_ID_MISMATCH');
    if (troubled[0] !== undefined) throw troubled[0].problem;
    if (odd !== undefined) throw odd;
  }

  /** Does a step, and compares. */
  async do(deed: Deed): Promise<void> {
    await deed.run();
    deed.apply(this.model);
    await turns(2);
    this.compare(this.model, false);
    this.#checkTold();
  }

  /** What goes wrong by itself is told in the status alone. */
  #checkTold(): void {
    const { uncleanable, problems } = this.store.status();
    const told = [...uncleanable.map(({ problem }) => problem), ...problems];
    const odd = told.find(({ code, errno }) => !EXPECTED.has(code) && errno !== 'ENOENT');
    if (odd !== undefined) throw odd;
  }

  /** Starts a compaction that goes on while other things happen. */
  goOn(compaction: Promise<unknown>): void {
    this.#compaction = compaction.then(
      () => undefined,
      (error: unknown) => {
        const code = (error as { code?: unknown }).code;
        if (code === 'LOG_CLOSED' || code === 'OFFSET_OUT_OF_RANGE' || this.#process.isDead) return;
        throw error;
      },
    );
    // It is awaited when the store is stopped.
    this.#compaction.catch(() => undefined);
  }

  get isCompacting(): boolean {
    return this.#compaction !== undefined;
  }

  async settleCompaction(): Promise<void> {
    await this.#compaction;
    this.#compaction = undefined;
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.settleCompaction();
    for (const path of this.#files?.directories ?? DIRECTORIES) {
      const left = leftovers(this.#files === undefined ? this.#process : nodeFileSystem, path);
      if (left.length > 0) throw new Error(`left behind: ${left.join()}`);
    }
  }

  /** The process ends in the midst of a step, or between steps; or the machine does. */
  async die(how: Death, deed: Deed | undefined): Promise<void> {
    if (deed === undefined || how.steps === 0) {
      if (deed !== undefined) await this.do(deed);
      this.#process.end();
      await this.#comeUp(how, [this.model]);
      return;
    }
    this.#process.dieIn(how.steps);
    let failure: unknown;
    await deed.run().catch((error: unknown) => (failure = error));
    // What it set going dies at its own time.
    if (!this.#process.isDead) await turns(TURNS);
    if (failure instanceof Error && !this.#process.isDead) throw failure;
    const before = structuredClone(this.model);
    deed.doubt?.(before);
    const after = structuredClone(this.model);
    deed.apply(after);
    const isDone = failure === undefined;
    if (!isDone) unflush(after, before);
    this.#process.end();
    await this.#comeUp(how, isDone ? [after] : [after, before], deed.doubt !== undefined && !isDone);
  }

  async #comeUp(how: Death, candidates: readonly ModelStore[], isCut = false): Promise<void> {
    await turns(1);
    const random = new Random(how.seed);
    if (how.isPowerLoss) {
      this.#disk = this.#disk.afterPowerLoss(random, random.pick([0, 0, 0.5, 0.9]), random.chance(0.5));
    }
    this.#process = new DiskProcess(this.#disk);
    // Coming up may be cut short as well.
    if (random.chance(0.3)) {
      this.#process.dieIn(random.between(1, 60));
      await Store.open(DIRECTORIES, {
        ...this.options,
        fs: this.#process,
        clock: new ManualClock(this.clock.now()),
      }).catch(() => undefined);
      this.#process.end();
      await turns(1);
      if (how.isPowerLoss && random.chance(0.5))
        this.#disk = this.#disk.afterPowerLoss(random, 0.5, random.chance(0.5));
      this.#process = new DiskProcess(this.#disk);
    }
    await this.#open();
    const faults: string[] = [];
    for (const candidate of candidates) {
      const model = structuredClone(candidate);
      try {
        this.compare(model, how.isPowerLoss || isCut);
        this.model = model;
        break;
      } catch (error) {
        faults.push(error instanceof Error ? error.message : String(error));
      }
    }
    if (faults.length === candidates.length) throw new Error(faults.join('\n  or: '));
    // What was cut could come back with the next power loss.
    if (isCut) await this.#flush();
  }

  async #flush(): Promise<void> {
    await this.store.flush();
    for (const { partitions } of Object.values(this.model)) {
      for (const partition of partitions) partition.flushed = partition.end;
    }
  }

  /** @throws Error that says what the store has and the model has not, or the other way round */
  compare(model: ModelStore, isAfterPowerLoss: boolean): void {
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

/** How a process comes to its end. */
export interface Death {
  readonly isPowerLoss: boolean;
  /** At which change of the step; 0: behind it. */
  readonly steps: number;
  readonly seed: number;
}

/** Lets the event loop go round. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets what the clock set going be done. */
export async function quiet(): Promise<void> {
  await turns(TURNS);
}

/** What was not done to its end flushed nothing. */
function unflush(after: ModelStore, before: ModelStore): void {
  for (const [name, { partitions }] of Object.entries(after)) {
    for (const [at, partition] of partitions.entries()) {
      partition.flushed = Math.min(partition.flushed, before[name]?.partitions[at]?.flushed ?? 0);
    }
  }
}

function leftovers(fs: FileSystem, directory: string): string[] {
  return fs.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    if (name.endsWith('-delete') || fs.stat(path)?.isDirectory !== true) return [];
    const own = fs.list(path).filter((file) => /\.(cleaned|swap|deleted|tmp)$/.test(file));
    return own.map((file) => `${path}/${file}`);
  });
}
