/** A log or a store and its model through a history: every step is done to both, and then the two are compared. */
import { ManualClock } from '../../src/clock/clock.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import type { Log, Store } from '../../src/index.ts';
import { Disk } from '../simulate/disk/disk.ts';
import { type DiskFault, DiskProcess } from '../simulate/disk/disk-process.ts';
import { Random } from './random.ts';
import type { ModelStore } from './store-model.ts';

/** What a step does, and what to the model when that is done. */
export interface Deed {
  run(): Promise<void>;
  /** Changes the model; called with a copy, too, when nobody knows whether the step was done. */
  apply(model: ModelStore): void;
  /** What of the model is in doubt while it is being done. */
  doubt?(model: ModelStore): void;
}

/** A disk in the midst of a step, as the next process could find it. */
export interface Image {
  readonly disk: Disk;
  readonly isPowerLoss: boolean;
}

/** What those models are that a log may be like after a step that was cut short. */
interface Candidates {
  readonly models: readonly ModelStore[];
  /** Whether what was appended may be missing, with the machine up all the time. */
  readonly isCut: boolean;
}

/** Turns of the event loop after which what runs by itself is mostly done. */
const TURNS = 12;
/** What a call may say when the disk said no, or had before. */
const FAULT_CODES: ReadonlySet<unknown> = new Set(['IO', 'LOG_OFFLINE', 'LOG_CLOSED', 'READ_ONLY', 'RECOVERY_REFUSED']);

/** One that can be stopped in any way. */
export abstract class Life {
  model: ModelStore = {};
  clock: ManualClock = new ManualClock(1_000_000_000_000);
  /** Written values, so that none comes twice. */
  written = 0;
  /** Deaths, openings that died too, and faults. */
  readonly counts = { crashes: 0, faults: 0 };
  disk: Disk = new Disk();
  protected process: DiskProcess = new DiskProcess(this.disk);
  /** The disk said no, and it has not been opened since: the status may tell of it. */
  protected hadFault = false;
  #compaction: Promise<void> | undefined;

  protected constructor(directories: readonly string[]) {
    for (const path of directories) this.process.makeDirectory(path);
    this.disk.settleAll();
  }

  /** The whole store. */
  abstract get store(): Store;
  /** One of its logs, or the only one. */
  abstract logOf(name: string, partition: number): Log;
  /** @throws Error that says what is there and the model has not, or the other way round */
  abstract compare(model: ModelStore, isAfterPowerLoss: boolean): void;
  /** Flushes all of it. */
  abstract sync(): Promise<void>;
  /** Opens it. @throws Error, also for what is wrong by its own account */
  protected abstract start(process: DiskProcess, clock: ManualClock): Promise<void>;
  /** Closes it, and looks at what that leaves. */
  protected abstract stop(): Promise<void>;
  /** @throws Error what went wrong by itself */
  protected abstract checkTold(): void;
  /** Whether it goes on after a fault as if there had been none. */
  protected abstract get isWhole(): boolean;

  async open(): Promise<void> {
    this.process = new DiskProcess(this.disk);
    await this.#open();
  }

