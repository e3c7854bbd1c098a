/** What Kafka wrote, and what a number makes of it: the inputs of the differential fuzzing. */
import { readFileSync } from 'node:fs';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE } from '../../src/format/batch.ts';
import { segments } from '../support/fixtures.ts';
import type { Random } from '../support/random.ts';
import { batchStarts } from './inputs.ts';

const sealer = createFallbackEngine();
const LARGEST = 12_000;

/** Of each segment the first batches, and some from its middle. */
const corpus: readonly Uint8Array[] = segments('clean', 'unclean', 'legacy').flatMap(({ path }) => {
  const bytes = Uint8Array.from(readFileSync(path));
  const starts = batchStarts(bytes);
  const middle = starts[starts.length >> 1] ?? 0;
  return [0, middle].flatMap((from) => {
    const end = starts.findLast((start) => start <= from + LARGEST) ?? from;
    return end > from ? [bytes.slice(from, end)] : [];
  });
});

/** Numbers at which sizes, counts and offsets may be misread. */
const LIES = [0, 1, -1, 2, 13, 14, 48, 49, 50, 61, 127, 128, 255, 256, 65_535, 2 ** 31 - 1, 2 ** 31 - 13, -(2 ** 31)];

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const anywhere = (bytes: Buffer, random: Random): number => random.between(0, Math.max(0, bytes.length - 1));

/** A batch's start, so that fields are hit more often than by chance. */
function batchStart(bytes: Buffer, random: Random): number {
  const starts = batchStarts(bytes);
  return starts.length === 0 ? 0 : random.pick(starts);
}

function writeLie(bytes: Buffer, at: number, random: Random): Buffer {
  if (at + 4 <= bytes.length) bytes.writeInt32BE(random.pick(LIES), at);
  return bytes;
}

const FIELDS = [BATCH.BASE_OFFSET + 4, BATCH.LENGTH, BATCH.LAST_OFFSET_DELTA, BATCH.RECORD_COUNT, BATCH.MAX_TIMESTAMP];

const MUTATIONS: readonly Mutation[] = [
  // Bit flips.
  (bytes, random) => {
    const at = anywhere(bytes, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
    return bytes;
  },
  // Lies of lengths and counts, in the header and anywhere.
  (bytes, random) => writeLie(bytes, batchStart(bytes, random) + random.pick(FIELDS), random),
  (bytes, random) => writeLie(bytes, anywhere(bytes, random), random),
  (bytes, random) => {
    const at = batchStart(bytes, random) + BATCH.MAGIC;
    if (at < bytes.length) bytes.writeInt8(random.pick([0, 1, 2, 3, -1, 127]), at);
    return bytes;
  },
  (bytes, random) => {
    const at = batchStart(bytes, random) + BATCH.ATTRIBUTES;
    if (at + 2 <= bytes.length) bytes.writeInt16BE(random.between(0, 7) | random.pick([0, 8, 32, 64, 0x70]), at);
    return bytes;
  },
  // Varints of records.
  (bytes, random) => {
    const at = batchStart(bytes, random) + HEADER_SIZE + random.between(0, 40);
    if (at < bytes.length) bytes[at] = random.pick([0, 1, 2, 0x7f, 0x80, 0xff]);
    return bytes;
  },
  // Splices: a part of another segment, a part again, a part less.
  (bytes, random) => {
    const other = random.pick(corpus);
    const [from, at] = [random.between(0, other.length), anywhere(bytes, random)];
    const part = other.subarray(from, from + random.between(1, 300));
    return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(random.chance(0.5) ? at : at + part.length)]);
  },
  (bytes, random) => {
    const [from, to] = [batchStart(bytes, random), batchStart(bytes, random)];
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.min(to, from), from), bytes.subarray(from)]);
  },
  (bytes, random) => {
    const at = anywhere(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 100))]);
  },
  (bytes, random) => bytes.subarray(0, anywhere(bytes, random)),
  (bytes, random) => {
    const at = anywhere(bytes, random);
    return bytes.fill(random.pick([0, 0, 0xff]), at, Math.min(bytes.length, at + random.between(1, 600)));
  },
];

/** Makes the checksums right again, so that what is behind them is reached. */
function sealed(bytes: Buffer): Buffer {
  const starts = batchStarts(bytes);
  for (const start of starts) {
    const size = bytes.readInt32BE(start + BATCH.LENGTH) + 12;
    if (size >= HEADER_SIZE && bytes.readInt8(start + BATCH.MAGIC) >= 2) {
      sealer.sealBatch(bytes.subarray(start, start + size), size);
    }
  }
  return bytes;
}

/** Some of Kafka's bytes after up to four mutations, half of the time with right checksums. */
export function mutated(random: Random): Uint8Array {
  let bytes = Buffer.from(random.pick(corpus));
  const starts = batchStarts(bytes);
  const from = random.pick(starts);
  bytes = bytes.subarray(from, starts.find((start) => start > from + random.between(0, 6000)) ?? bytes.length);
  bytes = Buffer.from(bytes);
  for (let left = random.between(0, 4); left > 0; left--) bytes = Buffer.from(random.pick(MUTATIONS)(bytes, random));
  return random.chance(0.5) ? sealed(bytes) : bytes;
}

/** What a batch says of itself, whatever bytes it is. */
export interface Payload {
  readonly codec: number;
  readonly magic: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The payloads of the first `most` batches in the bytes, of whatever format they are. */
export function payloadsOf(bytes: Uint8Array, most: number): Payload[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return batchStarts(bytes)
    .slice(0, most)
    .flatMap((start) => {
      const end = start + view.readInt32BE(start + BATCH.LENGTH) + 12;
      if (end - start < HEADER_SIZE) return [];
      const codec = view.readInt16BE(start + BATCH.ATTRIBUTES) & ATTRIBUTES.CODEC_MASK;
      const [magic, count] = [view.readInt8(start + BATCH.MAGIC), view.readInt32BE(start + BATCH.RECORD_COUNT)];
      return [{ codec, magic, count, bytes: bytes.slice(start + HEADER_SIZE, end) }];
    });
}
