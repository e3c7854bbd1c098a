/**
 * The process that is killed. Says `ready`, reads one task, and does it; before each deed and after it, it says so, in a line
 * that is written before it goes on. What it said it did must be there when it is dead.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { ManualClock, systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log } from '../../src/log/log.ts';
import { applyRepair } from '../../src/repair/repair.ts';
import type { Store } from '../../src/store/store.ts';
import type { Deed, Task } from './plan.ts';
import { endTransaction, produce } from './producers.ts';
import { openStore } from './stores.ts';

const CHANGES = [
  ...['writeSync', 'ftruncateSync', 'renameSync', 'unlinkSync', 'rmSync', 'mkdirSync', 'utimesSync', 'linkSync'],
  ...['fsyncSync', 'fdatasyncSync', 'fdatasync', 'closeSync'],
];

/** Kills this process before the `at`th change. Calls of the addon are not seen: strace sees them. */
function hook(at: number): void {
  let left = at;
  const step = (): void => {
    if (--left <= 0) process.kill(process.pid, 'SIGKILL');
  };
  const calls = fs as unknown as Record<string, (...given: unknown[]) => unknown>;
  const wrap = (name: string, isChange: (given: unknown[]) => boolean): void => {
    const call = calls[name];
    if (call === undefined) throw new Error(`node:fs has no ${name}`);
    calls[name] = (...given) => {
      if (isChange(given)) step();
      return call(...given);
    };
  };
  for (const name of CHANGES) wrap(name, (given) => given[0] !== 1);
  wrap('openSync', ([, flags]) => (Number(flags) & fs.constants.O_CREAT) !== 0);
  syncBuiltinESMExports();
}

function say(line: unknown): void {
  fs.writeSync(1, `${JSON.stringify(line)}\n`);
}

function readTask(): Task {
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = Buffer.alloc(65_536);
    const got = fs.readSync(0, piece);
    if (got === 0) process.exit(0);
    pieces.push(piece.subarray(0, got));
    if (piece[got - 1] === 0x0a) return JSON.parse(Buffer.concat(pieces).toString(), revive) as Task;
  }
}

/** JSON has no infinity. */
function revive(_: string, value: unknown): unknown {
  return value === 'Infinity' ? Infinity : value;
}

/** What is open. */
class Life {
  readonly #task: Task;
  readonly #clock: ManualClock;
  #log: Log | undefined;
  #store: Store | undefined;

  constructor(task: Task) {
    this.#task = task;
    this.#clock = new ManualClock(task.now);
  }

  #of(topic: string): Log {
    const log = this.#store?.partition(topic, 0) ?? this.#log;
    if (log === undefined) throw new Error('nothing is open');
    return log;
  }

  async do(deed: Deed, index: number): Promise<void> {
    const tell = (more: object): void => say({ at: index, ...more });
    if ('topic' in deed) {
      const log = this.#of(deed.topic);
      const { logStartOffset: start, logEndOffset: end } = log;
      const offset = 'at' in deed ? start + Math.floor(deed.at * (end - start + 1)) : end;
      tell({ begins: true, start, end, offset });
      await this.#change(log, deed, offset);
      tell({ begins: false, start: log.logStartOffset, end: log.logEndOffset });
      return;
    }
    tell({ begins: true });
    await this.#other(deed);
    tell({ begins: false });
  }

  async #change(log: Log, deed: Deed & { topic: string }, offset: number): Promise<void> {
    if (deed.do === 'append') await log.append(deed.records);
    else if (deed.do === 'produce') await produce(log, deed);
    else if (deed.do === 'end') await endTransaction(log, deed);
    else if ('now' in deed) {
      if (deed.do === 'retention') await log.applyRetention(deed.now);
      else await log.compact({ now: deed.now, segmentBytes: 2000 });
    } else if (deed.do === 'truncate') await log.truncateTo(offset);
    else await log.deleteRecordsBefore(offset);
  }

  async #other(deed: Exclude<Deed, { topic: string }>): Promise<void> {
    const { directory, config, kind, cleaners } = this.#task;
    if (deed.do === 'repair') {
      const given = { fs: nodeFileSystem, engine: defaultEngine(), clock: systemClock, config };
      await applyRepair(join(directory, 't-0'), { ...given, onCorrupt: 'excise' });
    } else if (deed.do === 'open' && kind === 'store') {
      this.#store = await openStore(directory, config, this.#clock, undefined, cleaners);
    } else if (deed.do === 'open')
      this.#log = await Log.open(join(directory, 't-0'), { ...config, clock: this.#clock });
    else if (deed.do === 'flush') await (this.#store?.flush() ?? this.#log?.flush());
    else if (deed.do === 'pass') await this.#pass(deed.ms);
    else {
      await (this.#store?.close() ?? this.#log?.close());
      this.#store = this.#log = undefined;
    }
  }

  /** Periodic work runs on, on its own; a while is given to it, and the kill may come in any of it. */
  async #pass(ms: number): Promise<void> {
    this.#clock.advance(ms);
    // A thread takes long to start.
    for (let turn = 0; turn < (this.#task.cleaners > 0 ? 100 : 10); turn++)
      await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

defaultEngine();
say('ready');
const task = readTask();
const life = new Life(task);
if (task.hookAt !== undefined) hook(task.hookAt);
for (const [index, deed] of task.deeds.entries()) await life.do(deed, index);
process.exit(0);
