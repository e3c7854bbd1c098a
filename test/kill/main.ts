/** `npm run kill`: kills, and counts. First short lives at each of their calls, then random ones until time is up. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { loadNative } from '../../src/engine/native.ts';
import type { Kind } from './plan.ts';
import { type EngineName, type Killing, whyNoStrace } from './process.ts';
import { type Bench, live, type LifePlan } from './rounds.ts';

const HELP = `usage: npm run kill -- [options]

  --kills N        ends after so many kills (default 10000)
  --minutes N      ends after so many minutes (default 30)
  --engine NAME    native, ts, or both in turns (default)
  --seed N         of the first life (default 1); with --kind, --rounds, --deeds and --killing one life again
  --jobs N         lives at the same time (default 2)
  --result FILE    where the counts go, as JSON
`;

const { values } = parseArgs({
  options: {
    ...{ kills: { type: 'string' }, minutes: { type: 'string' }, engine: { type: 'string' }, seed: { type: 'string' } },
    ...{ jobs: { type: 'string' }, result: { type: 'string' }, kind: { type: 'string' }, rounds: { type: 'string' } },
    ...{ deeds: { type: 'string' }, killing: { type: 'string' }, help: { type: 'boolean' } },
  },
});

const native = loadNative({ portable: false });
const ts = createFallbackEngine();
const strace = whyNoStrace();
const asked = values.engine;
const names: readonly EngineName[] = asked === 'native' || asked === 'ts' ? [asked] : ['native', 'ts'];
if (!('engine' in native))
  throw new Error(`the addon did not load: ${native.causes.map(({ reason }) => reason).join()}`);
const bench: Bench = {
  program: process.env['SEGLOG_KILL_WORKER'] ?? '',
  engines: { native: native.engine, ts },
  names,
  hasStrace: strace === undefined,
};

const limits = { kills: Number(values.kills ?? 10_000), until: Date.now() + Number(values.minutes ?? 30) * 60_000 };
const seed = Number(values.seed ?? 1);
const counts = { kills: 0, wholes: 0, lives: 0, failures: 0 };
const kills: Record<string, number> = {};

/** Whether it came to its end before the kill. */
async function one(plan: LifePlan): Promise<boolean> {
  const life = await live(bench, plan);
  counts.kills += life.kills;
  counts.wholes += life.wholes;
  counts.lives++;
  const name = `${plan.kind}${plan.killing === undefined ? ', random' : `, each of ${nameOf(plan.killing)}`}`;
  kills[name] = (kills[name] ?? 0) + life.kills;
  if (life.failure !== undefined) {
    counts.failures++;
    process.stdout.write(`FAILED: ${life.failure}\n`);
  }
  if (counts.lives % 200 === 0) process.stderr.write(`${JSON.stringify(counts)}\n`);
  return life.kills < plan.rounds;
}

function nameOf(killing: Killing): string {
  return killing.how === 'calls' ? killing.set : killing.how;
}

function isTime(): boolean {
  return counts.kills < limits.kills && Date.now() < limits.until && counts.failures < 20;
}

/** The same short life, killed at its first call, its second, ... until it comes to its end. */
async function each(kind: Kind, at: number, killing: (n: number) => Killing): Promise<void> {
  for (let n = 1; isTime(); n++) {
    if (await one({ seed: at, kind, rounds: 1, deeds: 4, killing: killing(n) })) return;
  }
}

/** Half of the kills go to every call of short lives, the rest to long random ones. */
async function job(take: () => number): Promise<void> {
  while (isTime()) {
    const at = take();
    const kind: Kind = at % 4 === 3 ? 'store' : at % 8 === 6 ? 'repair' : 'log';
    if (at % 8 === 0) await each(kind, at, (n) => ({ how: 'hook', n }));
    else if (at % 8 === 1 && bench.hasStrace) await each(kind, at, (n) => ({ how: 'calls', set: 'changes', n }));
    else await one({ seed: at, kind, rounds: 5, deeds: 12 });
  }
}

if (values.help === true) process.stdout.write(HELP);
else {
  if (strace !== undefined) process.stdout.write(`SKIPPED: kills at the addon's own calls: ${strace}\n`);
  const started = Date.now();
  if (values.kind === undefined) {
    let next = seed;
    await Promise.all(Array.from({ length: Number(values.jobs ?? 2) }, () => job(() => next++)));
  } else {
    const killing = values.killing === undefined ? {} : { killing: JSON.parse(values.killing) as Killing };
    const rounds = Number(values.rounds ?? 5);
    await one({ seed, kind: values.kind as Kind, rounds, deeds: Number(values.deeds ?? 12), ...killing });
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(`${JSON.stringify({ ...counts, seconds, kills, killed: counts.kills })}\n`);
  if (values.result !== undefined) {
    const result = {
      ...{ name: 'kill', command: `npm run kill -- ${process.argv.slice(2).join(' ')}`, rows: ['F10', 'F11'] },
      engine: names.length === 2 ? 'both' : names[0],
      counts: {
        'real kills': counts.kills,
        'came to their end': counts.wholes,
        lives: counts.lives,
        failures: counts.failures,
      },
      ...{ strace: bench.hasStrace, seconds, date: new Date().toISOString().slice(0, 10) },
    };
    writeFileSync(values.result, `${JSON.stringify(result, null, 2)}\n`);
  }
  process.exitCode = counts.failures === 0 ? 0 : 1;
}
