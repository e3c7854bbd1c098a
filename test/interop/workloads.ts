/** Partitions to write: what goes into them, and how. */
import type { LogOptions, RecordInput } from '../../src/index.ts';

/** The sessions of a partition: each opens the log, appends its batches and closes it. */
export interface Workload {
  readonly name: string;
  readonly config: LogOptions;
  readonly through: 'append' | 'appendSync' | 'writer';
  readonly sessions: readonly (readonly (readonly RecordInput[])[])[];
  /** `log`: the codec is the log's own setting; `append`: each append names it. */
  readonly codecFrom: 'log' | 'append';
}

/** Before today, so that no record is from the future. */
export const FIRST_TIMESTAMP = 1_700_000_000_000;

function bytes(length: number, seed: number): Buffer {
  const result = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    // Half of it repeats, so that every codec finds something to do, and not all of it.
    result[i] = i % 64 < 32 ? 97 + (i % 7) : state >>> 16;
  }
  return result;
}

const VARIED: readonly (readonly RecordInput[])[] = [
  [{ key: 'first', value: 'one', timestamp: FIRST_TIMESTAMP + 50 }],
  [
    { key: null, value: null, timestamp: FIRST_TIMESTAMP + 10 },
    { key: 'tombstone', value: null, timestamp: FIRST_TIMESTAMP + 900 },
    { value: 'no key', timestamp: FIRST_TIMESTAMP + 20 },
    { key: '', value: '', timestamp: FIRST_TIMESTAMP + 900 },
  ],
  [
    { key: 'ключ', value: '值 🎈', timestamp: FIRST_TIMESTAMP + 30, headers: [] },
    {
      key: bytes(48, 1),
      value: bytes(49, 2),
      timestamp: FIRST_TIMESTAMP - 86_400_000,
      headers: [
        ['same', Buffer.from([0])],
        ['same', null],
        ['same', Buffer.alloc(0)],
        ['Überschrift 헤더', bytes(100, 3)],
        ['', Buffer.from('empty key')],
      ],
    },
    { key: Buffer.from([0xff, 0xfe, 0x00, 0x80]), value: Buffer.alloc(128), timestamp: 0 },
    { key: bytes(63, 4), value: bytes(64, 5), timestamp: FIRST_TIMESTAMP + 1_000_000 },
  ],
  [{ value: bytes(8191, 6), timestamp: FIRST_TIMESTAMP + 999_999 }],
];

const LARGE: readonly (readonly RecordInput[])[] = [
  [{ value: 'before', timestamp: FIRST_TIMESTAMP }],
  [
    { key: 'large', value: bytes(200_000, 7), timestamp: FIRST_TIMESTAMP + 1 },
    { value: 'with it', timestamp: FIRST_TIMESTAMP + 2 },
  ],
  [{ value: 'after', timestamp: FIRST_TIMESTAMP + 3 }],
];

/** Timestamps rise on the whole, fall now and then, and repeat. */
function many(batches: number, first: number): RecordInput[][] {
  return Array.from({ length: batches }, (_, batch) =>
    Array.from({ length: 1 + (batch % 9) }, (_unused, i) => ({
      key: i % 3 === 0 ? null : `key ${i}`,
      value: bytes(20 + ((batch * 37 + i * 11) % 400), first + batch * 16 + i),
      timestamp: FIRST_TIMESTAMP + first + batch * 5 - (batch % 13 === 0 ? 1000 : 0) + (i % 2) * 3,
    })),
  );
}

const SMALL_SEGMENTS = { segmentBytes: 20_000, indexIntervalBytes: 1000 };
const plain = { through: 'append', codecFrom: 'append' } as const;

export const WORKLOADS: readonly Workload[] = [
  { ...plain, name: 'varied records', config: {}, sessions: [VARIED] },
  { ...plain, name: 'a 200 kB record', config: {}, sessions: [LARGE], through: 'appendSync', codecFrom: 'log' },
  { ...plain, name: 'LogAppendTime', config: { messageTimestampType: 'LogAppendTime' }, sessions: [VARIED] },
  { ...plain, name: 'several segments', config: SMALL_SEGMENTS, sessions: [many(300, 0)] },
  {
    ...plain,
    name: 'a log opened three times',
    config: SMALL_SEGMENTS,
    sessions: [many(60, 0), many(3, 500), many(60, 1000)],
  },
  { ...plain, name: 'a writer', config: SMALL_SEGMENTS, sessions: [many(120, 0)], through: 'writer' },
  { ...plain, name: 'an empty log', config: {}, sessions: [[], []] },
];
