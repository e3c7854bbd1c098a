/**
 * Rounds of kills: a directory lives through several, each process taking over what the one before it left, whichever
 * engine that ran on. After each kill a copy is looked at and compared with the model.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { ManualClock } from '../../src/clock/clock.ts';
import { Random } from '../support/random.ts';
import { type Engines, look } from './check.ts';
import { PartitionModel } from './model.ts';
import type { Survey } from './calls.ts';
import { COMPACTED, type Deed, type Kind, NOW, planConfig, Planner, type Task, TOPICS, type Workload } from './plan.ts';
import { type CallSet, type Ended, type EngineName, type Killing, Victim } from './process.ts';
import { damagedPartition, lookAtRepair } from './repairs.ts';
import { openStore } from './stores.ts';

/** What the rounds run with. */
export interface Bench {
  readonly program: string;
  readonly engines: Engines;
  /** Which engines processes run on, in turns. */
  readonly names: readonly EngineName[];
  readonly hasStrace: boolean;
}

/** One life of a directory: all of it comes from this. */
export interface LifePlan extends Workload {
  readonly seed: number;
  readonly kind: Kind;
  readonly rounds: number;
  readonly deeds: number;
  /** How every process of it is killed; drawn from the seed when left out. */
  readonly killing?: Killing;
}

/** What came of a life. */
export interface Life {
  readonly kills: number;
  /** Processes that came to their end before the kill came. */
  readonly wholes: number;
  /** What is not as it must be, with all that replays it. */
  readonly failure: string | undefined;
  /** Of a life that was only looked at: the calls by which it changes files. */
  readonly survey?: Survey | undefined;
}

/** What a kill left is on a disk; the copies that are opened need none, and are a file system of another kind. */
const MEMORY = '/dev/shm';

/** Lives one life. Ends at the first failure, which it tells. */
export async function live(bench: Bench, plan: LifePlan): Promise<Life> {
  if (plan.kind === 'repair') return liveRepaired(bench, plan);
  const random = new Random(plan.seed);
  const scratch = mkdtempSync(join(tmpdir(), 'seglog-kill-'));
  const config = planConfig(random, plan.kind);
  const planner = new Planner(random, plan.kind, plan);
  const isCompacted = (topic: string): boolean => topic === COMPACTED && (plan.cleaners ?? 0) > 0;
  const models = new Map(TOPICS[plan.kind].map((topic) => [topic, new PartitionModel(isCompacted(topic))]));
  const directory = join(scratch, 'left');
  const copies = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'seglog-killed-'));
  mkdirSync(directory);
  // Ids of topics are random: what both engines open must have them already.
  if (plan.kind === 'store') await (await openStore(directory, config, new ManualClock(NOW))).close();
  let [kills, wholes] = [0, 0];
  let story = '';
  let survey: Survey | undefined;
  const history: string[] = [JSON.stringify(config)];
  try {
    for (let round = 0; round < plan.rounds; round++) {
      const engine = engineOf(bench, plan, round);
      const killing = killingOf(plan, random, bench, scratch);
      const deeds = planner.deeds(plan.deeds);
      const { kind, cleaners = 0 } = plan;
      const task: Task = { directory, kind, config, now: NOW, hookAt: undefined, cleaners, deeds };
      story = `round ${round}, ${engine}, ${JSON.stringify(killing)}`;
      const ended = await new Victim(bench.program, engine).run(task, killing);
      if (ended.isKilled) kills++;
      else wholes++;
      if (ended.complaint !== '') throw new Error(`the process itself: ${ended.complaint}`);
      survey = ended.survey;
      story += `, ${ended.said.length} lines, last deed ${JSON.stringify(deeds[ended.said.at(-1)?.at ?? 0])}`;
      history.push(...ended.said.map((line) => `${JSON.stringify(line)} ${JSON.stringify(deeds[line.at])}`));
      follow(models, deeds, ended);
      const found = await look({ directory, kind: plan.kind, config, now: NOW }, bench.engines, copies);
      for (const [topic, model] of models) must(model.finds(found.get(topic) ?? nothing()), topic);
      rmSync(copies, { recursive: true });
    }
    return { kills, wholes, failure: undefined, survey };
  } catch (error) {
    const kept = mkdtempSync(join(tmpdir(), 'seglog-killed-'));
    cpSync(scratch, kept, { recursive: true });
    if (existsSync(copies)) cpSync(copies, join(kept, 'opened'), { recursive: true });
    if (process.env['SEGLOG_KILL_STORY'] !== undefined) process.stderr.write(`${history.join('\n')}\n`);
    const failure = `${story}: ${String(error)}\n  kept in ${kept}\n  again: ${replayLine(plan)}`;
    return { kills, wholes, failure };
  } finally {
    rmSync(scratch, { recursive: true });
    rmSync(copies, { recursive: true, force: true });
  }
}

