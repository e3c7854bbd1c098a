/** Records to be written as JSON lines, and what those lines are, said with Node's own means and no care for speed. */
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { LINE_ENCODINGS, LINE_REDACTED } from '../../src/engine/contract.ts';
import { jsonString } from '../../src/inspect/byte-encoding.ts';

/** A record to be. */
export interface LinePlan {
  readonly offsetDelta: number;
  readonly timestampDelta: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [Uint8Array, Uint8Array | null])[];
}

/** Characters that are escaped, are like those that are, or take several bytes. */
const oddCharacter = fc.oneof(
  fc.integer({ min: 0, max: 0xa1 }),
  fc.integer({ min: 0x1ffe, max: 0x206b }),
  fc.constantFrom(0xff, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xffff, 0x1_0000, 0x1_f600, 0x10_ffff),
);
const oddText = fc.array(oddCharacter, { maxLength: 40 }).map((codes) => Buffer.from(String.fromCodePoint(...codes)));
/** Encodings of nothing, or not the shortest ones: surrogates, overlong forms, cut-off characters. */
const notText = fc.constantFrom(
  ...['ff', 'c2', 'e280', 'e2', 'eda080', 'edbfbf', 'c080', 'e08080', 'f4908080', 'f0908d', '80', 'c285c2'].map((hex) =>
    Buffer.from(hex, 'hex'),
  ),
);

/** What a field may hold: of everything, and whatever may be taken for something else. */
export const hostileBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  oddText,
  fc.tuple(oddText, notText, oddText).map((parts) => Buffer.concat(parts)),
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => Buffer.from(text)),
  fc
    .constantFrom('', 'plain text', '"\\', '\u2028', '\u001b[2J', '\t\r\n', '"utf8"', '7 bytes')
    .map((text) => Buffer.from(text)),
);

const field = fc.option(hostileBytes, { freq: 5 });

/** A record of any content. */
export const linePlan: fc.Arbitrary<LinePlan> = fc.record({
  offsetDelta: fc.oneof(fc.nat(2000), fc.integer()),
  timestampDelta: fc.oneof(
    fc.bigInt({ min: -5n, max: 100_000n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ),
  key: field,
  value: field,
  headers: fc.oneof(fc.constant([]), fc.array(fc.tuple(hostileBytes, field), { maxLength: 3 })),
});

/** Its bytes in format 2. */
export function recordBytes({ offsetDelta, timestampDelta, key, value, headers }: LinePlan): Buffer {
  const nullable = (bytes: Uint8Array | null): Buffer =>
    bytes === null ? varint(-1n) : Buffer.concat([varint(BigInt(bytes.length)), bytes]);
  const body = Buffer.concat([
    Buffer.alloc(1),
    varint(timestampDelta),
    varint(BigInt(offsetDelta)),
    nullable(key),
    nullable(value),
    varint(BigInt(headers.length)),
    ...headers.flat().map(nullable),
  ]);
  return Buffer.concat([varint(BigInt(body.length)), body]);
}

function varint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** The line that a record has to have. */
export function expectedLine(
  plan: LinePlan,
  asked: { baseOffset: bigint; timestamp: bigint; isAppendTime: boolean; encoding: number; redacted: number },
): string {
  const { baseOffset, timestamp, isAppendTime, encoding, redacted } = asked;
  const usual = ['base64', 'utf8', 'hex', 'utf8'][encoding] as string;
  const show = (bytes: Uint8Array | null, bit: number): readonly [string, string] => {
    if (bytes === null) return ['null', usual];
    if ((redacted & bit) !== 0) return [`"${bytes.length} bytes"`, 'redacted'];
    return shown(Buffer.from(bytes), encoding);
  };
  const [key, keyEncoding] = show(plan.key, LINE_REDACTED.keys);
  const [value, valueEncoding] = show(plan.value, LINE_REDACTED.values);
  const headers = plan.headers.map((pair) => pair.map((side) => show(side, LINE_REDACTED.headers)));
  const encodings = headers.map(([k, v]) => `["${k?.[1]}","${v?.[1]}"]`);
  const time = isAppendTime ? timestamp : BigInt.asIntN(64, timestamp + plan.timestampDelta);
  return (
    `{"type":"record","offset":${baseOffset + BigInt(plan.offsetDelta)},"timestamp":${time},"key":${key},"value":${value}` +
    `,"headers":[${headers.map(([k, v]) => `[${k?.[0]},${v?.[0]}]`).join(',')}],"encoding":"${usual}"` +
    (keyEncoding === usual ? '' : `,"keyEncoding":"${keyEncoding}"`) +
    (valueEncoding === usual ? '' : `,"valueEncoding":"${valueEncoding}"`) +
    (headers.flat().every(([, used]) => used === usual) ? '' : `,"headerEncodings":[${encodings.join(',')}]`) +
    '}\n'
  );
}

function shown(bytes: Buffer, encoding: number): readonly [string, string] {
  if (encoding === LINE_ENCODINGS.hex) return [`"${bytes.toString('hex')}"`, 'hex'];
  const isOdd = bytes.some((byte) => (byte < 0x20 && ![9, 10, 13].includes(byte)) || byte === 0x7f);
  const isText = encoding !== LINE_ENCODINGS.base64 && isUtf8(bytes) && !(encoding === LINE_ENCODINGS.auto && isOdd);
  return isText ? [jsonString(bytes.toString('utf8')), 'utf8'] : [`"${bytes.toString('base64')}"`, 'base64'];
}
