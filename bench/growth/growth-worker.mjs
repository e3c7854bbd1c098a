/**
 * What `seglog bench` does not do by itself: many partitions, many sparse segments, many threads. In a process of its own:
 *
 *   node growth-worker.mjs sparse DIR SEGMENTS               a partition of so many sparse segments of a MiB
 *   node growth-worker.mjs open DIR                          opens it, says how long that took
 *   node growth-worker.mjs seek DIR SEEKS                    finds random offsets in it
 *   node growth-worker.mjs log DIR RECORDS                   appends so many, recovers the log, finds random offsets in it
 *   node growth-worker.mjs partitions DIR N RECORDS ROUNDS   appends batches to N partitions in turn
 *   node growth-worker.mjs threads DIR N RECORDS ROUNDS      appends on N threads, each to a partition of its own
 */
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { engineInfo, Log } from '../../dist/index.js';
import { makeSparse } from './sparse.mjs';

const RECORD_BYTES = 100;
const BATCH_RECORDS = 100;
const VALUE_COUNT = 1024;
const BATCHES_A_TURN = 64;
const { engine } = engineInfo();

function say(line) {
  process.stdout.write(`${JSON.stringify({ ...line, engine })}\n`);
}

function makeValues() {
  let state = 1;
  return Array.from({ length: VALUE_COUNT }, () =>
    Uint8Array.from({ length: RECORD_BYTES }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return 65 + ((state >>> 16) % 26);
    }),
  );
}

const values = makeValues();

/** Service times of single operations, in the form of `seglog bench --latency`. */
function newTimes() {
  const histogram = createHistogram({ lowest: 1, highest: 60e9, figures: 3 });
  return {
    note: (start) => histogram.record(Math.max(1, Math.round((performance.now() - start) * 1e6))),
    said: () => ({ p50Us: histogram.percentile(50) / 1e3, p99Us: histogram.percentile(99) / 1e3 }),
  };
}

function appendBatch(log, batch, first, count = BATCH_RECORDS) {
  const timestamp = Date.now();
  for (let i = first; i < first + count; i++) batch.add(timestamp, null, values[i & (VALUE_COUNT - 1)]);
  log.appendSync(batch);
}

/** Appends so many records, batch by batch, each to the next log. */
async function appendInTurn(logs, records, times) {
  const batches = logs.map((log) => log.batch());
  for (let first = 0, at = 0; first < records; first += BATCH_RECORDS, at = (at + 1) % logs.length) {
    const start = performance.now();
    appendBatch(logs[at], batches[at], first);
    times?.note(start);
    if ((first / BATCH_RECORDS) % BATCHES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function speed(work, round, records, seconds, times) {
  const recordsPerSecond = Math.round(records / seconds);
  say({ work, round, records, seconds, recordsPerSecond, serviceTime: times?.said() });
}

async function partitions(directory, count, records, rounds) {
  for (let round = 0; round < rounds; round++) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const logs = [];
    for (let i = 0; i < count; i++) logs.push(await Log.open(path.join(directory, `growth-${i}`)));
    // Every log's first append makes its files, and the pages of its mapping: that is opening, not appending.
    await appendInTurn(logs, count * BATCH_RECORDS);
    const times = newTimes();
    const start = performance.now();
    await appendInTurn(logs, records, times);
    speed('partitions', round, records, (performance.now() - start) / 1000, times);
    for (const log of logs) await log.close();
  }
}

/** A thread: opens its log, says so, and appends each time that it is told to, until it is told to end. */
async function runThread({ directory, records }) {
  const log = await Log.open(directory, { segmentBytes: 2 ** 30 });
  await appendInTurn([log], BATCH_RECORDS);
  for (let next = 'go'; next === 'go'; ) {
    parentPort.postMessage('ready', []);
    [next] = await once(parentPort, 'message');
    if (next === 'go') await appendInTurn([log], records);
  }
  await log.close();
}

/** The threads stay for all rounds: one that is new has its code compiled first. */
async function threads(directory, count, records, rounds) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const each = Math.ceil(records / count / BATCH_RECORDS) * BATCH_RECORDS;
  const workers = Array.from(
    { length: count },
    (_, i) =>
      new Worker(new URL(import.meta.url), {
        workerData: { directory: path.join(directory, `own-${i}`, 'growth-0'), records: each },
      }),
  );
  const tellAll = (message) => workers.forEach((worker) => worker.postMessage(message, []));
  const allReady = () => Promise.all(workers.map((worker) => once(worker, 'message')));
  await allReady();
  for (let round = 0; round < rounds; round++) {
    const ready = allReady();
    const start = performance.now();
    tellAll('go');
    await ready;
    speed('threads', round, each * count, (performance.now() - start) / 1000);
  }
  const gone = Promise.all(workers.map((worker) => once(worker, 'exit')));
  tellAll('end');
  await gone;
}

async function open(directory) {
  const start = performance.now();
  const log = await Log.open(directory);
  const seconds = (performance.now() - start) / 1000;
  say({ work: 'open', seconds, segments: log.status().segments, sizeBytes: log.status().sizeBytes });
  await log.close();
}

function seekIn(log, seeks) {
  const end = log.logEndOffset;
  let state = 2;
  const times = newTimes();
  const start = performance.now();
  for (let i = 0; i < seeks; i++) {
    const begun = performance.now();
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const offset = Math.floor((state / 2 ** 32) * end);
    const found = log.find(offset);
    if (!(found?.baseOffset <= offset && offset <= found.lastOffset)) throw new Error(`offset ${offset} was not found`);
    times.note(begun);
  }
  speed('seek', 0, seeks, (performance.now() - start) / 1000, times);
}

async function seek(directory, seeks) {
  const log = await Log.open(directory);
  seekIn(log, seeks);
  await log.close();
}

const LARGE_BATCH_RECORDS = 1000;
const SEEKS = 20_000;

async function appendAll(log, records) {
  const batch = log.batch();
  const times = newTimes();
  const start = performance.now();
  for (let first = 0; first < records; first += LARGE_BATCH_RECORDS) {
    const begun = performance.now();
    appendBatch(log, batch, first, LARGE_BATCH_RECORDS);
    times.note(begun);
    if ((first / LARGE_BATCH_RECORDS) % BATCHES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  speed('append', 0, records, (performance.now() - start) / 1000, times);
}

async function logOf(directory, records) {
  const segmentBytes = 2 ** 30;
  const written = await Log.open(directory, { segmentBytes });
  await appendAll(written, records);
  await written.close();
  const start = performance.now();
  const log = await Log.open(directory, { segmentBytes, recovery: { clean: false, recoveryPoint: 0 } });
  speed('recover', 0, records, (performance.now() - start) / 1000);
  seekIn(log, SEEKS);
  await log.close();
}

const WORKS = { sparse: makeSparse, log: logOf, open, seek, partitions, threads };
if (isMainThread) {
  const [mode, directory, ...numbers] = process.argv.slice(2);
  await WORKS[mode](directory, ...numbers.map(Number));
} else await runThread(workerData);