  async #open(): Promise<void> {
    this.clock = new ManualClock(this.clock.now());
    this.#compaction = undefined;
    this.hadFault = false;
    await this.start(this.process, this.clock);
  }

  /** Does a step, and compares. @param onStep told of each change of files */
  async do(deed: Deed, onStep?: DiskProcess['onStep']): Promise<void> {
    this.process.onStep = onStep;
    const failure = await failureOf(deed.run());
    this.process.onStep = undefined;
    if (failure !== undefined) {
      await this.#heedLate(failure, this.candidates(deed, false));
      return;
    }
    deed.apply(this.model);
    await turns(2);
    this.compare(this.model, false);
    if (!this.hadFault) this.checkTold();
  }

  /** Starts a compaction that goes on while other things happen. */
  goOn(compaction: Promise<unknown>): void {
    this.#compaction = compaction.then(
      () => undefined,
      (error: unknown) => {
        const code = (error as { code?: unknown }).code;
        if (code === 'LOG_CLOSED' || code === 'OFFSET_OUT_OF_RANGE' || this.process.isDead) return;
        if (this.hadFault && FAULT_CODES.has(code)) return;
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
    await this.stop();
  }

  /** Closes it at the end of its history, and looks whether all is there. */
  async finish(): Promise<void> {
    const failure = await failureOf(this.close());
    if (failure === undefined) await this.open();
    else await this.#heedLate(failure, { models: [this.model], isCut: false });
    this.compare(this.model, false);
    await this.close();
  }

  /** A fault may be told by a later call, as one in the background: then it is offline, and opened again. */
  async #heedLate(failure: Error, candidates: Candidates): Promise<void> {
    if (!this.hadFault || (failure as { code?: unknown }).code !== 'LOG_OFFLINE') throw failure;
    this.process.end();
    this.disk.evict();
    await this.#comeUp({ isPowerLoss: false, steps: 0, seed: this.clock.now() }, { ...candidates, isCut: true });
  }

  /** The process ends in the midst of a step, or between steps; or the machine does. */
  async die(how: Death, deed: Deed | undefined): Promise<void> {
    if (deed === undefined || how.steps === 0) {
      if (deed !== undefined) await this.do(deed);
      this.process.end();
      await this.#comeUp(how, { models: [this.model], isCut: false });
      return;
    }
    this.process.dieIn(how.steps);
    let failure: unknown;
    await deed.run().catch((error: unknown) => (failure = error));
    // What it set going dies at its own time.
    if (!this.process.isDead) await turns(TURNS);
    if (failure instanceof Error && !this.process.isDead) return this.#heedLate(failure, this.candidates(deed, false));
    const candidates = this.candidates(deed, failure === undefined);
    this.process.end();
    await this.#comeUp(how, candidates);
  }

  /** What there may be when a step is done, or was begun. */
  candidates(deed: Deed, isDone: boolean): Candidates {
    const before = structuredClone(this.model);
    deed.doubt?.(before);
    const after = structuredClone(this.model);
    deed.apply(after);
    if (isDone) return { models: [after], isCut: false };
    unflush(after, before);
    return { models: [after, before], isCut: deed.doubt !== undefined };
  }

  /** The disk says no in the midst of a step; then it is well again. What comes of it is all of the step, or nothing. */
  async fail(fault: DiskFault, how: Death, deed: Deed): Promise<void> {
    this.process.faultsMet = 0;
    this.process.plan(fault);
    const hadFault = this.hadFault;
    this.hadFault = true;
    const failure = await failureOf(deed.run());
    await turns(TURNS);
    this.process.plan(undefined);
    const isMet = this.process.faultsMet > 0;
    if (failure !== undefined && !isMet) {
      // An earlier fault may be told now.
      if (!hadFault) throw failure;
      return this.#heedLate(failure, this.candidates(deed, false));
    }
    if (failure !== undefined && !FAULT_CODES.has((failure as { code?: unknown }).code)) throw failure;
    if (isMet) this.counts.faults++;
    const candidates = this.candidates(deed, failure === undefined);
    if (this.isWhole && (!isMet || how.seed % 3 > 0)) {
      this.#settleOn(candidates.models, candidates.isCut);
      const late = candidates.isCut ? await failureOf(this.#flush()) : undefined;
      if (late !== undefined) await this.#heedLate(late, { models: [this.model], isCut: true });
      return;
    }
    this.process.end();
    // What a failed sync left in the page cache is not on the disk, and need not stay there.
    this.disk.evict();
    await this.#comeUp(how, isMet ? { ...candidates, isCut: true } : candidates);
  }

  async #comeUp(how: Death, { models, isCut }: Candidates): Promise<void> {
    this.counts.crashes++;
    await turns(1);
    const random = new Random(how.seed);
    if (how.isPowerLoss) {
      const likelihood = random.pick([0, 0, 0.5, 0.9]);
      const loss = { names: likelihood, pages: random.pick([likelihood, 0, 1]), isOrdered: random.chance(0.5) };
      this.disk = this.disk.afterPowerLoss(random, loss);
    }
    this.process = new DiskProcess(this.disk);
    // Coming up may be cut short as well.
    if (random.chance(0.3)) {
      this.counts.crashes++;
      this.process.dieIn(random.between(1, 60));
      await this.start(this.process, new ManualClock(this.clock.now())).catch(() => undefined);
      this.process.end();
      await turns(1);
      if (how.isPowerLoss && random.chance(0.5)) {
        this.disk = this.disk.afterPowerLoss(random, { names: 0.5, pages: 0.5, isOrdered: random.chance(0.5) });
      }
      this.process = new DiskProcess(this.disk);
    }
    await this.#open();
    this.#settleOn(models, how.isPowerLoss || isCut);
    // What was cut could come back with the next power loss.
    if (isCut) await this.#flush();
  }

  /** Takes the model that it is like. */
  #settleOn(models: readonly ModelStore[], isAfterPowerLoss: boolean): void {
    const faults: string[] = [];
    for (const candidate of models) {
      const model = structuredClone(candidate);
      try {
        this.compare(model, isAfterPowerLoss);
        this.model = model;
        return;
      } catch (error) {
        faults.push(error instanceof Error ? error.message : String(error));
      }
    }
    throw new Error(faults.join('\n  or: '));
  }

  async #flush(): Promise<void> {
    await this.sync();
    for (const { partitions } of Object.values(this.model)) {
      for (const partition of partitions) partition.flushed = partition.end;
    }
  }

  /** Lives on from an image of its disk, as one that this becomes. */
  async wake({ disk, isPowerLoss }: Image, { models, isCut }: Candidates, clock: ManualClock): Promise<void> {
    this.clock = clock;
    this.disk = disk;
    await this.open();
    this.#settleOn(models, isPowerLoss || isCut);
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

/** How something ended, if not well. */
async function failureOf(work: Promise<unknown>): Promise<Error | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
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

/** Names of what is half done, in a log directory. */
export function leftovers(fs: FileSystem, directory: string): string[] {
  return fs.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    if (name.endsWith('-delete') || fs.stat(path)?.isDirectory !== true) return [];
    const own = fs.list(path).filter((file) => /\.(cleaned|swap|deleted|tmp)$/.test(file));
    return own.map((file) => `${path}/${file}`);
  });
}
