/** The forms of the protocol, byte by byte: golden vectors, null in all its forms, tagged fields, versions, lies about sizes. */
import { describe, expect, it } from 'vitest';
import { parseSchema } from '../../scripts/generate-messages/schema.mjs';
import { ConsumerGroupMemberMetadataValue } from '../../src/message/generated/consumer-groups.ts';
import { OffsetCommitValue } from '../../src/message/generated/group-offsets.ts';
import { FeatureLevelRecord } from '../../src/message/generated/metadata-log.ts';
import { PartitionRecord } from '../../src/message/generated/metadata-topics.ts';
import { messageJson } from '../../src/message/json.ts';
import type { StructValue } from '../../src/message/plan.ts';
import { readMessage } from '../../src/message/read.ts';
import { MessageReader } from '../../src/message/reader.ts';
import type { Message } from '../../src/message/schema.ts';
import { writeMessage } from '../../src/message/write.ts';
import { MessageWriter } from '../../src/message/writer.ts';

/** A message from the text of a schema, as it stands in Kafka's jars. */
function schema(given: object | string): Message<StructValue> {
  return parseSchema(typeof given === 'string' ? given : JSON.stringify(given)) as unknown as Message<StructValue>;
}

function hexOf<T>(message: Message<T>, value: T, version: number): string {
  const writer = new MessageWriter();
  writeMessage(message, writer, value, version);
  return Buffer.from(writer.bytes).toString('hex');
}

function fromHex<T>(message: Message<T>, hex: string, version: number): T {
  return readMessage(message, new MessageReader(Buffer.from(hex.replace(/ /g, ''), 'hex')), version);
}

const EVERYTHING = schema(`{
  // A comment, and "quotes" in it.
  "apiKey": 99, "type": "response", "name": "Everything", "validVersions": "0-3", "flexibleVersions": "2+",
  "fields": [
    { "name": "Flag", "type": "bool", "versions": "0+", "about": "not // a comment" },
    { "name": "Small", "type": "int8", "versions": "0+" },
    { "name": "Port", "type": "uint16", "versions": "0+" },
    { "name": "Crc", "type": "uint32", "versions": "0+" },
    { "name": "Big", "type": "int64", "versions": "0+", "default": "0x7fffffffffffffff" },
    { "name": "Share", "type": "float64", "versions": "0+" },
    { "name": "Id", "type": "uuid", "versions": "0+" },
    { "name": "Name", "type": "string", "versions": "0+", "nullableVersions": "1+", "default": "null" },
    { "name": "Blob", "type": "bytes", "versions": "0+", "nullableVersions": "0+" },
    { "name": "Records", "type": "records", "versions": "0+", "nullableVersions": "0+" },
    { "name": "Ids", "type": "[]int32", "versions": "1+", "nullableVersions": "1+", "ignorable": true },
    { "name": "Cursor", "type": "Place", "versions": "2+", "nullableVersions": "2+", "default": "null",
      "fields": [{ "name": "Topic", "type": "string", "versions": "2+" }] },
    { "name": "Leader", "type": "Node", "versions": "2+", "taggedVersions": "2+", "tag": 1, "ignorable": true },
    { "name": "Epoch", "type": "int32", "versions": "2+", "taggedVersions": "2+", "tag": 0, "default": "-1" }
  ],
  "commonStructs": [{ "name": "Node", "versions": "2+", "fields": [
    { "name": "NodeId", "type": "int32", "versions": "2+", "default": "-1" }] }]
}`);
const USUAL: StructValue = {
  ...{ flag: true, small: -1, port: 0xffff, crc: 0xffffffff, big: 2n ** 63n - 1n, share: 0.5 },
  ...{ id: 'AAAAAAAAAAAAAAAAAAAAAQ', name: 'é', blob: null, records: null, ids: [], cursor: null },
  ...{ leader: { nodeId: -1 }, epoch: -1 },
};
const FIXED = `01 ff ffff ffffffff 7fffffffffffffff 3fe0000000000000 ${'00'.repeat(15)}01`;

