import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Engine,
  RECOVERY_CONTROL,
  RECOVERY_ROW,
  RECOVERY_SCRATCH_BYTES,
  RECOVERY_STATE,
  RECOVERY_STOPS,
} from '../../src/engine/contract.ts';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { BATCH, HEADER_SIZE } from '../../src/format/batch.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { scratch } from '../support/temp.ts';
import { describeParity, outcomeOf, settledOutcomeOf, UNTOUCHED } from './engines.ts';
import { foundLog } from './inputs.ts';

const sealer = createFallbackEngine();

/** A header to be, with what follows it; sealed, so that only what it says can be wrong. */
interface Plan {
  /** From the end of the batch before. */
  readonly step: number;
  readonly delta: number;
  readonly magic: number;
  readonly epoch: number;
  readonly attributes: number;
  readonly timestamp: number;
  readonly producer: bigint;
  readonly count: number;
  readonly body: Uint8Array;
}

const plan: fc.Arbitrary<Plan> = fc.record<Plan>({
  step: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(-1, -5, -40, 2 ** 31, -(2 ** 31)) },
  ),
  delta: fc.oneof(
    { weight: 12, arbitrary: fc.nat(9) },
    { weight: 1, arbitrary: fc.constantFrom(-1, -20, 2 ** 31 - 1) },
  ),
  magic: fc.oneof({ weight: 6, arbitrary: fc.constant(2) }, fc.constantFrom(0, 1, 3)),
  epoch: fc.oneof({ weight: 5, arbitrary: fc.constant(4) }, fc.integer({ min: -2, max: 9 })),
  attributes: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(0x20, 0x30, 0x21, 0x10, 0x1a0, -1)),
  timestamp: fc.oneof(fc.integer({ min: -1, max: 40 }), fc.constantFrom(2 ** 53, -(2 ** 53))),
  producer: fc.oneof({ weight: 3, arbitrary: fc.constant(-1n) }, fc.constantFrom(0n, 7n, 2n ** 40n, 2n ** 63n - 1n)),
  count: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.constantFrom(0, 2, -1)),
  body: fc.oneof(
    fc.constantFrom(
      ...[
        '2000000008000000000c00000000000b00', // ABORT, coordinator epoch 11
        '2000000008000000010c00000000000b00', // COMMIT
        '2000000008000000020c00000000000b00', // a leader change
        '200000000800000000ff0c0000000b00',
        '2000000008ffff00000c00000000000b00', // version -1
        '2000000008000080000c00000000000b00', // type -32768
        '18000000080000000104000000', // a short value
        '14000000010c00000000000b00', // no key
      ].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
    ),
    fc.uint8Array({ maxLength: 80 }),
  ),
});

function logOf(plans: readonly Plan[], from: number): Uint8Array {
  let offset = from;
  return Buffer.concat(
    plans.map(({ step, delta, magic, epoch, attributes, timestamp, producer, count, body }) => {
      offset += step;
      const bytes = Buffer.alloc(HEADER_SIZE + body.length);
      bytes.writeBigInt64BE(BigInt(offset), BATCH.BASE_OFFSET);
      bytes.writeInt32BE(bytes.length - 12, BATCH.LENGTH);
      bytes.writeInt32BE(epoch, BATCH.LEADER_EPOCH);
      bytes.writeInt8(magic, BATCH.MAGIC);
      bytes.writeInt16BE(attributes, BATCH.ATTRIBUTES);
      bytes.writeInt32BE(delta, BATCH.LAST_OFFSET_DELTA);
      bytes.writeBigInt64BE(BigInt(timestamp), BATCH.MAX_TIMESTAMP);
      bytes.writeBigInt64BE(producer, BATCH.PRODUCER_ID);
      bytes.writeInt16BE(epoch, BATCH.PRODUCER_EPOCH);
      bytes.writeInt32BE(delta, BATCH.BASE_SEQUENCE);
      bytes.writeInt32BE(count, BATCH.RECORD_COUNT);
      bytes.set(body, HEADER_SIZE);
      if (magic >= 2) sealer.sealBatch(bytes, bytes.length);
      else bytes.writeUInt32BE(sealer.crc32(bytes, BATCH.MAGIC, bytes.length), 12);
      offset += magic >= 2 ? Math.max(delta, 0) + 1 : 1;
      return bytes;
    }),
  );
}

