/** Records of Kafka's own topics: the known ones in kafka-dump-log's JSON, all others named and kept. */
import { describe, expect, it } from 'vitest';
import { decodeValue, decoderOf, hex } from './decode.ts';

const OFFSET_KEY = hex('0001 0001 67 0001 74 00000007');
const OFFSET_VALUE = hex('0003 0000000000000005 ffffffff 0000 0000000000000009');

function parsed(decoded: { json: string; known: boolean } | undefined): unknown {
  return decoded === undefined ? undefined : { ...(JSON.parse(decoded.json) as object), known: decoded.known };
}

function offsets(key: Buffer | null, value: Buffer | null): { key: unknown; value: unknown } {
  const decoded = decoderOf('offsets').decode(key, value);
  return { key: parsed(decoded.key), value: parsed(decoded.value) };
}

describe('offsets', () => {
  const key = { type: '1', data: { group: 'g', topic: 't', partition: 7 }, known: true };

  it('are a key by its type, and a value by its version', () => {
    expect(decoderOf('offsets').decode(OFFSET_KEY, OFFSET_VALUE)).toEqual({
      key: { json: '{"type":"1","data":{"group":"g","topic":"t","partition":7}}', known: true },
      value: {
        json: '{"version":"3","data":{"offset":5,"leaderEpoch":-1,"metadata":"","commitTimestamp":9}}',
        known: true,
      },
    });
  });

  it('have no value in a tombstone', () => {
    expect(offsets(OFFSET_KEY, null)).toEqual({ key, value: undefined });
  });

  it.each([
    ['a type that is not known', hex('0063 00'), { unknown: 'type 99' }, { unknown: 'a value of type 99' }],
    ['no type', hex('00'), { unknown: 'no type' }, { unknown: 'a value of no type' }],
    ['no key', null, undefined, { unknown: 'no key' }],
  ])('of %s are kept as bytes', (_, bytes: Buffer | null, keySays, valueSays) => {
    const value = { ...valueSays, bytes: OFFSET_VALUE.toString('base64'), known: false };
    expect(offsets(bytes, OFFSET_VALUE)).toEqual({
      key: keySays === undefined ? undefined : { ...keySays, bytes: bytes?.toString('base64'), known: false },
      value,
    });
  });

  it.each([
    ['a version that is not known', hex('0005 00'), 'version 5 of type 1'],
    ['no version', hex('00'), 'no version'],
    ['a value cut short', OFFSET_VALUE.subarray(0, 20), 'OffsetCommitValue.commitTimestamp cannot be decoded'],
    ['bytes behind the value', Buffer.concat([OFFSET_VALUE, hex('00')]), 'expected no more bytes, found 1'],
  ])('with %s keep their key', (_, value, says) => {
    const decoded = offsets(OFFSET_KEY, value);
    expect(decoded.key).toEqual(key);
    expect(decoded.value).toEqual({
      ...{ unknown: expect.stringContaining(says), bytes: value.toString('base64'), known: false },
    });
  });

  it('with bytes behind the key keep their value', () => {
    const decoded = offsets(Buffer.concat([OFFSET_KEY, hex('00')]), OFFSET_VALUE);
    expect(decoded.key).toMatchObject({ unknown: expect.stringContaining('no more bytes'), known: false });
    expect(decoded.value).toMatchObject({ version: '3', known: true });
  });

  it.each([
    ['read', 'consumer', '0003 00000001 000174 ffffffff 00000000 ffffffff ffff', { topics: ['t'], userData: null }],
    [
      'read in a newer version',
      'consumer',
      '0009 00000001 000174 ffffffff 00000000 ffffffff ffff 07',
      { topics: ['t'] },
    ],
    ['bytes where they are none', 'consumer', '0003 7fffffff', 'AAN/////'],
    ['bytes where they are empty', 'consumer', '', ''],
    ['bytes in a group of another kind', 'connect', '0000 00000000 ffffffff', 'AAAAAAAA/////w=='],
  ])('have members whose subscription is %s', (_, protocolType, subscription, wanted) => {
    const sized = (bytes: Buffer, size: 2 | 4): Buffer => {
      const head = Buffer.alloc(size);
      head.writeUIntBE(bytes.length, 0, size);
      return Buffer.concat([head, bytes]);
    };
    const value = Buffer.concat([
      ...[hex('0000'), sized(Buffer.from(protocolType), 2), hex('00000001 ffff ffff 00000001')],
      ...[hex('0001 6d 0001 63 0001 68 00000005'), sized(hex(subscription), 4), hex('00000000')],
    ]);
    const decoded = offsets(hex('0002 0001 67'), value).value as { data: { members: unknown[] } };
    const printed = (decoded.data.members[0] as { subscription: unknown }).subscription;
    if (typeof wanted === 'string') expect(printed).toBe(wanted);
    else expect(printed).toMatchObject(wanted);
  });

  it('never put user text on a terminal that would steer it', () => {
    const value = hex('0003 0000000000000005 ffffffff 0004 1b5bc29b 0000000000000009');
    expect(decoderOf('offsets').decode(OFFSET_KEY, value).value?.json).toContain('"metadata":"\\u001b[\\u009b"');
  });
});

describe('metadata', () => {
  it.each([
    ['no frame of ours', '00 0c 00', 'frame version 0'],
    ['a newer frame', '02 0c 00', 'frame version 2'],
    ['a type that is not known', '01 63 00', 'type 99'],
    ['a version that is not known', '01 0c 05', 'version 5 of FeatureLevelRecord'],
    ['nothing', '', 'metadata record cannot be decoded: expected 1 bytes, found 0 (at byte 0)'],
    [
      'bytes behind the record',
      '01 14 00 00 07',
      'NoOpRecord cannot be decoded: expected no more bytes, found 1 (at byte 4)',
    ],
  ])('with %s is kept as bytes', (_, bytes, says) => {
    expect(parsed(decodeValue('metadata', hex(bytes)))).toEqual({
      ...{ unknown: says, bytes: hex(bytes).toString('base64'), known: false },
    });
  });

  it('has no keys: one that is there is kept', () => {
    const { key, value } = decoderOf('metadata').decode(hex('ff'), hex('01 14 00 00'));
    expect(key).toMatchObject({ known: false, json: expect.stringContaining('"/w=="') });
    expect(value).toEqual({ json: '{"type":"NO_OP_RECORD","version":0,"data":{}}', known: true });
  });
});
