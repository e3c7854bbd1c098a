/** Seeded random appends of encoded batches: sound ones, and ones that are wrong in one way or two. */
import { seededRandom } from '../../src/bench/random.ts';
import type { CodecId } from '../../src/engine/contract.ts';
import { ATTRIBUTES, BATCH } from '../../src/format/batch.ts';
import type { BatchFields } from '../../src/record/batch-builder.ts';
import { batchOf, changed, type Made, messageOf, setCount, wrapperOf } from '../log/validate/make.ts';

/** What OracleValidate.java asks for. */
export interface ValidationCase {
  readonly name: string;
  readonly origin: 'client' | 'coordinator' | 'replica';
  readonly config: Record<string, string>;
  readonly nextOffset: number;
  readonly leaderEpoch: number;
  readonly nowMs: number;
  readonly bytes: Buffer;
}

const NOW_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;

/**
 * The one case in which we may refuse what Kafka takes: of a compressed batch that stays as it is, Kafka skips keys and
 * values without noticing what is wrong with them.
 */
export const DAMAGED_RECORD = 'a damaged record';

/** Draws things. */
class Draw {
  readonly #random: () => number;
  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }
  below(end: number): number {
    return Math.floor(this.#random() * end);
  }
  chance(part: number): boolean {
    return this.#random() < part;
  }
  one<T>(things: readonly T[]): T {
    return things[this.below(things.length)] as T;
  }
}

function configFrom(draw: Draw): Record<string, string> {
  const config: Record<string, string> = {
    'compression.type': draw.one(['producer', 'producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd']),
  };
  if (draw.chance(0.3)) config['message.timestamp.type'] = 'LogAppendTime';
  if (draw.chance(0.3)) config['message.timestamp.before.max.ms'] = String(MINUTE_MS);
  if (draw.chance(0.3)) config['message.timestamp.after.max.ms'] = String(draw.one([0, MINUTE_MS]));
  if (draw.chance(0.2)) config['cleanup.policy'] = draw.one(['compact', 'compact,delete']);
  // How small others' compressors get it is not compared.
  if (config['compression.type'] !== 'uncompressed') return config;
  if (draw.chance(0.4)) config['max.message.bytes'] = String(draw.one([80, 150, 300]));
  if (draw.chance(0.2)) config['internal.segment.bytes'] = String(draw.one([100, 250]));
  return config;
}

function timestampFrom(draw: Draw): number {
  if (draw.chance(0.9)) return NOW_MS - draw.below(1000);
  return draw.one([-1, 0, NOW_MS - MINUTE_MS, NOW_MS - MINUTE_MS - 1, NOW_MS + MINUTE_MS, NOW_MS + 2 * MINUTE_MS]);
}

function recordsFrom(draw: Draw): Made[] {
  const allKeys = draw.chance(0.7);
  const makeGaps = draw.chance(0.1);
  return Array.from({ length: 1 + draw.below(6) }, (_, index) => ({
    timestamp: timestampFrom(draw),
    key: allKeys || draw.chance(0.7) ? `key${draw.below(10)}` : null,
    value: draw.chance(0.1) ? null : 'v'.repeat(draw.below(40)),
    headers: draw.chance(0.2) ? [['h', Buffer.from('x')] as const, ['h', null] as const] : [],
    ...(makeGaps ? { delta: index * 2 } : {}),
  }));
}

function fieldsFrom(draw: Draw): Partial<BatchFields> {
  if (draw.chance(0.7)) return {};
  const baseSequence = draw.one([0, 0, 5, 0x7fffffff, -1]);
  return { producerId: 4000 + draw.below(5), producerEpoch: 0, baseSequence, isTransactional: draw.chance(0.3) };
}

type Change = readonly [name: string, apply: (batch: Buffer, draw: Draw) => Buffer];

