/**
 * A process of its own, whose event loop does nothing but what a store does by itself:
 *
 *   node retention-worker.mjs DIR SEGMENTS ROUNDS
 *
 * Each round makes a store with one partition of so many segments of two batches, opens it with a retention.ms that all of
 * them are beyond, and says how long it took until all had gone, and how long the event loop stood still.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Store } from '../../dist/index.js';

/** A batch of one record without a key, exactly. */
const VALUE_BYTES = 50;
const BATCH_BYTES = 61 + 7 + VALUE_BYTES;
const BATCHES = 2;
const TOPIC = 'retention';
/** From the renaming to the unlinking. */
const DELAY_MS = 3000;
/** How often the end is looked for. */
const LOOK_MS = 2;

async function make(directory, segments) {
  const config = { segmentBytes: BATCH_BYTES * BATCHES, indexIntervalBytes: 0, periodicCleaning: false };
  const store = await Store.open(directory, config);
  await store.createTopic({ name: TOPIC });
  const log = store.partition(TOPIC, 0);
  const value = new Uint8Array(VALUE_BYTES);
  const first = Date.now() - 1e9;
  for (let i = 0; i < segments * BATCHES; i++) log.appendSync({ value, timestamp: first + i });
  await store.close();
}

/** The longest time for which nothing had its turn, in milliseconds; over a part of the work. */
function watchLoop() {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  return () => {
    delays.disable();
    return delays.max / 1e6;
  };
}

function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function run(directory, round) {
  let longest = watchLoop();
  let done;
  const deletion = new Promise((resolve) => (done = resolve));
  const info = ({ event, segments, seconds }) => {
    if (event === 'retention_deleted') done({ segments, seconds, longestMs: longest() });
  };
  const nothing = () => {};
  // Nothing that a store does by itself keeps a process alive.
  const alive = setInterval(nothing, 60_000);
  const store = await Store.open(directory, {
    retentionMs: 1000,
    fileDeleteDelayMs: DELAY_MS,
    logInitialTaskDelayMs: 500,
    logger: { debug: nothing, info, warn: nothing, error: nothing },
  });
  longest();
  longest = watchLoop();
  const { segments, seconds, longestMs } = await deletion;
  const partition = path.join(directory, `${TOPIC}-0`);
  const names = readdirSync(partition)
    .filter((name) => name.endsWith('.deleted'))
    .map((name) => path.join(partition, name));
  const unlinking = watchLoop();
  while (existsSync(names[0])) await sleep(LOOK_MS);
  const start = performance.now();
  while (names.length > 0) {
    while (names.length > 0 && !existsSync(names.at(-1))) names.pop();
    await sleep(LOOK_MS);
  }
  const unlinkSeconds = (performance.now() - start) / 1000;
  const unlinkLongestMs = unlinking();
  const { engine } = store.partition(TOPIC, 0).status();
  process.stdout.write(
    `${JSON.stringify({ engine, round, segments, seconds, longestMs, unlinkSeconds, unlinkLongestMs })}\n`,
  );
  await store.close();
  clearInterval(alive);
}

const [directory, segments, rounds] = process.argv.slice(2);
for (let round = 0; round < Number(rounds); round++) {
  rmSync(directory, { recursive: true, force: true });
  await make(directory, Number(segments));
  await run(directory, round);
}
