/** readBatches, recover and locate on a file of 16 MiB, and appending to a new one. */
import { batchesOf, batchOf } from './data.mjs';
import { fromDist } from './engines.mjs';
import { scratchDirectory, scratchFile } from './scratch.mjs';
import { SIZES } from './sizes.mjs';

const { BUILD_STATE, LOCATE_OUTCOME, RECOVERY_ROW, RECOVERY_STATE, SCAN_OUTCOME, SCAN_ROW } =
  await fromDist('engine/contract.js');
const { nodeFileSystem: fs } = await fromDist('fs/node-fs.js');
const CHUNK_BYTES = 1024 * 1024;
const BATCH_BYTES = 16 * 1024;
const BATCHES = 1024;
const ENTRY_BYTES = 8;
/** Far enough to be another entry's each time. */
const STRIDE = 7919;
const MAX_APPEND_BYTES = 256 * 1024 * 1024;

function writtenFile(engine) {
  const data = batchesOf(engine, BATCHES, BATCH_BYTES);
  const file = fs.open(scratchFile(), 'new');
  file.write(data.bytes, 0, data.bytes.length, 0);
  return { file, ...data };
}

function read(engine, name, verify) {
  const prepare = () => {
    const { file } = writtenFile(engine);
    const into = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const rows = new Int32Array(4096 * SCAN_ROW.length);
    const outcome = new Float64Array(SCAN_OUTCOME.length);
    const run = () => engine.readBatches(file, 0, into, CHUNK_BYTES, verify, rows, outcome);
    return { calls: 1, run, end: () => file.close() };
  };
  return { name, size: '1 MiB', bytes: CHUNK_BYTES, prepare };
}

/** From the call to the promise's settling, on an event loop with nothing else to do. */
function readAsync(engine) {
  const prepare = () => {
    const { file } = writtenFile(engine);
    const into = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const rows = new Int32Array(4096 * SCAN_ROW.length);
    const outcome = new Float64Array(SCAN_OUTCOME.length);
    const runAsync = () => engine.readBatchesAsync(file, 0, into, CHUNK_BYTES, true, rows, outcome);
    return { calls: 1, runAsync, end: () => file.close() };
  };
  return { name: 'readBatchesAsync, verified', size: '1 MiB', bytes: CHUNK_BYTES, prepare };
}

/** The whole file, on the thread; `recoverAsync` when that is false. */
function recover(engine, onThread) {
  const prepare = () => {
    const { file, bytes } = writtenFile(engine);
    const scratch = Buffer.allocUnsafeSlow(2 * CHUNK_BYTES);
    const rows = new Float64Array(8192 * RECOVERY_ROW.length);
    const [offsets, times] = [Buffer.alloc(8 * BATCHES), Buffer.alloc(12 * BATCHES)];
    const state = new Float64Array(RECOVERY_STATE.length);
    const begin = () => {
      state.fill(0);
      state[RECOVERY_STATE.interval] = 4096;
      state[RECOVERY_STATE.budgetBytes] = bytes.length;
      for (const field of ['maxTimestamp', 'lastTimeIndexed', 'leaderEpoch', 'fallPosition']) {
        state[RECOVERY_STATE[field]] = -1;
      }
    };
    const call = (name) => {
      begin();
      return engine[name](file, bytes.length, scratch, state, rows, offsets, times);
    };
    const work = onThread ? { run: () => call('recover') } : { runAsync: () => call('recoverAsync') };
    return { calls: 1, ...work, end: () => file.close() };
  };
  return { name: onThread ? 'recover' : 'recoverAsync', size: '16 MiB', bytes: BATCHES * BATCH_BYTES, prepare };
}