/** What may be wrong with a client's batch, or looks wrong and is not. */
const CHANGES: readonly Change[] = [
  ['a checksum that does not match', (batch) => Buffer.from(batch.with(batch.length - 1, (batch.at(-1) ?? 0) ^ 1))],
  [
    'a count above the records',
    (batch) => changed(batch, (view) => setCount(view.getInt32(BATCH.RECORD_COUNT) + 1)(view)),
  ],
  [
    'a count below the records',
    (batch) => changed(batch, (view) => setCount(view.getInt32(BATCH.RECORD_COUNT) - 1)(view)),
  ],
  [
    'a count that is not the offsets',
    (batch) => changed(batch, (view) => setCount(view.getInt32(BATCH.RECORD_COUNT), 40)(view)),
  ],
  [
    'a negative offset range',
    (batch) => changed(batch, (view) => setCount(view.getInt32(BATCH.RECORD_COUNT), -3)(view)),
  ],
  ['a negative count', (batch) => changed(batch, setCount(-1, 0))],
  ['a base offset', (batch) => changed(batch, (view) => view.setBigInt64(0, 7n))],
  ['a leader epoch', (batch) => changed(batch, (view) => view.setInt32(BATCH.LEADER_EPOCH, 12))],
  ['a wrong largest timestamp', (batch) => changed(batch, (view) => view.setBigInt64(BATCH.MAX_TIMESTAMP, 5n))],
  ['the flag of LogAppendTime', (batch) => flagged(batch, ATTRIBUTES.LOG_APPEND_TIME)],
  [
    'LogAppendTime and no time',
    (batch) => {
      const flagsSet = flagged(batch, ATTRIBUTES.LOG_APPEND_TIME);
      return changed(flagsSet, (view) => view.setBigInt64(BATCH.MAX_TIMESTAMP, -1n));
    },
  ],
  ['the flag of control records', (batch) => flagged(batch, ATTRIBUTES.CONTROL)],
  ['unknown attributes', (batch) => flagged(batch, 0x80 | (0x7f << 8))],
  ['a delete horizon', (batch) => flagged(batch, ATTRIBUTES.DELETE_HORIZON)],
  ['another codec', (batch, draw) => changed(batch, (view) => view.setInt16(BATCH.ATTRIBUTES, 1 + draw.below(7)))],
  ['a negative base timestamp', (batch) => changed(batch, (view) => view.setBigInt64(BATCH.BASE_TIMESTAMP, -77n))],
  ['a later format', (batch) => changed(batch, (view) => view.setInt8(BATCH.MAGIC, 3))],
  ['a size that cannot be', (batch) => changed(batch, (view) => view.setInt32(BATCH.LENGTH, 13))],
  ['a size below the header', (batch) => changed(batch, (view) => view.setInt32(BATCH.LENGTH, 40))],
  ['a cut end', (batch, draw) => batch.subarray(0, draw.below(batch.length))],
  ['bytes behind it', (batch, draw) => Buffer.concat([batch, Buffer.alloc(draw.below(11), 1)])],
  ['zeros behind it', (batch) => Buffer.concat([batch, Buffer.alloc(30)])],
  ['itself behind it', (batch) => Buffer.concat([batch, batch])],
  [
    DAMAGED_RECORD,
    (batch, draw) => {
      const at = 61 + draw.below(batch.length - 61);
      return changed(Buffer.from(batch.with(at, draw.below(256))), () => undefined);
    },
  ],
];

function flagged(batch: Buffer, flag: number): Buffer {
  return changed(batch, (view) => view.setUint16(BATCH.ATTRIBUTES, view.getUint16(BATCH.ATTRIBUTES) | flag));
}

type Wanted = Pick<ValidationCase, 'name' | 'origin' | 'bytes'> & { readonly nextOffset?: number };

function clientCase(draw: Draw): Wanted {
  const batch = batchOf(recordsFrom(draw), fieldsFrom(draw), draw.below(5) as CodecId);
  if (draw.chance(0.5)) return { name: 'a batch', origin: 'client', bytes: batch };
  const [name, apply] = draw.one(CHANGES);
  return { name, origin: 'client', bytes: apply(batch, draw) };
}

