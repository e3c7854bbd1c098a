/**
 * What a killed process left is opened by both engines, each on a copy of it, and looked at: invariants (a) to (g). What they
 * make of it must be the same files, byte for byte.
 */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ManualClock, systemClock } from '../../src/clock/clock.ts';
import type { LogConfig } from '../../src/config/log-config.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { LocalRunner } from '../../src/inspect/verify/pool.ts';
import { contextOf } from '../../src/inspect/verify/task.ts';
import { noTotals, planTargets } from '../../src/inspect/verify/verify.ts';
import { findTargets } from '../../src/inspect/targets.ts';
import { Log } from '../../src/log/log.ts';
import { openStore } from './stores.ts';
import type { Found } from './model.ts';
import { type Kind, type PlannedRecord, TOPICS } from './plan.ts';
import type { EngineName } from './process.ts';
import { lookAtProducers, sendAgain } from './producers.ts';

/** Both engines in one process. */
export type Engines = Readonly<Record<EngineName, Engine>>;

/** Where it is, and how it was made. */
export interface Left {
  readonly directory: string;
  readonly kind: Kind;
  readonly config: Partial<LogConfig>;
  readonly now: number;
}

/** What was found, by topic. @throws Error that says what is not as it must be */
export async function look(left: Left, engines: Engines, scratch: string): Promise<Map<string, Found>> {
  const trees = new Map<EngineName, Record<string, string>>();
  const founds = new Map<EngineName, Map<string, Found>>();
  const passed = new Set<string>();
  for (const name of ['native', 'ts'] as const) {
    const directory = join(scratch, name);
    cpSync(left.directory, directory, { recursive: true, preserveTimestamps: true });
    const copy = { ...left, directory };
    founds.set(name, await open(copy, engines[name], readAll));
    trees.set(name, treeOf(directory));
    await open(copy, engines[name === 'native' ? 'ts' : 'native'], () => undefined);
    // Kafka, too, drops snapshots up to the log start, and the epoch that begins at the log end, when it loads a log.
    for (const { start, end } of founds.get(name)?.values() ?? []) {
      for (let offset = 0; offset <= start; offset++) passed.add(`${offset}.snapshot`.padStart(29, '0'));
      if (start === end) passed.add('leader-epoch-checkpoint');
    }
    same(treeOf(directory), trees.get(name), passed, `a second opening after ${name} changes`);
    await verify(copy, engines[name]);
    await open(copy, engines[name], appendOne);
  }
  const [native, ts] = [founds.get('native'), founds.get('ts')];
  if (native === undefined || ts === undefined) throw new Error('nothing was opened');
  same(trees.get('native'), trees.get('ts'), passed, 'the engines do not agree on');
  return native;
}

/** Opens, has each partition looked at, and closes. */
async function open<T>(
  left: Left,
  engine: Engine,
  each: (log: Log, now: number) => T,
): Promise<Map<string, Awaited<T>>> {
  const { directory, kind, config, now } = left;
  const found = new Map<string, Awaited<T>>();
  if (kind === 'store') {
    const store = await openStore(directory, config, new ManualClock(now), engine);
    const { problems, troubled } = store.status();
    if (problems.length + troubled.length > 0) throw new Error(`the store has problems: ${JSON.stringify(problems)}`);
    for (const topic of TOPICS[kind]) found.set(topic, await each(store.partition(topic, 0), now));
    await store.close();
  } else {
    const log = await Log.open(join(directory, 't-0'), { ...config, engine, clock: new ManualClock(now) });
    found.set('t', await each(log, now));
    await log.close();
  }
  const leftovers = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:cleaned|swap|deleted|tmp|unreadable)$|-delete$/.test(name),
  );
  if (leftovers.length > 0) throw new Error(`left over: ${leftovers.join(', ')}`);
  return found;
}