/** How many headers have to be read to get there. */
function locate(engine, batches) {
  const prepare = () => {
    const { file, bytes, endOffset } = writtenFile(engine);
    const target = Math.floor(((batches - 0.5) / BATCHES) * endOffset);
    const scratch = Buffer.allocUnsafeSlow(8192);
    const outcome = new Float64Array(LOCATE_OUTCOME.length);
    const run = () => engine.locate(file, 0, bytes.length, target, scratch, outcome);
    return { calls: 100, run, end: () => file.close() };
  };
  return { name: 'locate', size: batches === 1 ? '1 header' : `${batches} headers`, bytes: 0, prepare };
}

/** An index search and the headers behind the entry: what a seek costs. */
function find(engine) {
  const prepare = () => {
    const { file, bytes, endOffset } = writtenFile(engine);
    const scratch = Buffer.allocUnsafeSlow(8192);
    const outcome = new Float64Array(LOCATE_OUTCOME.length);
    const entries = indexOf(engine, bytes);
    const count = entries.length / ENTRY_BYTES;
    let target = 0;
    const run = () => {
      target = (target + STRIDE) % endOffset;
      engine.find(file, entries, count, 0, bytes.length, target, scratch, outcome);
    };
    return { calls: 100, run, end: () => file.close() };
  };
  return { name: 'find', size: '16 MiB, anywhere', bytes: 0, prepare };
}

/** The offset index that Kafka's rule gives for these batches. */
function indexOf(engine, bytes) {
  const rows = new Int32Array(BATCHES * SCAN_ROW.length);
  engine.scanBatches(bytes, 0, bytes.length, false, rows, new Float64Array(SCAN_OUTCOME.length));
  const state = new Float64Array(BUILD_STATE.length);
  state[BUILD_STATE.interval] = 4096;
  state[BUILD_STATE.maxTimestamp] = -1;
  state[BUILD_STATE.lastTimeIndexed] = -1;
  const [offsets, times] = [Buffer.alloc(ENTRY_BYTES * BATCHES), Buffer.alloc(12 * BATCHES)];
  engine.buildIndex(bytes, rows, BATCHES, state, offsets, times);
  return offsets.subarray(0, state[BUILD_STATE.offsetCount] * ENTRY_BYTES);
}

/** A small write and the sync behind it: the disk's time, nearly all of it. */
function sync(engine) {
  const prepare = () => {
    const batch = batchOf(engine, 110).bytes;
    const file = engine.openAppend(fs, scratchFile(), {
      sizeBytes: 0,
      maxSizeBytes: MAX_APPEND_BYTES,
      preallocate: false,
    });
    const runAsync = async () => {
      file.append(batch, batch.length);
      await file.sync();
    };
    return { calls: 1, runAsync, end: () => file.close() };
  };
  return { name: 'openAppend().append and sync', size: '110 B', bytes: 0, prepare };
}

/** Taking the lock of a log directory, and giving it back. */
function lock(engine) {
  const prepare = () => {
    const directory = scratchDirectory();
    const runAsync = async () => {
      const held = await engine.lockDirectory(fs, directory);
      await held.release();
    };
    return { calls: 1, runAsync };
  };
  return { name: 'lockDirectory', size: '', bytes: 0, prepare };
}

function append(engine, { label, bytes, calls }) {
  const prepare = () => {
    const batch = batchOf(engine, bytes).bytes;
    const file = engine.openAppend(fs, scratchFile(), {
      sizeBytes: 0,
      maxSizeBytes: MAX_APPEND_BYTES,
      preallocate: false,
    });
    const run = () => {
      if (file.sizeBytes + batch.length > MAX_APPEND_BYTES) file.truncate(0);
      file.append(batch, batch.length);
    };
    return { calls, run, end: () => file.close() };
  };
  return { name: 'openAppend().append', size: label, bytes, prepare };
}

export function fileCases(engine) {
  return [
    read(engine, 'readBatches', false),
    read(engine, 'readBatches, verified', true),
    readAsync(engine),
    recover(engine, true),
    recover(engine, false),
    locate(engine, 1),
    locate(engine, 10),
    find(engine),
    sync(engine),
    lock(engine),
    ...SIZES.map((size) => append(engine, size)),
  ];
}
