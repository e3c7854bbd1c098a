/** checkRecords and recordLines: what `verify` and `dump --json` do with the records of a batch. */
import { batchOf, HEADER_BYTES } from './data.mjs';
import { fromDist } from './engines.mjs';
import { SIZES } from './sizes.mjs';

const { LINE_ENCODINGS, LINE_STATE, RECORD_CHECK } = await fromDist('engine/contract.js');
const LINES_BYTES = 256 * 1024;

function check(engine, { label, bytes, calls }) {
  const prepare = () => {
    const batch = batchOf(engine, bytes);
    const outcome = new Int32Array(RECORD_CHECK.length);
    return {
      calls,
      run: () => engine.checkRecords(batch.bytes, HEADER_BYTES, batch.bytes.length, batch.count, outcome),
    };
  };
  return { name: 'checkRecords', size: label, bytes, prepare };
}

/** All lines of a batch, call after call, as the dump makes them. */
function lines(engine, encoding, { label, bytes, calls }) {
  const prepare = () => {
    const batch = batchOf(engine, bytes);
    const target = Buffer.alloc(LINES_BYTES);
    const state = new Int32Array(LINE_STATE.length);
    const run = () => {
      state.fill(0);
      state[LINE_STATE.position] = HEADER_BYTES;
      state[LINE_STATE.count] = batch.count;
      state[LINE_STATE.encoding] = LINE_ENCODINGS[encoding];
      while (state[LINE_STATE.record] < batch.count) {
        engine.recordLines(batch.bytes, batch.bytes.length, target, state);
        if (state[LINE_STATE.written] === 0) throw new Error(`no line was written, fault ${state[LINE_STATE.fault]}`);
      }
    };
    return { calls: Math.max(1, calls / 10), run };
  };
  return { name: `recordLines, ${encoding}`, size: label, bytes, prepare };
}

export function recordCases(engine) {
  return SIZES.flatMap((size) => [check(engine, size), lines(engine, 'base64', size), lines(engine, 'utf8', size)]);
}
