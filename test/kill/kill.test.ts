/**
 * F10, F11: `kill -9` at system calls on real files, the short form of `npm run kill`. A process says what it has done before it
 * goes on, is killed at some call, and what it left is opened by both engines and compared with the model.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleKill } from '../../scripts/lib/kill-bundle.mjs';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { loadNative } from '../../src/engine/native.ts';
import { engineInfo } from '../../src/index.ts';
import { EvenKills, surveyOf } from './calls.ts';
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

test('of what strace takes down the calls that change files are found, each with its number in its thread', () => {
  const trace = [
    '12 openat(AT_FDCWD</tmp/x>, "/tmp/x/left/0.log", O_RDWR|O_CREAT|O_NOFOLLOW, 0644) = 20</tmp/x/left/0.log>',
    '12 pwrite64(20</tmp/x/left/0.log>, "\\0\\0"..., 91, 0) = 91',
    '12 write(1<pipe:[77]>, "{\\"at\\":1}\\n", 9) = 9',
    '13 pwrite64(20</tmp/x/left/0.log>, "\\0"..., 5, 0 <unfinished ...>',
    '12 openat(AT_FDCWD</tmp/x>, "/tmp/x/left/0.index", O_RDONLY) = 21</tmp/x/left/0.index>',
    '13 <... pwrite64 resumed>) = 5',
    '12 pwrite64(9</dev/null>, "", 1, 0) = 1',
    '12 pwrite64(20</tmp/x/left/0.log>, "\\0", 1, 91) = 1',
    '12 openat(AT_FDCWD</tmp/x>, "/tmp/x/left/1.log", O_RDWR|O_CREAT, 0644) = -1 EEXIST (File exists)',
    '12 mremap(0x7f, 1, 2, MREMAP_MAYMOVE) = 0x7f',
    '12 +++ exited with 0 +++',
  ].join('\n');
  expect(surveyOf(trace, '/tmp/x/left')).toEqual(
    new Map([
      ['openat', [1, 3]],
      ['pwrite64', [1, 3]],
    ]),
  );
});

test('kills at single calls are spread over the kinds of call, the rare ones first', () => {
  const even = new EvenKills(2);
  const survey = new Map([
    ['pwrite64' as const, [1, 2, 3, 4, 5]],
    ['rename' as const, [7]],
  ]);
  const due = (): string[] => even.due(survey, (numbers) => [...numbers]).map(({ call, n }) => `${call} ${n}`);
  expect(due()).toEqual(['pwrite64 1', 'rename 7', 'pwrite64 2']);
  for (let n = 0; n < 3; n++) even.killed('pwrite64');
  expect(due()).toEqual(['rename 7']);
  even.killed('rename');
  even.killed('rename');
  expect(due()).toEqual(['rename 7', 'pwrite64 1']);
  expect(even.counts()).toEqual({ pwrite64: 3, rename: 2 });
});

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

  test('of a log and a store with producers that number their records, and transactions', async () => {
    const plan = { rounds: 4, deeds: 12, producers: true };
    const plans = [
      { ...plan, seed: SEED, kind: 'log' as const },
      { ...plan, seed: SEED + 1, kind: 'log' as const },
      { ...plan, seed: SEED + 2, kind: 'store' as const, cleaners: 1 },
    ];
    expect(await killsOf(plans)).toBeGreaterThan(4);
  });

  test('at the last single call of each kind that changes a file', async (context) => {
    if (!bench.hasStrace) context.skip('no strace here');
    const plan = { seed: 6, kind: 'log' as const, rounds: 1, deeds: 6 };
    const { survey, failure } = await live(bench, { ...plan, killing: { how: 'survey', trace: '' } });
    expect(failure).toBeUndefined();
    const calls = [...(survey ?? [])];
    expect(calls.map(([call]) => call)).toEqual(
      expect.arrayContaining(['rename', 'ftruncate', 'openat', 'mkdir', 'unlink']),
    );
    const plans = calls.map(([call, numbers]) => ({
      ...plan,
      killing: { how: 'call' as const, call, n: numbers.at(-1) as number },
    }));
    // Of calls on several threads now the one makes it and now the other.
    expect(await killsOf(plans)).toBeGreaterThanOrEqual(plans.length / 2);
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
