/**
 * Both engines on the same bytes: every function of the engines' contract that bytes from a file reach, and what they give.
 * Not here: `openAppend` and `lockDirectory`, which no file's bytes reach (append-file.test.ts, test/fs).
 */
import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import {
  BUILD_STATE,
  CLEAN_STATE,
  CLEAN_STOPS,
  type CodecId,
  DECODE_OUTCOME,
  type Engine,
  LINE_STATE,
  LOCATE_OUTCOME,
  MAP_STATE,
  RECORD_CHECK,
  RECORD_ROW,
  RECOVERY_ROW,
  RECOVERY_SCRATCH_BYTES,
  RECOVERY_STATE,
  SCAN_OUTCOME,
  SCAN_ROW,
} from '../../src/engine/contract.ts';
import type { File } from '../../src/fs/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Random } from '../support/random.ts';
import { isAllowed, isTakenByLibzstdAlone } from './allowed.ts';
import { type Engines, type Outcome, outcomeOf, settledOutcomeOf, UNTOUCHED } from './engines.ts';
import { mutated, type Payload, payloadsOf } from './mutations.ts';

const MOST_DECOMPRESSED = 1 << 20;
const decompressedTo: Uint8Array = Buffer.alloc(MOST_DECOMPRESSED);

/** A difference between the engines: what native gave and what TypeScript did, at the first place that differs. */
export interface Difference {
  readonly call: string;
  readonly place: string;
  readonly native: unknown;
  readonly ts: unknown;
}

/** Where two values differ first; arrays are too long to show. */
function difference(call: string, native: unknown, ts: unknown, place = ''): Difference {
  if (Array.isArray(native) || ArrayBuffer.isView(native)) {
    const [one, other] = [native as ArrayLike<unknown>, ts as ArrayLike<unknown>];
    const at = Array.prototype.findIndex.call(one, (value, index) => !isDeepStrictEqual(value, other[index]));
    if (at >= 0) return difference(call, one[at], other[at], `${place}[${at}]`);
    return { call, place: `${place}.length`, native: one.length, ts: other.length };
  }
  return { call, place, native, ts };
}

/** What a call gave, and all that it wrote. */
type Seen = readonly [Outcome<unknown>, ...unknown[]];

interface Comparison {
  readonly call: string;
  readonly run: (engine: Engine) => Seen | Promise<Seen>;
}

const int32s = (length: number): Int32Array => new Int32Array(length).fill(UNTOUCHED);
const floats = (length: number): Float64Array => new Float64Array(length).fill(UNTOUCHED);

function rowsOf(engine: Engine, bytes: Uint8Array): { rows: Int32Array; count: number } {
  const [rows, outcome] = [int32s(400), floats(SCAN_OUTCOME.length)];
  engine.scanBatches(bytes, 0, bytes.length, false, rows, outcome);
  return { rows, count: outcome[SCAN_OUTCOME.count] ?? 0 };
}

function sums(bytes: Uint8Array, random: Random): Comparison[] {
  const [start, end] = [random.between(0, 40), random.between(40, bytes.length)];
  return [
    { call: 'crc32c', run: (engine) => [outcomeOf(() => engine.crc32c(bytes, start, end))] },
    { call: 'crc32', run: (engine) => [outcomeOf(() => engine.crc32(bytes, start, end))] },
    {
      call: 'sealBatch',
      run: (engine) => {
        const copy = bytes.slice();
        return [outcomeOf(() => engine.sealBatch(copy, end)), copy];
      },
    },
  ];
}

