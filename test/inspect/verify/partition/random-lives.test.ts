/** Logs that lived: appended to, rolled, truncated, deleted from, stopped and recovered at random. What they leave is right. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultEngine } from '../../../../src/engine/select.ts';
import { partitionIn, writeHistory } from '../../../interop/left-histories.ts';
import { scratch } from '../../../support/temp.ts';
import { findingsOf, findingsWithin } from './support.ts';

const SEED = 11;
const HISTORIES = 12;
/** A log that is cut within a batch ends below the offset that it was cut at; a leader's batches may have gaps between them. */
const EXPECTED = new Set([
  'QUARANTINE',
  'SEGMENTS_GAP',
  'SNAPSHOT_BEYOND_END',
  'SNAPSHOT_STRAY',
  'TRANSACTION_OPEN',
  'HIGH_WATERMARK_BEYOND_END',
]);

test('a log after a random life gives no finding that its life does not explain', { timeout: 120_000 }, async () => {
  const found: string[] = [];
  for (let index = 0; index < HISTORIES; index++) {
    const place = join(scratch(), 'logs');
    mkdirSync(place);
    const engine = defaultEngine();
    const left = await writeHistory(SEED, index, place, [engine, engine]);
    const directory = partitionIn(left.root);
    for (const { code, file, message } of [...findingsOf(directory), ...findingsWithin(directory)]) {
      if (!EXPECTED.has(code)) found.push(`history ${index}: ${code} ${file}: ${message}`);
    }
  }
  expect(found).toEqual([]);
});
