/**
 * A process of its own, so that its memory is that of opening alone:
 *
 *   node open-worker.mjs make DIR SEGMENTS BATCHES    a partition of so many segments with so many indexed batches each
 *   node open-worker.mjs open DIR                     opens it, says how long that took and what memory is in use
 *   node open-worker.mjs make-partitions DIR N        so many partitions in the log directory DIR
 *   node open-worker.mjs open-partitions DIR N        opens them all, and says the same
 */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Log } from '../../dist/index.js';

/** A batch of one record without a key, exactly. */
const VALUE_BYTES = 50;
const BATCH_BYTES = 61 + 7 + VALUE_BYTES;

async function make(directory, segments, batches) {
  const log = await Log.open(directory, { segmentBytes: BATCH_BYTES * batches, indexIntervalBytes: 0 });
  const value = new Uint8Array(VALUE_BYTES);
  const first = Date.now() - segments * batches;
  for (let i = 0; i < segments * batches; i++) log.appendSync({ value, timestamp: first + i });
  await log.close();
}

function megabytes(bytes) {
  return Number((bytes / 1e6).toFixed(1));
}

async function open(directory) {
  const before = process.memoryUsage();
  const start = performance.now();
  const log = await Log.open(directory);
  const seconds = (performance.now() - start) / 1000;
  const after = process.memoryUsage();
  const indexBytes = readdirSync(directory)
    .filter((name) => name.endsWith('index'))
    .reduce((sum, name) => sum + statSync(path.join(directory, name)).size, 0);
  const { segments, engine } = log.status();
  const grownMegabytes = megabytes(after.rss - before.rss);
  const line = {
    engine,
    segments,
    seconds,
    indexMegabytes: megabytes(indexBytes),
    grownMegabytes,
    residentMegabytes: megabytes(after.rss),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  await log.close();
}

const AT_ONCE = 64;
const RECORDS_PER_PARTITION = 10;

async function openAll(directory, partitions) {
  const logs = [];
  while (logs.length < partitions) {
    const count = Math.min(AT_ONCE, partitions - logs.length);
    const paths = Array.from({ length: count }, (_, i) => path.join(directory, `open-${logs.length + i}`));
    logs.push(...(await Promise.all(paths.map((log) => Log.open(log)))));
  }
  return logs;
}

async function makePartitions(directory, partitions) {
  const value = new Uint8Array(VALUE_BYTES);
  const records = Array.from({ length: RECORDS_PER_PARTITION }, () => ({ value }));
  for (const log of await openAll(directory, partitions)) {
    log.appendSync(records);
    await log.close();
  }
}

async function openPartitions(directory, partitions) {
  const before = process.memoryUsage();
  const start = performance.now();
  const logs = await openAll(directory, partitions);
  const seconds = (performance.now() - start) / 1000;
  const grownMegabytes = megabytes(process.memoryUsage().rss - before.rss);
  const { engine } = logs[0].status();
  process.stdout.write(`${JSON.stringify({ engine, partitions: logs.length, seconds, grownMegabytes })}\n`);
  for (const log of logs) await log.close();
}

const WORKS = { make, open, 'make-partitions': makePartitions, 'open-partitions': openPartitions };
const [mode, directory, ...counts] = process.argv.slice(2);
await WORKS[mode](directory, ...counts.map(Number));
