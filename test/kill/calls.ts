/**
 * The system calls that change files and names, one by one. A life is lived once whole while strace takes its calls down; then it can be
 * lived again and killed at any single one of them, so that a rename is tried as often as a write.
 */

/** Each is counted for itself; those that a machine does not have are passed over. */
export const CHANGING_CALLS = [
  ...['write', 'pwrite64', 'pwritev', 'pwritev2', 'ftruncate', 'truncate', 'fallocate'],
  ...['fsync', 'fdatasync', 'msync', 'sync_file_range', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat'],
  ...['mkdir', 'mkdirat', 'rmdir', 'link', 'linkat', 'utimensat', 'fchmod', 'fchown', 'openat'],
] as const;
/** One of {@link CHANGING_CALLS}; `openat` counts where it may make a file. */
export type ChangingCall = (typeof CHANGING_CALLS)[number];

/** Of each call that changed something: which ones, counted as strace does, for each thread from 1 on. */
export type Survey = ReadonlyMap<ChangingCall, readonly number[]>;

const KNOWN: ReadonlySet<string> = new Set(CHANGING_CALLS);
const LINE = /^(\d+) +(\w+)\((.*)$/;

/**
 * Reads what `strace -f -y` wrote. Calls on anything but files below `directory` are counted and left out: pipes, events between
 * threads.
 */
export function surveyOf(trace: string, directory: string): Survey {
  const counts = new Map<string, number>();
  const found = new Map<ChangingCall, Set<number>>();
  for (const line of trace.split('\n')) {
    const [, thread = '', name = '', given = ''] = LINE.exec(line) ?? [];
    if (!isChanging(name)) continue;
    const key = `${thread} ${name}`;
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    if (!given.includes(directory) || (name === 'openat' && !given.includes('O_CREAT'))) continue;
    const known = found.get(name);
    if (known === undefined) found.set(name, new Set([n]));
    else known.add(n);
  }
  return new Map([...found].map(([name, numbers]) => [name, [...numbers].sort((a, b) => a - b)]));
}

function isChanging(name: string): name is ChangingCall {
  return KNOWN.has(name);
}

/** The kills at single calls, spread evenly over the kinds of call. */
export class EvenKills {
  readonly #kills = new Map<ChangingCall, number>();
  readonly #ahead: number;

  /** @param ahead by how many kills a kind may be ahead of the one that has the fewest */
  constructor(ahead: number) {
    this.#ahead = ahead;
  }

  /** Of the calls of a life those that are due. @param shuffled puts numbers in a random order */
  due(survey: Survey, shuffled: (numbers: readonly number[]) => number[]): { call: ChangingCall; n: number }[] {
    const fewest = Math.min(...[...survey.keys()].map((call) => this.#of(call)));
    const due = [...survey].flatMap(([call, numbers]) => {
      const room = Math.max(0, fewest + this.#ahead - this.#of(call));
      return shuffled(numbers)
        .slice(0, room)
        .map((n, turn) => ({ call, n, turn: turn + this.#of(call) }));
    });
    // Those that had the fewest come first: whenever it ends, it was spread.
    return due.sort((a, b) => a.turn - b.turn).map(({ call, n }) => ({ call, n }));
  }

  killed(call: ChangingCall): void {
    this.#kills.set(call, this.#of(call) + 1);
  }

  #of(call: ChangingCall): number {
    return this.#kills.get(call) ?? 0;
  }

  /** Kills by call, the most first. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.#kills].sort(([, a], [, b]) => b - a));
  }
}
