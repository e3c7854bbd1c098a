/**
 * `npm run soak -- --minutes 60`: a store under load, from dist/. Appends at a rate, readers from the start, tailers, retention and
 * compaction all at once; memory, descriptors and mappings are sampled, and a line is fitted to them behind a warm-up. Prints the
 * delay of the event loop. Then a disk of its own is filled to the last byte and freed again, where one can be mounted.
 *
 * Exit code 1 when descriptors, mappings or memory grow, a record is lost, or a filled disk is not recovered from. Times are told, and
 * decide nothing.
 *
 *     --minutes M      how long; default 1
 *     --rate MB        megabytes a second to append; default 500; 0: as fast as it goes
 *     --dir DIR        where the logs go; default the system's directory for temporary files
 *     --result FILE    keeps the numbers for docs/faults.md
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { commitNow, replaceResults, today } from './lib/fault-results.mjs';
import { growths, sample, tooMuch } from './lib/growth.mjs';
import { say } from './lib/project.mjs';

const MIB = 1024 * 1024;
const RECORD_BYTES = 1024;
const RECORDS_A_BATCH = 256;
const KEYS = 2000;
const SAMPLES = 60;
/** What a fitted line may rise by from its start to its end. In a run of seconds the heap has not found its size. */
const MOST_GROWTH = { handles: 12, mappings: 40, rssBytes: 96 * MIB };
const MOST_SHORT_GROWTH = { handles: 24, mappings: 200, rssBytes: 192 * MIB };
const SHORT_MINUTES = 1;
/** Seconds of appends that are kept: retention is at work from then on. */
const KEPT_SECONDS = 2;

