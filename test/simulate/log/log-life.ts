/** The life of one log, opened by itself, on a simulated disk: what a history does to it, and what must hold when it comes up. */
import type { ManualClock } from '../../../src/clock/clock.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { Log, type LogConfig, type Store } from '../../../src/index.ts';
import { applyRepair } from '../../../src/repair/repair.ts';
import { type ModelStore, newPartition } from '../../support/store-model.ts';
import { leftovers, Life } from '../../support/store-model-life.ts';
import { explain } from '../../support/store-model-look.ts';
import { heed } from '../../support/store-model-places.ts';
import type { DiskProcess } from '../disk/disk-process.ts';
import { seekFault } from './seeking.ts';
import { treeOf, verifyFault } from './verifying.ts';

/** Where the log is. */
export const DIRECTORY = '/logs/t-0';
/** The model's name for it. */
export const TOPIC = 't';
/**
 * Files that a recovery makes again to the byte. Not those that tell of producers and epochs, where Kafka's own rules leave out the
 * second time what expired, or was deleted; that they say the same of what is there, the model tells.
 */
const REPEATED = /\.(?:log|index|timeindex)$|^quarantine/;
/** More changes of files than any opening of these small logs takes. */
const MOST_STEPS = 2000;

export class LogLife extends Life {
  /** What the next opening has. */
  config: Partial<LogConfig>;
  #log: Log | undefined;
  #steps = 0;

  /** @param config as the log has it; it may change with an opening */
  constructor(config: Partial<LogConfig>) {
    super(['/logs']);
    const partition = newPartition(this.clock.now());
    heed(partition, { ...config });
    this.config = config;
    this.model = { [TOPIC]: { config: { ...config }, partitions: [partition] } };
  }

  get log(): Log {
    if (this.#log === undefined) throw new Error('no log');
    return this.#log;
  }

  override get store(): Store {
    throw new Error('a log alone is in no store');
  }

  override logOf(): Log {
    return this.log;
  }

  protected override async start(process: DiskProcess, clock: ManualClock): Promise<void> {
    this.#log = undefined;
    const before = process.steps;
    this.#log = await Log.open(DIRECTORY, { ...this.config, fileDeleteDelayMs: 10_000, fs: process, clock });
    this.#steps = process.steps - before;
    if (this.#steps > MOST_STEPS) throw new Error(`opening took ${this.#steps} changes of files`);
    const { corruption } = this.log.status();
    if (corruption !== undefined) throw new Error(`taken for damaged: ${JSON.stringify(corruption)}`);
  }

  protected override async stop(): Promise<void> {
    await this.log.close();
    await this.settleCompaction();
    const left = leftovers(this.process, '/logs');
    // What a call left that failed is replaced by the next one of its kind.
    if (left.length > 0 && !this.hadFault) throw new Error(`left behind: ${left.join()}`);
  }

  override sync(): Promise<void> {
    return this.log.flush();
  }

  protected override checkTold(): void {
    this.log.checkAppendable();
  }

  protected override get isWhole(): boolean {
    try {
      this.#log?.checkAppendable();
      return this.#log !== undefined;
    } catch {
      return false;
    }
  }

  override compare(model: ModelStore, isAfterPowerLoss: boolean): void {
    const partition = model[TOPIC]?.partitions[0];
    if (partition === undefined) throw new Error('no model');
    const fault = explain(this.log, partition, { isAfterPowerLoss }) ?? seekFault(this.log, this.clock.now());
    if (fault !== undefined) throw new Error(fault);
  }

  /** The process ends, and it is opened again: it is the log that it was, and leaves the files that it had left. */
  async openTwice(): Promise<void> {
    const told = JSON.stringify([this.log.segments(), this.log.logStartOffset]);
    const isRecovered = this.log.status().recovery !== undefined;
    const killed = this.disk.copy();
    await this.close();
    const files = treeOf(this.process, DIRECTORY);
    this.disk = killed;
    await this.open();
    const again = JSON.stringify([this.log.segments(), this.log.logStartOffset]);
    if (again !== told) throw new Error(`opened twice, ${told} is ${again}`);
    this.compare(structuredClone(this.model), false);
    await this.close();
    const changed = treeOf(this.process, DIRECTORY);
    for (const name of new Set([...files.keys(), ...changed.keys()])) {
      // A clean log's indexes may be made by other rules than recovery makes them.
      if (!(isRecovered ? REPEATED : /\.log$/).test(name)) continue;
      if (files.get(name) !== changed.get(name)) {
        throw new Error(`opened twice, ${name} is another file: ${files.get(name)}, then ${changed.get(name)}`);
      }
    }
    await this.open();
  }

  /** `verify` says of the files what the log does: that all is well. */
  async verify(): Promise<void> {
    const fault = await verifyFault(this.process, this.clock, DIRECTORY, this.config.indexIntervalBytes);
    if (fault !== undefined) throw new Error(`verify: ${fault}`);
  }

  /** Closes, repairs what needs no repair, and opens. */
  async repair(): Promise<void> {
    await this.close();
    const { process: fs, clock, config } = this;
    const { steps } = await applyRepair(DIRECTORY, { fs, clock, config, engine: defaultEngine() });
    const odd = steps.find(({ action }) => action === 'cut' || action === 'excise');
    if (odd !== undefined) throw new Error(`repair: ${JSON.stringify(odd)}`);
    await this.#reopen();
  }

  /** @param between what happens to its files while it is closed */
  async restart(between?: (fs: DiskProcess) => void): Promise<void> {
    await this.close();
    between?.(this.process);
    await this.#reopen();
  }

  /** In the same process: what it planned holds. */
  async #reopen(): Promise<void> {
    await this.start(this.process, this.clock);
  }
}
