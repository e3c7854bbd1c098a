/**
 * `npm run soak -- --minutes 60`: a store under load, from dist/. Appends at a rate, readers from the start, tailers, retention and
 * compaction all at once; memory, descriptors and mappings are sampled, and a line is fitted to them behind a warm-up. Prints the
 * delay of the event loop. When the load has ended, no file that was deleted may be held any more, and none at all once the store is
 * closed; and all that was appended is looked for: who followed a log has seen each record, and whoever opens the store finds each that
 * retention kept, with its value. Then a disk of its own is filled to the last byte and freed again, where one can be mounted.
 *
 * Exit code 1 when a file stays held, a record is lost or is another one's, nothing was read or cleaned, a filled disk is not recovered
 * from; and in a run of a minute or more, when descriptors, mappings or memory grow. Times are told, and decide nothing unless `--p99`
 * says so.
 *
 *     --minutes M      how long; default 1
 *     --rate MB        megabytes a second to append; default 500; 0: as fast as it goes
 *     --p99 MS         fails too when the event loop's delay is above that, at the 99th percentile
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
import { heldFiles, heldThoughDeleted } from './lib/held-files.mjs';
import { say } from './lib/project.mjs';
import {
  complaintOfHeld,
  complaintOfKeys,
  complaintOfTally,
  NUMBER_BYTES,
  readWhole,
  Tally,
} from './lib/soak-checks.mjs';

const MIB = 1024 * 1024;
const RECORD_BYTES = 1024;
const RECORDS_A_BATCH = 256;
const KEYS = 2000;
const SAMPLES = 60;
/**
 * What a fitted line may rise by from its start to its end. A run of seconds is not judged by it: the heap has not found its size, and
 * the segments that wait for their deletion come and go by the dozen. A file that stays held shows in any run.
 */
const MOST_GROWTH = { handles: 12, mappings: 40, rssBytes: 96 * MIB };
const SHORT_MINUTES = 1;
/** How long one who follows may take to see the last record, and a log to let go of the files that it deletes. */
const CATCH_UP_MS = 60_000;
/** Seconds of appends that are kept: retention is at work from then on. */
const KEPT_SECONDS = 2;

/** Appends batches at a rate, a few in each turn of the event loop. @returns how much */
async function appends(log, rateBytes, signal) {
  const value = Buffer.alloc(RECORD_BYTES, 'x');
  const batch = log.batch();
  const batchBytes = RECORD_BYTES * RECORDS_A_BATCH;
  const startedMs = performance.now();
  let [done, records] = [0, 0];
  while (!signal.aborted) {
    const due = rateBytes === 0 ? done + 8 * batchBytes : ((performance.now() - startedMs) / 1000) * rateBytes;
    // A stop of the machine is not made up for in one turn.
    for (let n = 0; n < 4 && done < due; n++, done += batchBytes) {
      batch.reset();
      for (let i = 0; i < RECORDS_A_BATCH; i++) {
        value.writeUIntBE(records++, 0, NUMBER_BYTES);
        batch.add(Date.now(), null, value);
      }
      await log.append(batch);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { bytes: done, records };
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
        if (batches % 16 === 0) await sleep(5);
      }
    } catch (error) {
      // Retention took what it was about to read.
      if (error.code !== 'OFFSET_OUT_OF_RANGE') throw error;
    }
    await sleep(5);
  }
  return batches;
}

/** Follows a partition from its first record on, until it is told to stop: no record that comes is missed. */
async function tails(log, tally, signal) {
  let next = 0;
  for await (const batch of log.tail({ from: 0, signal })) {
    if (batch.baseOffset > next) throw new Error(`a tailer missed the records from ${next} to ${batch.baseOffset}`);
    for (const { value } of batch.records()) tally.add(value);
    next = batch.lastOffset + 1;
  }
}

/** Waits until something holds that soon should. @param {() => boolean} isThere */
async function until(isThere) {
  const startedMs = performance.now();
  while (!isThere() && performance.now() - startedMs < CATCH_UP_MS) await sleep(10);
}

