import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CLEAN_RULES,
  CLEAN_STATE,
  CLEAN_STOPS,
  CODEC_IDS,
  type Engine,
  MAP_STATE,
  OFFSET_MAP_SLOT_BYTES,
  type OffsetMap,
  SCAN_OUTCOME,
  SCAN_ROW,
} from '../../src/engine/contract.ts';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE } from '../../src/format/batch.ts';
import { BatchBuilder } from '../../src/record/batch-builder.ts';
import { describeParity, outcomeOf } from './engines.ts';
import { damaged, type RecordPlan, recordPlan } from './inputs.ts';

const helper = createFallbackEngine();
const builder = new BatchBuilder(helper);
const MOST_ROWS = 200;
const MOST_DECOMPRESSED = 1 << 20;

/** Records with few keys, so that they supersede each other, and tombstones among them. */
const keyedRecord: fc.Arbitrary<RecordPlan> = fc
  .tuple(recordPlan, fc.constantFrom('a', 'b', 'c', 'd', 'a key of more than eight bytes', ''), fc.nat(9))
  .map(([plan, key, kind]) => ({
    ...plan,
    key: kind === 0 ? null : Buffer.from(key),
    value: kind < 3 ? null : plan.value,
  }));

const int64 = fc.oneof(
  fc.bigInt({ min: -1n, max: 300n }),
  fc.constantFrom(1_700_000_000_000n, 2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n),
);

/** What is changed of a batch that was built. */
const change = fc.record({
  attributes: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    fc.constantFrom(
      ATTRIBUTES.LOG_APPEND_TIME,
      ATTRIBUTES.DELETE_HORIZON,
      ATTRIBUTES.DELETE_HORIZON | ATTRIBUTES.LOG_APPEND_TIME,
      ATTRIBUTES.TRANSACTIONAL | ATTRIBUTES.CONTROL,
      0x7f80,
    ),
  ),
  baseTimestamp: fc.option(int64),
  maxTimestamp: fc.option(int64),
  producerId: int64,
  moreOffsets: fc.constantFrom(0, 0, 5),
});

/** Batches that follow each other, with the offset of each its own. */
const batches: fc.Arbitrary<Uint8Array> = fc
  .array(fc.tuple(fc.array(keyedRecord, { maxLength: 50 }), change, fc.constantFrom(...Object.values(CODEC_IDS))), {
    maxLength: 6,
  })
  .map((plans) => {
    let baseOffset = 0;
    return Buffer.concat(
      plans.map(([records, changed, codec]) => {
        builder.reset();
        for (const { timestamp, key, value, headers, gap } of records)
          builder.add(timestamp, key, value, headers, builder.lastOffsetDelta + gap);
        const built = builder.build({ baseOffset }, { codec, level: codec === CODEC_IDS.lz4 ? 9 : 3 });
        const bytes = Buffer.from(built.bytes.slice(0, built.length));
        const lastDelta = bytes.readInt32BE(BATCH.LAST_OFFSET_DELTA) + changed.moreOffsets;
        bytes.writeInt16BE(bytes.readInt16BE(BATCH.ATTRIBUTES) | changed.attributes, BATCH.ATTRIBUTES);
        if (changed.baseTimestamp !== null) bytes.writeBigInt64BE(changed.baseTimestamp, BATCH.BASE_TIMESTAMP);
        if (changed.maxTimestamp !== null) bytes.writeBigInt64BE(changed.maxTimestamp, BATCH.MAX_TIMESTAMP);
        bytes.writeBigInt64BE(changed.producerId, BATCH.PRODUCER_ID);
        bytes.writeInt32BE(lastDelta, BATCH.LAST_OFFSET_DELTA);
        helper.sealBatch(bytes, bytes.length);
        baseOffset += lastDelta + 1;
        return bytes;
      }),
    );
  });

/** How a cleaning goes about it. */
interface Plan {
  readonly slots: number;
  readonly fromOffset: number;
  readonly rules: readonly number[];
  readonly nowMs: number;
  readonly latestOffset: number;
  readonly limit: number;
  readonly room: number;
}

const rule = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  fc.constantFrom(...Object.values(CLEAN_RULES)),
  fc.integer({ min: 0, max: 31 }),
);
const plan: fc.Arbitrary<Plan> = fc.record({
  slots: fc.constantFrom(1, 3, 5, 1000, 1000),
  fromOffset: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(60)),
  rules: fc.array(rule, { minLength: MOST_ROWS, maxLength: MOST_ROWS }),
  nowMs: fc.constantFrom(0, 150, 1_700_000_000_000, 2 ** 53 - 1),
  latestOffset: fc.oneof(fc.constant(2 ** 53 - 1), fc.nat(200)),
  limit: fc.oneof({ weight: 5, arbitrary: fc.constant(MOST_DECOMPRESSED) }, fc.nat(3000)),
  room: fc.constantFrom(MOST_DECOMPRESSED, 2000, 61, 0),
});