function scans(bytes: Uint8Array, file: File, random: Random): Comparison[] {
  const [verify, room] = [random.chance(0.5), SCAN_ROW.length * random.pick([0, 1, 3, 200])];
  const [position, length] = [random.pick([0, 0, random.between(0, 300)]), bytes.length + random.between(-20, 20)];
  const end = Math.max(0, bytes.length + random.pick([0, 0, 0, 100, -7]));
  const target = random.between(-5, 3000);
  const read = async (engine: Engine, isAsync: boolean): Promise<Seen> => {
    const [rows, outcome, into] = [int32s(room), floats(SCAN_OUTCOME.length), new Uint8Array(Math.max(0, length))];
    const args = [file, position, into, length, verify, rows, outcome] as const;
    const result = isAsync
      ? await settledOutcomeOf(() => engine.readBatchesAsync(...args))
      : outcomeOf(() => engine.readBatches(...args));
    return [result, rows, outcome, into];
  };
  const entries = Uint8Array.from(bytes.subarray(random.between(0, 60)));
  const count = random.between(0, entries.length >> 3);
  return [
    {
      call: 'scanBatches',
      run: (engine) => {
        const [rows, outcome] = [int32s(room), floats(SCAN_OUTCOME.length)];
        return [outcomeOf(() => engine.scanBatches(bytes, 0, bytes.length, verify, rows, outcome)), rows, outcome];
      },
    },
    { call: 'readBatches', run: (engine) => read(engine, false) },
    { call: 'readBatchesAsync', run: (engine) => read(engine, true) },
    {
      call: 'locate',
      run: (engine) => {
        const [into, outcome] = [new Uint8Array(128), floats(LOCATE_OUTCOME.length)];
        return [outcomeOf(() => engine.locate(file, position, end, target, into, outcome)), outcome.slice(0, 3)];
      },
    },
    {
      call: 'find',
      run: (engine) => {
        const [into, outcome] = [new Uint8Array(512), floats(LOCATE_OUTCOME.length)];
        const result = outcomeOf(() => engine.find(file, entries, count, 0, end, target, into, outcome));
        return [result, outcome.slice(0, 3)];
      },
    },
    ...([8, 12] as const).map((size) => ({
      call: `searchIndex ${size}`,
      run: (engine: Engine): Seen => [
        outcomeOf(() => engine.searchIndex(entries, Math.floor(entries.length / size), size, target)),
      ],
    })),
  ];
}

function builds(bytes: Uint8Array, random: Random): Comparison[] {
  const [interval, room] = [random.pick([0, 100, 4096]), random.pick([0, 1, 100])];
  return [
    {
      call: 'buildIndex',
      run: (engine) => {
        const { rows, count } = rowsOf(engine, bytes);
        const state = new Float64Array(BUILD_STATE.length);
        state[BUILD_STATE.interval] = interval;
        state[BUILD_STATE.maxTimestamp] = -1;
        state[BUILD_STATE.lastTimeIndexed] = -1;
        const [offset, time] = [new Uint8Array(room * 8), new Uint8Array(room * 12)];
        return [outcomeOf(() => engine.buildIndex(bytes, rows, count, state, offset, time)), state, offset, time];
      },
    },
  ];
}

function recoveries(bytes: Uint8Array, file: File, random: Random): Comparison[] {
  const [interval, room] = [random.pick([0, 100, 4096]), random.pick([0, 2, 200])];
  const [budget, end] = [random.pick([1, 500, 1e9]), bytes.length + random.pick([0, 0, 50])];
  const recover = async (engine: Engine, isAsync: boolean): Promise<Seen> => {
    const state = new Float64Array(RECOVERY_STATE.length);
    state[RECOVERY_STATE.interval] = interval;
    state[RECOVERY_STATE.budgetBytes] = budget;
    for (const name of ['maxTimestamp', 'lastTimeIndexed', 'leaderEpoch', 'fallPosition'] as const)
      state[RECOVERY_STATE[name]] = -1;
    const [rows, offset, time] = [floats(room * RECOVERY_ROW.length), new Uint8Array(800), new Uint8Array(1200)];
    const args = [file, end, new Uint8Array(RECOVERY_SCRATCH_BYTES), state, rows, offset, time] as const;
    const result = isAsync
      ? await settledOutcomeOf(() => engine.recoverAsync(...args))
      : outcomeOf(() => engine.recover(...args));
    return [result, state, rows, offset, time];
  };
  return [
    { call: 'recover', run: (engine) => recover(engine, false) },
    { call: 'recoverAsync', run: (engine) => recover(engine, true) },
  ];
}

