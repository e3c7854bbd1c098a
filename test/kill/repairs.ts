/** Repairs that are killed: whatever is left, another repair ends it, on the other engine, and nothing of the originals is lost. */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock/clock.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log } from '../../src/log/log.ts';
import { applyRepair, previewRepair } from '../../src/repair/repair.ts';
import type { Random } from '../support/random.ts';
import type { Engines } from './check.ts';
import { planConfig, Planner, type Task } from './plan.ts';

/** A partition to repair, and what a repair that nobody kills makes of it. */
export interface DamagedPartition {
  readonly directory: string;
  readonly task: Omit<Task, 'hookAt'>;
  /** Hashes of its files by name: as they were, and repaired. */
  readonly before: Readonly<Record<string, string>>;
  readonly repaired: Readonly<Record<string, string>>;
}

const BATCHES = 12;

/** Makes a log of some segments, and damages one byte of a .log and the end of an index. */
export async function damagedPartition(random: Random, path: string, engines: Engines): Promise<DamagedPartition> {
  const config = planConfig(random, 'repair');
  const planner = new Planner(random, 'repair');
  const directory = join(path, 'made');
  const log = await Log.open(join(directory, 't-0'), { ...config, engine: engines.ts });
  for (let batch = 0; batch < BATCHES; batch++) {
    const deed = planner.append('t');
    if (deed.do === 'append') await log.append(deed.records);
  }
  await log.close();
  damage(random, join(directory, 't-0'), '.log');
  damage(random, join(directory, 't-0'), '.index');
  const task = { directory, kind: 'repair', config, now: 0, cleaners: 0, deeds: planner.deeds(1) } as const;
  const whole = join(path, 'repaired');
  cpSync(directory, whole, { recursive: true, preserveTimestamps: true });
  await applyRepair(join(whole, 't-0'), optionsFor(task, engines.ts));
  return { directory, task, before: hashesOf(directory), repaired: hashesOf(whole) };
}

function damage(random: Random, directory: string, suffix: string): void {
  const names = readdirSync(directory).filter((name) => name.endsWith(suffix));
  const file = join(directory, random.pick(names));
  const bytes = readFileSync(file);
  if (bytes.length === 0) return;
  const at = random.between(0, bytes.length - 1);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
  writeFileSync(file, bytes);
}

function optionsFor({ config }: Omit<Task, 'hookAt'>, engine: Engine): Parameters<typeof applyRepair>[1] {
  return { fs: nodeFileSystem, engine, clock: systemClock, config, onCorrupt: 'excise' };
}

/** Ends what a killed repair left. @throws Error that says what is not as it must be */
export async function lookAtRepair(damaged: DamagedPartition, directory: string, engine: Engine): Promise<void> {
  const left = new Set(Object.values(hashesOf(directory)));
  const lost = Object.entries(damaged.before).filter(([, hash]) => !left.has(hash));
  if (lost.length > 0) throw new Error(`originals are gone: ${lost.map(([name]) => name).join(', ')}`);
  const options = optionsFor(damaged.task, engine);
  await applyRepair(join(directory, 't-0'), options);
  const found = hashesOf(directory);
  const names = [...new Set([...Object.keys(found), ...Object.keys(damaged.repaired)])];
  const different = names.filter((name) => found[name] !== damaged.repaired[name]);
  if (different.length > 0) throw new Error(`repaired otherwise: ${different.join(', ')}`);
  const { steps } = await previewRepair(join(directory, 't-0'), options);
  if (steps.length > 0) throw new Error(`a second repair finds something: ${JSON.stringify(steps)}`);
}

/** SHA-256 of each file, without what names its place: journals and locks. */
function hashesOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !/journal|\.lock$/.test(entry.name));
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(directory.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}
