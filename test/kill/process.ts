/** Starts the processes that are killed, kills them in one of several ways, and takes down what they said until then. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { CHANGING_CALLS, type ChangingCall, type Survey, surveyOf } from './calls.ts';
import type { Task } from './plan.ts';

/**
 * How a process dies. `hook`: by itself, before its `n`th change through node:fs. `calls`: by strace, when a thread of it
 * enters its `n`th system call of a set; this sees what the addon does. `call`: the same for one call alone. `moment`: some
 * microseconds after its task was sent. `survey`: not at all; what calls it made is taken down.
 */
export type Killing =
  | { readonly how: 'hook'; readonly n: number }
  | { readonly how: 'calls'; readonly set: CallSet; readonly n: number }
  | { readonly how: 'call'; readonly call: ChangingCall; readonly n: number }
  | { readonly how: 'moment'; readonly microseconds: number }
  | { readonly how: 'survey'; readonly trace: string };

/** Sets of system calls; those that a machine does not have are passed over. */
export const CALL_SETS = {
  /** All that change a file or a name, and what opens and closes one. */
  changes: [
    ...['openat', 'write', 'pwrite64', 'pwritev', 'ftruncate', 'fallocate', 'fsync', 'fdatasync', 'msync'],
    ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat', 'link', 'linkat'],
    ...['utimensat', 'close'],
  ],
  /** What other threads do, too: each thread counts its own. */
  syncs: ['fsync', 'fdatasync'],
  space: ['fallocate', 'ftruncate', 'madvise'],
  maps: ['mmap', 'munmap'],
  reads: ['pread64', 'fcntl', 'getdents64'],
} as const;
/** The name of one of {@link CALL_SETS}. */
export type CallSet = keyof typeof CALL_SETS;

/** What a process said, line by line, and how it ended. */
export interface Ended {
  readonly said: readonly Line[];
  readonly isKilled: boolean;
  /** What it complained of; empty for one that was killed or came to its end. */
  readonly complaint: string;
  /** The calls that changed something, where they were taken down. */
  readonly survey: Survey | undefined;
}

/** A line of a process: before a deed, or after it. */
export interface Line {
  readonly at: number;
  readonly begins: boolean;
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** Which engine a process runs on. */
export type EngineName = 'native' | 'ts';

/** Why strace cannot be used here; undefined when it can. */
export function whyNoStrace(): string | undefined {
  const target = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  const tried = spawnSync('timeout', ['-s', 'INT', '1', 'strace', '-o', '/dev/null', '-p', String(target.pid)]);
  target.kill('SIGKILL');
  const text = tried.stderr.toString();
  if (text.includes('attached')) return undefined;
  return text.trim() === '' ? 'strace cannot be started' : text.trim();
}

/** A process that waits for its task: its start is most of what it costs, and goes on beside other work. */
export class Victim {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ready: Promise<void>;
  #said = '';
  #complaint = '';

  constructor(program: string, engine: EngineName) {
    this.#child = spawn(process.execPath, [program], { env: { ...process.env, SEGLOG_ENGINE: engine } });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (piece: Buffer) => (this.#complaint += piece.toString()));
    this.#ready = new Promise((resolve) => {
      this.#child.stdout.on('data', (piece: Buffer) => {
        this.#said += piece.toString();
        resolve();
      });
      this.#child.once('close', () => resolve());
    });
  }

  /** Has the task done until the kill. @throws Error when strace cannot be attached */
  async run(task: Task, killing: Killing): Promise<Ended> {
    const closed = once(this.#child, 'close') as Promise<[number | null, string | null]>;
    await this.#ready;
    const args = straceArguments(killing);
    const strace = args === undefined ? undefined : await this.#attach(args);
    const hookAt = killing.how === 'hook' ? killing.n : undefined;
    this.#child.stdin.end(`${JSON.stringify({ ...task, hookAt }, (_, value) => told(value))}\n`);
    if (killing.how === 'moment') this.#killIn(killing.microseconds);
    const [code, signal] = await closed;
    await strace?.ended;
    const isKilled = signal === 'SIGKILL';
    const complaint =
      isKilled || code === 0 ? this.#complaint : `exit code ${code}, signal ${signal}: ${this.#complaint.slice(-2000)}`;
    const survey = killing.how === 'survey' ? surveyOf(readFileSync(killing.trace, 'utf8'), task.directory) : undefined;
    return { said: this.#lines(), isKilled, complaint, survey };
  }

  /** Ends one that was not needed. */
  discard(): void {
    this.#child.kill('SIGKILL');
  }

  async #attach(args: readonly string[]): Promise<{ ended: Promise<unknown> }> {
    const strace = spawn('strace', [...args, '-p', String(this.#child.pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(strace, 'close');
    let text = '';
    await new Promise<void>((resolve, reject) => {
      strace.stderr.on('data', (piece: Buffer) => {
        text += piece.toString();
        if (text.includes('attached')) resolve();
      });
      strace.once('error', reject);
      void ended.then(() => reject(new Error(`strace: ${text}`)));
    });
    return { ended };
  }

  /** A timer waits whole milliseconds; a busy machine makes the moment random anyway. */
  #killIn(microseconds: number): void {
    const due = performance.now() + microseconds / 1000;
    const look = (): void => {
      if (performance.now() >= due) this.#child.kill('SIGKILL');
      else setImmediate(look);
    };
    look();
  }

  #lines(): Line[] {
    const lines = this.#said.split('\n').slice(1, -1);
    return lines.map((line) => JSON.parse(line) as Line);
  }
}

/** How strace is asked to kill, or to take down; undefined where another way is taken. */
function straceArguments(killing: Killing): string[] | undefined {
  const named = (calls: readonly string[]): string => calls.map((call) => `?${call}`).join();
  if (killing.how === 'survey') return ['-f', '-y', '-o', killing.trace, '-e', `trace=${named(CHANGING_CALLS)}`];
  if (killing.how !== 'calls' && killing.how !== 'call') return undefined;
  const calls = named(killing.how === 'calls' ? CALL_SETS[killing.set] : [killing.call]);
  return ['-f', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=${killing.n}`];
}

/** JSON has no infinity. */
function told(value: unknown): unknown {
  return value === Infinity ? 'Infinity' : value;
}
