/** searchIndex on small and large tables, warm end and cold start, and buildIndex over a chunk of batches. */
import { batchesOf } from './data.mjs';
import { fromDist } from './engines.mjs';

const { BUILD_STATE, SCAN_OUTCOME, SCAN_ROW } = await fromDist('engine/contract.js');
const ENTRY_BYTES = 8;
const STEP = 37;

function search(engine, size, count, target) {
  const prepare = () => {
    const entries = Buffer.alloc(count * ENTRY_BYTES);
    for (let i = 0; i < count; i++) entries.writeInt32BE(i * STEP, i * ENTRY_BYTES);
    return { calls: 1000, run: () => engine.searchIndex(entries, count, ENTRY_BYTES, target(count)) };
  };
  return { name: 'searchIndex', size, bytes: 0, prepare };
}

function build(engine) {
  const prepare = () => {
    const { bytes } = batchesOf(engine, 64, 16 * 1024);
    const rows = new Int32Array(64 * SCAN_ROW.length);
    const outcome = new Float64Array(SCAN_OUTCOME.length);
    engine.scanBatches(bytes, 0, bytes.length, false, rows, outcome);
    const state = new Float64Array(BUILD_STATE.length);
    const offsets = Buffer.alloc(64 * 8);
    const times = Buffer.alloc(64 * 12);
    const run = () => {
      state.fill(0);
      state[BUILD_STATE.interval] = 4096;
      state[BUILD_STATE.maxTimestamp] = -1;
      state[BUILD_STATE.lastTimeIndexed] = -1;
      engine.buildIndex(bytes, rows, 64, state, offsets, times);
    };
    return { calls: 100, run };
  };
  return { name: 'buildIndex', size: '64 batches', bytes: 0, prepare };
}

export function indexCases(engine) {
  return [
    search(engine, '1,000 entries', 1000, (count) => (count >> 1) * STEP),
    search(engine, '1 M, warm end', 1_000_000, (count) => (count - 100) * STEP),
    search(engine, '1 M, cold', 1_000_000, (count) => (count >> 2) * STEP + 1),
    build(engine),
  ];
}
