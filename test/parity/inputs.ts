/** Bytes of every kind that an engine meets: whole batches of all formats, and what becomes of them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { CODEC_IDS, type CodecId, SCAN_OUTCOME, SCAN_ROW } from '../../src/engine/contract.ts';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { BATCH, LEGACY } from '../../src/format/batch.ts';
import { BatchBuilder, type Header } from '../../src/record/batch-builder.ts';
import { segments } from '../support/fixtures.ts';

const engine = createFallbackEngine();
const builder = new BatchBuilder(engine);

const smallBytes = fc.uint8Array({ maxLength: 40 });
const field = fc.option(
  fc.oneof({ weight: 8, arbitrary: smallBytes }, fc.uint8Array({ minLength: 60, maxLength: 700 })),
);
const header = fc.tuple(fc.string({ maxLength: 8 }), fc.option(smallBytes)) as fc.Arbitrary<Header>;
const timestamp = fc.oneof(
  fc.integer({ min: -1, max: 100 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.constantFrom(0, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER),
);

/** A record to be. */
export interface RecordPlan {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly gap: number;
}

export const recordPlan: fc.Arbitrary<RecordPlan> = fc.record({
  timestamp,
  key: field,
  value: field,
  headers: fc.array(header, { maxLength: 3 }),
  gap: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 1000 })),
});

const codec: fc.Arbitrary<CodecId> = fc.constantFrom(...Object.values(CODEC_IDS));

function batchOf(plans: readonly RecordPlan[], baseOffset: number, codecId: CodecId): Uint8Array {
  builder.reset();
  for (const plan of plans) {
    builder.add(plan.timestamp, plan.key, plan.value, plan.headers, builder.lastOffsetDelta + plan.gap);
  }
  const { bytes, length } = builder.build({ baseOffset }, { codec: codecId, level: 3 });
  return bytes.slice(0, length);
}

const baseOffset = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 5000 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, -(2 ** 40)) },
);

/** A whole batch of format 2. */
const batch: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.array(recordPlan, { maxLength: 6 }), baseOffset, codec)
  .map(([plans, base, codecId]) => batchOf(plans, base, codecId));

/** The records of an uncompressed batch of format 2, and how many they are. */
export const records: fc.Arbitrary<{ bytes: Uint8Array; count: number }> = fc
  .array(recordPlan, { maxLength: 8 })
  .map((plans) => ({ bytes: batchOf(plans, 0, CODEC_IDS.none).slice(BATCH.RECORD_COUNT + 4), count: plans.length }));

/** A whole entry of format 0 or 1. */
const message: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom(0, 1), baseOffset, timestamp, smallBytes)
  .map(([magic, offset, time, value]) => {
    const keyAt = magic === 1 ? LEGACY.TIMESTAMP + 8 : LEGACY.TIMESTAMP;
    const bytes = Buffer.alloc(keyAt + 8 + value.length);
    bytes.writeBigInt64BE(BigInt(offset), 0);
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt8(magic, LEGACY.MAGIC);
    if (magic === 1) bytes.writeBigInt64BE(BigInt(time), LEGACY.TIMESTAMP);
    bytes.writeInt32BE(-1, keyAt);
    bytes.writeInt32BE(value.length, keyAt + 4);
    bytes.set(value, keyAt + 8);
    bytes.writeUInt32BE(engine.crc32(bytes, LEGACY.MAGIC, bytes.length), LEGACY.CRC);
    return bytes;
  });

/** Where the batches of well-formed bytes start. */
export function batchStarts(bytes: Uint8Array): number[] {
  const rows = new Int32Array(2 * 4096);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  engine.scanBatches(bytes, 0, bytes.length, false, rows, outcome);
  const count = outcome[SCAN_OUTCOME.count] ?? 0;
  return Array.from({ length: count }, (_, row) => rows[row * SCAN_ROW.length + SCAN_ROW.start] ?? 0);
}

/** Some of the batches of each segment that Kafka wrote. */
const kafkaPieces: Uint8Array[] = segments('clean', 'unclean', 'legacy').flatMap(({ path }) => {
  const bytes = Uint8Array.from(readFileSync(path));
  const starts = batchStarts(bytes);
  const end = starts.findLast((start) => start <= 6000) ?? 0;
  return end === 0 ? [] : [bytes.slice(0, end)];
});

const piece: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: batch },
  { weight: 4, arbitrary: message },
  { weight: 1, arbitrary: fc.constantFrom(...kafkaPieces) },
);

