/** Whatever call to the disk fails in a round: it ends with that error, the log is as it was, and nothing is left over. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import { FaultyFileSystem, type FaultyOperation } from '../../src/fs/faulty-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { batch, keyed, NOW_MS, partitionOf } from './make-partition.ts';
import { machine, requestFor } from './partition.ts';

const contents = (directory: string): [string, string][] =>
  readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString('hex')]);

test.each<[FaultyOperation, number]>([
  ['open', 8],
  ['read', 4],
  ['write', 4],
  ['sync', 4],
  ['syncDirectory', 2],
])('a failing %s', async (operation, atLeast) => {
  const directory = partitionOf([batch([keyed('a')]), batch([keyed('b')])], [batch([keyed('a')])]);
  const before = contents(directory);
  const request = requestFor(directory, { nowMs: NOW_MS, segmentBytes: 14 });
  let met = 0;
  for (let call = 1; ; call++) {
    const fs = new FaultyFileSystem(nodeFileSystem);
    fs.plan({ operation, call, errno: 'EIO' });
    const round = cleanSegments({ ...machine, fs }, request);
    if (
      await round.then(
        () => true,
        () => false,
      )
    )
      break;
    await expect(round).rejects.toMatchObject({ code: 'IO', errno: 'EIO' });
    expect(contents(directory)).toEqual(before);
    met++;
  }
  expect(met).toBeGreaterThanOrEqual(atLeast);
});