function cleanings(bytes: Uint8Array, random: Random): Comparison[] {
  const rules = Uint8Array.from({ length: 200 }, () => random.pick([0, 0, 0, random.between(0, 31)]));
  const [slots, room] = [random.pick([1, 3, 1000]), random.pick([1 << 18, 1 << 20])];
  const [nowMs, latest] = [random.pick([0, 2 ** 53 - 1]), random.pick([2 ** 53 - 1, random.between(0, 500)])];
  const isCompressed = payloadsOf(bytes, Infinity).some(({ codec }) => codec !== 0);
  return [
    {
      call: 'buildOffsetMap, cleanBatches',
      run: (engine) => {
        const map = engine.createOffsetMap(slots * 24, 0.9);
        try {
          const { rows, count } = rowsOf(engine, bytes);
          const state = new Float64Array(MAP_STATE.length);
          state[MAP_STATE.maxDecompressedBytes] = MOST_DECOMPRESSED;
          const built = outcomeOf(() => engine.buildOffsetMap(map, bytes, rows, rules, count, state));
          const cleaning = new Float64Array(CLEAN_STATE.length);
          cleaning.set([0, nowMs, 5_000, latest, MOST_DECOMPRESSED]);
          const [target, targetRows] = [new Uint8Array(room), new Int32Array(400)];
          const cleaned = outcomeOf(() =>
            engine.cleanBatches(map, bytes, rows, rules, count, target, targetRows, cleaning),
          );
          // What is compressed anew differs by the codec's library, and so does what it may need.
          const seen: Seen = [built, state, map.size, cleaned];
          // How much room an engine asks for is its own affair, and with little of it they stop at different batches.
          if (cleaning[CLEAN_STATE.stop] === CLEAN_STOPS.full) return [built, state, map.size, cleaned];
          if (!isCompressed) return [...seen, cleaning, targetRows, target];
          return [...seen, cleaning.slice(CLEAN_STATE.records, CLEAN_STATE.length)];
        } finally {
          map.release();
        }
      },
    },
  ];
}

function ofRecords({ bytes, count }: Payload, random: Random): Comparison[] {
  const most = Math.max(0, Math.min(count, 2000)) + 1;
  const room = random.pick([200, 5000, bytes.length * 12 + 500]);
  const style = [random.between(0, 3), random.pick([0, 0, random.between(0, 7)])];
  const numbers = Array.from({ length: 4 }, () => random.pick([0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 12_345]));
  return [
    {
      call: 'decodeRecords',
      run: (engine) => {
        const [rows, outcome] = [int32s(most * RECORD_ROW.length), int32s(DECODE_OUTCOME.length)];
        const result = outcomeOf(() => engine.decodeRecords(bytes, 0, bytes.length, count, rows, outcome));
        // Of the record with the fault a part may have been written.
        const whole = 'error' in result ? 0 : Math.max(0, outcome[DECODE_OUTCOME.record] ?? 0);
        return [result, 'error' in result ? [] : outcome, rows.slice(0, whole * RECORD_ROW.length)];
      },
    },
    {
      call: 'checkRecords',
      run: (engine) => {
        const outcome = int32s(RECORD_CHECK.length);
        return [outcomeOf(() => engine.checkRecords(bytes, 0, bytes.length, count, outcome)), outcome];
      },
    },
    {
      call: 'recordLines',
      run: (engine) => {
        const [state, target] = [new Int32Array(LINE_STATE.length), new Uint8Array(room)];
        state.set([count, ...numbers, 0, ...style], LINE_STATE.count);
        const result = outcomeOf(() => engine.recordLines(bytes, bytes.length, target, state));
        return [result, state, target.slice(0, state[LINE_STATE.written])];
      },
    },
  ];
}