const sealedLog = fc
  .tuple(fc.array(plan, { maxLength: 40 }), fc.constantFrom(0, 0, 100, 2 ** 31 - 20))
  .map(([plans, from]) => logOf(plans, from));
const tail = fc.oneof({ weight: 2, arbitrary: fc.constant(new Uint8Array(0)) }, fc.uint8Array({ maxLength: 90 }));
const anyLog = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(sealedLog, tail).map((parts) => Buffer.concat(parts)) },
  foundLog,
);

/** How the calls are made. */
interface Room {
  readonly budget: number;
  readonly rows: number;
  readonly entries: number;
  readonly scratch: number;
}

const MOST: Room = { budget: 1e9, rows: 400, entries: 400, scratch: RECOVERY_SCRATCH_BYTES };
const room: fc.Arbitrary<Room> = fc.record({
  budget: fc.oneof(fc.constant(1e9), fc.nat(900)),
  rows: fc.constantFrom(400, 3, 1),
  entries: fc.constantFrom(400, 2, 1),
  scratch: fc.constantFrom(RECOVERY_SCRATCH_BYTES, 2 * RECOVERY_SCRATCH_BYTES + 13),
});

function freshState(baseOffset: number, interval: number, budget: number): Float64Array {
  const state = new Float64Array(RECOVERY_STATE.length);
  state[RECOVERY_STATE.baseOffset] = baseOffset;
  state[RECOVERY_STATE.interval] = interval;
  state[RECOVERY_STATE.budgetBytes] = budget;
  state[RECOVERY_STATE.nextOffset] = baseOffset;
  for (const field of ['maxTimestamp', 'lastTimeIndexed', 'leaderEpoch', 'fallPosition'] as const) {
    state[RECOVERY_STATE[field]] = -1;
  }
  return state;
}

/** All that the calls of a pass gave: each call's, when they are to be compared one by one. */
interface Pass {
  readonly calls: unknown[];
  readonly state: number[];
  readonly rows: number[];
  readonly offsets: string;
  readonly times: string;
}

async function recover(
  engine: Engine,
  path: string,
  end: number,
  [base, interval]: readonly [number, number],
  how: Room,
  isAsync: boolean,
): Promise<Pass> {
  const file = nodeFileSystem.open(path, 'read');
  const state = freshState(base, interval, how.budget);
  const rows = new Float64Array(how.rows * RECOVERY_ROW.length).fill(UNTOUCHED);
  const offsets = Buffer.alloc(how.entries * 8);
  const times = Buffer.alloc(how.entries * 12);
  const seen = { calls: [] as unknown[], rows: [] as number[], offsets: '', times: '' };
  const args = [file, end, new Uint8Array(how.scratch), state, rows, offsets, times] as const;
  for (let more = true; more; ) {
    const result = isAsync
      ? await settledOutcomeOf(async () => engine.recoverAsync(...args))
      : outcomeOf(() => engine.recover(...args));
    seen.calls.push(result, [...state]);
    seen.rows.push(...rows.subarray(0, (state[RECOVERY_STATE.rowCount] ?? 0) * RECOVERY_ROW.length));
    seen.offsets += offsets.toString('hex', 0, (state[RECOVERY_STATE.offsetCount] ?? 0) * 8);
    seen.times += times.toString('hex', 0, (state[RECOVERY_STATE.timeCount] ?? 0) * 12);
    const stop = state[RECOVERY_STATE.stop];
    more = !('error' in result) && (stop === RECOVERY_STOPS.full || stop === RECOVERY_STOPS.budget);
  }
  file.close();
  return { ...seen, state: [...state] };
}

