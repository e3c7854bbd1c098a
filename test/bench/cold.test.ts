import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BenchLine } from '../../src/bench/line.ts';
import { runOrder } from '../../src/bench/order.ts';
import type { BenchPlace } from '../../src/bench/work/context.ts';
import { benchOpen } from '../../src/bench/work/open.ts';
import type { Load } from '../../src/bench/work/load.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { dropFromPageCache } from '../../src/fs/page-cache.ts';
import { scratch } from '../support/temp.ts';

const load: Load = {
  ...{ records: 500, recordBytes: 50, batchRecords: 50, compression: 'none' },
  ...{ producer: 'none', transactionBatches: 1 },
};

afterEach(() => void vi.restoreAllMocks());

/** The operating system says of each timed part that it read so many blocks of 512 bytes. */
function readsBlocks(blocks: number): void {
  const usage = process.resourceUsage();
  let calls = 0;
  // Asked before a timed part, behind it, and for the memory at the end of the round.
  vi.spyOn(process, 'resourceUsage').mockImplementation(() => ({ ...usage, fsRead: Math.ceil(calls++ / 3) * blocks }));
}

function coldPlace(directory: string, dropped: string[][], rounds = 1): BenchPlace {
  return {
    ...{ engine: defaultEngine(), fs: nodeFileSystem, directory, rounds, signal: undefined },
    ...{ cache: 'cold', dropCache: (paths: readonly string[]) => void dropped.push([...paths]) },
  };
}

async function all(lines: AsyncIterable<BenchLine>): Promise<BenchLine[]> {
  const got: BenchLine[] = [];
  for await (const line of lines) got.push(line);
  return got;
}

const seek = { work: 'seek', load, use: { seeks: 5, by: 'offset' } } as const;

describe('a cold round', () => {
  it.each([
    [{ work: 'read', load, as: 'cursor' }],
    [{ work: 'recover', load }],
    [seek],
    [{ ...seek, use: { seeks: 5, by: 'time' } }],
  ] as const)('%j: every file of the log leaves the page cache before each round', async (order) => {
    const directory = scratch();
    const dropped: string[][] = [];
    readsBlocks(4);
    const got = await all(runOrder(coldPlace(directory, dropped, 2), order));
    expect(got.map(({ cache }) => cache)).toEqual(['cold', 'cold']);
    expect(got[0]?.storageBytesRead).toBe(2048);
    expect(dropped).toHaveLength(2);
    const log = join(directory, 'bench-0');
    const data = readdirSync(log).filter((name) => /\.(log|index|timeindex)$/.test(name));
    expect(data.length).toBeGreaterThan(2);
    for (const paths of dropped) expect(paths).toEqual(expect.arrayContaining(data.map((name) => join(log, name))));
  });

  it('open: so do they', async () => {
    const dropped: string[][] = [];
    readsBlocks(1);
    const got = await all(benchOpen(coldPlace(scratch(), dropped), 3));
    expect(got).toMatchObject([{ work: 'open', records: 3, cache: 'cold' }]);
    expect(dropped[0]?.filter((path) => path.endsWith('.log'))).toHaveLength(3);
  });

  it('is refused when nothing came from the disk: it was not cold', async () => {
    readsBlocks(0);
    await expect(all(runOrder(coldPlace(scratch(), []), { work: 'read', load, as: 'cursor' }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      action: expect.stringContaining('--cache warm'),
    });
  });

  it('a warm one drops nothing, and says so', async () => {
    const dropped: string[][] = [];
    const place = { ...coldPlace(scratch(), dropped), cache: 'warm' } as const;
    expect(await all(runOrder(place, seek))).toMatchObject([{ cache: 'warm' }]);
    expect(dropped).toEqual([]);
  });
});

it('where there is no such dd, that is said', () => {
  vi.stubEnv('PATH', scratch());
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(() => dropFromPageCache([join(scratch(), 'a')])).toThrow(
    expect.objectContaining({
      code: 'IO',
      action: 'Measure with a warm cache',
      expected: expect.stringMatching(/nocache/),
    }),
  );
});
