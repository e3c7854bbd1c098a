/**
 * F10, F11: `kill -9` at system calls on real files, the short form of `npm run kill`. A process says what it has done before it
 * goes on, is killed at some call, and what it left is opened by both engines and compared with the model.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleKill } from '../../scripts/lib/kill-bundle.mjs';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { loadNative } from '../../src/engine/native.ts';
import { engineInfo } from '../../src/index.ts';
import { whyNoStrace } from './process.ts';
import { type Bench, live, type LifePlan } from './rounds.ts';

const SEED = 20_261_121;
let bench: Bench;

beforeAll(async () => {
  const { engine } = engineInfo();
  const { worker } = await bundleKill(`kill-test-${engine}`);
  const native = loadNative({ portable: false });
  const ts = createFallbackEngine();
  const strace = whyNoStrace();
  if (strace !== undefined) console.warn(`SKIPPED: kills at the addon's own calls: ${strace}`);
  // Without an addon the TypeScript engine looks twice at what it left.
  const engines = { native: 'engine' in native ? native.engine : ts, ts };
  bench = { program: worker, engines, names: [engine], hasStrace: strace === undefined };
});

/** Two lives at a time: each waits for its process most of the time. */
async function killsOf(plans: readonly LifePlan[]): Promise<number> {
  let [kills, next] = [0, 0];
  const job = async (): Promise<void> => {
    while (next < plans.length) {
      const life = await live(bench, plans[next++] as LifePlan);
      expect(life.failure).toBeUndefined();
      kills += life.kills;
    }
  };
  await Promise.all([job(), job()]);
  return kills;
}

describe('F10, F11: what was acknowledged is there, nothing else is, and appending goes on, after kills', () => {
  test('of a log that lives on under both engines', async () => {
    const plans = Array.from({ length: 4 }, (_, i) => ({ seed: SEED + i, kind: 'log' as const, rounds: 5, deeds: 12 }));
    expect(await killsOf(plans)).toBeGreaterThan(8);
  });

  test('of a store', async () => {
    const plans = Array.from({ length: 3 }, (_, i) => ({
      seed: SEED + i,
      kind: 'store' as const,
      rounds: 4,
      deeds: 10,
    }));
    expect(await killsOf(plans)).toBeGreaterThan(4);
  });

  test('at some calls of a life that deletes all of its records', async () => {
    const at = [30, 33, 36, 39, 42, 45, 48];
    const plans = at.map((n) => ({
      ...{ seed: 24, kind: 'log' as const, rounds: 1, deeds: 4 },
      killing: { how: 'hook' as const, n },
    }));
    expect(await killsOf(plans)).toBe(at.length);
  });
});