describe('messages', () => {
  it('are Kafka 4.3 bytes: a feature level in a metadata snapshot', () => {
    const value = { name: 'metadata.version', featureLevel: 27 };
    const hex = `11${Buffer.from('metadata.version').toString('hex')}001b00`;
    expect(hexOf(FeatureLevelRecord, value, 0)).toBe(hex);
    expect(fromHex(FeatureLevelRecord, hex, 0)).toEqual(value);
  });

  it.each([
    [0, `${FIXED} 0002c3a9 ffffffff ffffffff`],
    [1, `${FIXED} 0002c3a9 ffffffff ffffffff 00000000`],
    [2, `${FIXED} 03c3a9 00 00 01 ff 00`],
  ])('take every type, in version %i', (version, hex) => {
    expect(hexOf(EVERYTHING, USUAL, version)).toBe(hex.replace(/ /g, ''));
    expect(fromHex(EVERYTHING, hex, version)).toEqual(USUAL);
  });

  it('say null of a string, a struct that is there, and tagged fields by their tags', () => {
    const value = { ...USUAL, name: null, ids: null, cursor: { topic: 't' }, leader: { nodeId: 7 }, epoch: 5 };
    const hex = `${FIXED} 00 00 00 00 01 02 74 00  02  00 04 00000005  01 05 00000007 00`;
    expect(hexOf(EVERYTHING, value, 3)).toBe(hex.replace(/ /g, ''));
    expect(fromHex(EVERYTHING, hex, 3)).toEqual(value);
  });

  it('keep a field of an old form in a flexible version: the client id of request headers', () => {
    const header = schema({
      ...{ type: 'header', name: 'RequestHeader', validVersions: '1-2', flexibleVersions: '2+' },
      fields: [
        { name: 'CorrelationId', type: 'int32', versions: '0+' },
        { name: 'ClientId', type: 'string', versions: '1+', nullableVersions: '1+', flexibleVersions: 'none' },
      ],
    });
    expect(hexOf(header, { correlationId: 1, clientId: 'ab' }, 2)).toBe('000000010002616200');
    expect(hexOf(header, { correlationId: 1, clientId: null }, 1)).toBe('00000001ffff');
  });

  it('have no schema where no version is left', () => {
    expect(parseSchema('{"name": "LeaderAndIsrRequest", "validVersions": "none", "fields": []}')).toBeUndefined();
  });

  it('say null of a tagged struct as a varint', () => {
    const value = {
      ...{ instanceId: null, rackId: null, clientId: '', clientHost: '', subscribedTopicNames: [] },
      ...{ subscribedTopicRegex: null, rebalanceTimeoutMs: 1, serverAssignor: null, classicMemberMetadata: null },
    };
    const hex = '00 00 01 01 01 00 00000001 00  01 00 01 00';
    expect(hexOf(ConsumerGroupMemberMetadataValue, value, 0)).toBe(hex.replace(/ /g, ''));
    expect(fromHex(ConsumerGroupMemberMetadataValue, hex, 0)).toEqual(value);
  });

  it('keep tagged fields of a newer Kafka, and print them', () => {
    const hex = '0000000000000001 ffffffff 01 0000000000000002  01 09 02 cafe';
    const value = fromHex(OffsetCommitValue, hex, 4);
    expect(value.unknownTaggedFields).toEqual([{ tag: 9, bytes: Uint8Array.of(0xca, 0xfe) }]);
    expect(hexOf(OffsetCommitValue, value, 4)).toBe(hex.replace(/ /g, ''));
    expect(JSON.parse(messageJson(OffsetCommitValue, value, 4))).toEqual({
      ...{ offset: 1, leaderEpoch: -1, metadata: '', commitTimestamp: 2 },
      unknownTaggedFields: [{ tag: 9, bytes: 'yv4=' }],
    });
  });

  it('print int64 exactly', () => {
    const value = fromHex(OffsetCommitValue, '7ffffffffffffffe ffffffff 0000 ffdfffffffffffff', 3);
    expect(messageJson(OffsetCommitValue, value, 3)).toBe(
      '{"offset":9223372036854775806,"leaderEpoch":-1,"metadata":"","commitTimestamp":-9007199254740993}',
    );
  });

  it('print a float that JSON has no number for as a string', () => {
    const json = messageJson(EVERYTHING, { ...USUAL, share: Number.NEGATIVE_INFINITY }, 0);
    expect(JSON.parse(json)).toMatchObject({ share: '-Infinity' });
  });

  it('print a negative zero as one', () => {
    expect(messageJson(EVERYTHING, { ...USUAL, share: -0 }, 0)).toContain('"share":-0,');
  });

  it('refuse to drop what a version cannot hold, unless it may be dropped', () => {
    const value = fromHex(OffsetCommitValue, '0000000000000001 00000005 0000 0000000000000002', 3);
    expect(hexOf(OffsetCommitValue, value, 2)).toBe('000000000000000100000000000000000002');
    const partition = {
      ...{ partitionId: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', replicas: [1], isr: [1], removingReplicas: [] },
      ...{ addingReplicas: [], leader: 1, leaderRecoveryState: 0, leaderEpoch: 0, partitionEpoch: 0 },
      ...{ directories: ['AAAAAAAAAAAAAAAAAAAAAQ'], eligibleLeaderReplicas: null, lastKnownElr: null },
    };
    expect(() => hexOf(PartitionRecord, partition, 0)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('directories') }),
    );
  });
});