/** Appends batches at a rate, a few in each turn of the event loop. @returns how many bytes */
async function appends(log, rateBytes, signal) {
  const value = Buffer.alloc(RECORD_BYTES, 'x');
  const batch = log.batch();
  const batchBytes = RECORD_BYTES * RECORDS_A_BATCH;
  const startedMs = performance.now();
  let done = 0;
  while (!signal.aborted) {
    const due = rateBytes === 0 ? done + 8 * batchBytes : ((performance.now() - startedMs) / 1000) * rateBytes;
    // A stop of the machine is not made up for in one turn.
    for (let n = 0; n < 16 && done < due; n++, done += batchBytes) {
      batch.reset();
      for (let i = 0; i < RECORDS_A_BATCH; i++) batch.add(Date.now(), null, value);
      await log.append(batch);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done;
}

/** Reads a partition from its start again and again: offsets rise. @returns how many batches */
async function reads(log, signal) {
  let batches = 0;
  while (!signal.aborted) {
    let next = 0;
    try {
      for await (const { baseOffset, lastOffset } of log.read({ reuseBuffers: true })) {
        if (baseOffset < next) throw new Error(`offset ${baseOffset} behind ${next}`);
        next = lastOffset + 1;
        batches++;
        if (signal.aborted) break;
        // A reader that takes all of the time would say nothing of appends.
        if (batches % 64 === 0) await sleep(5);
      }
    } catch (error) {
      // Retention took what it was about to read.
      if (error.code !== 'OFFSET_OUT_OF_RANGE') throw error;
    }
    await sleep(5);
  }
  return batches;
}

/** Follows a partition: no record that comes is missed. @returns how many */
async function tails(log, from, signal) {
  let next = from;
  for await (const batch of log.tail({ from, signal })) {
    if (batch.baseOffset > next) throw new Error(`a tailer missed the records from ${next} to ${batch.baseOffset}`);
    next = batch.lastOffset + 1;
  }
  return next - from;
}

/** Values of a few keys, which compaction keeps the last of, and the same where nothing compacts. @returns how many */
async function updates(log, followed, signal) {
  let count = 0;
  for (; !signal.aborted; count += 50) {
    const records = Array.from({ length: 50 }, (_, i) => ({ key: `key ${(count + i) % KEYS}`, value: `${count + i}` }));
    await log.append(records);
    await followed.append(records);
    await sleep(1);
  }
  return count;
}

/** @param {number} rateBytes 0 for as fast as it goes */
function keptConfig(rateBytes) {
  const keptBytes = rateBytes === 0 ? 1024 * MIB : Math.max(8 * MIB, Math.round(rateBytes * KEPT_SECONDS));
  return { segmentBytes: Math.round(keptBytes / 4), retentionBytes: keptBytes };
}

/** The load, and its samples. */
async function load(Store, directory, { minutes, rateBytes }) {
  const problems = [];
  const store = await Store.open(directory, {
    ...{ logInitialTaskDelayMs: 0, logRetentionCheckIntervalMs: 500, logCleanerBackoffMs: 500 },
    ...{ fileDeleteDelayMs: 500, logCleanerDedupeBufferSize: 4 * MIB, onProblem: (problem) => problems.push(problem) },
  });
  await store.createTopic({ name: 'd', config: keptConfig(rateBytes) });
  const compacted = { cleanupPolicy: ['compact'], segmentBytes: MIB, minCleanableDirtyRatio: 0.1 };
  await store.createTopic({ name: 'c', config: compacted });
  await store.createTopic({ name: 't', config: { segmentBytes: 32 * MIB, retentionBytes: 256 * MIB } });
  const [d, c, t] = ['d', 'c', 't'].map((topic) => store.partition(topic, 0));
  const stop = new AbortController();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const startedMs = performance.now();
  const works = Promise.all([
    appends(d, rateBytes, stop.signal),
    reads(d, stop.signal),
    reads(c, stop.signal),
    tails(t, 0, stop.signal),
    updates(c, t, stop.signal),
  ]);
  works.catch(() => stop.abort());
  const samples = [];
  const totalMs = minutes * 60_000;
  delay.enable();
  for (let i = 0; i < SAMPLES && !stop.signal.aborted; i++) {
    await sleep(totalMs / SAMPLES);
    globalThis.gc?.();
    samples.push(sample(startedMs));
  }
  delay.disable();
  stop.abort();
  const [bytes, , , tailed, updated] = await works;
  const seconds = (performance.now() - startedMs) / 1000;
  const { uncleanable } = store.status();
  await store.close();
  if (tailed > updated) throw new Error(`a tailer saw ${tailed} of ${updated} records`);
  const delays = { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
  return { samples, bytes, seconds, delays, problems: [...problems, ...uncleanable].map(String) };
}

/** Whether every key has its last value behind the compactions. */
async function keysAreThere(Store, directory) {
  const store = await Store.open(directory, { periodicCleaning: false });
  const newest = new Map();
  for (const batch of store.partition('c', 0).readSync()) {
    for (const { key, value } of batch.records()) newest.set(String(key), Number(value));
  }
  await store.close();
  return newest.size === KEYS && [...newest].every(([key, value]) => `key ${value % KEYS}` === key);
}

/** A disk of its own, filled to the last byte and freed again. @returns `undefined` where none can be mounted */
async function fillDisk(Log, scratch) {
  const disk = path.join(scratch, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  try {
    const filler = path.join(disk, 'filler');
    writeFileSync(filler, Buffer.alloc(16 * MIB));
    const log = await Log.open(path.join(disk, 't-0'), { segmentBytes: 4 * MIB, fileDeleteDelayMs: 0 });
    const counts = [];
    for (let turn = 0; turn < 2; turn++) {
      let end = 'ok';
      let count = 0;
      while (end === 'ok') {
        await log.append({ value: Buffer.alloc(60_000) }).then(
          () => count++,
          (error) => (end = error.errno ?? error.code),
        );
      }
      if (end !== 'ENOSPC') throw new Error(`a full disk was told as ${end}`);
      counts.push(count);
      if (turn === 0) rmSync(filler);
    }
    // Deleting records makes space on a full disk, and the same log goes on.
    await log.deleteRecordsBefore(Math.floor(log.logEndOffset / 2));
    for (
      let waited = 0;
      waited < 200 && readdirSync(path.join(disk, 't-0')).some((name) => name.endsWith('.deleted'));
      waited++
    ) {
      await sleep(10);
    }
    await log.append({ value: 'after' });
    const end = log.logEndOffset;
    await log.close();
    const again = await Log.open(path.join(disk, 't-0'));
    let next = again.logStartOffset;
    for (const batch of again.readSync()) next = batch.lastOffset + 1;
    await again.close();
    if (next !== end) throw new Error(`the log ends at ${next} behind a full disk, and not at ${end}`);
    return counts[0] + counts[1] + 1;
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      rate: { type: 'string', default: '500' },
      dir: { type: 'string', default: os.tmpdir() },
      result: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  const rateBytes = Number(values.rate) * 1e6;
  if (!(minutes > 0) || !(rateBytes >= 0)) throw new Error('--minutes above 0, and --rate of 0 or more');
  const { Log, Store, engineInfo } = await import(new URL('../dist/index.js', import.meta.url).href);
  const scratch = mkdtempSync(path.join(values.dir, 'seglog-soak-'));
  try {
    const directory = path.join(scratch, 'logs');
    const { samples, bytes, seconds, delays, problems } = await load(Store, directory, { minutes, rateBytes });
    const grown = growths(samples);
    const last = samples.at(-1);
    const report = {
      ...{ engine: engineInfo().engine, seconds, appendedBytes: bytes, megabytesPerSecond: bytes / 1e6 / seconds },
      ...{ loopDelayMs: delays, grown, at: last, problems, keysAreThere: await keysAreThere(Store, directory) },
      diskFilledWith: await fillDisk(Log, scratch),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    if (report.diskFilledWith === undefined) say('SKIPPED: the full disk: no tmpfs can be mounted here');
    const most = minutes < SHORT_MINUTES ? MOST_SHORT_GROWTH : MOST_GROWTH;
    const complaints = tooMuch(grown, most);
    for (const complaint of complaints) say(complaint);
    if (complaints.length > 0 || problems.length > 0 || !report.keysAreThere) process.exitCode = 1;
    if (values.result !== undefined) writeResult(values.result, report, minutes);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function writeResult(file, { engine, appendedBytes, megabytesPerSecond, loopDelayMs, grown }, minutes) {
  const counts = {
    ...{ 'GB appended': Math.round(appendedBytes / 1e9), 'MB a second': Math.round(megabytesPerSecond) },
    'ms event loop delay, p99': Math.round(loopDelayMs.p99 * 10) / 10,
    ...{ 'descriptors grown': Math.round(grown.handles), 'mappings grown': Math.round(grown.mappings) },
    'MiB grown': Math.round(grown.rssBytes / MIB),
  };
  const result = { name: 'soak', command: `npm run soak -- --minutes ${minutes}`, rows: ['F16'], engine, counts };
  replaceResults(file, [{ ...result, date: today(), commits: [commitNow()] }]);
}

await main();
