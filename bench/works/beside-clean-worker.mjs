/**
 * A process of its own: appends to a log alone, and while its sealed segments are compacted on another thread.
 *
 *   node beside-clean-worker.mjs DIR RECORDS ROUNDS full|half
 *
 * Each round takes two looks at fresh copies of one log, in changing order: alone, and beside a clean; at full speed, or at
 * half of what was reached alone. A look lasts as long as the clean (alone: as long as the one before). Prints, for each
 * look, the appends a second and their latencies. At half speed an append's latency counts from when it was due, so
 * that one that waits for another is not forgiven (coordinated omission).
 */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { CleanerPool } from '../../dist/cleaner/pool.js';
import { Log } from '../../dist/index.js';

const BATCH_RECORDS = 100;
const VALUE_BYTES = 100;
const SEALED_SEGMENT_BYTES = 100 << 20;
const RECORDS_PER_KEY = 5;
const LEAST_LOOK_MS = 300;
/** So long may pass between two looks at what other threads and timers want, as in a server that appends all it can. */
const TURN_MS = 1;
const PERCENTILES = [50, 99, 99.9];

const values = Array.from({ length: 1024 }, (_, i) => new Uint8Array(VALUE_BYTES).fill(65 + (i % 26)));

async function makeTemplate(directory, records) {
  const log = await Log.open(directory, { segmentBytes: SEALED_SEGMENT_BYTES });
  const batch = log.batch();
  const keys = Math.ceil(records / RECORDS_PER_KEY);
  for (let first = 0; first < records; first += 1000) {
    for (let i = 0; i < 1000; i++) {
      const key = Buffer.from(`key-${Math.floor(Math.random() * keys)}`);
      batch.add(Date.now(), key, values[i & 1023]);
    }
    log.appendSync(batch);
    batch.reset();
  }
  await log.close();
}

/** Appends one batch, which is laid out here as any user's must be. */
function appendBatch(log, batch, count) {
  const now = Date.now();
  for (let i = 0; i < BATCH_RECORDS; i++) batch.add(now, null, values[(count + i) & 1023]);
  log.appendSync(batch);
  batch.reset();
}

/** Appends until `isOver`, at most `perSecond` batches a second, and takes each one's time. */
async function appendUntil(log, isOver, perSecond) {
  const histogram = createHistogram({ lowest: 1, highest: 60e9, figures: 3 });
  const batch = log.batch();
  const start = performance.now();
  let lastTurn = start;
  let appends = 0;
  for (;;) {
    const now = performance.now();
    if (now - lastTurn >= TURN_MS) {
      await turn();
      lastTurn = performance.now();
      if (isOver(lastTurn - start)) break;
    }
    const due = perSecond === undefined ? performance.now() : start + (appends / perSecond) * 1000;
    if (due > performance.now()) continue;
    appendBatch(log, batch, appends);
    histogram.record(Math.max(1, Math.round((performance.now() - due) * 1e6)));
    appends++;
  }
  const seconds = (performance.now() - start) / 1000;
  const micros = Object.fromEntries(PERCENTILES.map((p) => [`p${p}`, histogram.percentile(p) / 1e3]));
  return { appends, seconds, perSecond: appends / seconds, ...micros, most: histogram.max / 1e3 };
}

async function look(template, directory, { isCleaning, perSecond, lastsMs, pool }) {
  rmSync(directory, { recursive: true, force: true });
  cpSync(template, directory, { recursive: true });
  spawnSync('sync');
  const log = await Log.open(directory);
  let cleanMs;
  const begun = performance.now();
  const cleaned = isCleaning
    ? log
        .compact({}, (request, hooks) => pool.clean(request, hooks))
        .then((result) => {
          cleanMs = performance.now() - begun;
          return result;
        })
    : undefined;
  const isOver = isCleaning ? () => cleanMs !== undefined : (ms) => ms >= lastsMs;
  const seen = await appendUntil(log, isOver, perSecond);
  const result = await cleaned;
  const { engine } = log.status();
  await log.close();
  rmSync(directory, { recursive: true, force: true });
  return { engine, ...seen, cleanMs, cleanedBytes: result?.bytesBefore };
}

const [directory, records, rounds, speed] = process.argv.slice(2);
const template = path.join(directory, 'template-0');
const work = path.join(directory, 'work-0');
const pool = new CleanerPool(1);
await makeTemplate(template, Number(records));
/** The first looks warm up: code, threads, the engine in them. */
let { cleanMs } = await look(template, work, { isCleaning: true, pool });
const { perSecond: most } = await look(template, work, { isCleaning: false, lastsMs: LEAST_LOOK_MS, pool });
const perSecond = speed === 'half' ? most / 2 : undefined;
for (let round = 0; round < Number(rounds); round++) {
  const lastsMs = Math.max(LEAST_LOOK_MS, cleanMs);
  for (const isCleaning of round % 2 === 0 ? [false, true] : [true, false]) {
    const seen = await look(template, work, { isCleaning, perSecond, lastsMs, pool });
    if (isCleaning) cleanMs = seen.cleanMs;
    const line = { work: isCleaning ? 'beside' : 'alone', round, ...seen };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}
await pool.close();
