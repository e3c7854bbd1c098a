/**
 * One of the Node peers on the works that `seglog bench` does, in a process of its own:
 *
 *   node peer-worker.mjs SIDE append|read|seek|append-one|durable DIR RECORDS RECORD_BYTES BATCH_RECORDS ROUNDS [APPENDERS]
 *
 * Prints a JSON line a round. Opening and closing are not timed. An adapter (./SIDE.mjs) exports
 * `openStore(directory, { durable })`, which answers:
 *
 *   appendBatch(first, values)     so many records at once; await what it gives
 *   appendOne(record, value)       one record, without the caller gathering any; await only what `settle` does not cover,
 *                                  which is room for more
 *   appendDurably(record, value)   one record; on the disk when the promise settles
 *   settle()                       all that was appended is where the work says
 *   scan(see)                      all values in order
 *   get(record)                    one value by its number, or the adapter has none
 *   close()
 */
import { rmSync } from 'node:fs';

const VALUE_COUNT = 1024;
const SEEKS = 200_000;
/** After so many appends of one record the loop may turn, as a program's does that reads its records from somewhere. */
const ONES_A_TURN = 1000;

const [side, work, directory, ...rest] = process.argv.slice(2);
const [records, recordBytes, batchRecords, rounds, appenders] = rest.map(Number);
/** Only the one that runs is loaded: another may not be installed. */
const ADAPTERS = {
  lmdb: () => import('./lmdb.mjs'),
  sqlite: () => import('./sqlite.mjs'),
  level: () => import('./level.mjs'),
  stream: () => import('./stream.mjs'),
  ndjson: () => import('./ndjson.mjs'),
};
const { openStore } = await ADAPTERS[side]();

/** Even numbers from 0 to below 1, the same in each run. */
function seededRandom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** As `seglog bench` appends: random letters. */
function randomValues() {
  const random = seededRandom(1);
  const letter = () => 65 + Math.floor(random() * 26);
  return Array.from({ length: VALUE_COUNT }, () => Buffer.from(Array.from({ length: recordBytes }, letter)));
}

const values = randomValues();

function openEmpty(durable = false) {
  rmSync(directory, { recursive: true, force: true });
  return openStore(directory, { durable });
}

async function append(store) {
  for (let first = 0; first < records; first += batchRecords) {
    const batch = [];
    const end = Math.min(first + batchRecords, records);
    for (let i = first; i < end; i++) batch.push(values[i & (VALUE_COUNT - 1)]);
    const waiting = store.appendBatch(first, batch);
    if (waiting !== undefined) await waiting;
  }
  await store.settle();
}

async function appendOne(store) {
  for (let i = 0; i < records; i++) {
    const waiting = store.appendOne(i, values[i & (VALUE_COUNT - 1)]);
    if (i % ONES_A_TURN !== ONES_A_TURN - 1) continue;
    await waiting;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await store.settle();
}

/** `appenders` loops, each of which waits for its own record. */
async function appendDurably(store) {
  let next = 0;
  const loop = async () => {
    while (next < records) {
      const record = next++;
      await store.appendDurably(record, values[record & (VALUE_COUNT - 1)]);
    }
  };
  await Promise.all(Array.from({ length: appenders }, loop));
}

async function scan(store) {
  let count = 0;
  let bytes = 0;
  await store.scan((value) => {
    count++;
    bytes += value.length;
  });
  if (count !== records || bytes !== records * recordBytes) throw new Error(`read ${count} records, ${bytes} bytes`);
}

function seek(store) {
  const random = seededRandom(2);
  for (let i = 0; i < SEEKS; i++) {
    const value = store.get(Math.floor(random() * records));
    if (value?.length !== recordBytes) throw new Error('found something else');
  }
}

const WORKS = {
  append: { run: append, count: records },
  'append-one': { run: appendOne, count: records },
  durable: { run: appendDurably, count: records, durable: true },
  read: { run: scan, count: records, onData: true },
  seek: { run: seek, count: SEEKS, onData: true },
};

async function timed(store, round, { run, count }) {
  const start = performance.now();
  await run(store);
  const seconds = (performance.now() - start) / 1000;
  const bytes = count * recordBytes;
  const speeds = { recordsPerSecond: Math.round(count / seconds), megabytesPerSecond: bytes / 1e6 / seconds };
  process.stdout.write(`${JSON.stringify({ peer: side, work, round, records: count, bytes, seconds, ...speeds })}\n`);
}

const wanted = WORKS[work];
let store;
for (let round = 0; round < rounds; round++) {
  if (wanted.onData !== true || store === undefined) {
    await store?.close();
    store = await openEmpty(wanted.durable);
    if (wanted.onData === true) await append(store);
  }
  await timed(store, round, wanted);
}
await store.close();