/** Values of a few keys, which compaction keeps the last of, and the same where nothing compacts. */
async function updates(log, followed, tally, signal) {
  while (!signal.aborted) {
    const { count } = tally;
    const records = Array.from({ length: 50 }, (_, i) => ({ key: `key ${(count + i) % KEYS}`, value: `${count + i}` }));
    await log.append(records);
    await followed.append(records);
    for (const { value } of records) tally.add(value);
    await sleep(1);
  }
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
  const tailStop = new AbortController();
  const [updated, tailed] = [new Tally(), new Tally()];
  const tailing = tails(t, tailed, tailStop.signal);
  tailing.catch(() => stop.abort());
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const startedMs = performance.now();
  const works = Promise.all([
    appends(d, rateBytes, stop.signal),
    reads(d, stop.signal),
    reads(c, stop.signal),
    updates(c, t, updated, stop.signal),
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
  const [{ bytes, records }, readOfD, readOfC] = await works;
  const seconds = (performance.now() - startedMs) / 1000;
  await until(() => tailed.count >= updated.count);
  tailStop.abort();
  await tailing;
  await until(() => heldThoughDeleted(directory).length === 0);
  const keptThoughDeleted = heldThoughDeleted(directory);
  const { uncleanable } = store.status();
  const [deletedTo, ends] = [d.logStartOffset, [d, c, t].map((log) => log.logEndOffset)];
  await store.close();
  const complaints = [
    complaintOfHeld('deleted, and held', keptThoughDeleted),
    complaintOfHeld('held by a closed store', heldFiles(directory)),
    complaintOfTally('who followed', updated, tailed),
    ends.join() === [records, updated.count, updated.count].join() ? undefined : `the logs end at ${ends.join()}`,
    records > 0 && updated.count > 0 && readOfD > 0 && readOfC > 0 ? undefined : 'nothing was appended, or read',
  ];
  const delays = { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
  return {
    ...{ samples, bytes, seconds, delays, appended: { records, updates: updated.count, deletedTo } },
    problems: [...problems, ...uncleanable, ...complaints.filter((one) => one !== undefined)].map(String),
  };
}

/** What is found of all that was appended, by who opens the store. */
async function found(Store, directory, appended) {
  const store = await Store.open(directory, { periodicCleaning: false });
  const [d, c, t] = ['d', 'c', 't'].map((topic) => store.partition(topic, 0));
  const ofD = readWhole(d, (value, offset) => value.readUIntBE(0, NUMBER_BYTES) === offset);
  const ofT = readWhole(t, (value, offset) => value.toString() === `${offset}`);
  const ofKeys = complaintOfKeys(c, { keys: KEYS, count: appended.updates });
  const ends = [d.logEndOffset, t.logEndOffset].join();
  await store.close();
  const complaints = [
    ...[ofD.complaint, ofT.complaint, ofKeys],
    ends === [appended.records, appended.updates].join() ? undefined : `opened again, the logs end at ${ends}`,
  ];
  return { records: ofD.records + ofT.records, complaints: complaints.filter((one) => one !== undefined) };
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
      p99: { type: 'string', default: 'Infinity' },
      dir: { type: 'string', default: os.tmpdir() },
      result: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  const rateBytes = Number(values.rate) * 1e6;
  const mostDelayMs = Number(values.p99);
  if (!(minutes > 0) || !(rateBytes >= 0) || !(mostDelayMs > 0)) {
    throw new Error('--minutes and --p99 above 0, and --rate of 0 or more');
  }
  const { Log, Store, engineInfo } = await import(new URL('../dist/index.js', import.meta.url).href);
  const scratch = mkdtempSync(path.join(values.dir, 'seglog-soak-'));
  try {
    const directory = path.join(scratch, 'logs');
    const { samples, bytes, seconds, delays, appended, problems } = await load(Store, directory, {
      minutes,
      rateBytes,
    });
    const grown = growths(samples);
    const last = samples.at(-1);
    const read = await found(Store, directory, appended);
    const report = {
      ...{ engine: engineInfo().engine, seconds, appendedBytes: bytes, megabytesPerSecond: bytes / 1e6 / seconds },
      ...{
        appended,
        recordsRead: read.records,
        loopDelayMs: delays,
        grown,
        samples: samples.length,
        at: last,
        problems,
      },
      diskFilledWith: await fillDisk(Log, scratch),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    if (report.diskFilledWith === undefined) say('SKIPPED: the full disk: no tmpfs can be mounted here');
    const complaints = [...(minutes < SHORT_MINUTES ? [] : tooMuch(grown, MOST_GROWTH)), ...read.complaints];
    if (samples.length < SAMPLES)
      complaints.push(`the load ended by itself, after ${samples.length} of ${SAMPLES} samples`);
    if (delays.p99 > mostDelayMs) complaints.push(`the event loop's delay is ${delays.p99} ms at the 99th percentile`);
    for (const complaint of complaints) say(complaint);
    for (const problem of problems) say(problem);
    const isFailed = complaints.length > 0 || problems.length > 0;
    if (isFailed) process.exitCode = 1;
    if (values.result !== undefined) writeResult(values.result, { ...report, isFailed }, minutes);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function writeResult(file, report, minutes) {
  const { engine, appended, appendedBytes, recordsRead, megabytesPerSecond, loopDelayMs, grown } = report;
  const counts = {
    ...{ 'GB appended': Math.round(appendedBytes / 1e9), 'MB a second': Math.round(megabytesPerSecond) },
    ...{ 'records appended': appended.records + 2 * appended.updates, 'records read at the end': recordsRead },
    ...{ 'records followed': appended.updates, 'runs that failed': report.isFailed ? 1 : 0 },
    'ms event loop delay, p99': Math.round(loopDelayMs.p99 * 10) / 10,
    ...{ 'descriptors grown': Math.round(grown.handles), 'mappings grown': Math.round(grown.mappings) },
    'MiB grown': Math.round(grown.rssBytes / MIB),
  };
  const result = { name: 'soak', command: `npm run soak -- --minutes ${minutes}`, rows: ['F16'], engine, counts };
  replaceResults(file, [{ ...result, date: today(), commits: [commitNow()] }]);
}

await main();
