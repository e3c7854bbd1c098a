/** The mark of a log that was closed clean: it counts only for the log that it was written for, as that was then. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Log } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

const RECORDS = 3;
const MARK = '.seglog_cleanshutdown';
const ACTIVE = '00000000000000000000.log';

async function closedClean(): Promise<string> {
  const directory = scratchPartition();
  await using log = await Log.open(directory);
  for (let i = 0; i < RECORDS; i++) await log.append({ value: `${i}`, timestamp: i });
  return directory;
}

async function opened(directory: string): Promise<{ wasRecovered: boolean; values: string[] }> {
  await using log = await Log.open(directory);
  const values = [...log.readSync()].flatMap((batch) => batch.records().map(({ value }) => `${value?.toString()}`));
  return { wasRecovered: log.status().recovery !== undefined, values };
}

test('F7: a mark is taken for what it says', async () => {
  expect(await opened(await closedClean())).toEqual({ wasRecovered: false, values: ['0', '1', '2'] });
});

test('F7: a log that lost its last batch since it was marked is recovered', async () => {
  const directory = await closedClean();
  const path = join(directory, ACTIVE);
  truncateSync(path, (readFileSync(path).length / RECORDS) * (RECORDS - 1));
  expect(await opened(directory)).toEqual({ wasRecovered: true, values: ['0', '1'] });
});

test.each([
  { what: 'of a later version', change: { version: 1 } },
  { what: 'of no version', change: { version: undefined } },
  { what: 'of another end', change: { logEndOffset: RECORDS - 1 } },
  { what: 'whose end is no number', change: { logEndOffset: '3' } },
  { what: 'of another segment', change: { activeBaseOffset: 1 } },
  { what: 'of another size', change: { activeSizeBytes: 1 } },
])('F7: a mark $what is none: the log is recovered, and loses nothing', async ({ change }) => {
  const directory = await closedClean();
  const mark = join(directory, MARK);
  writeFileSync(mark, JSON.stringify({ ...(JSON.parse(readFileSync(mark, 'utf8')) as object), ...change }));
  expect(await opened(directory)).toEqual({ wasRecovered: true, values: ['0', '1', '2'] });
});