/** Whole batches, one after the other, of all formats in any order. */
export const wholeBatches: fc.Arbitrary<Uint8Array> = fc
  .array(piece, { maxLength: 8 })
  .map((pieces) => Buffer.concat(pieces));

/** Numbers at which a size, a count or an offset may be misread. */
const int32s = [
  0,
  1,
  -1,
  2,
  13,
  14,
  21,
  22,
  25,
  26,
  33,
  34,
  48,
  49,
  60,
  61,
  255,
  65536,
  2 ** 31 - 1,
  2 ** 31 - 13,
  -(2 ** 31),
];
const places = [
  0,
  BATCH.LENGTH,
  BATCH.LENGTH,
  BATCH.LENGTH,
  BATCH.LAST_OFFSET_DELTA,
  BATCH.MAX_TIMESTAMP,
  BATCH.RECORD_COUNT,
];

/** One thing that happens to bytes. Places are shares of what is there, so that they shrink and always hit. */
type Damage = (bytes: Buffer) => Uint8Array;

const share = fc.nat(1_000_000);
const at = (bytes: Uint8Array, part: number): number => Math.floor((part * bytes.length) / 1_000_001);
const startAt = (bytes: Uint8Array, part: number): number => {
  const starts = batchStarts(bytes);
  return starts[Math.floor((part * starts.length) / 1_000_001)] ?? 0;
};

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(share, fc.nat(7)).map(
    ([part, bit]): Damage =>
      (bytes) => {
        const place = at(bytes, part);
        if (bytes.length > 0) bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
        return bytes;
      },
  ),
  share.map(
    (part): Damage =>
      (bytes) =>
        bytes.subarray(0, at(bytes, part)),
  ),
  fc.tuple(share, fc.constantFrom(...int32s), fc.constantFrom(...places)).map(
    ([part, value, place]): Damage =>
      (bytes) => {
        const start = startAt(bytes, part) + place;
        if (start + 4 <= bytes.length) bytes.writeInt32BE(value, start);
        return bytes;
      },
  ),
  fc.tuple(share, fc.constantFrom(0, 1, 2, 3, -1, 127, -128)).map(
    ([part, magic]): Damage =>
      (bytes) => {
        const start = startAt(bytes, part) + BATCH.MAGIC;
        if (start < bytes.length) bytes.writeInt8(magic, start);
        return bytes;
      },
  ),
  fc.nat(100).map(
    (zeros): Damage =>
      (bytes) =>
        Buffer.concat([bytes, Buffer.alloc(zeros)]),
  ),
  fc.uint8Array({ maxLength: 80 }).map(
    (garbage): Damage =>
      (bytes) =>
        Buffer.concat([bytes, garbage]),
  ),
  fc.tuple(share, fc.uint8Array({ minLength: 1, maxLength: 20 })).map(
    ([part, garbage]): Damage =>
      (bytes) => {
        const place = at(bytes, part);
        return Buffer.concat([bytes.subarray(0, place), garbage, bytes.subarray(place)]);
      },
  ),
  fc.tuple(share, fc.integer({ min: 1, max: 80 })).map(
    ([part, length]): Damage =>
      (bytes) => {
        const place = at(bytes, part);
        bytes.fill(0, place, Math.min(bytes.length, place + length));
        return bytes;
      },
  ),
);

/** The same kind of bytes, whole or after up to three damages. */
export function damaged(whole: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(whole, fc.array(damage, { maxLength: 3 }))
    .map(([bytes, damages]) => damages.reduce<Uint8Array>((current, change) => change(Buffer.from(current)), bytes));
}

/** A log as it may be found: batches, damaged or not, or no batches at all. */
export const foundLog: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 9, arbitrary: damaged(wholeBatches) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);

/** Data to compress: noise, runs, text that repeats near and far, in lengths around the codecs' block sizes. */
export const plainData: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 90 }), fc.nat(300))
    .map(([unit, times]) => Buffer.concat(Array.from({ length: times }, () => unit))),
  fc
    .tuple(
      fc.constantFrom(
        1,
        7,
        64,
        1000,
        32_767,
        32_768,
        32_769,
        65_535,
        65_536,
        65_537,
        131_071,
        131_072,
        131_073,
        200_000,
      ),
      fc.integer({ min: 1, max: 0x7fffffff }),
      fc.constantFrom(1, 3, 26, 256),
    )
    .map(([length, seed, letters]) => pseudoRandom(length, seed, letters)),
  records.map(({ bytes }) => bytes),
);

function pseudoRandom(length: number, seed: number, letters: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % letters;
  });
}
