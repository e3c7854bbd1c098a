/** Base offsets lie outside of checksums: where one cannot be, the round ends and nothing is written. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { messageOf, wrapperOf } from '../log/validate/make.ts';
import { batch, keyed, NOW_MS, partitionOf } from './make-partition.ts';
import { batchesOf, machine, requestFor } from './partition.ts';

const pathOf = (directory: string, base: number): string => join(directory, segmentFileName(base, SUFFIXES.log));

/** Gives the batch that stands at `position` another offset; no checksum notices. */
function renumber(path: string, position: number, offset: number): void {
  const bytes = readFileSync(path);
  bytes.writeBigInt64BE(BigInt(offset), position);
  writeFileSync(path, bytes);
}

const one = batch([keyed('k')]);
const contents = (directory: string): string[] =>
  readdirSync(directory).map((name) => name + readFileSync(join(directory, name)).toString('hex'));

/** Where the second batch of the segment at 4 stands, which has offset 5. */
function damaged(offset: number): { directory: string; file: string; position: number } {
  const directory = partitionOf([one, one, one, one], [one, one, one], [one]);
  const file = pathOf(directory, 4);
  const position = batchesOf(file)[1]?.position ?? -1;
  renumber(file, position, offset);
  return { directory, file, position };
}

describe('a batch with an offset', () => {
  test.each<[string, number, number]>([
    ['of the batch before it', 4, 0],
    ['below the dirty ones', 2, 4],
    ['below its segment', 3, 0],
    ['of the segment behind it', 7, 0],
    ['far away', 5 + 2 ** 20, 0],
    ['that no number can tell', 2 ** 62, 0],
    ['below 0', -1, 0],
  ])('%s (%d) ends the round at it, whichever pass reads it', async (_, offset, firstDirtyOffset) => {
    const { directory, file, position } = damaged(offset);
    const before = contents(directory);
    // With all of it clean but the last segment only the second pass comes here.
    for (const from of [firstDirtyOffset, 7]) {
      const round = cleanSegments(machine, requestFor(directory, { nowMs: NOW_MS, firstDirtyOffset: from }));
      await expect(round).rejects.toMatchObject({ code: 'OFFSETS_OUT_OF_ORDER', file, position });
      expect(contents(directory)).toEqual(before);
    }
  });

  test('that leaves no room for the batch behind it ends the round there', async () => {
    const { directory, file } = damaged(6);
    const round = cleanSegments(machine, requestFor(directory, { nowMs: NOW_MS }));
    const third = batchesOf(file)[2]?.position;
    await expect(round).rejects.toMatchObject({ code: 'OFFSETS_OUT_OF_ORDER', file, position: third });
  });
});

test('compressed messages of format 1 that reach into the batch before them end the round', async () => {
  const wrapped = (offset: number): Buffer => {
    const inner = [0, 1, 2].map((at) =>
      messageOf({ magic: 1, offset: at, timestamp: NOW_MS, key: `k${at}`, value: 'v' }),
    );
    return wrapperOf({ magic: 1, offset: offset + 2, timestamp: NOW_MS + 2 }, 1, inner);
  };
  const directory = partitionOf([wrapped, wrapped]);
  const file = pathOf(directory, 0);
  const position = batchesOf(file)[1]?.position ?? -1;
  renumber(file, position, 4);
  const round = cleanSegments(machine, requestFor(directory, { nowMs: NOW_MS }));
  await expect(round).rejects.toMatchObject({ code: 'OFFSETS_OUT_OF_ORDER', file, position, found: '2 to 4' });
});
