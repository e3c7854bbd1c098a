/** Histories: drawn from a seed, run, and made shorter as long as they fail. */
import { Random } from './random.ts';
import { deedOf, type Kind, KINDS } from './store-model-deeds.ts';
import type { Death, Life } from './store-model-life.ts';
import { type RealFiles, StoreLife } from './store-model-stores.ts';

/** A step, and the end that comes in it or behind it. */
export interface Step {
  readonly kind: Kind;
  readonly seed: number;
  readonly death?: Death;
}

/** What a failing history comes down to. */
export interface Failure {
  readonly seed: number;
  readonly message: string;
  readonly steps: readonly Step[];
}

/** @param deathRate how many of the steps a process does not outlive */
export function historyOf(seed: number, length: number, deathRate: number): Step[] {
  const random = new Random(seed);
  return Array.from({ length }, (_, at) => {
    const kind = at < 2 ? 'create' : random.pick(KINDS);
    const step = { kind, seed: random.between(0, 1e9) };
    if (!random.chance(deathRate)) return step;
    const steps = random.chance(0.3) ? 0 : random.between(1, random.pick([4, 12, 40, 120]));
    return { ...step, death: { isPowerLoss: random.chance(0.6), steps, seed: random.between(0, 1e9) } };
  });
}

/**
 * @param files where the store is; in memory when left out
 * @param told of each step before it is done
 * @returns what is wrong; undefined when nothing is
 */
export async function runHistory(
  steps: readonly Step[],
  files?: RealFiles,
  told?: (step: Step, life: Life) => void,
): Promise<string | undefined> {
  const life = new StoreLife({ fileDeleteDelayMs: 10_000 }, files);
  let at = 0;
  try {
    await life.open();
    for (const step of steps) {
      const { kind, seed, death } = step;
      told?.(step, life);
      at++;
      const deed = deedOf(kind, life, new Random(seed));
      if (death !== undefined) await life.die(death, deed);
      else if (deed !== undefined) await life.do(deed);
    }
    at++;
    await life.finish();
    return undefined;
  } catch (error) {
    const { kind, death } = steps[at - 1] ?? { kind: 'last stop' };
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `step ${at} of ${steps.length}, ${kind}${death === undefined ? '' : ` ${JSON.stringify(death)}`}: ${what}`;
  }
}

/** Runs a history; a failing one is told as short as it can be made. */
export async function failureOf(seed: number, steps: readonly Step[]): Promise<Failure | undefined> {
  let message = await runHistory(steps);
  if (message === undefined) return undefined;
  let shortest = steps;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = shortest.length - size; at >= 0; at -= size) {
      const shorter = [...shortest.slice(0, at), ...shortest.slice(at + size)];
      const found = await runHistory(shorter);
      if (found === undefined) continue;
      message = found;
      shortest = shorter;
    }
  }
  return { seed, message, steps: shortest };
}
