/** Text, JSON and MessagePack: what is read, what is kept exactly, and what is refused. */
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decodeValue, decoderOf, hex } from './decode.ts';

const RUN = { seed: 20261121, numRuns: 300 } as const;

function unknownBytes(bytes: Uint8Array): object {
  return { unknown: expect.any(String), bytes: Buffer.from(bytes).toString('base64') };
}

describe('string', () => {
  it('is UTF-8 on both sides', () => {
    expect(decoderOf('string').decode(Buffer.from('kéy'), Buffer.from('"\u001b[2J"'))).toEqual({
      key: { json: '"kéy"', known: true },
      value: { json: '"\\"\\u001b[2J\\""', known: true },
    });
  });

  it('that is not UTF-8 is kept as bytes', () => {
    const decoded = decodeValue('string', hex('61 ff'));
    expect(decoded).toEqual({ json: '{"unknown":"not UTF-8","bytes":"Yf8="}', known: false });
  });
});

describe('json', () => {
  it.each([
    ['  {"a" : [1, 2 ] }\n', '{"a":[1,2]}'],
    ['12345678901234567890.10', '12345678901234567890.10'],
    ['{"a":1,"a":2}', '{"a":1,"a":2}'],
    ['{"a b":"c  d\\n\\"e\\\\"  ,"f":null}', '{"a b":"c  d\\n\\"e\\\\","f":null}'],
    ['["\\ud800", "\u009b"]', '["\\ud800","\\u009b"]'],
    ['""', '""'],
  ])('%j stays what it is, on one line', (text, json) => {
    expect(decodeValue('json', Buffer.from(text))).toEqual({ json, known: true });
  });

  it('of any shape and spacing means the same', () => {
    const spacing = fc.constantFrom(undefined, ' ', '\t', 4);
    fc.assert(
      fc.property(fc.jsonValue(), spacing, (value, space) => {
        const { json, known } = decodeValue('json', Buffer.from(JSON.stringify(value, null, space)));
        expect(known).toBe(true);
        expect(json).not.toMatch(/[\r\n\t]/);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      RUN,
    );
  });

  it.each(['', '{', '{"a":1} x', "{'a':1}", 'NaN'])('%j is none', (text) => {
    const { json, known } = decodeValue('json', Buffer.from(text));
    expect(known).toBe(false);
    expect(JSON.parse(json)).toEqual({ unknown: 'not JSON', text });
  });

  it('that is not even text is kept as bytes', () => {
    expect(decodeValue('json', hex('ff'))).toEqual({ json: '{"unknown":"not UTF-8","bytes":"/w=="}', known: false });
  });

  it('of great depth and of a great string does no harm', () => {
    const deep = '['.repeat(200_000);
    expect(decodeValue('json', Buffer.from(deep)).known).toBe(false);
    expect(decodeValue('json', Buffer.from(deep + ']'.repeat(200_000))).json.length).toBeGreaterThan(0);
    const long = JSON.stringify('\\"'.repeat(500_000));
    expect(decodeValue('json', Buffer.from(long))).toEqual({ json: long, known: true });
  });
});

describe('msgpack', () => {
  const packr = new Packr({ useRecords: false });

  it('means what the common library packed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { json, known } = decodeValue('msgpack', packr.pack(value));
        expect(known).toBe(true);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      RUN,
    );
  });

  it.each([
    ['a positive fixint', '7f', '127'],
    ['a negative fixint', 'e0', '-32'],
    ['uint64', 'cf ffffffffffffffff', '18446744073709551615'],
    ['int64', 'd3 8000000000000000', '-9223372036854775808'],
    ['int16', 'd1 ff00', '-256'],
    ['uint32', 'ce ffffffff', '4294967295'],
    ['nil, false, true', '93 c0 c2 c3', '[null,false,true]'],
    ['float32', 'ca 3fc00000', '1.5'],
    ['a negative zero', 'cb 8000000000000000', '-0'],
    ['a float that is no number', 'cb 7ff8000000000000', '{"$float":"NaN"}'],
    ['bytes', 'c4 02 00ff', '{"$bytes":"AP8="}'],
    ['text that is not UTF-8', 'a1 ff', '{"$bytes":"/w=="}'],
    ['text of str16', 'da 0001 61', '"a"'],
    ['a map with other keys than text', '82 01 a1 61 a1 62 c0', '{"$map":[[1,"a"],["b",null]]}'],
    ['a map with a key twice', '82 a1 61 01 a1 61 02', '{"a":1,"a":2}'],
    ['an array32', 'dd 00000001 c0', '[null]'],
    ['a map32', 'df 00000001 a1 61 c0', '{"a":null}'],
    ['an extension', 'd5 05 cafe', '{"$type":5,"$bytes":"yv4="}'],
    ['an ext8', 'c7 03 f0 010203', '{"$type":-16,"$bytes":"AQID"}'],
    ['a timestamp32', 'd6 ff 00000001', '{"$timestamp":"1970-01-01T00:00:01.000000000Z"}'],
    ['a timestamp64', 'd7 ff 0000000400000001', '{"$timestamp":"1970-01-01T00:00:01.000000001Z"}'],
    ['a timestamp96', 'c7 0c ff 00000002 ffffffffffffffff', '{"$timestamp":"1969-12-31T23:59:59.000000002Z"}'],
    [
      'a timestamp beyond the calendar',
      'c7 0c ff 00000000 7fffffffffffffff',
      '{"$type":-1,"$bytes":"AAAAAH//////////"}',
    ],
  ])('of %s', (_, bytes, json) => {
    expect(decodeValue('msgpack', hex(bytes))).toEqual({ json, known: true });
  });

  it('goes 200 levels deep and no further', () => {
    expect(decodeValue('msgpack', hex(`${'91'.repeat(200)}c0`)).json).toBe(`${'['.repeat(200)}null${']'.repeat(200)}`);
    expect(decodeValue('msgpack', hex(`${'91'.repeat(201)}c0`)).json).toContain('expected at most 200 levels');
  });

  it.each([
    ['nothing', ''],
    ['a type that there is not', 'c1'],
    ['text cut short', 'a5 6161'],
    ['more elements than bytes', 'dd 7fffffff c0'],
    ['more entries than bytes', 'df 7fffffff c0 c0'],
    ['a map of half an entry', '81 a1 61'],
    ['bytes behind it', 'c0 c0'],
    ['an extension cut short', 'c7 ff 05 00'],
    ['arrays in arrays without end', '91'.repeat(100_000)],
    ['maps in maps without end', '81a161'.repeat(100_000)],
  ])('of %s is kept as bytes', (_, bytes) => {
    const { json, known } = decodeValue('msgpack', hex(bytes));
    expect(known).toBe(false);
    expect(JSON.parse(json)).toEqual(unknownBytes(hex(bytes)));
  });
});
