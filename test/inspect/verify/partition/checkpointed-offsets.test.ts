/** What the log directory's checkpoints say of a partition, against its log. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLogDirectory } from '../../../../src/inspect/verify/directory/facts.ts';
import { checkPartition } from '../../../../src/inspect/verify/partition/check.ts';
import { applyEdits } from '../../../support/edits.ts';
import { FIXTURES } from '../../../support/fixtures.ts';
import { scratch } from '../../../support/temp.ts';
import { factsOf, findingsWithin, inShort, verifyContext } from './support.ts';

const NAME = 'f-size-retained-0';
const TOPIC = 'f-size-retained';

/** A log directory with one partition, from 1984 to 4000, and one checkpoint that says `offset` of it. */
function within(file: string, offset: number | bigint): string {
  const directory = scratch();
  cpSync(join(FIXTURES, 'clean', NAME), join(directory, NAME), { recursive: true });
  writeFileSync(join(directory, file), `0\n2\nother 0 5\n${TOPIC} 0 ${offset}\n`);
  return join(directory, NAME);
}
/** Where the line of the partition starts. */
const POSITION = '0\n2\nother 0 5\n'.length;

describe('an offset in a checkpoint', () => {
  test.each<[string, number | bigint, string]>([
    ['recovery-point-offset-checkpoint', 4001, 'warning RECOVERY_POINT_BEYOND_END'],
    ['recovery-point-offset-checkpoint', 2n ** 62n, 'warning RECOVERY_POINT_BEYOND_END'],
    ['replication-offset-checkpoint', 4001, 'warning HIGH_WATERMARK_BEYOND_END'],
    ['replication-offset-checkpoint', 1983, 'warning HIGH_WATERMARK_BELOW_LOG_START'],
    ['log-start-offset-checkpoint', 4001, 'error LOG_START_BEYOND_END'],
    ['log-start-offset-checkpoint', 1983, 'info LOG_START_BELOW_FIRST_SEGMENT'],
    ['cleaner-offset-checkpoint', 4001, 'warning CLEANER_OFFSET_OUTSIDE'],
  ])('%s of %s lies outside of the log', (file, offset, expected) => {
    const found = findingsWithin(within(file, offset));
    expect(inShort(found)).toEqual([`${expected} ${file} ${POSITION}`]);
    expect(BigInt(found[0]?.found ?? 0)).toBe(BigInt(offset));
  });

  test.each<[string, number]>([
    ['recovery-point-offset-checkpoint', 0],
    ['recovery-point-offset-checkpoint', 4000],
    ['replication-offset-checkpoint', 1984],
    ['replication-offset-checkpoint', 4000],
    ['log-start-offset-checkpoint', 2100],
    ['cleaner-offset-checkpoint', 0],
    ['cleaner-offset-checkpoint', 4000],
  ])('%s of %s is none to tell of', (file, offset) => {
    expect(findingsWithin(within(file, offset))).toEqual([]);
  });

  test('above whole segments leaves them to retention', () => {
    const found = findingsWithin(within('log-start-offset-checkpoint', 2980));
    expect(inShort(found)).toEqual([
      'info SEGMENT_BELOW_LOG_START 00000000000000001984.log null',
      'info SEGMENT_BELOW_LOG_START 00000000000000002480.log null',
    ]);
  });

  test('is not held against an end that is not known', () => {
    const directory = within('recovery-point-offset-checkpoint', 4001);
    const live = readLogDirectory(verifyContext(), join(directory, '..'), true);
    expect([...checkPartition(verifyContext(), directory, factsOf(directory), live)]).toEqual([]);
    applyEdits(directory, [{ op: 'truncate', file: '00000000000000003968.log', at: 3000 }]);
    expect(findingsWithin(directory)).toEqual([]);
  });
});