/** Runs one comparison; nothing when both gave the same. */
async function differenceOf({ native, ts }: Engines, { call, run }: Comparison): Promise<Difference | undefined> {
  const [one, other] = [await run(native), await run(ts)];
  return isDeepStrictEqual(one, other) ? undefined : difference(call, one, other);
}

/** Decompresses with both; returns the records if both could, or the difference. */
function decompressed(engines: Engines, payload: Payload, random: Random): Uint8Array | Difference | undefined {
  const { codec, magic, bytes } = payload;
  const target = decompressedTo.subarray(0, random.pick([MOST_DECOMPRESSED, MOST_DECOMPRESSED, 2000]));
  const run = (engine: Engine): Outcome<Uint8Array | number> =>
    outcomeOf(() => {
      const length = engine.decompress(codec as CodecId, magic, bytes, 0, bytes.length, target);
      return length < 0 ? length : target.slice(0, length);
    });
  const [one, other] = [run(engines.native), run(engines.ts)];
  if (!isDeepStrictEqual(one, other) && !isAllowed(engines, payload, one, other)) {
    return difference(`decompress ${codec}`, one, other);
  }
  return 'value' in one && typeof one.value !== 'number' && 'value' in other ? one.value : undefined;
}

/** What one engine compresses the other reads. */
function crossed({ native, ts }: Engines, codec: CodecId, plain: Uint8Array): Difference | undefined {
  for (const [writer, reader] of [
    [native, ts],
    [ts, native],
  ] as const) {
    const target = new Uint8Array(writer.compressBound(codec, plain.length));
    const length = writer.compress(codec, codec === 3 ? 9 : codec === 2 ? 0 : 3, plain, 0, plain.length, target, 0);
    const back = new Uint8Array(plain.length);
    const read = outcomeOf(() => reader.decompress(codec, 2, target, 0, length, back));
    if (!('value' in read) || read.value !== plain.length || !isDeepStrictEqual(back, Uint8Array.from(plain))) {
      return { call: 'compress', place: `codec ${codec} by ${writer.name}`, native: read, ts: plain.length };
    }
  }
  return undefined;
}

async function firstOf(engines: Engines, comparisons: readonly Comparison[]): Promise<Difference | undefined> {
  for (const comparison of comparisons) {
    // One after the other: the first difference is the one that counts.
    const found = await differenceOf(engines, comparison);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** One input, made from the seed, through both engines. `path` is a file to write it to. */
export async function differ(engines: Engines, seed: number, path: string): Promise<Difference | undefined> {
  const random = new Random(seed);
  const bytes = mutated(random);
  writeFileSync(path, bytes);
  const file = nodeFileSystem.open(path, 'read');
  try {
    const ofBytes = [
      ...sums(bytes, random),
      ...scans(bytes, file, random),
      ...builds(bytes, random),
      ...recoveries(bytes, file, random),
      // The cleaners' passes differ over such frames, too.
      ...(payloadsOf(bytes, Infinity).some((payload) => isTakenByLibzstdAlone(engines, payload))
        ? []
        : cleanings(bytes, random)),
    ];
    const found = await firstOf(engines, ofBytes);
    if (found !== undefined) return found;
  } finally {
    file.close();
  }
  for (const payload of payloadsOf(bytes, 4)) {
    const plain = decompressed(engines, payload, random);
    if (plain !== undefined && 'call' in plain) return plain;
    const codec = random.between(1, 4) as CodecId;
    const found =
      (await firstOf(engines, ofRecords({ ...payload, bytes: plain ?? payload.bytes }, random))) ??
      crossed(engines, codec, plain ?? payload.bytes);
    if (found !== undefined) return found;
  }
  return undefined;
}