const PLAIN: Plan = {
  ...{ slots: 1000, fromOffset: 0, nowMs: 0, latestOffset: 2 ** 53 - 1 },
  ...{ rules: [0], limit: MOST_DECOMPRESSED, room: MOST_DECOMPRESSED },
};

function scan(bytes: Uint8Array): { rows: Int32Array; count: number } {
  const rows = new Int32Array(MOST_ROWS * SCAN_ROW.length);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  helper.scanBatches(bytes, 0, bytes.length, false, rows, outcome);
  return { rows, count: outcome[SCAN_OUTCOME.count] as number };
}

/** A batch without what differs with a codec's library: its compressed bytes, their number and the checksum. */
function meaningOf(batch: Buffer): unknown {
  const codec = batch.readUInt8(BATCH.ATTRIBUTES + 1) & ATTRIBUTES.CODEC_MASK;
  if (codec === 0 || codec > CODEC_IDS.zstd) return batch.toString('hex');
  const header = Buffer.from(batch.subarray(0, HEADER_SIZE)).fill(0, BATCH.LENGTH, BATCH.LENGTH + 4);
  header.fill(0, BATCH.CRC, BATCH.ATTRIBUTES);
  const records = Buffer.alloc(MOST_DECOMPRESSED);
  const length = outcomeOf(() => helper.decompress(codec as 1, 2, batch, HEADER_SIZE, batch.length, records));
  return [header.toString('hex'), 'value' in length ? records.toString('hex', 0, length.value) : length];
}

/** All that the two passes gave. */
function clean(engine: Engine, bytes: Uint8Array, how: Plan): unknown {
  const { rows, count } = scan(bytes);
  const rules = Uint8Array.from(how.rules);
  const map = engine.createOffsetMap(how.slots * OFFSET_MAP_SLOT_BYTES, 0.9);
  const built = new Float64Array(MAP_STATE.length);
  built[MAP_STATE.fromOffset] = how.fromOffset;
  built[MAP_STATE.maxDecompressedBytes] = how.limit;
  engine.buildOffsetMap(map, bytes, rows, rules, count, built);
  const seen = { built: [...built], size: map.size, capacity: map.capacity };
  const cleaned = writeAll(engine, map, { bytes, rows, rules, count }, how);
  map.release();
  return { ...seen, ...cleaned };
}

interface Source {
  readonly bytes: Uint8Array;
  readonly rows: Int32Array;
  readonly rules: Uint8Array;
  readonly count: number;
}

function writeAll(engine: Engine, map: OffsetMap, { bytes, rows, rules, count }: Source, how: Plan): object {
  const state = new Float64Array(CLEAN_STATE.length);
  state[CLEAN_STATE.nowMs] = how.nowMs;
  state[CLEAN_STATE.deleteHorizonMs] = how.nowMs;
  state[CLEAN_STATE.latestOffset] = how.latestOffset;
  state[CLEAN_STATE.maxDecompressedBytes] = how.limit;
  const targetRows = new Int32Array(MOST_ROWS * SCAN_ROW.length);
  const kept: unknown[] = [];
  const counts = new Float64Array(CLEAN_STATE.length - CLEAN_STATE.records);
  for (let target = Buffer.alloc(how.room); ; ) {
    engine.cleanBatches(map, bytes, rows, rules, count, target, targetRows, state);
    const written = state[CLEAN_STATE.written] as number;
    expect(scanned(target.subarray(0, written))).toEqual([
      ...targetRows.subarray(0, (state[CLEAN_STATE.rows] as number) * SCAN_ROW.length),
    ]);
    for (let row = 0; row < (state[CLEAN_STATE.rows] as number); row++) {
      const start = targetRows[row * SCAN_ROW.length] as number;
      kept.push(meaningOf(target.subarray(start, start + (targetRows[row * SCAN_ROW.length + 1] as number))));
    }
    for (let field = 0; field < counts.length; field++)
      counts[field] = (counts[field] as number) + (state[CLEAN_STATE.records + field] as number);
    if (state[CLEAN_STATE.stop] !== CLEAN_STOPS.full) break;
    const need = state[CLEAN_STATE.need] as number;
    expect(need).toBeGreaterThan(target.length - written);
    if (need > target.length) target = Buffer.alloc(need);
  }
  return { kept, counts: [...counts], stop: state[CLEAN_STATE.stop], batch: state[CLEAN_STATE.batch] };
}

function scanned(bytes: Uint8Array): number[] {
  const { rows, count } = scan(bytes);
  return [...rows.subarray(0, count * SCAN_ROW.length)];
}

