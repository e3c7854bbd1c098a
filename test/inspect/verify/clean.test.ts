/** Nothing is found where nothing is wrong: a checker that cries wolf is not listened to (KAFKA-7487). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FIXTURES } from '../../support/fixtures.ts';
import { verifyPaths } from './support.ts';

const CLEAN = join(FIXTURES, 'clean');
const partitions = readdirSync(CLEAN, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test.each(partitions)('nothing is found in clean/%s', async (partition) => {
  const { findings, failures, totals } = await verifyPaths([join(CLEAN, partition)]);
  expect(findings).toEqual([]);
  expect(failures).toEqual([]);
  expect(totals.files).toBeGreaterThan(1);
});

test('nothing is found in the clean log directory as a whole', async () => {
  const { findings, failures, totals } = await verifyPaths([CLEAN]);
  expect(findings).toEqual([]);
  expect(failures).toEqual([]);
  expect(totals).toMatchObject({ batches: 1908, records: 72463 });
});

test.each(partitions)('nothing is found in the files of clean/%s when each is named alone', async (partition) => {
  const names = readdirSync(join(CLEAN, partition)).filter((name) =>
    /\.(log|index|timeindex|txnindex|snapshot|checkpoint)$/.test(name),
  );
  const { findings, failures } = await verifyPaths(names.map((name) => join(CLEAN, partition, name)));
  expect(findings).toEqual([]);
  expect(failures).toEqual([]);
});