/** A damaged partition's: each process repairs it anew, and is killed on its way. */
async function liveRepaired(bench: Bench, plan: LifePlan): Promise<Life> {
  const random = new Random(plan.seed);
  const scratch = mkdtempSync(join(tmpdir(), 'seglog-kill-'));
  let [kills, wholes] = [0, 0];
  let story = '';
  let survey: Survey | undefined;
  try {
    const damaged = await damagedPartition(random, join(scratch, 'damaged'), bench.engines);
    for (let round = 0; round < plan.rounds; round++) {
      const directory = join(scratch, `${round}`);
      cpSync(damaged.directory, directory, { recursive: true, preserveTimestamps: true });
      const killing = killingOf(plan, random, bench, scratch);
      const engine = engineOf(bench, plan, round);
      story = `round ${round}, ${engine}, ${JSON.stringify(killing)}`;
      const task: Task = { ...damaged.task, directory, hookAt: undefined };
      const ended = await new Victim(bench.program, engine).run(task, killing);
      if (ended.complaint !== '') throw new Error(`the process itself: ${ended.complaint}`);
      survey = ended.survey;
      if (ended.isKilled) kills++;
      else wholes++;
      await lookAtRepair(damaged, directory, bench.engines[engine === 'native' ? 'ts' : 'native']);
    }
    return { kills, wholes, failure: undefined, survey };
  } catch (error) {
    return { kills, wholes, failure: `${story}: ${String(error)}\n  again: ${replayLine(plan)}` };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** The command that lives a life again. Which of two threads comes first may differ. */
function replayLine({ seed, kind, rounds, deeds, killing, producers = false, cleaners = 0 }: LifePlan): string {
  const how = killing === undefined ? '' : ` --killing '${JSON.stringify(killing)}'`;
  const what = `${producers ? ' --producers' : ''}${cleaners > 0 ? ` --cleaners ${cleaners}` : ''}`;
  return `npm run kill -- --seed ${seed} --kind ${kind} --rounds ${rounds} --deeds ${deeds}${what}${how}`;
}

/** Engines take turns, by lives and by rounds; lives of one kind come every few seeds. */
function engineOf({ names }: Bench, { seed }: LifePlan, round: number): EngineName {
  return names[(seed + (seed >> 3) + round) % names.length] ?? 'ts';
}

function killingOf(plan: LifePlan, random: Random, { hasStrace }: Bench, scratch: string): Killing {
  const killing = plan.killing ?? drawKilling(random, hasStrace);
  return killing.how === 'survey' ? { how: 'survey', trace: join(scratch, 'trace') } : killing;
}

function nothing(): never {
  throw new Error('a topic is gone');
}

function must(complaint: string | undefined, topic: string): void {
  if (complaint !== undefined) throw new Error(`${topic}: ${complaint}`);
}

/** Moves the models along what the process said. */
function follow(models: ReadonlyMap<string, PartitionModel>, deeds: readonly Deed[], { said }: Ended): void {
  for (const line of said) {
    const deed = deeds[line.at];
    if (deed === undefined) throw new Error(`there is no deed ${line.at}`);
    if (!('topic' in deed)) continue;
    const model = models.get(deed.topic);
    if (line.begins) must(model?.begins(deed, line), deed.topic);
    else must(model?.ends(deed.do, line), deed.topic);
  }
}

/** Most kills are by calls; the rest look where calls do not. */
function drawKilling(random: Random, hasStrace: boolean): Killing {
  const chance = random.next();
  if (chance < 0.15) return { how: 'moment', microseconds: random.between(0, 30_000) };
  if (!hasStrace || chance < 0.4) return { how: 'hook', n: random.between(1, 150) };
  const [set, most] = random.pick<readonly [CallSet, number]>([
    ...([
      ['changes', 250],
      ['changes', 250],
      ['changes', 60],
      ['syncs', 12],
    ] as const),
    ...([
      ['space', 12],
      ['maps', 60],
      ['reads', 60],
    ] as const),
  ]);
  return { how: 'calls', set, n: random.between(1, most) };
}