describeParity('cleaning', ({ native, ts }) => {
  test('the same keys are stored, and the same records stay, however little room there is', () => {
    fc.assert(
      fc.property(batches, plan, (bytes, how) => {
        expect(clean(native, bytes, how)).toEqual(clean(ts, bytes, how));
      }),
      { numRuns: 600 },
    );
  });

  test('both stop at the same batch of damaged ones, and have done the same until there', () => {
    fc.assert(
      fc.property(damaged(batches), plan, (bytes, how) => {
        expect(clean(native, bytes, how)).toEqual(clean(ts, bytes, how));
      }),
      { numRuns: 600 },
    );
  });

  test.each([-1n, -(2n ** 63n), 2n ** 53n - 1n, 2n ** 63n - 1n])('a batch at offset %i is damaged', (baseOffset) => {
    builder.reset();
    for (const key of ['a', 'a']) builder.add(0, Buffer.from(key), null);
    const { bytes, length } = builder.build({ baseOffset: 0 }, { codec: CODEC_IDS.none, level: 0 });
    const batch = Buffer.from(bytes.slice(0, length));
    // The checksum does not cover it.
    batch.writeBigInt64BE(baseOffset, BATCH.BASE_OFFSET);
    for (const engine of [native, ts]) {
      expect(clean(engine, batch, PLAIN)).toMatchObject({ size: 0, kept: [], stop: CLEAN_STOPS.damaged, batch: 0 });
    }
  });

  test('what is built anew has the right checksum', () => {
    let rebuilt = 0;
    fc.assert(
      fc.property(batches, plan, (bytes, how) => {
        const { rows, count } = scan(bytes);
        const map = native.createOffsetMap(1000 * OFFSET_MAP_SLOT_BYTES, 0.9);
        const built = new Float64Array(MAP_STATE.length);
        built[MAP_STATE.maxDecompressedBytes] = MOST_DECOMPRESSED;
        const rules = Uint8Array.from(how.rules);
        native.buildOffsetMap(map, bytes, rows, rules, count, built);
        const state = new Float64Array(CLEAN_STATE.length);
        state[CLEAN_STATE.latestOffset] = 2 ** 53 - 1;
        state[CLEAN_STATE.maxDecompressedBytes] = MOST_DECOMPRESSED;
        const target = new Uint8Array(MOST_DECOMPRESSED);
        native.cleanBatches(map, bytes, rows, rules, count, target, new Int32Array(rows.length), state);
        const outcome = new Float64Array(SCAN_OUTCOME.length);
        helper.scanBatches(target, 0, state[CLEAN_STATE.written] as number, true, new Int32Array(rows.length), outcome);
        expect([outcome[SCAN_OUTCOME.count], outcome[SCAN_OUTCOME.stop]]).toEqual([state[CLEAN_STATE.rows], 0]);
        rebuilt += (state[CLEAN_STATE.kept] as number) < (state[CLEAN_STATE.records] as number) ? 1 : 0;
      }),
    );
    expect(rebuilt).toBeGreaterThan(20);
  });

  test.each([
    ['a count above the rules', (engine: Engine, map: OffsetMap) => run(engine, map, { rules: 0 })],
    ['a row outside of the bytes', (engine: Engine, map: OffsetMap) => run(engine, map, { start: 1 })],
    ['a negative size', (engine: Engine, map: OffsetMap) => run(engine, map, { size: -1 })],
    ['too few target rows', (engine: Engine, map: OffsetMap) => run(engine, map, { targetRows: 1 })],
    ['a state that is too short', (engine: Engine, map: OffsetMap) => run(engine, map, { state: 3 })],
    ['half a batch to begin with', (engine: Engine, map: OffsetMap) => run(engine, map, { batch: 0.5 })],
    ['a map without a slot', (engine: Engine) => engine.createOffsetMap(23, 0.9)],
    ['a load above 1', (engine: Engine) => engine.createOffsetMap(240, 1.5)],
    ['no load', (engine: Engine) => engine.createOffsetMap(240, Number.NaN)],
  ])('%s is refused', (_what, refused) => {
    for (const engine of [native, ts]) {
      const map = engine.createOffsetMap(240, 0.9);
      expect(outcomeOf(() => refused(engine, map))).toEqual({ error: 'INVALID_ARGUMENT' });
    }
  });

  test("another engine's map is refused", () => {
    for (const [engine, other] of [
      [native, ts],
      [ts, native],
    ] as const) {
      expect(outcomeOf(() => run(engine, other.createOffsetMap(240, 0.9), {}))).toEqual({ error: 'INVALID_ARGUMENT' });
    }
  });
});

interface Wrong {
  readonly start?: number;
  readonly size?: number;
  readonly rules?: number;
  readonly targetRows?: number;
  readonly state?: number;
  readonly batch?: number;
}

/** A call with one batch of zeros, which only the arguments can make fail. */
function run(engine: Engine, map: OffsetMap, wrong: Wrong): void {
  const { start = 0, size = HEADER_SIZE, rules = 1, targetRows = 2, batch = 0 } = wrong;
  const state = new Float64Array(wrong.state ?? CLEAN_STATE.length);
  state[CLEAN_STATE.batch] = batch;
  const rows = Int32Array.of(start, size);
  const bytes = new Uint8Array(HEADER_SIZE);
  engine.cleanBatches(map, bytes, rows, new Uint8Array(rules), 1, new Uint8Array(0), new Int32Array(targetRows), state);
}
