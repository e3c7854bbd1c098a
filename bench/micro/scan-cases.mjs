/** scanBatches (headers alone, and with checksums) over 1 MiB of batches, and decodeRecords of one batch. */
import { batchesOf, batchOf, HEADER_BYTES } from './data.mjs';
import { fromDist } from './engines.mjs';
import { SIZES } from './sizes.mjs';

const { DECODE_OUTCOME, RECORD_ROW, SCAN_OUTCOME, SCAN_ROW } = await fromDist('engine/contract.js');
const CHUNK_BYTES = 1024 * 1024;

function scan(engine, name, verify, { label, bytes }) {
  const prepare = () => {
    const chunk = batchesOf(engine, Math.max(1, Math.floor(CHUNK_BYTES / Math.max(bytes, 200))), bytes).bytes;
    const rows = new Int32Array(16_384 * SCAN_ROW.length);
    const outcome = new Float64Array(SCAN_OUTCOME.length);
    return { calls: 1, run: () => engine.scanBatches(chunk, 0, chunk.length, verify, rows, outcome) };
  };
  // Without checksums only headers are looked at: a speed in bytes would say nothing.
  return { name, size: `1 MiB of ${label}`, bytes: verify ? CHUNK_BYTES : 0, prepare };
}

function decode(engine, { label, bytes, calls }) {
  const prepare = () => {
    const batch = batchOf(engine, bytes);
    const rows = new Int32Array(batch.count * RECORD_ROW.length);
    const outcome = new Int32Array(DECODE_OUTCOME.length);
    const run = () => engine.decodeRecords(batch.bytes, HEADER_BYTES, batch.bytes.length, batch.count, rows, outcome);
    return { calls, run };
  };
  return { name: 'decodeRecords', size: label, bytes, prepare };
}

export function scanCases(engine) {
  return SIZES.flatMap((size) => [
    scan(engine, 'scanBatches', false, size),
    scan(engine, 'scanBatches, verified', true, size),
    decode(engine, size),
  ]);
}
