/** What lies beside the partitions of a log directory: each fault gives one finding, at the line. */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES } from '../../../support/fixtures.ts';
import { applyEdits } from '../../../support/edits.ts';
import { scratch } from '../../../support/temp.ts';
import { findingsBeside, inShort } from '../partition/support.ts';

const CHECKPOINTS = [
  'recovery-point-offset-checkpoint',
  'replication-offset-checkpoint',
  'log-start-offset-checkpoint',
  'cleaner-offset-checkpoint',
];

/** A broker's directory with four partitions, as little of each as its checks need. */
function brokerDirectory(): string {
  const directory = scratch();
  const copy = (name: string): void => cpSync(join(FIXTURES, 'clean', name), join(directory, name));
  for (const name of ['.kafka_cleanshutdown', 'meta.properties', 'bootstrap.checkpoint']) copy(name);
  for (const name of ['f-gzip-0', 'f-lz4-0', 'f-txn-0', 'f-txn-1']) copy(join(name, 'partition.metadata'));
  copy('f-gzip-0/00000000000000003380.log');
  for (const name of CHECKPOINTS) writeFileSync(join(directory, name), '0\n1\nf-gzip 0 4001\n');
  return directory;
}

/** What is found once `change` was made. */
function findingsAfter(change: (directory: string) => void): string[] {
  const directory = brokerDirectory();
  change(directory);
  return inShort(findingsBeside(directory));
}
const written =
  (name: string, text: string | Buffer) =>
  (directory: string): void =>
    writeFileSync(join(directory, name), text);

