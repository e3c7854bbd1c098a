/** Long work lets keys be taken in between, also where there is no batch for megabytes. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { END_PLACE, START_PLACE } from '../../src/browse/contract.ts';
import { parseQuery } from '../../src/browse/source/query.ts';
import { Log } from '../../src/log/log.ts';
import { scratchPartition } from '../support/temp.ts';
import { ALL_CLOSED, countingFs, finish, sourceOf } from './support.ts';

const NAME = '00000000000000000000.log';
const MIB = 1024 * 1024;

/** A log of so many small batches. */
async function logOf(batches: number): Promise<string> {
  const directory = scratchPartition();
  const log = await Log.open(directory);
  for (let n = 0; n < batches; n++) await log.append({ value: `value ${n}` });
  await log.close();
  return directory;
}

/** A log with six batches, and three MiB that hold none in the middle of it. */
async function logWithHole(): Promise<string> {
  const directory = await logOf(6);
  const bytes = readFileSync(join(directory, NAME));
  const middle = bytes.length / 2;
  writeFileSync(
    join(directory, NAME),
    Buffer.concat([bytes.subarray(0, middle), Buffer.alloc(3 * MIB, 0xa5), bytes.subarray(middle)]),
  );
  return directory;
}

test('megabytes without a batch are gone over in turns, by the list, by jumps and by searches', async () => {
  const directory = await logWithHole();
  const turns = { list: { turns: 0 }, jump: { turns: 0 }, search: { turns: 0 }, back: { turns: 0 } };
  const window = finish(sourceOf(directory).window(START_PLACE, 0, 20, ALL_CLOSED), turns.list);
  expect(window.rows.map(({ kind }) => kind).join(' ')).toBe('batch batch batch fault batch batch batch end');
  const { place } = finish(sourceOf(directory).toOffset(4), turns.jump);
  expect(place.position).toBeGreaterThan(3 * MIB);
  const query = parseQuery('value 5');
  expect(finish(sourceOf(directory).search(query).run(START_PLACE, false), turns.search)?.place.record).toBe(0);
  expect(finish(sourceOf(directory).search(query).run(END_PLACE, true), turns.back)?.place.record).toBe(0);
  for (const [name, { turns: count }] of Object.entries(turns)) expect([name, count > 3]).toEqual([name, true]);
});

test('megabytes of zeros behind the last batch are gone over in turns', async () => {
  const directory = await logOf(2);
  truncateSync(join(directory, NAME), 6 * MIB);
  const count = { turns: 0 };
  const { rows } = finish(sourceOf(directory).window(END_PLACE, 9, 10, ALL_CLOSED), count);
  expect(rows.map(({ kind }) => kind)).toEqual(['batch', 'batch', 'end']);
  expect(count.turns).toBeGreaterThan(5);
});

test('zeros behind the last batch are gone over once, however often the end is looked at', async () => {
  const directory = await logOf(2);
  truncateSync(join(directory, NAME), 6 * MIB);
  const { fs, read } = countingFs();
  const source = sourceOf(directory, fs);
  for (let round = 0; round < 3; round++) {
    expect(finish(source.info()).end).toBe(2);
    finish(source.window(END_PLACE, 9, 10, ALL_CLOSED));
  }
  expect(read.bytes).toBeLessThan(9 * MIB);
});

test('bytes made to look like large batches are summed in turns', async () => {
  const directory = await logOf(1);
  const head = readFileSync(join(directory, NAME));
  // Headers, each of which says that its batch ends with the file, and is not what its checksum says.
  const bytes = Buffer.alloc(3 * MIB, 0xa5);
  head.copy(bytes, 0, 0, head.length);
  for (let at = head.length; at + 1000 < MIB; at += 20_000) {
    head.copy(bytes, at, 0, 61);
    bytes.writeBigInt64BE(BigInt(1 + at), at);
    bytes.writeInt32BE(bytes.length - at - 12 - 7, at + 8);
  }
  writeFileSync(join(directory, NAME), bytes);
  const count = { turns: 0 };
  const { rows } = finish(sourceOf(directory).window(START_PLACE, 0, 3, ALL_CLOSED), count);
  expect(rows.map(({ kind }) => kind)[0]).toBe('batch');
  // Fifty sums of two to three megabytes each, within one window.
  expect(count.turns).toBeGreaterThan(12);
});
