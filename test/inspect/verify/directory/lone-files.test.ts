/** Files that are named alone: each kind is read without its siblings, and tells what it can. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeglogError } from '../../../../src/errors/errors.ts';
import { knownFile } from '../../../../src/inspect/file-kinds.ts';
import type { Finding } from '../../../../src/inspect/findings/finding.ts';
import { checkLoneFile } from '../../../../src/inspect/verify/directory/lone-file.ts';
import { FIXTURES } from '../../../support/fixtures.ts';
import { scratch } from '../../../support/temp.ts';
import { inShort, verifyContext } from '../partition/support.ts';

const check = (path: string): Finding[] => [...checkLoneFile(verifyContext(), knownFile(path))];

const SOURCES = [
  'f-txn-0/00000000000000000839.txnindex',
  'f-txn-0/00000000000000001627.snapshot',
  'f-txn-0/leader-epoch-checkpoint',
  'f-txn-0/partition.metadata',
  '__cluster_metadata-0/quorum-state',
  'meta.properties',
  'recovery-point-offset-checkpoint',
  'replication-offset-checkpoint',
  'log-start-offset-checkpoint',
  'cleaner-offset-checkpoint',
  '.kafka_cleanshutdown',
];

describe('a file named alone', () => {
  test.each(SOURCES)('such as %s of Kafka gives no finding', (source) => {
    expect(check(join(FIXTURES, 'clean', source))).toEqual([]);
  });

  test.each([
    ['00000000000000000839.txnindex', 40, 'warning TXN_INDEX_LENGTH 00000000000000000839.txnindex 34'],
    ['00000000000000001627.snapshot', 60, 'warning SNAPSHOT_CORRUPT 00000000000000001627.snapshot 60'],
    ['leader-epoch-checkpoint', 9, 'warning LEADER_EPOCHS_UNREADABLE leader-epoch-checkpoint 8'],
    ['partition.metadata', 30, 'error TOPIC_ID_UNREADABLE partition.metadata 11'],
    ['quorum-state', 50, 'error QUORUM_STATE_UNREADABLE quorum-state 0'],
    ['meta.properties', 90, 'error META_PROPERTIES_UNREADABLE meta.properties 0'],
    ['recovery-point-offset-checkpoint', 90, 'warning CHECKPOINT_UNREADABLE recovery-point-offset-checkpoint 74'],
    ['.kafka_cleanshutdown', 9, 'info CLEAN_MARK_UNREADABLE .kafka_cleanshutdown 0'],
  ])('%s cut at %s says so', (name, at, expected) => {
    const source = SOURCES.find((other) => basename(other) === name) ?? '';
    const path = join(scratch(), name);
    writeFileSync(path, readFileSync(join(FIXTURES, 'clean', source)).subarray(0, at));
    expect(inShort(check(path))).toEqual([expected]);
  });

  test('is looked at for what lies in it alone', () => {
    const directory = scratch();
    const epochs = join(directory, 'leader-epoch-checkpoint');
    writeFileSync(epochs, '0\n2\n-1 0\n-2 5\n');
    expect(inShort(check(epochs))).toEqual([
      'warning LEADER_EPOCHS_ORDER leader-epoch-checkpoint 4',
      'warning LEADER_EPOCHS_ORDER leader-epoch-checkpoint 9',
    ]);
    const snapshot = join(directory, '00000000000000001000.snapshot');
    cpSync(join(FIXTURES, 'clean/f-txn-0/00000000000000001627.snapshot'), snapshot);
    expect(check(snapshot).map(({ code, position, expected }) => [code, position, expected])).toEqual([
      ['SNAPSHOT_MISMATCH', expect.any(Number), 'a last offset below 1000'],
    ]);
    const index = join(directory, '00000000000000001700.txnindex');
    cpSync(join(FIXTURES, 'clean/f-txn-0/00000000000000000839.txnindex'), index);
    expect(inShort(check(index))).toEqual(['warning TXN_INDEX_ORDER 00000000000000001700.txnindex 0']);
  });

  test('that is not there, or is none, is an error', () => {
    const directory = scratch();
    expect(() => check(join(directory, 'meta.properties'))).toThrow(
      expect.objectContaining({ code: 'IO', errno: 'ENOENT' }),
    );
    mkdirSync(join(directory, 'quorum-state'));
    expect(() => check(join(directory, 'quorum-state'))).toThrow(SeglogError);
  });

  test.each(SOURCES)('%s is read whatever bytes it has', (source) => {
    const path = join(scratch(), basename(source));
    const codesOf = (bytes: Uint8Array): string[] => {
      writeFileSync(path, bytes);
      return check(path).map(({ position }) => typeof position);
    };
    const bytes = readFileSync(join(FIXTURES, 'clean', source));
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.uint8Array({ maxLength: 100 }), (at, garbage) => {
        const found = codesOf(Buffer.concat([bytes.subarray(0, at), garbage, bytes.subarray(at + garbage.length)]));
        expect(found.every((type) => type === 'number')).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
