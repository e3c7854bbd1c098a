/** What a page takes does not grow with the directory. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PageAssets } from '../../src/report/page.ts';
import { reportPage } from '../../src/report/page.ts';
import { makePartition } from '../inspect/explain/partitions.ts';
import { scratch, scratchPartition } from '../support/temp.ts';
import { NOW, reportOf } from './make-report.ts';

const MEGABYTE = 1_000_000;
/** As much as the built ones take, and some more. */
const ASSETS: PageAssets = { script: 'x'.repeat(95_000), style: 'y'.repeat(15_000) };
const HOUR = 3_600_000;

function pageBytes(model: Parameters<typeof reportPage>[0]): number {
  return Buffer.byteLength(reportPage(model, ASSETS));
}

/** A partition of many small segments, an hour each. */
function manySegments(count: number, directory = scratchPartition()): string {
  const segments = Array.from({ length: count }, (_, at) => ({
    baseOffset: at * 2,
    batches: [
      { timestamp: BigInt(NOW - (count - at) * HOUR) },
      { timestamp: BigInt(NOW - (count - at) * HOUR + HOUR / 2) },
    ],
  }));
  return makePartition(directory, segments);
}

describe('the page', () => {
  it('of 1,000 segments takes less than a megabyte, and has them all', async () => {
    const model = await reportOf(manySegments(1000));
    expect(model.details[0]?.segments.base).toHaveLength(1000);
    expect(pageBytes(model)).toBeLessThan(MEGABYTE);
  });

  it('of 1,000 segments without an index says how many findings it has no room for, and still takes less', async () => {
    const directory = manySegments(1000);
    for (const name of readdirSync(directory)) if (name.endsWith('index')) rmSync(join(directory, name));
    const model = await reportOf(directory);
    const { rows, omitted, counts } = model.findings;
    expect(counts.warning).toBeGreaterThanOrEqual(1000);
    expect(rows.length + omitted).toBe(counts.error + counts.warning + counts.info);
    expect(omitted).toBeGreaterThan(0);
    expect(pageBytes(model)).toBeLessThan(MEGABYTE);
  });

  it('of more segments than it has rows lets neighbours share one', async () => {
    const { details } = await reportOf(manySegments(4100));
    const columns = details[0]?.segments;
    expect(columns?.base.length).toBeLessThanOrEqual(2000);
    expect(columns?.count.reduce((sum, count) => sum + count, 0)).toBe(4100);
    expect(columns?.records.reduce((sum, count) => sum + count, 0)).toBe(8200);
  });

  it('of many partitions lists as many as there is room for, and shows fewer closely', async () => {
    const root = scratch();
    for (let at = 0; at < 330; at++) manySegments(at % 7 === 0 ? 5 : 1, join(root, `topic-${at}`));
    mkdirSync(join(root, 'empty-0'));
    const model = await reportOf(root);
    expect(model.partitions).toHaveLength(300);
    expect(model.partitionsOmitted).toBe(31);
    expect(model.details).toHaveLength(24);
    expect(pageBytes(model)).toBeLessThan(MEGABYTE);
  });

  it('refuses a script that would end itself', async () => {
    const model = await reportOf(manySegments(1));
    for (const assets of [
      { script: 'const a = "</script>"', style: '' },
      { script: 'x <!-- y', style: '' },
      { script: '', style: '</STYLE>' },
    ]) {
      expect(() => reportPage(model, assets)).toThrow('would end before its end');
    }
  });
});