describe('what is no message is refused', () => {
  const STRINGS = schema({
    ...{ type: 'data', name: 'Strings', validVersions: '0-1', flexibleVersions: '1+' },
    fields: [{ name: 'Names', type: '[]string', versions: '0+' }],
  });
  it.each([
    ['a version that is not known', STRINGS, '', 2, 'UNSUPPORTED_VERSION', undefined],
    ['a version below 0', STRINGS, '', -1, 'UNSUPPORTED_VERSION', undefined],
    ['null where none may be', STRINGS, 'ffffffff', 0, 'INVALID_RECORD', 0],
    ['compact null where none may be', STRINGS, '00 00', 1, 'INVALID_RECORD', 0],
    ['a count below -1', STRINGS, 'fffffffe', 0, 'INVALID_RECORD', 0],
    ['more elements than bytes can hold', STRINGS, '7fffffff 0000', 0, 'INVALID_RECORD', 0],
    ['two elements where bytes suffice for one', STRINGS, '00000002 0000 00', 0, 'INVALID_RECORD', 0],
    ['more compact elements than bytes can hold', STRINGS, 'ffffffff0f 01', 1, 'INVALID_RECORD', 0],
    ['a string longer than the bytes', STRINGS, '00000001 0005 61', 0, 'INVALID_RECORD', 6],
    ['a string that is not UTF-8', STRINGS, '00000001 0002 c328', 0, 'INVALID_RECORD', 6],
    ['a null string', STRINGS, '00000001 ffff', 0, 'INVALID_RECORD', 4],
    ['a varint of six bytes', STRINGS, '808080808001', 1, 'INVALID_RECORD', 0],
    ['a varint of more than 32 bits', STRINGS, 'ffffffff1f', 1, 'INVALID_RECORD', 0],
    ['a count of tags of more than 32 bits', STRINGS, '01 ffffffff1f', 1, 'INVALID_RECORD', 1],
    ['a length below -1 where null may be', EVERYTHING, `${FIXED} 0002c3a9 fffffffe ffffffff`, 0, 'INVALID_RECORD', 44],
    ['tags that do not rise', STRINGS, '01 02 05 00 05 00', 1, 'INVALID_RECORD', 4],
    ['a tagged field longer than the bytes', STRINGS, '01 01 05 7f 00', 1, 'INVALID_RECORD', 4],
    ['more tagged fields than there are', STRINGS, '01 ffffffff0f', 1, 'INVALID_RECORD', 6],
    [
      'a tagged field of another size than it says',
      EVERYTHING,
      `${FIXED} 01 00 00 01 ff 01 00 05 0000000500`,
      2,
      'INVALID_RECORD',
      52,
    ],
  ])('%s', (_, message, hex, version, code, position) => {
    expect(() => fromHex(message, hex, version)).toThrow(expect.objectContaining({ code, position }));
  });

  it.each([
    ['a number out of range', { ...USUAL, small: 128 }],
    ['no number', { ...USUAL, small: 'x' }],
    ['null where none may be', { ...USUAL, leader: null, flag: null }],
    ['a uuid that is none', { ...USUAL, id: 'AAAA' }],
    ['null among elements', { ...USUAL, ids: [1, null] }],
  ])('%s, when writing', (_, value) => {
    expect(() => hexOf(EVERYTHING, value as StructValue, 2)).toThrow(
      expect.objectContaining({ name: 'SeglogError', code: 'INVALID_ARGUMENT' }),
    );
  });
});
