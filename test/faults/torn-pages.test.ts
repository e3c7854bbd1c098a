/** Row F13: of one large write any subset of its pages reaches the disk. What is whole from its start on stays, and nothing else. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log } from '../../src/index.ts';
import { boundaries, fileOf, filled, logOf, readAll, unclean, valuesTo } from '../log/fault-rows/partition.ts';
import { keepResult } from './result.ts';

const PAGE = 4096;
const BATCHES = 6;
/** What was synced before: the pages behind it are those of the write. */
const SYNCED = 2;
const VALUE_BYTES = 1800;
const DIRECTORY = '/logs/t-0';

/** The log as a crash leaves it: of the pages behind `synced` those of `kept` are there, the others are zeros or not in the file. */
function torn(log: Buffer, synced: number, kept: readonly boolean[], isExtended: boolean): Buffer {
  const first = Math.floor(synced / PAGE);
  const left = Buffer.alloc(log.length);
  log.copy(left, 0, 0, synced);
  let end = synced;
  for (const [i, isKept] of kept.entries()) {
    if (!isKept) continue;
    const [from, to] = [Math.max(synced, (first + i) * PAGE), Math.min(log.length, (first + i + 1) * PAGE)];
    log.copy(left, from, from, to);
    end = to;
  }
  return isExtended ? left : left.subarray(0, end);
}

/** Opens it, and tells what is in the log and what was saved of the rest. */
async function opened(fs: MemoryFileSystem): Promise<{ values: readonly string[]; end: number; saved: Buffer }> {
  await using log = await Log.open(DIRECTORY, { fs, ...unclean(2 * SYNCED) });
  log.checkAppendable();
  const { values, readError } = readAll(log);
  expect(readError).toBeUndefined();
  const saved = (log.status().recovery?.cuts ?? []).map(({ savedTo }) =>
    savedTo === undefined ? new Uint8Array(0) : (fs.readSmall(savedTo) as Uint8Array),
  );
  return { values, end: log.logEndOffset, saved: Buffer.concat(saved) };
}

test('F13: whichever pages of a write are there, the batches before the first missing page are the log', async () => {
  const log = fileOf(await filled({ batches: BATCHES, valueBytes: VALUE_BYTES }), logOf(0));
  const ends = boundaries(log);
  const synced = ends[SYNCED] as number;
  const pages = Math.ceil(log.length / PAGE) - Math.floor(synced / PAGE);
  expect(pages).toBeGreaterThan(3);
  let cases = 0;
  const ended = new Set<number>();
  for (let mask = 0; mask < 2 ** pages; mask++) {
    const kept = Array.from({ length: pages }, (_, i) => (mask & (1 << i)) !== 0);
    for (const isExtended of [false, true]) {
      const left = torn(log, synced, kept, isExtended);
      const where = `pages ${kept.map(Number).join('')}, ${isExtended ? 'zeros' : 'nothing'} behind`;
      const whole = ends.findLastIndex((end) => left.subarray(0, end).equals(log.subarray(0, end)));
      const fs = new MemoryFileSystem();
      fs.makeDirectory(DIRECTORY);
      fs.replaceSmall(`${DIRECTORY}/${logOf(0)}`, left);
      const { saved, ...found } = await opened(fs);
      expect(found, where).toEqual({ values: valuesTo(2 * whole, VALUE_BYTES), end: 2 * whole });
      // What was there behind the whole batches is kept, byte for byte; zeros at its end are no data.
      const behind = left.subarray(ends[whole]);
      expect(behind.subarray(0, saved.length).equals(saved), where).toBe(true);
      expect(
        behind.subarray(saved.length).every((byte) => byte === 0),
        where,
      ).toBe(true);
      expect(await opened(fs), `${where}, again`).toEqual({ ...found, saved: Buffer.alloc(0) });
      ended.add(whole);
      cases++;
    }
  }
  expect([Math.min(...ended), Math.max(...ended)]).toEqual([SYNCED, BATCHES]);
  keepResult('torn-pages', ['F13'], { 'subsets of pages': cases });
});
