/** Keys, values and headers in a dump: nothing is lost, encodings are named, and what is withheld does not show. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesPrinter, type FieldPrinter, PRINT_ENCODINGS, REDACTABLE } from '../../../src/inspect/byte-encoding.ts';
import { ColumnLines, columnsOf, csvHead } from '../../../src/inspect/dump/columns.ts';
import { collectBytes } from '../collect.ts';
import { batch, record } from '../make-batch.ts';

type Field = Buffer | null;
interface Parts {
  readonly key: Field;
  readonly value: Field;
  readonly headers: [Buffer, Field][];
}

const someBytes = fc
  .oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new Uint8Array(Buffer.from(text))),
    fc.string({ maxLength: 20 }).map((text) => new Uint8Array(Buffer.from(text))),
  )
  .map((bytes) => Buffer.from(bytes));
const field = fc.option(someBytes, { nil: null });
const parts: fc.Arbitrary<Parts> = fc.record({
  key: field,
  value: field,
  headers: fc.array(fc.tuple(someBytes, field), { maxLength: 3 }) as fc.Arbitrary<[Buffer, Field][]>,
});

const asBatch = ({ key, value, headers }: Parts, attributes = 0): Buffer =>
  batch({ attributes, records: record(0, key, value, { headers }) });

interface Line {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: [string, string | null][];
  readonly encoding: Encoding;
  readonly keyEncoding?: Encoding;
  readonly valueEncoding?: Encoding;
  readonly headerEncodings?: [Encoding, Encoding][];
}
type Encoding = 'utf8' | 'base64' | 'hex' | 'redacted';

const back = (text: string | null, encoding: Encoding): Field =>
  text === null ? null : Buffer.from(text, encoding as BufferEncoding);

function parse(line: Line): Parts {
  const { encoding } = line;
  return {
    key: back(line.key, line.keyEncoding ?? encoding),
    value: back(line.value, line.valueEncoding ?? encoding),
    headers: line.headers.map(([key, value], i) => {
      const [ofKey, ofValue] = line.headerEncodings?.[i] ?? [encoding, encoding];
      return [back(key, ofKey) as Buffer, back(value, ofValue)];
    }),
  };
}

describe.each(PRINT_ENCODINGS)('JSON with --bytes %s', (bytes) => {
  it('gives every byte back, by the encodings that it names', () => {
    fc.assert(
      fc.property(parts, (made) => {
        const line = JSON.parse(collectBytes(asBatch(made), { bytes }).lines[1] as string) as Line;
        expect(line.encoding).toBe(bytes === 'auto' ? 'utf8' : bytes);
        expect(parse(line)).toEqual(made);
      }),
    );
  });

  it('names an encoding only where it is another', () => {
    const made: Parts = { key: Buffer.from('k'), value: null, headers: [[Buffer.from('h'), null]] };
    const line = collectBytes(asBatch(made), { bytes }).lines[1] as string;
    expect(line).not.toMatch(/keyEncoding|valueEncoding|headerEncodings/);
  });
});

describe('auto and utf8', () => {
  it('differ in control characters alone', () => {
    const made: Parts = {
      key: Buffer.from('a\tb\r\n'),
      value: Buffer.from([0x61, 0]),
      headers: [[Buffer.from('\x7f'), Buffer.of(0xff)]],
    };
    const lineOf = (bytes: 'auto' | 'utf8'): string => collectBytes(asBatch(made), { bytes }).lines[1] as string;
    expect(lineOf('auto')).toBe(
      '{"type":"record","offset":0,"timestamp":1000,"key":"a\\tb\\r\\n","value":"YQA=","headers":[["fw==","/w=="]],"encoding":"utf8","valueEncoding":"base64","headerEncodings":[["base64","base64"]]}',
    );
    expect(lineOf('utf8')).toBe(
      '{"type":"record","offset":0,"timestamp":1000,"key":"a\\tb\\r\\n","value":"a\\u0000","headers":[["\\u007f","/w=="]],"encoding":"utf8","headerEncodings":[["utf8","base64"]]}',
    );
  });

  it('show in text what is no text by escapes, or in base64 by name', () => {
    const made: Parts = { key: Buffer.of(0x61, 0xff), value: Buffer.of(0), headers: [] };
    const textOf = (bytes: 'auto' | 'utf8'): string =>
      collectBytes(asBatch(made), { bytes, json: false }).lines.at(-1) as string;
    expect(textOf('utf8')).toMatch(/ key: a\\xff payload: \\x00$/);
    expect(textOf('auto')).toMatch(/ key: base64:Yf8= payload: base64:AA==$/);
  });
});

describe('what is redacted', () => {
  // Long and odd enough not to come about by chance in what is printed beside.
  const secret = fc
    .array(fc.constantFrom('\u00e4', '\u00f6', '\u4e2d', '\u6587', '#', '~', '%'), { minLength: 12, maxLength: 20 })
    .map((letters) => Buffer.from(letters.join('')));
  const rows = (form: 'text' | 'csv' | 'json') => {
    const names = ['offset', 'key', 'value', 'headers', 'keySize', 'valueSize', 'headerCount'];
    const columns = columnsOf(form, names, false);
    return { rows: (printer: FieldPrinter, path: string) => new ColumnLines(columns, printer, path) };
  };

  it('does not show, in any form or encoding, and its size does', () => {
    fc.assert(
      fc.property(
        fc.tuple(secret, secret, secret, secret),
        fc.constantFrom(...PRINT_ENCODINGS),
        fc.constantFrom({}, { json: false }, rows('text'), rows('csv'), rows('json')),
        fc.constantFrom(0, 0x20),
        ([key, value, header, content], bytes, form, attributes) => {
          const made = asBatch({ key, value, headers: [[header, content]] }, attributes);
          const { text } = collectBytes(made, { bytes, redact: REDACTABLE, ...form });
          for (const part of [key, value, header, content]) {
            for (const encoding of ['utf8', 'base64', 'hex', 'latin1'] as const)
              expect(text).not.toContain(part.toString(encoding).slice(0, 8));
          }
          expect(text).toContain(`${value.length}`);
        },
      ),
    );
  });

  it('is named, part by part', () => {
    const made = asBatch({ key: Buffer.from('abc'), value: Buffer.from('de'), headers: [[Buffer.from('h'), null]] });
    const lineOf = (redact: (typeof REDACTABLE)[number][]): string =>
      collectBytes(made, { redact, bytes: 'utf8' }).lines[1] as string;
    expect(lineOf(['keys'])).toContain(
      '"key":"3 bytes","value":"de","headers":[["h",null]],"encoding":"utf8","keyEncoding":"redacted"}',
    );
    expect(lineOf(['values'])).toContain('"key":"abc","value":"2 bytes"');
    expect(lineOf(['headers'])).toContain(
      '"headers":[["1 bytes",null]],"encoding":"utf8","headerEncodings":[["redacted","utf8"]]}',
    );
    const text = collectBytes(made, { redact: ['keys', 'values', 'headers'], json: false });
    expect(text.lines.at(-1)).toMatch(
      / headerKeys: \[\[1 bytes redacted\]\] key: \[3 bytes redacted\] payload: \[2 bytes redacted\]$/,
    );
  });

  it('is not decoded either, and a decoder is asked no less', () => {
    const seen: (string | undefined)[] = [];
    const decoder = {
      kind: 'string' as const,
      decode(key: Uint8Array | null, value: Uint8Array | null) {
        seen.push(key === null ? undefined : Buffer.from(key).toString());
        return { key: { json: '"K"', known: true }, value: value === null ? undefined : { json: '"V"', known: true } };
      },
    };
    const made = asBatch({ key: Buffer.from('abc'), value: Buffer.from('de'), headers: [] });
    expect(collectBytes(made, { decoder }).lines[1]).toMatch(/"decoded":\{"key":"K","value":"V"\}\}$/);
    expect(collectBytes(made, { decoder, redact: ['keys'] }).lines[1]).toMatch(
      /"decoded":\{"key":null,"value":"V"\}\}$/,
    );
    expect(collectBytes(made, { decoder, json: false }).lines.at(-1)).toMatch(/ key: "K" payload: "V"$/);
    expect(collectBytes(made, { decoder, redact: ['values'] }).lines[1]).toMatch(
      /"decoded":\{"key":"K","value":null\}\}$/,
    );
    expect(seen).toEqual(['abc', 'abc', 'abc', 'abc']);
  });
});

describe('CSV', () => {
  it('parses back to every byte, whatever the bytes', () => {
    const names = ['offset', 'key', 'value', 'headers'];
    const columns = columnsOf('csv', names, false);
    expect(csvHead(columns)).toBe('offset,key,keyEncoding,value,valueEncoding,headers,headerEncodings\r\n');
    fc.assert(
      fc.property(parts, fc.constantFrom(...PRINT_ENCODINGS), (made, bytes) => {
        const { text } = collectBytes(asBatch(made), {
          bytes,
          rows: (printer, path) => new ColumnLines(columns, printer, path),
        });
        const rows = parseCsv(text);
        expect(rows).toHaveLength(1);
        const [offset, key, keyEncoding, value, valueEncoding, headers, headerEncodings] = rows[0] as (string | null)[];
        expect(offset).toBe('0');
        const line = {
          key: key ?? null,
          value: value ?? null,
          encoding: bytes === 'auto' ? 'utf8' : bytes,
          keyEncoding: keyEncoding as Encoding,
          valueEncoding: valueEncoding as Encoding,
          headers: JSON.parse(headers as string) as Line['headers'],
          ...(headerEncodings === null
            ? {}
            : { headerEncodings: JSON.parse(headerEncodings as string) as [Encoding, Encoding][] }),
        } as const;
        expect(parse(line)).toEqual(made);
      }),
    );
  });

  it('steers no terminal', () => {
    const columns = columnsOf('csv', ['key'], false);
    fc.assert(
      fc.property(parts, (made) => {
        const { text } = collectBytes(asBatch(made), {
          bytes: 'utf8',
          rows: (printer, path) => new ColumnLines(columns, printer, path),
        });
        expect(text.replace(/\r\n|[\n\t]/g, '')).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

it('the printer of `seglog read` is another: it shows U+FFFD, and knows', () => {
  expect(bytesPrinter('utf8').json(Buffer.of(0xff), 0, 1)).toBe('"\ufffd"');
});

/** RFC 4180; a cell without anything, quotes included, is null. */
function parseCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  let at = 0;
  while (at < text.length) {
    let cell: string | null = null;
    if (text[at] === '"') {
      cell = '';
      at += 1;
      while (text[at] !== '"' || text[at + 1] === '"') {
        cell += text[at] as string;
        at += text[at] === '"' ? 2 : 1;
      }
      at += 1;
    } else {
      const end = /[,\r\n]/.exec(text.slice(at))?.index ?? text.length - at;
      if (end > 0) cell = text.slice(at, at + end);
      at += end;
    }
    row.push(cell);
    if (text[at] === ',') at += 1;
    else {
      expect(text.slice(at, at + 2)).toBe('\r\n');
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
