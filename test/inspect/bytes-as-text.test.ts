/** Keys, values and headers as text: lossless for programs, harmless for terminals. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesPrinter, printable } from '../../src/inspect/byte-encoding.ts';
import { collectBytes } from './collect.ts';
import { batch, record } from './make-batch.ts';

const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => new Uint8Array(Buffer.from(text))),
);

describe('text', () => {
  it('has no control character, whatever the bytes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(bytesPrinter('utf8').text(bytes, 0, bytes.length)).not.toMatch(UNSAFE);
        expect(bytesPrinter('utf8').json(bytes, 0, bytes.length)).not.toMatch(UNSAFE);
      }),
    );
  });

  it('writes out every control of bidirectional text, the Arabic letter mark among them', () => {
    const controls = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069';
    const escapes = '\\u061c\\u200e\\u200f\\u202a\\u202b\\u202c\\u202d\\u202e\\u2066\\u2067\\u2068\\u2069';
    expect(printable(`a${controls}b`)).toBe(`a${escapes}b`);
    const bytes = Buffer.from(controls);
    expect(bytesPrinter('utf8').json(bytes, 0, bytes.length)).toBe(`"${escapes}"`);
  });

  it('shows control characters and invalid bytes as escapes', () => {
    expect(printable('a\nb\u001b[2J\u009b\u202e')).toBe('a\\nb\\x1b[2J\\x9b\\u202e');
    const bytes = Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3]);
    expect(bytesPrinter('utf8').text(bytes, 0, bytes.length)).toBe('a\\xffä\\xc3');
  });
});

describe('JSON', () => {
  it.each(['base64', 'hex'] as const)('in %s loses nothing', (encoding) => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = JSON.parse(bytesPrinter(encoding).json(bytes, 0, bytes.length)) as string;
        expect(Buffer.from(text, encoding)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('in utf8 loses nothing of what is UTF-8, and knows when it is not', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const printer = bytesPrinter('utf8');
        const text = JSON.parse(printer.json(bytes, 0, bytes.length)) as string;
        expect(printer.lossy).toBe(!Buffer.from(text).equals(bytes));
      }),
    );
  });

  it('names the encoding of what is not UTF-8', () => {
    const records = Buffer.concat([record(0, Buffer.of(0xff), 'a'), record(1, 'k', Buffer.of(0xfe))]);
    const bytes = batch({ count: 2, lastOffsetDelta: 1, records });
    expect(collectBytes(bytes, { bytes: 'utf8' }).lines.slice(1)).toEqual([
      '{"type":"record","offset":0,"timestamp":1000,"key":"/w==","value":"a","headers":[],"encoding":"utf8","keyEncoding":"base64"}',
      '{"type":"record","offset":1,"timestamp":1000,"key":"k","value":"/g==","headers":[],"encoding":"utf8","valueEncoding":"base64"}',
    ]);
  });
});

describe('the text of a dump', () => {
  it("is that of Kafka's own tool", () => {
    const records = record(0, 'k', 'v', {
      headers: [
        ['a', '1'],
        ['b', null],
      ],
    });
    const dump = collectBytes(batch({ producerId: 7n, baseSequence: 3, records }), { json: false, bytes: 'utf8' });
    const crc = /crc: (\d+)/.exec(dump.text)?.[1];
    expect(dump.lines).toEqual([
      'Log starting offset: 0',
      `baseOffset: 0 lastOffset: 0 count: 1 baseSequence: 3 lastSequence: 3 producerId: 7 producerEpoch: -1 partitionLeaderEpoch: 0 isTransactional: false isControl: false deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: 1000 size: ${61 + records.length} magic: 2 compresscodec: none crc: ${crc} isvalid: true`,
      '| offset: 0 CreateTime: 1000 keySize: 1 valueSize: 1 sequence: 3 headerKeys: [a,b] key: k payload: v',
    ]);
  });

  it('names transaction markers', () => {
    const records = record(0, Buffer.from('00000001', 'hex'), Buffer.from('00000000002a', 'hex'));
    const dump = collectBytes(batch({ attributes: 0x30, producerId: 7n, records }), { json: false });
    expect(dump.lines.at(-1)).toBe(
      '| offset: 0 CreateTime: 1000 keySize: 4 valueSize: 6 sequence: -1 headerKeys: [] endTxnMarker: COMMIT coordinatorEpoch: 42',
    );
  });
});