function readAll(log: Log): Found {
  const { logStartOffset: start, logEndOffset: end } = log;
  const { corruption, recovery } = log.status();
  if (corruption !== undefined) throw new Error(`corrupt: ${corruption.error.message}`);
  // A batch that was cut away may have been the last one above the log start.
  const torn = recovery?.cuts.filter(({ kind }) => kind !== 'zero-tail' && kind !== 'below-log-start') ?? [];
  if (torn.length > 0) throw new Error(`a kill cannot tear: ${JSON.stringify(torn)}`);
  const records = new Map<number, PlannedRecord>();
  let firstMarker = Infinity;
  for (const batch of log.readSync()) {
    if (batch.isControl) firstMarker = Math.min(firstMarker, batch.baseOffset);
    if (batch.isControl) continue;
    for (const { offset, key, value, timestamp } of batch.records()) {
      if (offset < start) continue;
      if (records.has(offset)) throw new Error(`offset ${offset} is there twice`);
      records.set(offset, { key: key?.toString() ?? '', value: value?.toString() ?? null, timestamp });
    }
  }
  for (const [offset, { timestamp }] of records) {
    const first = log.readSync({ from: offset }).next().value;
    if (first?.baseOffset === undefined || first.baseOffset > offset || first.lastOffset < offset) {
      throw new Error(`offset ${offset} is not found by its index`);
    }
    const later = log.offsetForTimestamp(timestamp);
    // As with Kafka nothing is found where the first segment that goes so far does so below the log start, nor behind a
    // segment that a compaction emptied, which counts with the time of its file.
    const endsEarly = ({ baseOffset, size }: { baseOffset: number; size: number }) =>
      baseOffset < start || (size === 0 && baseOffset <= offset);
    if (later === undefined && log.segments().some(endsEarly)) continue;
    // Markers have times of their own, and are found as records are.
    const isIt = later?.timestamp === timestamp || firstMarker < offset;
    if (later === undefined || !isIt || later.offset > offset) throw new Error(`time ${timestamp} is not found`);
  }
  lookAtProducers(log);
  return { start, end, records };
}

async function appendOne(log: Log, now: number): Promise<void> {
  const { logEndOffset } = log;
  await sendAgain(log);
  const { baseOffset } = await log.append({ key: 'next', value: 'next', timestamp: now });
  const [batch] = [...log.readSync({ from: logEndOffset })];
  const value = batch === undefined ? undefined : [...batch.records()][0]?.value?.toString();
  if (baseOffset !== logEndOffset || value !== 'next') throw new Error(`appending does not go on at ${logEndOffset}`);
}

async function verify({ directory, kind, config }: Left, engine: Engine): Promise<void> {
  const machine = { engine, fs: nodeFileSystem, clock: systemClock };
  const indexIntervalBytes = config.indexIntervalBytes ?? 4096;
  const settings = { indexIntervalBytes, findingsPerFile: 100, maxBatchBytes: 64 * 1024 * 1024 };
  const paths = [kind === 'store' ? join(directory, 'logs') : directory];
  const plan = planTargets(contextOf(machine, settings), settings, findTargets(nodeFileSystem, paths));
  for await (const { findings, failures } of plan.run(
    new LocalRunner(machine, settings, () => undefined),
    noTotals(),
  )) {
    const bad = [...findings.filter(({ severity }) => severity !== 'info'), ...failures];
    if (bad.length > 0) throw new Error(`verify: ${bad.map(({ path, message }) => `${path}: ${message}`).join('; ')}`);
  }
}

/** Every file below a directory and its bytes. */
function treeOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    files.map((file) => [file.slice(directory.length + 1), readFileSync(file).toString('latin1')]),
  );
}

type Tree = Readonly<Record<string, string>>;

function same(a: Tree = {}, b: Tree = {}, passed: ReadonlySet<string>, what: string): void {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => !passed.has(basename(name)));
  const different = names.filter((name) => a[name] !== b[name] && !name.endsWith('.lock'));
  if (different.length === 0) return;
  throw new Error(`${what} ${different.map((name) => `${name} (${JSON.stringify([a[name], b[name]])})`).join(', ')}`);
}
