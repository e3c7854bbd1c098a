/** Logs that grow, shrink and go while they are looked at. */
import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Log } from '../../src/log/log.ts';
import { scratchPartition } from '../support/temp.ts';
import { ALL_CLOSED, finish, rowsForward, sourceOf } from './support.ts';

const count = (source: ReturnType<typeof sourceOf>): number => rowsForward(source, ALL_CLOSED).length - 1;

test('batches that are appended beside the browser show, also in space that was set aside', async () => {
  const directory = scratchPartition();
  const log = await Log.open(directory);
  await log.append({ value: 'first' });
  const source = sourceOf(directory);
  expect([count(source), finish(source.info()).end]).toEqual([1, 1]);
  expect(source.refresh()).toEqual({ grew: false, gone: [], replaced: [] });
  for (let n = 2; n <= 40; n++) {
    await log.append({ value: 'v'.repeat(3000) });
    expect(source.refresh().grew).toBe(true);
    expect([count(source), finish(source.info()).end]).toEqual([n, n]);
  }
  await log.close();
  source.refresh();
  expect(count(source)).toBe(40);
  const again = await Log.open(directory);
  await again.append({ value: 'after it was closed' });
  expect(source.refresh().grew).toBe(true);
  expect(count(source)).toBe(41);
  await again.close();
});

test('a torn batch at the end becomes one when the rest of it comes', async () => {
  const directory = scratchPartition();
  const log = await Log.open(directory);
  await log.append({ value: 'first' });
  await log.append({ value: 'second' });
  await log.close();
  const path = join(directory, '00000000000000000000.log');
  const bytes = readFileSync(path);
  truncateSync(path, bytes.length - 5);
  const source = sourceOf(directory);
  expect(rowsForward(source, ALL_CLOSED).map(({ kind }) => kind)).toEqual(['batch', 'fault', 'end']);
  writeFileSync(path, bytes);
  source.refresh();
  expect(rowsForward(source, ALL_CLOSED).map(({ kind }) => kind)).toEqual(['batch', 'batch', 'end']);
});

test('a batch that is looked at before its size is there becomes one when its size comes', async () => {
  const directory = scratchPartition();
  const log = await Log.open(directory);
  for (let n = 0; n < 3; n++) await log.append({ value: `value ${n}` });
  await log.close();
  const path = join(directory, '00000000000000000000.log');
  const bytes = readFileSync(path);
  const half = Buffer.from(bytes);
  half.writeInt32BE(0, (bytes.length / 3) * 2 + 8);
  writeFileSync(path, half);
  const source = sourceOf(directory);
  expect(rowsForward(source, ALL_CLOSED).map(({ kind }) => kind)).toEqual(['batch', 'batch', 'fault', 'end']);
  expect(source.refresh().grew).toBe(false);
  writeFileSync(path, bytes);
  expect(source.refresh().grew).toBe(true);
  expect(rowsForward(source, ALL_CLOSED).map(({ kind }) => kind)).toEqual(['batch', 'batch', 'batch', 'end']);
  expect(finish(source.info()).end).toBe(3);
});

test('segments that are deleted are told, and the rest stays', async () => {
  const directory = scratchPartition();
  const log = await Log.open(directory, { segmentBytes: 2000 });
  for (let n = 0; n < 20; n++) await log.append({ value: 'v'.repeat(500) });
  await log.close();
  const source = sourceOf(directory);
  const before = rowsForward(source, ALL_CLOSED);
  const second = finish(source.info());
  rmSync(join(directory, '00000000000000000000.log'));
  const { gone } = source.refresh();
  expect(gone).toEqual([0]);
  const after = rowsForward(source, ALL_CLOSED);
  expect(after.length).toBe(before.filter(({ place }) => place.base !== 0).length);
  expect(source.placeAfter({ base: 0, position: 500, record: -1 }).base).toBe(after[0]?.place.base);
  expect(finish(source.info())).toMatchObject({ segments: second.segments - 1, end: 20 });
});

test('a segment that took the place of another is read anew', async () => {
  const directory = scratchPartition();
  const other = scratchPartition();
  for (const [at, records] of [
    [directory, 5],
    [other, 3],
  ] as const) {
    const log = await Log.open(at);
    for (let n = 0; n < records; n++) await log.append({ value: 'v'.repeat(50 * records) });
    await log.close();
  }
  const name = '00000000000000000000.log';
  const source = sourceOf(directory);
  expect(count(source)).toBe(5);
  copyFileSync(join(other, name), join(directory, 'new'));
  renameSync(join(directory, 'new'), join(directory, name));
  expect(source.refresh().replaced).toEqual([0]);
  expect(count(source)).toBe(3);
});
