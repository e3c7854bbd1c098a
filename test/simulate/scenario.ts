/** Scenarios: what happens to one log or store, drawn from a seed, run, and made shorter as long as they fail. */
import type { FaultyOperation } from '../../src/fs/faulty-fs.ts';
import { Random } from '../support/random.ts';
import { deedOf, type Kind, KINDS } from '../support/store-model-deeds.ts';
import { type Death, type Deed, type Life } from '../support/store-model-life.ts';
import { StoreLife } from '../support/store-model-stores.ts';
import { randomConfig } from '../support/store-model-topics.ts';
import type { DiskFault } from './disk/disk-process.ts';
import { ALL_LOSSES, doWithImages } from './log/images.ts';
import { LOG_KINDS, type LogKind, logDeedOf } from './log/log-deeds.ts';
import { LogLife } from './log/log-life.ts';

/** One step. */
export interface Step {
  readonly kind: Kind | LogKind;
  readonly seed: number;
  /** The end of the process or the machine in it; with a fault, where that ends it. */
  readonly death?: Death;
  /** The disk says no in it. */
  readonly fault?: DiskFault;
  /** Crashes on the side: how likely at each change of files, and the seed of what they leave. */
  readonly images?: { readonly rate: number; readonly seed: number };
}

/** A life, told in full. */
export interface Scenario {
  readonly of: 'log' | 'store';
  /** Of the configuration, where there is one. */
  readonly seed: number;
  readonly steps: readonly Step[];
}

/** What was tried. */
export interface Counts {
  operations: number;
  crashes: number;
  faults: number;
}

/** Nothing tried yet. */
export function noCounts(): Counts {
  return { operations: 0, crashes: 0, faults: 0 };
}

const ERRNOS = ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EAGAIN', 'EROFS'] as const;
/** Of opening alone: a log may try again what it could not open. */
const OPEN_ERRNOS = ['EMFILE', 'ENFILE', 'EACCES', 'ENOSPC'] as const;
const FAULTY: readonly (FaultyOperation | undefined)[] = [
  ...[undefined, undefined, 'sync', 'sync', 'write', 'write'],
  ...['syncDirectory', 'rename', 'remove', 'truncate', 'open', 'read'],
] as const;

/** The scenario of a seed: a log's, each fifth a store's. */
export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed);
  const of = seed % 5 === 4 ? 'store' : 'log';
  const length = random.pick([8, 20, 40]);
  const steps = Array.from({ length }, (_, at) => stepOf(of, at, random));
  return { of, seed, steps };
}

function stepOf(of: Scenario['of'], at: number, random: Random): Step {
  const kind = of === 'log' ? random.pick(LOG_KINDS) : at < 2 ? 'create' : random.pick(KINDS);
  const step = { kind, seed: random.between(0, 1e9) };
  const fate = random.next();
  const steps = random.chance(0.3) ? 0 : random.between(1, random.pick([4, 12, 40]));
  const death = { isPowerLoss: random.chance(0.7), steps, seed: random.between(0, 1e9) };
  if (fate < 0.2) return { ...step, death };
  if (of === 'store') return step;
  if (fate < 0.35) return { ...step, death, fault: faultOf(random, kind) };
  return fate < 0.7 ? { ...step, images: { rate: random.pick([0.1, 0.3, 1]), seed: random.between(0, 1e9) } } : step;
}

function faultOf(random: Random, kind: Step['kind']): DiskFault {
  const operation = random.pick(FAULTY);
  const drawn = random.pick(operation === 'open' ? OPEN_ERRNOS : ERRNOS);
  // On a full disk records are deleted all the same, to make space, and a crash may bring them back.
  const isDeleting = kind === 'deleteRecords' || kind === 'retain';
  const errno = isDeleting && (drawn === 'ENOSPC' || drawn === 'EDQUOT') ? 'EIO' : drawn;
  return {
    ...(operation === undefined ? {} : { operation }),
    ...{ call: random.between(1, random.pick([1, 2, 5, 20])), errno },
    ...{ isForGood: random.chance(0.2), seed: random.between(0, 1e9) },
  };
}

/** @returns what is wrong; undefined when nothing is */
export async function runScenario(
  { of, seed, steps }: Scenario,
  counts: Counts = noCounts(),
): Promise<string | undefined> {
  const life =
    of === 'log' ? new LogLife(randomConfig(new Random(seed))) : new StoreLife({ fileDeleteDelayMs: 10_000 });
  let at = 0;
  try {
    await life.open();
    for (const step of steps) {
      at++;
      counts.operations++;
      await take(life, step, counts);
    }
    at++;
    await life.finish();
    return undefined;
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `step ${at} of ${steps.length}, ${JSON.stringify(steps[at - 1] ?? 'the last stop')}: ${what}`;
  } finally {
    counts.crashes += life.counts.crashes;
    counts.faults += life.counts.faults;
  }
}

async function take(life: LogLife | StoreLife, step: Step, counts: Counts): Promise<void> {
  const { death, fault, images } = step;
  const deed = deedFor(life, step);
  if (deed === undefined) {
    if (death !== undefined) await life.die(death, undefined);
  } else if (fault !== undefined && death !== undefined) await life.fail(fault, death, deed);
  else if (death !== undefined) await life.die(death, deed);
  else if (images === undefined || !(life instanceof LogLife)) await life.do(deed);
  else {
    const random = new Random(images.seed);
    counts.crashes += await doWithImages(life, deed, {
      isTaken: () => random.chance(images.rate),
      losses: () => [random.pick(ALL_LOSSES), random.pick(ALL_LOSSES)],
      withKills: random.chance(0.5),
      random,
    });
  }
}

function deedFor(life: Life, { kind, seed }: Step): Deed | undefined {
  const random = new Random(seed);
  return life instanceof LogLife ? logDeedOf(kind as LogKind, life, random) : deedOf(kind as Kind, life, random);
}

/** The shortest scenario that fails, found by leaving out steps, and what happens in them. */
export async function shrunk(scenario: Scenario, message: string): Promise<{ scenario: Scenario; message: string }> {
  let shortest = { scenario, message };
  const tried = async (steps: readonly Step[]): Promise<boolean> => {
    const shorter = { ...scenario, steps };
    const found = await runScenario(shorter);
    if (found !== undefined) shortest = { scenario: shorter, message: found };
    return found !== undefined;
  };
  for (let size = Math.ceil(scenario.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = shortest.scenario.steps.length - size; at >= 0; at -= size) {
      const { steps } = shortest.scenario;
      await tried([...steps.slice(0, at), ...steps.slice(at + size)]);
    }
  }
  for (const at of shortest.scenario.steps.keys()) {
    const { steps } = shortest.scenario;
    const { kind, seed, death, fault, images } = steps[at] as Step;
    if (death === undefined && fault === undefined && images === undefined) continue;
    await tried(steps.with(at, { kind, seed }));
  }
  return shortest;
}
