/** `npm run kill`: kills, and counts: short lives at each single call that changes a file, and random ones, until time is up. */
import { parseArgs } from 'node:util';
import { added, commitNow, readResults, replaceResults, today } from '../../scripts/lib/fault-results.mjs';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { loadNative } from '../../src/engine/native.ts';
import { Random } from '../support/random.ts';
import { EvenKills } from './calls.ts';
import type { Kind, Workload } from './plan.ts';
import { type EngineName, type Killing, whyNoStrace } from './process.ts';
import { type Bench, type Life, live, type LifePlan } from './rounds.ts';

const HELP = `usage: npm run kill -- [options]

  --kills N        ends after so many kills (default 10000), those of earlier sessions in --result with them
  --minutes N      ends after so many minutes (default 30)
  --engine NAME    native, ts, or both in turns (default)
  --seed N         of the first life (default 1, or where the last session in --result ended); with --kind, --rounds, --deeds and --killing one life again
  --jobs N         lives at the same time (default 2)
  --producers      all lives have producers that number their records, and transactions; without it every other one
  --cleaners N     stores compact on N threads; without it every other one does, on one
  --result FILE    counts are added to those in it, as JSON: kills by kind of call, too. Ctrl-C ends a session early, and it counts
`;

const { values } = parseArgs({
  options: {
    ...{ kills: { type: 'string' }, minutes: { type: 'string' }, engine: { type: 'string' }, seed: { type: 'string' } },
    ...{ jobs: { type: 'string' }, result: { type: 'string' }, kind: { type: 'string' }, rounds: { type: 'string' } },
    ...{ deeds: { type: 'string' }, killing: { type: 'string' }, help: { type: 'boolean' } },
    ...{ producers: { type: 'boolean' }, cleaners: { type: 'string' } },
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

const engineName = names.length === 2 ? 'both' : (names[0] as string);
const before =
  values.result === undefined
    ? undefined
    : readResults(values.result).find(({ name, engine }) => name === 'kill' && engine === engineName);
const killedBefore = before?.counts['real kills'] ?? 0;
const limits = {
  kills: Number(values.kills ?? 10_000) - killedBefore,
  until: Date.now() + Number(values.minutes ?? 30) * 60_000,
};
const seed = Number(values.seed ?? before?.nextSeed ?? 1);
const counts = { kills: 0, wholes: 0, lives: 0, failures: 0, ofProducers: 0, withCleaners: 0 };
const kills: Record<string, number> = {};
let isStopped = false;
/** How many more kills a kind of call may have had than the rarest one. */
const AHEAD = 12;
const even = new EvenKills(AHEAD);

/** What is in a life besides. */
function workloadOf(at: number, kind: Kind): Workload {
  const isReplay = values.kind !== undefined;
  const cleaners = Number(values.cleaners ?? (isReplay ? 0 : (at >> 3) % 2));
  const producers = values.producers ?? (!isReplay && ((at >> 2) + at) % 2 === 1);
  return { producers: producers && kind !== 'repair', cleaners: kind === 'store' ? cleaners : 0 };
}

async function one(lifePlan: LifePlan): Promise<Life> {
  const plan = { ...lifePlan, ...workloadOf(lifePlan.seed, lifePlan.kind) };
  const life = await live(bench, plan);
  // The terminal has stopped its processes, too.
  if (isStopped) return life;
  counts.kills += life.kills;
  counts.wholes += life.wholes;
  counts.lives++;
  if (plan.producers === true) counts.ofProducers += life.kills;
  if ((plan.cleaners ?? 0) > 0) counts.withCleaners += life.kills;
  const name = `${plan.kind}${plan.killing === undefined ? ', random' : `, each of ${nameOf(plan.killing)}`}`;
  kills[name] = (kills[name] ?? 0) + life.kills;
  if (life.failure !== undefined) {
    counts.failures++;
    process.stdout.write(`FAILED: ${life.failure}\n`);
  }
  if (counts.lives % 200 === 0) process.stderr.write(`${JSON.stringify(counts)}\n`);
  return life;
}

function nameOf(killing: Killing): string {
  if (killing.how === 'calls') return killing.set;
  return killing.how === 'call' ? killing.call : killing.how;
}

/** What is killed at single calls, in turns. */
const SINGLE: readonly Kind[] = ['log', 'store', 'log', 'repair', 'store'];

function isTime(): boolean {
  return !isStopped && counts.kills < limits.kills && Date.now() < limits.until && counts.failures < 20;
}

/** The same short life, killed at its first call, its second, ... until it comes to its end. */
async function each(kind: Kind, at: number): Promise<void> {
  for (let n = 1; isTime(); n++) {
    const life = await one({ seed: at, kind, rounds: 1, deeds: 4, killing: { how: 'hook', n } });
    if (life.kills === 0) return;
  }
}

/** The same short life, killed at single calls of each kind that it makes: as often at a rare one as at any other. */
async function evenly(kind: Kind, at: number): Promise<void> {
  const plan: LifePlan = { seed: at, kind, rounds: 1, deeds: 6 };
  const { survey, failure } = await one({ ...plan, killing: { how: 'survey', trace: '' } });
  if (failure !== undefined) return;
  if (survey === undefined || survey.size === 0) {
    counts.failures++;
    process.stdout.write(`FAILED: strace took no call down that changes a file: seed ${at}, ${kind}\n`);
    return;
  }
  const random = new Random(at);
  const shuffled = (numbers: readonly number[]): number[] =>
    numbers
      .map((n) => ({ n, place: random.next() }))
      .sort((a, b) => a.place - b.place)
      .map(({ n }) => n);
  for (const { call, n } of even.due(survey, shuffled)) {
    if (!isTime()) return;
    const life = await one({ ...plan, killing: { how: 'call', call, n } });
    if (life.kills > 0) even.killed(call);
  }
}

/** A fourth of the lives is killed at single calls, which makes half of the kills; the rest are long random ones. */
async function job(take: () => number): Promise<void> {
  while (isTime()) {
    const at = take();
    const kind: Kind = at % 4 === 3 ? 'store' : at % 8 === 6 ? 'repair' : 'log';
    if (at % 32 === 0) await each(kind, at);
    else if (at % 4 !== 0 || !bench.hasStrace) await one({ seed: at, kind, rounds: 5, deeds: 12 });
    else await evenly(SINGLE[(at >> 2) % SINGLE.length] as Kind, at);
  }
}

if (values.help === true) process.stdout.write(HELP);
else {
  if (strace !== undefined) process.stdout.write(`SKIPPED: kills at the addon's own calls: ${strace}\n`);
  const started = Date.now();
  let next = seed;
  if (values.kind === undefined) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isStopped = true));
    await Promise.all(Array.from({ length: Number(values.jobs ?? 2) }, () => job(() => next++)));
  } else {
    const killing = values.killing === undefined ? {} : { killing: JSON.parse(values.killing) as Killing };
    const rounds = Number(values.rounds ?? 5);
    await one({ seed, kind: values.kind as Kind, rounds, deeds: Number(values.deeds ?? 12), ...killing });
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  const singles = even.counts();
  process.stdout.write(`${JSON.stringify({ ...counts, seconds, kills, singles, killed: counts.kills })}\n`);
  if (values.result !== undefined) {
    const result = {
      ...{
        name: 'kill',
        command: 'npm run kill',
        rows: ['F10', 'F11', 'F26', 'F29'],
      },
      engine: engineName,
      counts: {
        'real kills': counts.kills,
        'of producers': counts.ofProducers,
        'beside cleaner threads': counts.withCleaners,
        'came to their end': counts.wholes,
        lives: counts.lives,
        failures: counts.failures,
        ...Object.fromEntries(Object.entries(singles).map(([call, count]) => [`at ${call}`, count])),
      },
      ...{ nextSeed: next, date: today(), commits: [commitNow()] },
    };
    replaceResults(values.result, [added(before, result)]);
  }
  const isNothing = counts.kills + killedBefore === 0 && values.kind === undefined;
  if (isNothing) process.stdout.write('FAILED: nothing was killed\n');
  process.exitCode = counts.failures === 0 && !isNothing ? 0 : 1;
}
