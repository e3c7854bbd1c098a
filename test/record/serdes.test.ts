import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serdes } from '../../src/record/serdes.ts';

/** In a larger buffer, as a value read from a batch is. */
function amid(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(7, 0xc1), bytes, Buffer.alloc(5, 0xc1)]).subarray(7, 7 + bytes.length);
}

const value = fc.jsonValue().map((any) => JSON.parse(JSON.stringify(any)) as unknown);

describe('a serde', () => {
  test('of bytes hands them on, uncopied', () => {
    const bytes = Buffer.from([1, 2]);
    expect(serdes.bytes.serialize(bytes)).toBe(bytes);
    expect(serdes.bytes.deserialize(bytes)).toBe(bytes);
  });

  test('of strings writes UTF-8', () => {
    expect([...serdes.string.serialize('é😀')]).toEqual([0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(serdes.string.deserialize(amid(serdes.string.serialize(text)))).toBe(text);
      }),
    );
  });

  test.each(['json', 'msgpack'] as const)('of %s gives back any JSON value', (name) => {
    const serde = serdes[name];
    fc.assert(
      fc.property(value, (any) => {
        // msgpackr renames this one key, lest a decoded map reach the prototype.
        fc.pre(!JSON.stringify(any).includes('"__proto__"'));
        expect(serde.deserialize(amid(serde.serialize(any)))).toEqual(any);
      }),
    );
  });

  test('of JSON writes its plain form', () => {
    expect(Buffer.from(serdes.json.serialize({ a: [1, null, 'é'] })).toString()).toBe('{"a":[1,null,"é"]}');
  });

  test.each([[undefined], [() => 1], [Symbol('s')]])('of JSON refuses what has no JSON form: %s', (any) => {
    expect(() => serdes.json.serialize(any)).toThrow(TypeError);
  });

  test('of MessagePack writes what any reader of it knows', () => {
    // A map of one entry (map 16), not one of msgpackr's own records.
    expect(Buffer.from(serdes.msgpack.serialize({ a: 1 })).toString('hex')).toBe('de0001a16101');
    expect(serdes.msgpack.deserialize(Buffer.from('81a16101', 'hex'))).toEqual({ a: 1 });
    expect(Buffer.from(serdes.msgpack.serialize(['x', null, true])).toString('hex')).toBe('93a178c0c3');
  });

  test('of MessagePack gives bytes that the next value does not change', () => {
    const first = serdes.msgpack.serialize('first');
    const before = Buffer.from(first).toString('hex');
    for (let i = 0; i < 10; i++) serdes.msgpack.serialize('other'.repeat(1000));
    expect(Buffer.from(first).toString('hex')).toBe(before);
    expect(first.byteLength).toBe(first.buffer.byteLength);
  });

  test.each([
    ['json', Buffer.from('{"a":')],
    ['json', Buffer.from('')],
    ['msgpack', Buffer.from([0x92, 0x01])],
    ['msgpack', Buffer.from([])],
    ['msgpack', Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff])],
  ] as const)('of %s raises for bytes that are none: %j', (name, bytes) => {
    expect(() => serdes[name].deserialize(amid(bytes))).toThrow(Error);
  });
});
