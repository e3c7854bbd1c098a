/** What a page takes does not grow with the directory. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type {
  ExplainGroup,
  ExplainTable,
  FindingRow,
  PartitionDetail,
  ReportModel,
} from '../../src/report/contract.ts';
import { smaller } from '../../src/report/fit.ts';
import type { PageAssets } from '../../src/report/page.ts';
import { reportPage } from '../../src/report/page.ts';
import { Log } from '../../src/log/log.ts';
import { makePartition } from '../inspect/explain/partitions.ts';
import { scratch, scratchPartition } from '../support/temp.ts';
import { NOW, reportOf } from './make-report.ts';

const MEGABYTE = 1_000_000;
/** What the build made. */
const ASSETS: PageAssets = { script: built('page-script.js'), style: built('page-style.css') };
const HOUR = 3_600_000;

function built(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../dist/report/${name}`, import.meta.url)), 'utf8');
}

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

/** The data in a page. */
function shownIn(page: string): ReportModel {
  return JSON.parse(/id="model">(.*?)<\/script>/s.exec(page)?.[1] ?? '') as ReportModel;
}

/** A model with more in every part than a page can hold. */
async function crowded(): Promise<ReportModel> {
  const model = await reportOf(manySegments(1));
  const [detail] = model.details;
  const [row] = model.partitions;
  const [record] = detail?.sample.records ?? [];
  const [table] = detail?.explained ?? [];
  if (detail === undefined || row === undefined || record === undefined || table === undefined || 'failure' in table)
    throw new Error('nothing to make many of');
  const [group] = table.groups;
  const groups = Array.from({ length: 40 }, () => ({ ...(group as ExplainGroup), text: 'g'.repeat(500) }));
  const records = Array.from({ length: 300 }, () => ({ ...record, value: 'r'.repeat(500) }));
  const full: PartitionDetail = {
    ...detail,
    explained: [
      { ...table, groups },
      { ...table, groups },
    ],
    sample: { ...detail.sample, records },
  };
  const findings = Array.from({ length: 500 }, (_, at) => ({
    ...{ code: at === 250 ? 'INDEX_MISSING' : 'ZERO_TAIL', severity: at === 250 ? 'warning' : 'info', partition: 0 },
    ...{ file: 'f'.repeat(2000), segment: 0, position: null, offsets: null, expected: null, found: null },
    ...{ message: 'm'.repeat(500), action: null },
  })) as FindingRow[];
  const text = { severity: 'info', title: 't', meaning: 'm', causes: 'c', action: 'a' } as const;
  return {
    ...model,
    kind: 'log-directory',
    partitions: Array.from({ length: 24 }, (_, at) => ({ ...row, name: `topic-${at}`, detail: at })),
    details: Array.from({ length: 24 }, (_, at) => ({ ...full, partition: at })),
    findings: { ...model.findings, rows: findings, omitted: 0, pages: { ZERO_TAIL: text, INDEX_MISSING: text } },
  };
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

  it('of many partitions of which only the .log files were copied gives the explanations a room of their own', async () => {
    const root = scratch();
    for (let at = 0; at < 24; at++) {
      const directory = manySegments(42, join(root, `topic-${at}`));
      for (const name of readdirSync(directory)) if (!name.endsWith('.log')) rmSync(join(directory, name));
    }
    const model = await reportOf(root);
    expect(model.details).toHaveLength(24);
    const explained = model.details.flatMap((detail) => detail.explained);
    expect(Buffer.byteLength(JSON.stringify(explained))).toBeLessThan(150_000);
    for (const table of explained as ExplainTable[]) {
      // Neighbours with the same warning are one row, which tells some of them and counts the others.
      expect(table.groups.map(({ segments }) => segments)).toEqual([41, 1]);
      const [first] = table.groups;
      if ((first?.warnings.length ?? 0) > 0)
        expect((first?.warnings.length ?? 0) + (first?.warningsOmitted ?? 0)).toBeGreaterThanOrEqual(41);
    }
    expect(explained.some((table) => 'groups' in table && (table.groups[0]?.warningsOmitted ?? 0) > 0)).toBe(true);
    expect(pageBytes(model)).toBeLessThan(MEGABYTE);
  });

  it('of segments that each have another fate leaves rows of explanations out, and counts them', async () => {
    const root = scratch();
    for (let at = 0; at < 24; at++) {
      // Every other one is of the future.
      const segments = Array.from({ length: 120 }, (_, n) => ({
        baseOffset: n,
        batches: [{ timestamp: BigInt(NOW + (n % 2 === 0 ? -HOUR : HOUR * (n + 1))) }],
      }));
      makePartition(join(root, `topic-${at}`), segments);
    }
    const model = await reportOf(root);
    const tables = model.details.flatMap((detail) => detail.explained) as ExplainTable[];
    expect(Buffer.byteLength(JSON.stringify(tables))).toBeLessThan(150_000);
    for (const { groups, omitted } of tables) {
      expect(groups.length).toBeGreaterThanOrEqual(2);
      expect(groups.at(-1)?.isActive).toBe(true);
      if (groups.length + omitted > 2) expect(omitted).toBeGreaterThan(0);
    }
    expect(pageBytes(model)).toBeLessThan(MEGABYTE);
  });

  it('of long keys that are written with escapes in 24 partitions takes less', async () => {
    const root = scratch();
    for (let at = 0; at < 24; at++) {
      const log = await Log.open(join(root, `topic-${at}`));
      for (let n = 0; n < 20; n++) await log.append({ key: `${'<'.repeat(119)}${n}`, value: '\u202e'.repeat(200) });
      await log.close();
    }
    const model = await reportOf(root);
    expect(model.details[23]?.figures.topKeys).toHaveLength(10);
    expect(pageBytes(model)).toBeLessThan(MEGABYTE);
  });

  it('of a model that is too large for any page shows less, and says how much less', async () => {
    const model = await crowded();
    expect(Buffer.byteLength(JSON.stringify(model))).toBeGreaterThan(3 * MEGABYTE);
    const shown = shownIn(reportPage(model, ASSETS));
    expect(pageBytes(model)).toBeLessThan(MEGABYTE);
    expect(shown.details.length).toBeLessThan(model.details.length);
    expect(shown.partitions.filter(({ detail }) => detail >= 0).map(({ detail }) => detail)).toEqual(
      shown.details.map((_, at) => at),
    );
    expect(shown.findings.rows.length + shown.findings.omitted).toBe(
      model.findings.rows.length + model.findings.omitted,
    );
    expect(Object.keys(shown.findings.pages)).toEqual([...new Set(shown.findings.rows.map(({ code }) => code))]);
  });

  it('of less and less room gives up what is missed least first', async () => {
    let model = await crowded();
    const left: (readonly number[])[] = [];
    for (let next: ReportModel | undefined = model; next !== undefined; next = smaller(next)) {
      model = next;
      const [detail] = model.details;
      const groups = detail?.explained.map((one) => ('groups' in one ? one.groups.length : 0)) ?? [];
      left.push([
        model.details.length,
        detail?.sample.records.length ?? 0,
        groups.reduce((sum, found) => sum + found, 0),
        model.findings.rows.length,
      ]);
    }
    // Nothing grows, and in the end the least of all is there.
    for (const [at, now] of left.entries()) {
      const before = left[at - 1] ?? now;
      expect(now.every((found, part) => found <= (before[part] ?? 0))).toBe(true);
    }
    expect(left.at(-1)).toEqual([1, 0, 4, 0]);
    expect(model.details[0]?.sample.isAll).toBe(false);
    expect(model.findings.omitted).toBe(500);
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
