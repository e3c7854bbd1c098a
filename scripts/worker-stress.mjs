/**
 * `node scripts/worker-stress.mjs`: logs under worker threads that are ended at any moment, from dist/. Each thread opens a log,
 * appends in every codec, reads in every way, compacts, cuts and closes; every other one is terminated on its way, and the next
 * one opens what it left. `npm run sanitize` runs this under valgrind.
 *
 *     --lives N        threads to start, one after the other in each place; default 24
 *     --places N       directories, each with a thread of its own at a time; default 3
 *     --steps N        what a thread does at most; default 30
 *     --seed N         which of them end when; default 1
 *     --library FILE   the entry file of the library; default dist/index.js
 *
 * Prints one line of JSON. Exit code 1 when something that was appended is not there, or descriptors are left over.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { sample } from './lib/growth.mjs';
import { inProject, say } from './lib/project.mjs';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const KEYS = 40;
const RECORDS = 25;
const CONFIG = {
  ...{ segmentBytes: 24 * 1024, indexIntervalBytes: 512, cleanupPolicy: ['compact', 'delete'] },
  ...{ minCleanableDirtyRatio: 0, fileDeleteDelayMs: 0, retentionBytes: 200 * 1024 },
};
/** Threads' stacks and the heaps of malloc that are kept for the next one. */
const MOST_MAPPINGS = 200;

/** How long the first threads have to close their files, and the others; these are waited for no longer than they take. */
const SETTLE_MS = 1000;
const MOST_SETTLE_MS = 60_000;

/** Numbers from 0 to 1 that a seed gives again (mulberry32). */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Reads all of a log in one of the ways there are, and holds each record against its offset. @returns how many records */
async function readAll(log, way) {
  let count = 0;
  const check = (offset, value) => {
    if (value !== `value ${offset}`) throw new Error(`offset ${offset} holds ${value}`);
    count++;
  };
  const text = (bytes) => Buffer.from(bytes ?? []).toString('latin1');
  if (way === 0) {
    for await (const batch of log.read()) for (const { offset, value } of batch.records()) check(offset, text(value));
  } else if (way === 1) {
    for await (const batch of log.read({ reuseBuffers: true })) {
      for (const cursor = batch.cursor(); cursor.next(); ) {
        const { bytes, valueStart, valueLength } = cursor;
        check(cursor.offset, text(bytes.subarray(valueStart, valueStart + valueLength)));
      }
    }
  } else {
    for (const batch of log.readSync()) for (const { offset, value } of batch.records()) check(offset, text(value));
  }
  return count;
}

/** What a thread does, step by step; it tells how far the log goes behind each. */
async function live({ library, directory, seed, steps }) {
  const { Log } = await import(library);
  const random = randomOf(seed);
  const log = await Log.open(directory, CONFIG);
  const port = parentPort;
  const tell = (message) => port.postMessage({ end: log.logEndOffset, ...message });
  tell({ kind: 'opened' });
  let records = 0;
  for (let step = 0; step < steps; step++) {
    const start = log.logEndOffset;
    const given = Array.from({ length: RECORDS }, (_, i) => ({
      ...{ key: `key ${Math.floor(random() * KEYS)}`, value: `value ${start + i}` },
      headers: i % 5 === 0 ? [['step', Buffer.from(`${step}`)]] : [],
    }));
    const compression = CODECS[Math.floor(random() * CODECS.length)];
    if (random() < 0.3) log.appendSync(given, { compression });
    else await log.append(given, { compression });
    // Told behind the append: whatever ends the thread from here on, these are there.
    tell({ kind: 'appended' });
    const chance = random();
    if (chance < 0.5) records += await readAll(log, Math.floor(random() * 3));
    else if (chance < 0.6) await log.flush();
    else if (chance < 0.75) await log.compact();
    else if (chance < 0.85) await log.applyRetention();
    else if (log.maxTimestamp() === undefined || log.find(log.logEndOffset - 1) === undefined) {
      throw new Error('the last record is not found');
    }
  }
  await log.close();
  tell({ kind: 'closed', records });
}

/** One thread to its end, or to the step at which it is ended. */
async function life(place, { library, seed, steps, endAt }) {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { library, directory: place.directory, seed, steps },
  });
  const exited = once(worker, 'exit');
  const failures = [];
  let appends = 0;
  worker.on('error', (error) => failures.push(error));
  worker.on('message', ({ kind, end, records }) => {
    if (end < place.end) failures.push(new Error(`${kind} at ${end}: ${place.end} was told before`));
    place.end = Math.max(place.end, end);
    place.records += records ?? 0;
    if (kind === 'closed') place.closed++;
    if (kind === 'appended' && ++appends === endAt) void worker.terminate();
  });
  await exited;
  if (failures.length > 0) throw new Error('a thread failed', { cause: failures[0] });
  return appends;
}

async function main() {
  const { values } = parseArgs({
    options: {
      lives: { type: 'string', default: '24' },
      places: { type: 'string', default: '3' },
      steps: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      library: { type: 'string', default: inProject('dist', 'index.js') },
    },
  });
  const [lives, steps] = [Number(values.lives), Number(values.steps)];
  const library = pathToFileURL(path.resolve(values.library)).href;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'seglog-stress-'));
  const places = Array.from({ length: Number(values.places) }, (_, at) => {
    const directory = path.join(scratch, `${at}`, 't-0');
    mkdirSync(directory, { recursive: true });
    return { directory, random: randomOf(Number(values.seed) + at), lives: 0, end: 0, records: 0, closed: 0 };
  });
  let [appends, terminated, started] = [0, 0, 0];
  const livesIn = async (place, count) => {
    for (let at = 0; at < count; at++) {
      // The first one in a place ends by itself, and then every other one.
      const isTerminated = place.lives++ % 2 === 1;
      const endAt = isTerminated ? 1 + Math.floor(place.random() * Math.max(1, steps - 2)) : Infinity;
      if (isTerminated) terminated++;
      started++;
      appends += await life(place, { library, seed: Math.floor(place.random() * 2 ** 31), steps, endAt });
    }
  };
  try {
    const { engineInfo } = await import(library);
    // What a process opens once is open before it is counted: the addon, libuv's threads.
    await Promise.all(places.map((place) => livesIn(place, 1)));
    const before = await settled(0, SETTLE_MS);
    await Promise.all(places.map((place) => livesIn(place, Math.ceil(lives / places.length) - 1)));
    const after = await settled(before.handles, MOST_SETTLE_MS);
    const report = {
      ...{ engine: engineInfo().engine, started, terminated, closed: places.reduce((sum, one) => sum + one.closed, 0) },
      ...{ appends, recordsRead: places.reduce((sum, one) => sum + one.records, 0) },
      ...{ handlesLeft: after.handles - before.handles, mappingsLeft: after.mappings - before.mappings },
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    if (report.handlesLeft > 0) say(`${report.handlesLeft} descriptors are left open by threads that have ended`);
    if (report.mappingsLeft > MOST_MAPPINGS) say(`${report.mappingsLeft} mappings are left by threads that have ended`);
    if (report.handlesLeft > 0 || report.mappingsLeft > MOST_MAPPINGS) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What the process holds once its threads are gone: the last of their files are closed a moment later, on a busy machine much later. */
async function settled(wanted, mostMs) {
  for (const startedMs = performance.now(); ; ) {
    globalThis.gc?.();
    await sleep(20);
    const found = sample();
    if (found.handles <= wanted || performance.now() - startedMs > mostMs) return found;
  }
}

if (isMainThread) await main();
else await live(workerData);
