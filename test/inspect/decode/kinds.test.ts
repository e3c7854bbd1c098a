/** Which decoder is chosen, and what all of them promise. */
import { describe, expect, it } from 'vitest';
import { DECODE_KINDS, type DecodeKind } from '../../../src/inspect/decode/contract.ts';
import { recordDecoder } from '../../../src/inspect/decode/decoders.ts';
import { GROUP_RECORDS } from '../../../src/message/generated/group-records.ts';
import { SHARE_RECORDS } from '../../../src/message/generated/share-records.ts';
import { TRANSACTION_RECORDS } from '../../../src/message/generated/transaction-records.ts';
import { coordinatorRecords, type MadeRecord, metadataRecords } from '../../support/coordinator-records.ts';
import { fuzzPlan, Random } from '../../support/random.ts';
import { decoderOf } from './decode.ts';

const KINDS = DECODE_KINDS.filter((kind) => kind !== 'auto');

describe('a decoder', () => {
  it.each([
    ['__consumer_offsets', 'offsets'],
    ['__transaction_state', 'transactions'],
    ['__share_group_state', 'shares'],
    ['__cluster_metadata', 'metadata'],
    ['orders', undefined],
    ['constructor', undefined],
    [undefined, undefined],
  ])('for the topic %s is %s', (topic, kind) => {
    expect(recordDecoder('auto', topic)?.kind).toBe(kind);
  });

  it.each(KINDS)('%s is had by name, whatever the topic', (kind) => {
    expect(recordDecoder(kind, '__consumer_offsets')?.kind).toBe(kind);
    expect(recordDecoder(kind, undefined)?.kind).toBe(kind);
  });

  it.each(KINDS)('%s has nothing to say of null', (kind) => {
    expect(decoderOf(kind).decode(null, null)).toEqual({ key: undefined, value: undefined });
  });
});

describe('a long key or value', () => {
  const most = 16 * 1024 * 1024;
  const long = Buffer.alloc(most + 1, 0x61);
  const unknown = { json: `{"unknown":"${most + 1} bytes; at most ${most} are decoded"}`, known: false };

  it('is left alone, the other one not', () => {
    expect(decoderOf('string').decode(Buffer.from('k'), long)).toEqual({
      key: { json: '"k"', known: true },
      value: unknown,
    });
    expect(decoderOf('string').decode(long, Buffer.from('v'))).toEqual({
      key: unknown,
      value: { json: '"v"', known: true },
    });
  });

  it('is decoded up to the limit', () => {
    expect(decoderOf('string').decode(null, long.subarray(1)).value?.json.length).toBe(most + 2);
  });
});

describe('a value with more in it than is decoded', () => {
  const many = 1_000_000;
  const list = (count: number): Buffer => {
    const head = Buffer.from('dd00000000', 'hex');
    head.writeUInt32BE(count, 1);
    return Buffer.concat([head, Buffer.alloc(count, 0xc0)]);
  };
  /** A topology of a streams group whose subtopologies are empty: 8 bytes each, and 7 fields. */
  const topology = (count: number): Buffer => {
    const head = Buffer.from('000000000001', 'hex');
    const size = count + 1;
    const varint = Buffer.from([(size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14]);
    return Buffer.concat([
      head,
      varint,
      Buffer.alloc(count * 8, Buffer.from('0101010101010100', 'hex')),
      Buffer.alloc(1),
    ]);
  };
  const key = Buffer.from('0017000161', 'hex');

  it.each<[DecodeKind, Buffer | null, Buffer, Buffer]>([
    ['json', null, Buffer.from(`[${'0,'.repeat(many - 3)}0]`), Buffer.from(`[${'0,'.repeat(many)}0]`)],
    ['msgpack', null, list(many - 1), list(many)],
    ['offsets', key, topology(Math.floor(many / 7)), topology(Math.floor(many / 7) + 1)],
  ])('%s is unknown, and there with its bytes', (kind, keyBytes, most, more) => {
    expect(decoderOf(kind).decode(keyBytes, most).value?.known).toBe(true);
    const decoded = decoderOf(kind).decode(keyBytes, more).value;
    expect(decoded?.known).toBe(false);
    expect(decoded?.json.slice(0, 200)).toMatch(/(more than|at most) 1000000/);
    check(more, decoded);
  });

  it('is not taken for one by what stands in its strings', () => {
    const text = JSON.stringify([`,[{"\\`.repeat(many)]);
    expect(decoderOf('json').decode(null, Buffer.from(text)).value).toEqual({ json: text, known: true });
  });
});

/** One line of JSON; what is not known is there with its bytes. */
function check(bytes: Uint8Array | null, decoded: { json: string; known: boolean } | undefined): void {
  if (decoded === undefined) return;
  expect(decoded.json).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
  const parsed = JSON.parse(decoded.json) as { unknown?: string; bytes?: string; text?: string };
  if (decoded.known) return;
  const kept = parsed.text === undefined ? Buffer.from(parsed.bytes ?? '', 'base64') : Buffer.from(parsed.text);
  expect(parsed.unknown).toEqual(expect.any(String));
  // Not toEqual, which takes seconds for megabytes.
  expect(kept.equals(Buffer.from(bytes ?? []))).toBe(true);
}

describe.each(KINDS)('%s makes one line of JSON of anything', (kind) => {
  const { seed, cases } = fuzzPlan(300);

  it('of bytes at random', () => {
    expect.hasAssertions();
    const random = new Random(seed);
    const side = (): Buffer | null => (random.chance(0.1) ? null : random.bytes(random.between(0, 40)));
    for (let i = 0; i < cases; i++) {
      const [key, value] = [side(), side()];
      const decoded = decoderOf(kind).decode(key, value);
      check(key, decoded.key);
      check(value, decoded.value);
    }
  });

  it('of damaged records', () => {
    expect.hasAssertions();
    const random = new Random(seed + 1);
    const records: MadeRecord[] = [
      ...coordinatorRecords(GROUP_RECORDS, 2, random),
      ...coordinatorRecords(TRANSACTION_RECORDS, 2, random),
      ...coordinatorRecords(SHARE_RECORDS, 2, random),
      ...metadataRecords(2, random),
    ];
    const damaged = (bytes: Buffer | null): Buffer | null => {
      if (bytes === null || bytes.length === 0 || random.chance(0.3)) return bytes;
      const copy = Buffer.from(bytes);
      copy[random.between(0, copy.length - 1)] = random.between(0, 255);
      return random.chance(0.3) ? Buffer.concat([copy, random.bytes(3)]) : copy;
    };
    for (const record of records) {
      const [key, value] = [damaged(record.key), damaged(record.value)];
      const decoded = decoderOf(kind).decode(key, value);
      check(key, decoded.key);
      check(value, decoded.value);
    }
  });
});
