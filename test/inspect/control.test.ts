/** Control records in words: markers, KRaft's own, and those that are not known. */
import { describe, expect, it } from 'vitest';
import { controlJson, controlText } from '../../src/inspect/control.ts';
import { LeaderChangeMessage } from '../../src/message/generated/control.ts';
import { controlRecord } from '../support/coordinator-records.ts';
import { cursorOver } from '../support/raw-records.ts';

const hex = (text: string): Buffer => Buffer.from(text.replace(/ /g, ''), 'hex');
const voter = { voterId: 1, voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAQ' };
const change = { leaderId: 1, voters: [voter], grantingVoters: [] };
const inVersion0 = { ...change, voters: [{ voterId: 1, voterDirectoryId: 'A'.repeat(22) }] };

describe('a control record', () => {
  it.each([
    [
      'a commit',
      '0000 0001',
      hex('0000 00000007'),
      'endTxnMarker: COMMIT coordinatorEpoch: 7',
      { type: 'COMMIT', coordinatorEpoch: 7 },
    ],
    [
      'an abort',
      '0000 0000',
      hex('0000 00000000'),
      'endTxnMarker: ABORT coordinatorEpoch: 0',
      { type: 'ABORT', coordinatorEpoch: 0 },
    ],
    [
      'a change of the leader',
      '0000 0002',
      controlRecord(2, LeaderChangeMessage, inVersion0, 0).value,
      'LeaderChange: {"version":0,"leaderId":1,"voters":[{"voterId":1}],"grantingVoters":[]}',
      { type: 'LEADER_CHANGE', data: { version: 0, leaderId: 1, voters: [{ voterId: 1 }], grantingVoters: [] } },
    ],
    [
      'a change of the leader in a version that Kafka 4.3 has and does not write',
      '0000 0002',
      controlRecord(2, LeaderChangeMessage, change, 1).value,
      'LeaderChange: {"version":1,"leaderId":1,"voters":[{"voterId":1,"voterDirectoryId":"AAAAAAAAAAAAAAAAAAAAAQ"}],"grantingVoters":[]}',
      { type: 'LEADER_CHANGE', data: { version: 1, ...change } },
    ],
    [
      'a footer',
      '0000 0004',
      hex('0000 00'),
      'SnapshotFooter {"version":0}',
      { type: 'SNAPSHOT_FOOTER', data: { version: 0 } },
    ],
    [
      'a marker cut short',
      '0000 0001',
      hex('0000'),
      'controlType: COMMIT(1) payload: 0000',
      { type: 'COMMIT', unknown: 'no marker', data: 'AAA=' },
    ],
    [
      'a message that cannot be decoded',
      '0000 0004',
      hex('0009 00'),
      'controlType: SNAPSHOT_FOOTER(4) payload: 000900',
      { type: 'SNAPSHOT_FOOTER', data: { unknown: expect.stringContaining('no version 9'), bytes: 'AAkA' } },
    ],
    [
      'a type that is not known',
      '0000 0063',
      hex('cafe'),
      'controlType: UNKNOWN(99) payload: cafe',
      { type: 'UNKNOWN(99)', unknown: 'type 99', data: 'yv4=' },
    ],
    [
      'a message without a value',
      '0000 0003',
      null,
      'controlType: SNAPSHOT_HEADER(3) payload: null',
      { type: 'SNAPSHOT_HEADER', unknown: 'no value', data: null },
    ],
    [
      'no type',
      '00',
      hex('01'),
      'controlType: INVALID key: 00 payload: 01',
      { type: 'INVALID', unknown: 'no control type', key: 'AA==', data: 'AQ==' },
    ],
  ])('of %s', (_, key, value, text, json) => {
    const cursor = cursorOver({ offset: 0, isControl: true, key: hex(key), value });
    expect(controlText(cursor)).toBe(text);
    expect(JSON.parse(controlJson(cursor))).toEqual(json);
  });
});
