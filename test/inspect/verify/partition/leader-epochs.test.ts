/** `leader-epoch-checkpoint` against the leader epochs of the batches: each fault gives one finding, at the line. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copied, findingsOf, inShort } from './support.ts';

const FILE = 'leader-epoch-checkpoint';

/** What is found with that text in the file; the log has epoch 0 from 0, 2 from `second` (none in f-txn-0, which ends at 1627). */
function findingsWith(text: string | undefined, source = 'clean/f-txn-0'): string[] {
  const directory = copied(source);
  if (text === undefined) rmSync(join(directory, FILE));
  else writeFileSync(join(directory, FILE), text);
  return inShort(findingsOf(directory));
}

describe('the leader epochs of a partition', () => {
  test.each([
    ['no version', 'x\n1\n0 0\n', 0],
    ['a later version', '1\n1\n0 0\n', 0],
    ['another count', '0\n3\n0 0\n', 2],
    ['a line that is none', '0\n2\n0 0\n2 x\n', 8],
    ['a line too many words', '0\n1\n0 0 0\n', 4],
  ])('with %s cannot be read', (_what, text, position) => {
    expect(findingsWith(text)).toEqual([`warning LEADER_EPOCHS_UNREADABLE ${FILE} ${position}`]);
  });

  test.each([
    ['without the last line feed', '0\n2\n0 0\n2 1627', 14],
    ['with a leading zero', '0\n2\n0 0\n2 01627\n', 10],
  ])('%s are not as Kafka writes them', (_what, text, position) => {
    expect(findingsWith(text)).toEqual([`warning CHECKPOINT_UNUSUAL ${FILE} ${position}`]);
  });

  test('that do not rise are out of order', () => {
    expect(findingsWith('0\n3\n0 0\n2 1627\n2 1627\n')).toEqual([`warning LEADER_EPOCHS_ORDER ${FILE} 15`]);
  });

  test.each([
    ['an epoch that starts within another', '0\n2\n0 0\n2 1600\n', 'clean/f-txn-0', 8],
    ['another epoch at the start', '0\n2\n1 0\n2 1627\n', 'clean/f-txn-0', 4],
    ['an epoch that starts late', '0\n2\n0 0\n2 2101\n', 'clean/f-idem-0', 8],
    ['an epoch that starts early', '0\n2\n0 0\n2 2099\n', 'clean/f-idem-0', 8],
    ['an epoch of no batch in between', '0\n3\n0 0\n1 2000\n2 2100\n', 'clean/f-idem-0', 8],
  ])('with %s do not agree with the batches', (_what, text, source, position) => {
    expect(findingsWith(text, source)).toEqual([`warning LEADER_EPOCHS_MISMATCH ${FILE} ${position}`]);
  });

  test.each([
    ['the file', undefined, 'null'],
    ['every line', '', '0'],
    ['the first line', '0\n1\n2 2100\n', '4'],
    ['the last line', '0\n1\n0 0\n', '8'],
  ])('are missing without %s', (_what, text, position) => {
    const source = text === '0\n1\n2 2100\n' || text === '0\n1\n0 0\n' ? 'clean/f-idem-0' : 'clean/f-txn-0';
    const found = findingsWith(text, source);
    // Epoch 0 ended before the first line begins: it may have been dropped.
    if (text?.startsWith('0\n1\n2')) expect(found).toEqual([]);
    else expect(found).toEqual([`warning LEADER_EPOCHS_MISSING ${FILE} ${position}`]);
  });

  test('may start where the log ends, but not beyond', () => {
    expect(findingsWith('0\n2\n0 0\n7 1627\n')).toEqual([]);
    expect(findingsWith('0\n2\n0 0\n7 1628\n')).toEqual([`warning LEADER_EPOCHS_BEYOND_END ${FILE} 8`]);
  });

  test('of a compacted log are held against the batches that are left', () => {
    expect(findingsWith('0\n2\n0 0\n2 11000\n', 'clean/f-compacted-0')).toEqual([
      `warning LEADER_EPOCHS_MISMATCH ${FILE} 8`,
    ]);
    expect(findingsWith('0\n2\n0 5000\n2 12000\n', 'clean/f-compacted-0')).toEqual([]);
  });
});