/** From a coordinator: any base offset, and markers. */
function coordinatorCase(draw: Draw): Wanted {
  const codec = draw.below(5) as CodecId;
  const baseOffset = draw.one([0, 9]);
  const count = 1 + draw.below(3);
  const records = Array.from({ length: count }, () => ({ timestamp: timestampFrom(draw), key: 'k', value: 'v' }));
  if (draw.chance(0.5))
    return { name: 'coordinator', origin: 'coordinator', bytes: batchOf(records, { baseOffset }, codec) };
  const marker = { timestamp: NOW_MS, key: '\0\0\0\x01', value: '\0\0\0\0\0\x05' };
  const fields = { baseOffset, producerId: 4000, producerEpoch: 0, isTransactional: true, isControl: true };
  return { name: 'a marker', origin: 'coordinator', bytes: batchOf([marker], fields) };
}

/** Batches that rise from an offset on, with gaps; now and then one comes twice, or is of a later leader. */
function replicaCase(draw: Draw): Wanted {
  const nextOffset = draw.one([0, 100]);
  const batches: Buffer[] = [];
  let baseOffset = nextOffset + draw.below(3) - (nextOffset > 0 && draw.chance(0.1) ? 1 : 0);
  for (let left = 1 + draw.below(4); left > 0; left--) {
    const fields = { ...fieldsOfReplica(draw), baseOffset, partitionLeaderEpoch: draw.one([3, 5, 5, 5, 6]) };
    const batch = batchOf(recordsFrom(draw), fields, draw.below(5) as CodecId);
    batches.push(batch);
    if (draw.chance(0.05)) batches.push(batch);
    baseOffset += 12 + draw.below(3);
  }
  const all = Buffer.concat(batches);
  const bytes = draw.chance(0.1) ? all.subarray(0, draw.below(all.length)) : all;
  return { name: 'a replica', origin: 'replica', nextOffset, bytes };
}

function fieldsOfReplica(draw: Draw): Partial<BatchFields> {
  return draw.chance(0.2) ? { logAppendTimeMs: NOW_MS } : {};
}

/** Messages of formats 0 and 1, plain and wrapped. */
function legacyCase(draw: Draw): Wanted {
  const magic = draw.one([0, 1] as const);
  const count = 1 + draw.below(4);
  const attributes = magic === 1 && draw.chance(0.1) ? ATTRIBUTES.LOG_APPEND_TIME : 0;
  const hasKeys = draw.chance(0.7);
  const messages = Array.from({ length: count }, (_, index) =>
    messageOf({
      magic: draw.chance(0.97) ? magic : 0,
      offset: draw.chance(0.9) ? index : 3 * index,
      timestamp: timestampFrom(draw),
      key: hasKeys || draw.chance(0.6) ? `k${index}` : null,
      value: 'v'.repeat(draw.below(30)),
      attributes: draw.chance(0.95) ? attributes : 1,
    }),
  );
  const origin = draw.one(['client', 'client', 'coordinator'] as const);
  if (draw.chance(0.4)) return { name: `messages of format ${magic}`, origin, bytes: Buffer.concat(messages) };
  const [last = Buffer.alloc(0)] = messages.slice(-1);
  if (draw.chance(0.1)) last.writeUInt32BE(1, 12);
  const timestamp = timestampFrom(draw);
  const codec = draw.one([1, 2, 3, 3, 4] as const);
  const offset = draw.one([0, count - 1, 100]);
  const wrapper = wrapperOf({ magic, offset, timestamp, attributes }, codec, messages);
  const extra = draw.chance(0.1) ? wrapper : Buffer.alloc(0);
  return { name: `a wrapper of format ${magic}`, origin, bytes: Buffer.concat([wrapper, extra]) };
}

/** `count` cases; one seed gives the same ones. */
export function validationCases(seed: number, count: number): ValidationCase[] {
  const draw = new Draw(seed);
  return Array.from({ length: count }, () => {
    const make = draw.one([clientCase, clientCase, clientCase, clientCase, legacyCase, coordinatorCase, replicaCase]);
    const config = configFrom(draw);
    const leaderEpoch = 5;
    return { nextOffset: draw.one([0, 0, 1000]), ...make(draw), config, leaderEpoch, nowMs: NOW_MS };
  });
}
