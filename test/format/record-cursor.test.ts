import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECORD_FAULTS } from '../../src/engine/contract.ts';
import { RecordCursor, readHeaders } from '../../src/format/record-v2.ts';
import { writeVarint, writeVarlong } from '../../src/format/varint.ts';

interface Plain {
  timestampDelta: number;
  offsetDelta: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: { key: Uint8Array; value: Uint8Array | null }[];
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const varint = (value: number): number[] => {
  const into = new Uint8Array(5);
  return [...into.subarray(0, writeVarint(into, 0, value))];
};
const varlong = (value: number): number[] => {
  const into = new Uint8Array(10);
  return [...into.subarray(0, writeVarlong(into, 0, value))];
};
const nullable = (content: Uint8Array | null): number[] =>
  content === null ? varint(-1) : [...varint(content.length), ...content];
/** A record around these bytes. */
const record = (...body: number[]): number[] => [...varint(body.length), ...body];
const encode = ({ timestampDelta, offsetDelta, key, value, headers }: Plain): number[] =>
  record(
    0,
    ...varlong(timestampDelta),
    ...varint(offsetDelta),
    ...nullable(key),
    ...nullable(value),
    ...varint(headers.length),
    ...headers.flatMap((header) => [...nullable(header.key), ...nullable(header.value)]),
  );

function part(source: Uint8Array, start: number, length: number): Uint8Array | null {
  return length < 0 ? null : source.slice(start, start + length);
}

/** A form that compares fast. */
function shown(records: readonly Plain[]): string {
  return JSON.stringify(records, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
}

function decode(cursor: RecordCursor, source: Uint8Array): Plain[] {
  const found: Plain[] = [];
  while (cursor.next()) {
    const headers: Plain['headers'] = [];
    readHeaders(source, cursor.headersStart, (keyStart, keyLength, valueStart, valueLength) => {
      headers.push({ key: source.slice(keyStart, keyStart + keyLength), value: part(source, valueStart, valueLength) });
    });
    found.push({
      timestampDelta: cursor.timestampDelta,
      offsetDelta: cursor.offsetDelta,
      key: part(source, cursor.keyStart, cursor.keyLength),
      value: part(source, cursor.valueStart, cursor.valueLength),
      headers,
    });
  }
  return found;
}

function walk(
  source: readonly number[],
  count: number,
): { records: number; fault: number; record: number; position: number } {
  const cursor = new RecordCursor();
  cursor.reset(Uint8Array.from(source), 0, source.length, count);
  let records = 0;
  while (cursor.next()) records++;
  return { records, fault: cursor.fault, record: cursor.faultRecord, position: cursor.faultPosition };
}

describe('a record cursor', () => {
  it('reads back any records that were written, whatever surrounds them', () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.uint8Array({ minLength: 60, maxLength: 70 }),
      fc.constantFrom(8191, 8192).map((length) => new Uint8Array(length)),
    );
    const plain = fc.record({
      timestampDelta: fc.oneof(fc.integer({ min: -70, max: 70 }), fc.integer(), fc.maxSafeInteger()),
      offsetDelta: fc.oneof(fc.nat(70), fc.integer()),
      key: fc.option(content),
      value: fc.option(content),
      headers: fc.array(fc.record({ key: content, value: fc.option(content) }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 8 }), fc.nat(20), fc.nat(20), (records, before, behind) => {
        const body = records.flatMap(encode);
        const source = Uint8Array.from([
          ...new Array<number>(before).fill(0xff),
          ...body,
          ...new Array<number>(behind).fill(0xff),
        ]);
        const cursor = new RecordCursor();
        cursor.reset(source, before, before + body.length, records.length);
        expect(shown(decode(cursor, source))).toBe(shown(records));
        expect(cursor.fault).toBe(RECORD_FAULTS.none);
      }),
    );
  });

  it('keeps both halves of a timestamp that a number cannot hold', () => {
    const cursor = new RecordCursor();
    const least = [...new Array<number>(9).fill(0xff), 0x01]; // zigzag of -2^63
    const source = Uint8Array.from(record(0, ...least, 0, 0, 0, 0));
    cursor.reset(source, 0, source.length, 1);
    expect(cursor.next()).toBe(true);
    expect([cursor.timestampDeltaLow, cursor.timestampDeltaHigh]).toEqual([0, -0x80000000]);
  });

  it('F20: takes needlessly long numbers, and drops bits beyond 32 and 64, as Java does', () => {
    const cursor = new RecordCursor();
    const source = Uint8Array.from(
      record(
        0,
        0x82,
        0x80,
        0x80,
        0x80,
        0x80,
        0x80,
        0x80,
        0x80,
        0x80,
        0x7e,
        0x84,
        0x80,
        0x80,
        0x80,
        0x70,
        0x81,
        0x00,
        0x80,
        0x00,
        0,
      ),
    );
    cursor.reset(source, 0, source.length, 1);
    expect(decode(cursor, source)).toEqual([
      { timestampDelta: 1, offsetDelta: 2, key: null, value: bytes(), headers: [] },
    ]);
    expect(cursor.fault).toBe(RECORD_FAULTS.none);
  });

  it('can be used again after a fault', () => {
    const cursor = new RecordCursor();
    cursor.reset(bytes(2), 0, 1, 1);
    expect(cursor.next()).toBe(false);
    const good = Uint8Array.from(record(0, 0, 0, 1, 1, 0));
    cursor.reset(good, 0, good.length, 1);
    expect([cursor.next(), cursor.next(), cursor.fault]).toEqual([true, false, RECORD_FAULTS.none]);
  });

  const good = record(0, 0, 0, 1, 1, 0);
  const long = (count: number): number[] => [...new Array<number>(count).fill(0x80)];
  const { truncated, varintTooLong, invalidLength, invalidHeaders, lengthMismatch, trailingBytes, none } =
    RECORD_FAULTS;
  it.each<[string, number[], number, number, number, number]>([
    ['no records', [], 0, none, 0, 0],
    ['no records, whatever bytes there are', [1, 2, 3], 0, none, 0, 0],
    ['a negative count', good, -1, truncated, 0, 0],
    ['a count above what is there', good, 2, truncated, 1, 7],
    ['the largest count', good, 0x7fffffff, truncated, 1, 7],
    ['nothing at all', [], 1, truncated, 0, 0],
    ['a length that is cut off', [0x80], 1, truncated, 0, 0],
    ['a length of five bytes that is cut off', long(4), 1, truncated, 0, 0],
    ['a length of six bytes', [...long(5), 0], 1, varintTooLong, 0, 0],
    ['a length below 0', varint(-1), 1, invalidLength, 0, 0],
    ['a length past the end', [...good.slice(0, -1)], 1, truncated, 0, 0],
    ['the largest length', varint(0x7fffffff), 1, truncated, 0, 0],
    ['an empty record', [0], 1, lengthMismatch, 0, 0],
    ['attributes only', record(0), 1, lengthMismatch, 0, 0],
    ['a timestamp that runs past the record', record(0, 0x80), 1, lengthMismatch, 0, 0],
    ['a timestamp of eleven bytes', record(0, ...long(10), 0, 0, 1, 1, 0), 1, varintTooLong, 0, 0],
    ['an offset of six bytes', record(0, 0, ...long(5), 0, 1, 1, 0), 1, varintTooLong, 0, 0],
    ['no offset', record(0, 0), 1, lengthMismatch, 0, 0],
    ['a key length below -1', record(0, 0, 0, ...varint(-2), 1, 0), 1, invalidLength, 0, 0],
    ['a key past the record', record(0, 0, 0, ...varint(3), 65, 0), 1, lengthMismatch, 0, 0],
    [
      'a key past the record, though not past the bytes',
      [...record(0, 0, 0, ...varint(4), 65, 0), ...good],
      2,
      lengthMismatch,
      0,
      0,
    ],
    ['no value length', record(0, 0, 0, 1), 1, lengthMismatch, 0, 0],
    ['a value length below -1', record(0, 0, 0, 1, ...varint(-2), 0), 1, invalidLength, 0, 0],
    ['the largest value length', record(0, 0, 0, 1, ...varint(0x7fffffff), 0), 1, lengthMismatch, 0, 0],
    ['no header count', record(0, 0, 0, 1, 1), 1, lengthMismatch, 0, 0],
    ['a header count below 0', record(0, 0, 0, 1, 1, ...varint(-1)), 1, invalidHeaders, 0, 0],
    ['more headers than bytes remain', record(0, 0, 0, 1, 1, ...varint(2), 0), 1, invalidHeaders, 0, 0],
    ['the largest header count', record(0, 0, 0, 1, 1, ...varint(0x7fffffff)), 1, invalidHeaders, 0, 0],
    ['a header without a key', record(0, 0, 0, 1, 1, ...varint(1), 1, 1), 1, invalidHeaders, 0, 0],
    ['a header key past the record', record(0, 0, 0, 1, 1, ...varint(1), ...varint(2), 65), 1, lengthMismatch, 0, 0],
    ['a header value length below -1', record(0, 0, 0, 1, 1, ...varint(1), 0, ...varint(-2)), 1, invalidLength, 0, 0],
    ['a header value past the record', record(0, 0, 0, 1, 1, ...varint(1), 0, ...varint(1)), 1, lengthMismatch, 0, 0],
    [
      'a header value length of six bytes',
      record(0, 0, 0, 1, 1, ...varint(1), 0, ...long(5), 0),
      1,
      varintTooLong,
      0,
      0,
    ],
    ['bytes behind the fields', record(0, 0, 0, 1, 1, 0, 0), 1, lengthMismatch, 0, 0],
    ['bytes behind the last record', [...good, 9], 1, trailingBytes, 1, 7],
    ['a record behind the last record', [...good, ...good], 1, trailingBytes, 1, 7],
    ['a fault in the second record', [...good, ...record(0)], 2, lengthMismatch, 1, 7],
  ])('names the first fault of %s', (_, source, count, fault, faultRecord, position) => {
    const found = walk(source, count);
    expect(found.fault).toBe(fault);
    if (fault !== none) expect([found.record, found.position]).toEqual([faultRecord, position]);
  });

  it('never reads outside its bytes, whatever they hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: -2, max: 20 }), (source, count) => {
        const cursor = new RecordCursor();
        cursor.reset(source, 0, source.length, count);
        while (cursor.next()) {
          expect(cursor.valueStart + Math.max(0, cursor.valueLength)).toBeLessThan(source.length);
          expect(cursor.keyStart + Math.max(0, cursor.keyLength)).toBeLessThan(cursor.valueStart);
        }
        expect(cursor.faultPosition).toBeLessThanOrEqual(source.length);
      }),
    );
  });
});
