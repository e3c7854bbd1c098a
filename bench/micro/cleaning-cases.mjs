/** The cleaner's part of the contract: making an offset map, filling it, and cleaning batches by it. */
import { HEADER_BYTES } from './data.mjs';
import { fromDist } from './engines.mjs';

const { CLEAN_STATE, MAP_STATE } = await fromDist('engine/cleaning.js');
const { SCAN_OUTCOME, SCAN_ROW } = await fromDist('engine/contract.js');
const { BatchBuilder } = await fromDist('record/batch-builder.js');

const FIRST_TIMESTAMP = 1_700_000_000_000;
const BATCHES = 64;
const BATCH_RECORDS = 1000;
const VALUE_BYTES = 100;
const MAP_BYTES = 8 * 1024 * 1024;
const LOAD_FACTOR = 0.9;
const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
/** Room for all of it, should all of it stay. */
const TARGET_SHARE = 1.1;

/** Batches of keyed records, of which there are so many for each key; found as the cleaner finds them. */
function keyedBatches(engine, recordsPerKey) {
  const value = Buffer.alloc(VALUE_BYTES, 'v');
  const keys = (BATCHES * BATCH_RECORDS) / recordsPerKey;
  const parts = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const builder = new BatchBuilder(engine);
    for (let i = 0; i < BATCH_RECORDS; i++) {
      const record = batch * BATCH_RECORDS + i;
      // 7919 and the number of keys have no factor in common: keys come in no order that a map could use.
      const key = (record * 7919) % keys;
      builder.add(FIRST_TIMESTAMP + record, Buffer.from(`key-${key}`), value);
    }
    const { bytes, length } = builder.build({ baseOffset: batch * BATCH_RECORDS });
    parts.push(Buffer.from(bytes.subarray(0, length)));
  }
  const bytes = Buffer.concat(parts);
  const rows = new Int32Array(BATCHES * SCAN_ROW.length);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  engine.scanBatches(bytes, 0, bytes.length, true, rows, outcome);
  return { bytes, rows, rules: new Uint8Array(BATCHES) };
}

function fill(engine, map, { bytes, rows, rules }) {
  const state = new Float64Array(MAP_STATE.length);
  state[MAP_STATE.maxDecompressedBytes] = MAX_DECOMPRESSED_BYTES;
  engine.buildOffsetMap(map, bytes, rows, rules, BATCHES, state);
  if (state[MAP_STATE.batch] !== BATCHES) throw new Error(`the map was filled up to batch ${state[MAP_STATE.batch]}`);
}

const sizeOf = (recordsPerKey) => `64,000 records, ${recordsPerKey} of a key`;
const totalBytes = (engine, recordsPerKey) => keyedBatches(engine, recordsPerKey).bytes.length;

function build(engine, recordsPerKey) {
  const prepare = () => {
    const batches = keyedBatches(engine, recordsPerKey);
    const map = engine.createOffsetMap(MAP_BYTES, LOAD_FACTOR);
    const run = () => {
      map.clear();
      fill(engine, map, batches);
    };
    return { calls: 1, run, end: () => map.release() };
  };
  return { name: 'buildOffsetMap', size: sizeOf(recordsPerKey), bytes: totalBytes(engine, recordsPerKey), prepare };
}

function clean(engine, recordsPerKey) {
  const prepare = () => {
    const batches = keyedBatches(engine, recordsPerKey);
    const map = engine.createOffsetMap(MAP_BYTES, LOAD_FACTOR);
    fill(engine, map, batches);
    const { bytes, rows, rules } = batches;
    const target = Buffer.alloc(Math.ceil(bytes.length * TARGET_SHARE) + HEADER_BYTES);
    const targetRows = new Int32Array(BATCHES * SCAN_ROW.length);
    const state = new Float64Array(CLEAN_STATE.length);
    const run = () => {
      state.fill(0);
      state[CLEAN_STATE.nowMs] = FIRST_TIMESTAMP;
      state[CLEAN_STATE.deleteHorizonMs] = FIRST_TIMESTAMP;
      state[CLEAN_STATE.latestOffset] = BATCHES * BATCH_RECORDS - 1;
      state[CLEAN_STATE.maxDecompressedBytes] = MAX_DECOMPRESSED_BYTES;
      engine.cleanBatches(map, bytes, rows, rules, BATCHES, target, targetRows, state);
      if (state[CLEAN_STATE.batch] !== BATCHES) throw new Error(`cleaned up to batch ${state[CLEAN_STATE.batch]}`);
    };
    return { calls: 1, run, end: () => map.release() };
  };
  return { name: 'cleanBatches', size: sizeOf(recordsPerKey), bytes: totalBytes(engine, recordsPerKey), prepare };
}

function create(engine) {
  const run = () => engine.createOffsetMap(MAP_BYTES, LOAD_FACTOR).release();
  return { name: 'createOffsetMap', size: '8 MiB', bytes: 0, prepare: () => ({ calls: 1, run }) };
}

export function cleaningCases(engine) {
  return [create(engine), build(engine, 1), build(engine, 5), clean(engine, 1), clean(engine, 5)];
}