/** What does not depend on how many calls there were. */
function sumOf({ state, rows, offsets, times }: Pass): unknown {
  const kept = [...state];
  for (const field of ['rowCount', 'offsetCount', 'timeCount', 'budgetBytes'] as const) kept[RECOVERY_STATE[field]] = 0;
  return { kept, rows, offsets, times };
}

const segment = fc.tuple(fc.constantFrom(0, 0, 100, 5), fc.constantFrom(0, 61, 200, 4096));

describeParity("recovery's pass", ({ native, ts }) => {
  test('gives the same state, rows and entries, call for call, on the thread and off it', async () => {
    const path = join(scratch(), 'found.log');
    const beyond = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -300, max: 300 }));
    await fc.assert(
      fc.asyncProperty(anyLog, segment, room, beyond, async (bytes, where, how, more) => {
        writeFileSync(path, bytes);
        const end = Math.max(0, bytes.length + more);
        const expected = await recover(native, path, end, where, how, false);
        expect(await recover(ts, path, end, where, how, false)).toEqual(expected);
        expect(await recover(native, path, end, where, how, true)).toEqual(expected);
        expect(await recover(ts, path, end, where, how, true)).toEqual(expected);
        expect(sumOf(await recover(ts, path, end, where, MOST, false))).toEqual(sumOf(expected));
      }),
      { numRuns: 800 },
    );
  });

  test('is the same on two threads, over batches larger than what is read into, wherever damage is', async () => {
    const path = join(scratch(), 'large.log');
    const size = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 9000, max: 120_000 }) },
      fc.integer({ min: 61, max: 3_000_000 }),
    );
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(size, { minLength: 80, maxLength: 160 }),
        fc.option(share),
        fc.option(share),
        fc.constantFrom(1e9, 5e6),
        fc.constantFrom(RECOVERY_SCRATCH_BYTES, 150_000, 2 ** 21),
        async (sizes, damageAt, cutAt, budget, scratchBytes) => {
          let offset = 0;
          const log = Buffer.concat(
            sizes.map((bytes) => {
              const batch = Buffer.from(logOf([PLAIN], offset)).subarray(0, HEADER_SIZE);
              const whole = Buffer.concat([batch, Buffer.alloc(bytes - HEADER_SIZE, bytes)]);
              whole.writeInt32BE(whole.length - 12, BATCH.LENGTH);
              whole.writeInt32BE(offset % 7, BATCH.LEADER_EPOCH);
              sealer.sealBatch(whole, whole.length);
              offset++;
              return whole;
            }),
          );
          if (damageAt !== null) log.writeUInt8(0x55, Math.floor(damageAt * (log.length - 1)));
          const bytes = cutAt === null ? log : log.subarray(0, Math.floor(cutAt * log.length));
          writeFileSync(path, bytes);
          const how = { ...MOST, budget, scratch: scratchBytes };
          const expected = await recover(ts, path, bytes.length, [0, 4096], how, false);
          expect(await recover(native, path, bytes.length, [0, 4096], how, false)).toEqual(expected);
          expect(await recover(native, path, bytes.length, [0, 4096], how, true)).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });

  test.each([
    ['a scratch that is too short', { scratch: RECOVERY_SCRATCH_BYTES - 1 }],
    ['a state that is too short', { state: RECOVERY_STATE.length - 1 }],
    ['a position that is no place in a file', { position: -1 }],
    ['half a byte', { position: 0.5 }],
    ['an end that is no place in a file', { end: NaN }],
  ])('refuses %s', async (_what, wrong: { scratch?: number; state?: number; position?: number; end?: number }) => {
    const path = join(scratch(), 'empty.log');
    writeFileSync(path, '');
    for (const engine of [native, ts]) {
      const file = nodeFileSystem.open(path, 'read');
      const state = freshState(0, 0, 0).slice(0, wrong.state ?? RECOVERY_STATE.length);
      state[RECOVERY_STATE.position] = wrong.position ?? 0;
      const into = new Uint8Array(wrong.scratch ?? RECOVERY_SCRATCH_BYTES);
      const args = [
        file,
        wrong.end ?? 0,
        into,
        state,
        new Float64Array(0),
        new Uint8Array(0),
        new Uint8Array(0),
      ] as const;
      expect(outcomeOf(() => engine.recover(...args))).toEqual({ error: 'INVALID_ARGUMENT' });
      expect(await settledOutcomeOf(async () => engine.recoverAsync(...args))).toEqual({ error: 'INVALID_ARGUMENT' });
      file.close();
    }
  });

  test.each([
    ['an offset entry would not rise', 0, [{}, {}, { step: -1 }], 2],
    [
      'a time entry would go back, though the offset entry would not',
      61,
      [{}, {}, { timestamp: 9 }, { step: -2, timestamp: 20 }, { step: 1 }],
      4,
    ],
  ])('notices a fall where %s', async (_what, interval, plans, at) => {
    const path = join(scratch(), 'fallen.log');
    writeFileSync(
      path,
      logOf(
        plans.map((each) => ({ ...PLAIN, ...each })),
        0,
      ),
    );
    for (const engine of [native, ts]) {
      const { state } = await recover(engine, path, plans.length * HEADER_SIZE, [0, interval], MOST, false);
      expect(state[RECOVERY_STATE.stop]).toBe(RECOVERY_STOPS.invalidOffset);
      expect(state[RECOVERY_STATE.position]).toBe(at * HEADER_SIZE);
    }
  });

  test('reads control records, and says which cannot be read', async () => {
    const path = join(scratch(), 'control.log');
    const body = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
    const commit = body('2000000008000000010c00000000000b00');
    const cases = [
      { plan: { body: commit }, control: [1, 11] },
      { plan: { body: commit, attributes: 0 }, control: [RECOVERY_CONTROL.none, -1] },
      { plan: { body: commit, count: 0 }, control: [RECOVERY_CONTROL.empty, -1] },
      { plan: { body: commit, attributes: 0x21 }, control: [RECOVERY_CONTROL.unreadable, -1] },
      { plan: { body: commit, count: -1 }, control: [RECOVERY_CONTROL.unreadable, -1] },
      { plan: { body: Buffer.concat([commit, commit]), count: 2 }, control: [1, 11] },
      { plan: { body: Buffer.concat([commit, commit]) }, control: [RECOVERY_CONTROL.unreadable, -1] },
      { plan: { body: body('2000000008000000020c00000000000b00') }, control: [2, -1] },
      { plan: { body: body('2000000008000080000c00000000000b00') }, control: [32767, -1] },
      { plan: { body: body('2000000008ffff00000c00000000000b00') }, control: [RECOVERY_CONTROL.unreadable, -1] },
    ];
    writeFileSync(
      path,
      logOf(
        cases.map((each) => ({ ...PLAIN, attributes: 0x30, producer: 5n, ...each.plan })),
        0,
      ),
    );
    for (const engine of [native, ts]) {
      const { rows } = await recover(engine, path, 1e6, [0, 4096], MOST, false);
      const found = cases.map((_, row) =>
        [RECOVERY_ROW.controlType, RECOVERY_ROW.coordinatorEpoch].map(
          (field) => rows[row * RECOVERY_ROW.length + field],
        ),
      );
      expect(found).toEqual(cases.map(({ control }) => control));
    }
  });
});

const PLAIN: Plan = {
  step: 0,
  delta: 0,
  magic: 2,
  epoch: 0,
  attributes: 0,
  timestamp: 5,
  producer: -1n,
  count: 1,
  body: new Uint8Array(0),
};