describe('a log directory', () => {
  test.each(['clean', 'unclean'])('that Kafka left %s gives no finding', (kind) => {
    expect(findingsBeside(join(FIXTURES, kind))).toEqual([]);
  });

  test('with a few of its partitions gives none', () => {
    expect(findingsAfter(() => undefined)).toEqual([]);
  });

  test('of seglog, which has no files of a broker, gives none', () => {
    const directory = scratch();
    cpSync(join(FIXTURES, 'clean', 'f-gzip-0'), join(directory, 'f-gzip-0'), { recursive: true });
    writeFileSync(join(directory, '.lock'), '');
    expect(findingsBeside(directory)).toEqual([]);
  });

  describe.each(CHECKPOINTS)('with a %s', (file) => {
    test.each([
      ['of no version', 'x\n0\n', 'warning CHECKPOINT_UNREADABLE', 0],
      ['of a later version', '1\n0\n', 'warning CHECKPOINT_UNREADABLE', 0],
      ['of another count', '0\n2\nf-gzip 0 5\n', 'warning CHECKPOINT_UNREADABLE', 2],
      ['with a line that is none', '0\n2\nf-gzip 0 5\nf-lz4 0\n', 'warning CHECKPOINT_UNREADABLE', 15],
      ['without the last line feed', '0\n1\nf-gzip 0 5', 'warning CHECKPOINT_UNUSUAL', 14],
      ['with a partition twice', '0\n2\nf-gzip 0 5\nf-gzip 0 5\n', 'warning CHECKPOINT_DUPLICATE', 15],
      ['with a negative offset', '0\n2\nf-lz4 0 1\nf-gzip 0 -5\n', 'warning CHECKPOINT_NEGATIVE', 14],
      ['with partitions that are not there', '0\n3\nf-gzip 7 1\nf-lz4 0 1\nf-lz4 1 5\n', 'info CHECKPOINT_STALE', 4],
      ['with a partition that is not there', '0\n2\nf-lz4 0 1\nf-lz4 1 5\n', 'info CHECKPOINT_STALE', 14],
    ])('%s tells of it', (_what, text, expected, position) => {
      expect(findingsAfter(written(file, text))).toEqual([`${expected} ${file} ${position}`]);
    });
  });

  test('may have empty checkpoints, but misses those that a broker always keeps', () => {
    expect(findingsAfter(written('recovery-point-offset-checkpoint', ''))).toEqual([]);
    expect(findingsAfter((directory) => CHECKPOINTS.forEach((name) => rmSync(join(directory, name))))).toEqual([
      'info CHECKPOINT_MISSING recovery-point-offset-checkpoint null',
      'info CHECKPOINT_MISSING log-start-offset-checkpoint null',
      'info CHECKPOINT_MISSING replication-offset-checkpoint null',
    ]);
  });

  test('has an identity', () => {
    expect(findingsAfter((directory) => rmSync(join(directory, 'meta.properties')))).toEqual([
      'error META_PROPERTIES_MISSING meta.properties null',
    ]);
    expect(findingsAfter(written('meta.properties', 'version=1\ncluster.id=x\nnode.id=y\n'))).toEqual([
      'error META_PROPERTIES_UNREADABLE meta.properties 23',
    ]);
    expect(findingsAfter(written('meta.properties', ''))).toEqual([
      'error META_PROPERTIES_UNREADABLE meta.properties 0',
    ]);
  });

  test.each([
    ['.kafka_cleanshutdown', '{"version":0', 'info CLEAN_MARK_UNREADABLE .kafka_cleanshutdown 0'],
    ['.kafka_cleanshutdown', '', undefined],
    ['checkpoint.tmp', '', 'warning LEFTOVER_TEMPORARY checkpoint.tmp null'],
    ['notes.txt', '', 'info UNKNOWN_FILE notes.txt null'],
  ])('with %s of %j', (name, text, expected) => {
    expect(findingsAfter(written(name, text))).toEqual(expected === undefined ? [] : [expected]);
  });

  test('whose mark of a clean stop cannot be true says so', () => {
    const tear = (directory: string): void =>
      applyEdits(join(directory, 'f-gzip-0'), [{ op: 'append-zeros', file: '00000000000000003380.log', length: 100 }]);
    expect(findingsAfter(tear)).toEqual(['warning CLEAN_MARK_LIES .kafka_cleanshutdown null']);
    const unmarked = (directory: string): void => {
      tear(directory);
      rmSync(join(directory, '.kafka_cleanshutdown'));
    };
    expect(findingsAfter(unmarked)).toEqual([]);
  });

  test.each([
    ['lost+found', 'warning DIRECTORY_NOT_A_PARTITION'],
    ['f-gzip', 'warning DIRECTORY_NOT_A_PARTITION'],
    [`x-0.${'a'.repeat(32)}-delete`, 'info PARTITION_LEAVING'],
    [`x-0.${'a'.repeat(32)}-stray`, 'info PARTITION_LEAVING'],
    ['remote-log-index-cache', undefined],
  ])('with a directory %s', (name, expected) => {
    const found = findingsAfter((directory) => mkdirSync(join(directory, name)));
    expect(found).toEqual(expected === undefined ? [] : [`${expected} ${name} null`]);
  });

  test('follows no links', () => {
    const found = findingsAfter((directory) => symlinkSync('f-gzip-0', join(directory, 'f-gzip-1')));
    expect(found).toEqual(['warning SPECIAL_FILE f-gzip-1 null']);
  });

  test('has one topic id for each topic, and one topic for each id', () => {
    const idOf = (name: string): string => join(name, 'partition.metadata');
    const copy = (from: string, to: string) => (directory: string) =>
      writeFileSync(join(directory, idOf(to)), readFileSync(join(directory, idOf(from))));
    expect(findingsAfter(copy('f-gzip-0', 'f-lz4-0'))).toEqual(['error TOPIC_ID_SHARED partition.metadata 11']);
    expect(findingsAfter(copy('f-gzip-0', 'f-txn-1'))).toEqual(['error TOPIC_IDS_DIFFER partition.metadata 11']);
  });

  test('with a checkpoint of many megabytes does not read it', () => {
    const found = findingsAfter(written('cleaner-offset-checkpoint', Buffer.alloc(5 * 1024 * 1024)));
    expect(found).toEqual(['warning FILE_TOO_LARGE cleaner-offset-checkpoint null']);
  });
});
