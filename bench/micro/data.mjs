/** Bytes to work on: records like the demo's, laid out as batches of about a given size. */
import { fromDist } from './engines.mjs';

const { makeReadings } = await fromDist('bench/demo/readings.js');
const { BatchBuilder } = await fromDist('record/batch-builder.js');

const FIRST_TIMESTAMP = 1_700_000_000_000;
export const HEADER_BYTES = 61;

let values;

/** The same on both engines; made once. */
function valuesBy(engine) {
  values ??= makeReadings(engine).map(({ value }) => value);
  return values;
}

/** One batch of at least `sizeBytes` bytes (one record when that is already more), as bytes of its own. */
export function batchOf(engine, sizeBytes, baseOffset = 0) {
  const all = valuesBy(engine);
  const builder = new BatchBuilder(engine);
  do {
    builder.add(FIRST_TIMESTAMP + builder.count, null, all[builder.count % all.length]);
  } while (builder.sizeBytes < sizeBytes);
  const { count } = builder;
  const { bytes, length } = builder.build({ baseOffset });
  return { bytes: Buffer.from(bytes.subarray(0, length)), count };
}

/** `count` batches of about `sizeBytes` bytes behind each other. */
export function batchesOf(engine, count, sizeBytes) {
  const parts = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const batch = batchOf(engine, sizeBytes, offset);
    parts.push(batch.bytes);
    offset += batch.count;
  }
  return { bytes: Buffer.concat(parts), endOffset: offset };
}
