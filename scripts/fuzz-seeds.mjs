/**
 * `node scripts/fuzz-seeds.mjs`: writes fixtures/fuzz/seeds, the small inputs that fuzzing starts from, out of what Kafka
 * wrote (fixtures/kafka-4.3.1). The first byte or two of an input choose how its target goes about the rest. Run again, it
 * writes the same.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { inProject } from './lib/project.mjs';

const SEEDS = inProject('fixtures', 'fuzz', 'seeds');
const KAFKA = inProject('fixtures', 'kafka-4.3.1');
const HEADER = 61;
const LARGEST = 1400;

/** Whole batches of a segment, with what their headers say. */
function batchesOf(file) {
  const bytes = readFileSync(file);
  const batches = [];
  for (let at = 0; at + 17 <= bytes.length; ) {
    const size = bytes.readInt32BE(at + 8) + 12;
    if (size < 26 || at + size > bytes.length) break;
    const batch = bytes.subarray(at, at + size);
    const magic = batch.readInt8(16);
    batches.push({ batch, magic, codec: magic === 2 ? batch.readInt16BE(21) & 7 : batch[17] & 7 });
    at += size;
  }
  return batches;
}

const files = ['clean', 'unclean', 'legacy']
  .flatMap((folder) =>
    readdirSync(path.join(KAFKA, folder), { recursive: true }).map((name) => path.join(folder, name)),
  )
  .toSorted();
const withEnding = (ending) => files.filter((file) => file.endsWith(ending)).map((file) => path.join(KAFKA, file));
const segments = withEnding('.log').map(batchesOf);
const all = segments.flat();

/** The first batches of a segment, as many as are small enough. */
function opening(batches) {
  let size = 0;
  return Buffer.concat(batches.flatMap(({ batch }) => ((size += batch.length) <= LARGEST ? [batch] : [])));
}

/** A few that differ: every n-th, so that not all are of one topic. */
function some(things, count) {
  const step = Math.max(1, Math.floor(things.length / count));
  return things.filter((_, index) => index % step === 0).slice(0, count);
}

const chosen = (choices, bodies) =>
  bodies.map((body, index) => Buffer.concat([Buffer.from(choices[index % choices.length]), body]));
const openings = some(
  segments.map(opening).filter((bytes) => bytes.length > 0),
  14,
);
const old = some(segments.filter(([first]) => first !== undefined && first.magic < 2).map(opening), 10).filter(
  (bytes) => bytes.length > 0,
);
const payloads = (codec, magic) =>
  all.filter((one) => one.codec === codec && (magic === undefined || one.magic === magic)).map(({ batch }) => batch);

const records = some(
  [
    ...payloads(0, 2).map((batch) => ({ count: batch.readInt32BE(57), bytes: batch.subarray(HEADER) })),
    ...payloads(1, 2).map((batch) => ({ count: batch.readInt32BE(57), bytes: gunzipSync(batch.subarray(HEADER)) })),
  ].filter(({ count, bytes }) => count > 0 && count < 250 && bytes.length < LARGEST),
  12,
);
const compressed = (codec) =>
  some(
    payloads(codec, 2).filter((batch) => batch.length < 2 * LARGEST),
    8,
  ).map((batch) => batch.subarray(HEADER));

/** What a message of format 0 or 1 wraps, behind its null key. */
const wrapped = (codec) =>
  all
    .filter((one) => one.magic < 2 && one.codec === codec && one.batch.length < 2 * LARGEST)
    .slice(0, 3)
    .map(({ batch, magic }) => batch.subarray(magic === 1 ? 34 : 26));
const ofCodec = (codec) => [...chosen([[0], [64], [254]], compressed(codec)), ...chosen([[1], [129]], wrapped(codec))];

/** A batch that is large enough for recovery's second thread; its target makes the checksum right. */
function large(payload) {
  const batch = Buffer.alloc(HEADER + payload);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeBigInt64BE(-1n, 43);
  return batch;
}

const indexes = (ending, size) =>
  some(
    withEnding(ending)
      .map((file) => readFileSync(file).subarray(0, size * 60))
      .filter((bytes) => bytes.length >= size),
    5,
  );
const target = Buffer.from([0, 0, 4, 0]);

const corpus = {
  batches: chosen([[254], [255], [5], [2]], openings),
  legacy: chosen([[254], [255], [4]], old),
  records: records.map(({ count, bytes }) => Buffer.concat([Buffer.from([count]), bytes])),
  lines: records.map(({ count, bytes }, index) => Buffer.concat([Buffer.from([index * 21, count]), bytes])),
  gzip: ofCodec(1),
  snappy: ofCodec(2),
  lz4: ofCodec(3),
  zstd: ofCodec(4),
  compress: chosen(
    [
      [1, 255],
      [2, 0],
      [3, 9],
      [4, 3],
      [3, 1],
    ],
    records.map(({ bytes }) => bytes),
  ),
  index_search: [
    ...chosen(
      [[0]],
      indexes('.index', 8).map((bytes) => Buffer.concat([target, bytes])),
    ),
    ...chosen(
      [[1]],
      indexes('.timeindex', 12).map((bytes) => Buffer.concat([target, bytes])),
    ),
  ],
  index_build: chosen([[0], [1], [6], [255]], openings),
  find: chosen(
    [[16], [17], [20]],
    openings.map((bytes) => Buffer.concat([target, Buffer.alloc(4), Buffer.alloc(16), bytes])),
  ),
  recovery: chosen([[0], [1], [5], [0x21]], openings),
  recovery_split: chosen([[1], [3]], [large(8200), Buffer.concat([large(8200), large(8300)]), large(30_000)]),
  cleaning: chosen([[0], [4], [8], [20], [224]], openings),
};

rmSync(SEEDS, { recursive: true, force: true });
let [count, total] = [0, 0];
for (const [name, inputs] of Object.entries(corpus)) {
  mkdirSync(path.join(SEEDS, name), { recursive: true });
  for (const input of inputs) {
    const hash = createHash('sha256').update(input).digest('hex').slice(0, 12);
    writeFileSync(path.join(SEEDS, name, hash), input);
    count += 1;
    total += input.length;
  }
}
console.log(`${count} inputs, ${total} bytes`);
