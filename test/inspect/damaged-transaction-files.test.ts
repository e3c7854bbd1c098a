/** Transaction indexes and producer snapshots that are not as Kafka writes them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { SeglogError } from '../../src/errors/errors.ts';
import { encodeProducerSnapshot, type ProducerSnapshotEntry } from '../../src/format/producer-snapshot.ts';
import { codes, collectBytes } from './collect.ts';

const INDEX = '00000000000000000100.txnindex';
const SNAPSHOT = '00000000000000000100.snapshot';
const MAX = 2n ** 63n - 1n;

type Entry = [version: number, producerId: bigint, firstOffset: bigint, lastOffset: bigint, lastStableOffset: bigint];

function transactions(...entries: Entry[]): Buffer {
  const bytes = Buffer.alloc(entries.length * 34);
  entries.forEach(([version, ...numbers], slot) => {
    bytes.writeInt16BE(version, slot * 34);
    numbers.forEach((number, at) => bytes.writeBigInt64BE(number, slot * 34 + 2 + at * 8));
  });
  return bytes;
}

const SOUND: Entry = [0, 7n, 90n, 110n, 95n];
const SOUND_LINE = 'version: 0 producerId: 7 firstOffset: 90 lastOffset: 110 lastStableOffset: 95';

describe('a transaction index', () => {
  it('prints numbers exactly', () => {
    const bytes = transactions([0, MAX, MAX - 2n, MAX - 1n, MAX]);
    expect(collectBytes(bytes, { json: false }, INDEX).lines).toEqual([
      `version: 0 producerId: ${MAX} firstOffset: ${MAX - 2n} lastOffset: ${MAX - 1n} lastStableOffset: ${MAX}`,
    ]);
    expect(collectBytes(bytes, {}, INDEX)).toMatchObject({
      lines: [
        `{"type":"txnindex","version":0,"producerId":${MAX},"firstOffset":${MAX - 2n},"lastOffset":${MAX - 1n},"lastStableOffset":${MAX}}`,
      ],
      findings: [],
    });
  });

  it.each([
    ['a last offset that stays', [0, 8n, 90n, 110n, 111n], 'more than 110, found 110'],
    ['a last offset that falls', [0, 8n, 90n, 109n, 110n], 'more than 110, found 109'],
    ['a last offset below the name', [0, 8n, 90n, 99n, 100n], 'at least 100, found 99'],
    ['a marker that is its first record', [0, 8n, 120n, 120n, 121n], 'first offset is 120'],
    ['a negative producer', [0, -1n, 90n, 120n, 121n], 'negative'],
    ['a negative first offset', [0, 8n, -1n, 120n, 121n], 'negative'],
    ['a negative stable offset', [0, 8n, 90n, 120n, -1n], 'negative'],
    ['a negative version', [-1, 8n, 90n, 120n, 121n], 'negative'],
    ['zeros', [0, 0n, 0n, 0n, 0n], 'ends before its records'],
  ] satisfies [string, Entry, string][])('with %s is a finding, and shown', (_what, entry, message) => {
    const dump = collectBytes(transactions(SOUND, entry), { json: false }, INDEX);
    expect(dump.lines).toHaveLength(2);
    expect(codes(dump)).toEqual(['CORRUPT_INDEX']);
    expect(dump.findings[0]).toMatchObject({ file: `/d/${INDEX}`, position: 34 });
    expect(dump.findings[0]?.message).toContain(message);
  });

  it('is not read on behind an entry of a later version', () => {
    const dump = collectBytes(transactions(SOUND, [1, 8n, 90n, 120n, 121n], SOUND), { json: false }, INDEX);
    expect(dump.lines).toEqual([SOUND_LINE]);
    expect(codes(dump)).toEqual(['UNSUPPORTED_VERSION']);
    expect(dump.findings[0]).toMatchObject({ position: 34, expected: 0, found: 1 });
  });

  it('with a piece of an entry at its end is a finding', () => {
    const dump = collectBytes(Buffer.concat([transactions(SOUND), Buffer.alloc(33)]), { json: false }, INDEX);
    expect(dump.lines).toEqual([SOUND_LINE]);
    expect(codes(dump)).toEqual(['CORRUPT_INDEX']);
    expect(dump.findings[0]).toMatchObject({ position: 34, found: 33 });
  });

  it('of many entries is printed whole', () => {
    const many = Array.from({ length: 5000 }, (_, at): Entry => [0, 7n, 90n, 110n + BigInt(at), 95n]);
    const dump = collectBytes(transactions(...many), { json: false }, INDEX);
    expect(dump.lines).toHaveLength(5000);
    expect(dump.lines[4999]).toBe(SOUND_LINE.replace('110', '5109'));
    expect(dump.findings).toEqual([]);
  });

  it('that is empty says so', () => {
    expect(collectBytes(Buffer.alloc(0), {}, INDEX)).toMatchObject({
      lines: [],
      findings: [],
      notes: ['the index is empty'],
    });
  });
});

const crc32c = (bytes: Uint8Array, start: number, end: number): number => defaultEngine().crc32c(bytes, start, end);
const PRODUCER: ProducerSnapshotEntry = {
  producerId: 1n,
  producerEpoch: 2,
  lastSequence: 5,
  lastOffset: 100n,
  offsetDelta: 9,
  timestamp: 77n,
  coordinatorEpoch: -1,
  currentTxnFirstOffset: -1n,
};

function snapshot(...changes: Partial<ProducerSnapshotEntry>[]): Uint8Array {
  return encodeProducerSnapshot(
    changes.map((change) => ({ ...PRODUCER, ...change })),
    crc32c,
  );
}

describe('a producer snapshot', () => {
  // What kafka-dump-log 4.3.1 prints of the same bytes.
  it.each([
    [
      'a sequence that wrapped around',
      {},
      'OptionalLong.empty',
      'firstSequence: 2147483644 lastSequence: 5 lastOffset: 100 offsetDelta: 9',
    ],
    [
      'no sequence, and an open transaction',
      { currentTxnFirstOffset: 5n, lastSequence: -1, offsetDelta: 3 },
      'OptionalLong[5]',
      'firstSequence: 2147483644 lastSequence: -1 lastOffset: 100 offsetDelta: 3',
    ],
    [
      'negative numbers',
      { lastSequence: -5, offsetDelta: -9, currentTxnFirstOffset: -7n },
      'OptionalLong.empty',
      'firstSequence: 4 lastSequence: -5 lastOffset: 100 offsetDelta: -9',
    ],
    [
      'a negative delta',
      { lastSequence: 2147483647, offsetDelta: -1 },
      'OptionalLong.empty',
      'firstSequence: -2147483648 lastSequence: 2147483647 lastOffset: 100 offsetDelta: -1',
    ],
  ])('prints what Kafka prints of %s', (_what, change, open, batch) => {
    expect(collectBytes(snapshot(change), { json: false }, SNAPSHOT).text).toBe(
      `producerId: 1 producerEpoch: 2 coordinatorEpoch: -1 currentTxnFirstOffset: ${open} lastTimestamp: 77 ${batch} timestamp: 77\n`,
    );
  });

  it('has no last batch of a producer of which only markers were seen', () => {
    const bytes = snapshot({ lastOffset: -1n, lastSequence: -1, offsetDelta: 0 });
    expect(collectBytes(bytes, { json: false }, SNAPSHOT).text).toBe(
      'producerId: 1 producerEpoch: 2 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong.empty lastTimestamp: 77\n',
    );
    expect(collectBytes(bytes, {}, SNAPSHOT).text).toBe(
      '{"type":"producer","producerId":1,"producerEpoch":2,"coordinatorEpoch":-1,"currentTxnFirstOffset":null,' +
        '"lastTimestamp":77,"firstSequence":null,"lastSequence":null,"lastOffset":null,"offsetDelta":null,"timestamp":null}\n',
    );
  });

  it('prints numbers exactly', () => {
    const bytes = snapshot({
      producerId: MAX,
      lastOffset: MAX - 1n,
      timestamp: MAX - 2n,
      currentTxnFirstOffset: MAX - 3n,
    });
    expect(collectBytes(bytes, {}, SNAPSHOT).text).toBe(
      `{"type":"producer","producerId":${MAX},"producerEpoch":2,"coordinatorEpoch":-1,"currentTxnFirstOffset":${MAX - 3n},` +
        `"lastTimestamp":${MAX - 2n},"firstSequence":2147483644,"lastSequence":5,"lastOffset":${MAX - 1n},"offsetDelta":9,` +
        `"timestamp":${MAX - 2n}}\n`,
    );
  });

  it('of many producers is printed whole', () => {
    const many = Array.from({ length: 1500 }, (_, at) => ({ producerId: BigInt(at) }));
    const { lines } = collectBytes(snapshot(...many), {}, SNAPSHOT);
    expect(lines.map((line) => (JSON.parse(line) as { producerId: number }).producerId)).toEqual([...many.keys()]);
  });

  it('with a wrong checksum is a finding that names the one stored and the one computed, and not shown', () => {
    const bytes = Buffer.from(snapshot({}));
    const right = bytes.readUInt32BE(2);
    bytes.writeUInt32BE(7, 2);
    const dump = collectBytes(bytes, {}, SNAPSHOT);
    expect(dump.text).toBe('');
    expect(codes(dump)).toEqual(['CORRUPT_SNAPSHOT']);
    expect(dump.findings[0]).toMatchObject({ file: `/d/${SNAPSHOT}`, expected: 'crc 7', found: `crc ${right}` });
  });

  it.each([
    ['no bytes', Buffer.alloc(0), 'CORRUPT_SNAPSHOT'],
    ['zeros', Buffer.alloc(4096), 'UNSUPPORTED_VERSION'],
    ['a later version', Buffer.of(0, 2, 0, 0, 0, 0, 0, 0, 0, 0), 'UNSUPPORTED_VERSION'],
  ])('of %s is a finding', (_what, bytes, code) => {
    expect(codes(collectBytes(bytes, {}, SNAPSHOT))).toEqual([code]);
  });
});

it('any bytes are printed or found at fault, and JSON stays JSON', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom(INDEX, SNAPSHOT, 'partition.metadata'),
      (bytes, name) => {
        const dump = collectBytes(bytes, {}, name);
        for (const line of dump.lines) JSON.parse(line);
        for (const finding of dump.findings) expect(finding).toBeInstanceOf(SeglogError);
        expect(dump.lines.length + dump.findings.length + dump.notes.length).toBeGreaterThan(0);
      },
    ),
  );
});
