/** Results of the harness, made by its own functions from turns that are said. */
import { describeResult } from '../../../bench/harness/turns.mjs';

/** A side's values, turn by turn, or why it could not run. */
export type Turns = readonly number[] | string;

interface WorkDescription {
  readonly name?: string;
  readonly better?: 'more' | 'less';
  readonly unit?: string;
  readonly base?: string;
  readonly targets?: readonly object[];
}

/** A work whose sides had these turns. */
export function workOf(sides: Readonly<Record<string, Turns>>, work: WorkDescription = {}): WorkResult {
  const given = Object.entries(sides).map(([name, turns]) => [
    name,
    typeof turns === 'string'
      ? { reason: turns, turns: [] }
      : { turns: turns.map((value) => ({ value, lines: [] })), command: `node ${name}` },
  ]);
  const described = {
    name: 'append',
    section: 'log',
    title: 'Append <all> & more',
    unit: 'records/s',
    better: 'more',
    base: 'kafka',
    targets: [],
    note: 'Nothing waits for the disk.',
    ...work,
  };
  return describeResult(described, Object.fromEntries(given));
}

/** Median and extremes. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly spread: number;
  readonly count: number;
}

/** What the harness says of a work. */
export interface WorkResult {
  readonly name: string;
  readonly base: string;
  readonly unit: string;
  readonly sides: Readonly<
    Record<string, { readonly summary?: Summary; readonly ratio?: Summary; readonly reason?: string }>
  >;
  readonly promises: readonly {
    readonly side: string;
    readonly least?: number;
    readonly found: Summary;
    readonly reached: boolean;
    readonly aimReached?: boolean;
  }[];
}

/** Results as a file has them. */
export function resultsOf(works: readonly WorkResult[]): object {
  return {
    name: '2026-11-21.json',
    date: '2026-11-21T12:34:56.000Z',
    minutes: 61.5,
    command: 'npm run bench',
    settings: { turns: 5 },
    versions: { commit: 'abc', kafka: '4.3.1' },
    machine: {
      cpu: 'A processor',
      cores: 2,
      memoryGib: 24,
      system: 'Linux 6.18 x64',
      fileSystem: 'ext4',
      node: 'v20.20.2',
      java: 'openjdk 17',
      load: [0.1, 0.2, 0.3],
    },
    works,
  };
}
