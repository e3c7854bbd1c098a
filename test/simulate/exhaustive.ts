/**
 * Every short workload over a small alphabet, and every crash in it: at each change of files of its last operation, with
 * all that a crash there can leave (the operations before it are shorter workloads of their own). Most bugs of file systems'
 * users that were found by such means needed no more than three operations.
 */
import { Random } from '../support/random.ts';
import { ALL_LOSSES, doWithImages } from './log/images.ts';
import { type LogKind, logDeedOf } from './log/log-deeds.ts';
import { LogLife } from './log/log-life.ts';
import type { Counts } from './scenario.ts';

/** An operation: a kind of step, and the seed that says which one. */
interface Letter {
  readonly kind: LogKind;
  readonly seed: number;
}

/** The alphabet, by the letters that a workload is told with. */
const ALPHABET: Readonly<Record<string, Letter>> = {
  a: { kind: 'append', seed: 1 },
  b: { kind: 'append', seed: 5 },
  t: { kind: 'truncate', seed: 3 },
  f: { kind: 'flush', seed: 2 },
  d: { kind: 'deleteRecords', seed: 7 },
  c: { kind: 'compact', seed: 11 },
  w: { kind: 'retain', seed: 6 },
  r: { kind: 'restart', seed: 1 },
};

/** Segments of one or two of the batches. */
const CONFIG = {
  ...{ segmentBytes: 480, indexIntervalBytes: 0, cleanupPolicy: ['compact', 'delete'] as const, retentionMs: 600_000 },
  ...{ minCleanableDirtyRatio: 0, deleteRetentionMs: 0 },
};

/** All workloads of up to `length` operations, shorter ones first. */
export function* workloads(length: number): Generator<string> {
  let words = [''];
  for (let size = 1; size <= length; size++) {
    const longer: string[] = [];
    for (const word of words) for (const letter of Object.keys(ALPHABET)) longer.push(word + letter);
    yield* longer;
    words = longer;
  }
}

/** @returns what is wrong with the crashes of a workload's last operation */
export async function runWorkload(word: string, counts: Counts): Promise<string | undefined> {
  const life = new LogLife({ ...CONFIG, cleanupPolicy: [...CONFIG.cleanupPolicy] });
  try {
    await life.open();
    for (const [at, letter] of word.split('').entries()) {
      const { kind, seed } = ALPHABET[letter] as Letter;
      const deed = logDeedOf(kind, life, new Random(seed + at));
      if (deed === undefined) continue;
      counts.operations++;
      if (at < word.length - 1) await life.do(deed);
      else {
        counts.crashes += await doWithImages(life, deed, {
          ...{ isTaken: () => true, losses: () => ALL_LOSSES, withKills: true, random: new Random(seed) },
        });
      }
    }
    await life.close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
