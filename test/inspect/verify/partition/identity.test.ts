/** `partition.metadata` and `quorum-state`, which cannot be had from the log. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copied, findingsOf, inShort } from './support.ts';

function findingsWith(source: string, file: string, change: ((text: string) => string) | undefined): string[] {
  const directory = copied(source);
  const path = join(directory, file);
  if (change === undefined) rmSync(path);
  else writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
  return inShort(findingsOf(directory));
}

describe('a topic id', () => {
  const FILE = 'partition.metadata';
  test.each([
    ['nothing', (): string => '', 'error TOPIC_ID_UNREADABLE partition.metadata 0'],
    [
      'a damaged first line',
      (text: string): string => text.replace(':', ';'),
      'error TOPIC_ID_UNREADABLE partition.metadata 0',
    ],
    ['a cut id', (text: string): string => text.slice(0, -1), 'error TOPIC_ID_UNREADABLE partition.metadata 11'],
    [
      'the id of no topic',
      (): string => `version: 0\ntopic_id: ${'A'.repeat(22)}`,
      'error TOPIC_ID_UNREADABLE partition.metadata 11',
    ],
    ['something behind it', (text: string): string => `${text}\n`, 'warning CHECKPOINT_UNUSUAL partition.metadata 43'],
  ])('file with %s is told of', (_what, change, expected) => {
    expect(findingsWith('clean/f-gzip-0', FILE, change)).toEqual([expected]);
  });

  test('may be of a later version, and may be missing', () => {
    expect(findingsWith('clean/f-gzip-0', FILE, (text) => text.replace('0', '3'))).toEqual([]);
    expect(findingsWith('clean/f-gzip-0', FILE, undefined)).toEqual(['info TOPIC_ID_MISSING partition.metadata null']);
  });
});

describe('the state of the quorum', () => {
  const change = (from: string, to: string): string[] =>
    findingsWith('clean/__cluster_metadata-0', 'quorum-state', (text) => text.replace(from, to));

  test('is no better than its form, and no older than the log', () => {
    expect(change('}', '')).toEqual(['error QUORUM_STATE_UNREADABLE quorum-state 0']);
    expect(change('"data_version":1', '"data_version":2')).toEqual(['error QUORUM_STATE_UNREADABLE quorum-state 0']);
    expect(change('"leaderEpoch":2', '"leaderEpoch":1')).toEqual(['error QUORUM_STATE_BEHIND quorum-state 0']);
    expect(change('"leaderEpoch":2', '"leaderEpoch":3')).toEqual([]);
  });

  test('is missed in the metadata log alone', () => {
    expect(findingsWith('clean/__cluster_metadata-0', 'quorum-state', undefined)).toEqual([
      'warning QUORUM_STATE_MISSING quorum-state null',
    ]);
  });
});
