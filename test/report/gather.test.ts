/** Reports of files that Kafka wrote, held against what Kafka reads in them. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExplainTable, Field, PartitionDetail, ReportModel } from '../../src/report/contract.ts';
import { batch, record as recordBytes } from '../inspect/make-batch.ts';
import { copied } from '../inspect/verify/support.ts';
import {
  type ExpectedBatch,
  type ExpectedRecord,
  encoded,
  expectedLines,
  FIXTURES,
  groupBy,
  segments,
} from '../support/fixtures.ts';
import { scratchPartition } from '../support/temp.ts';
import { reportOf } from './make-report.ts';

const CLEAN = join(FIXTURES, 'clean');

function expectedOf(partition: string): { batches: ExpectedBatch[]; records: ExpectedRecord[] } {
  const lines = segments('clean')
    .filter((segment) => segment.partition === partition)
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .flatMap((segment) => expectedLines(segment));
  return {
    batches: lines.filter((line) => line.type === 'batch'),
    records: lines.filter((line) => line.type === 'record'),
  };
}

function bytesOf(field: Field): Uint8Array | null {
  if (field === null) return null;
  return typeof field === 'string' ? Buffer.from(field) : Buffer.from(field.base64, 'base64');
}

function only(model: ReportModel): PartitionDetail {
  const [detail] = model.details;
  if (detail === undefined) throw new Error('no partition is shown closely');
  return detail;
}

function logBytes(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .reduce((sum, name) => sum + readFileSync(join(directory, name)).length, 0);
}

describe('a report of a whole log directory', () => {
  it('lists every partition, with the sizes of its files and the batches that Kafka reads', async () => {
    const model = await reportOf(CLEAN);
    const partitions = readdirSync(CLEAN).filter((name) => /-\d+$/.test(name));
    expect(model.kind).toBe('log-directory');
    expect(model.partitionsOmitted).toBe(0);
    expect(model.partitions.filter(({ name }) => /-\d+$/.test(name)).map(({ name }) => name)).toEqual(
      partitions.sort(),
    );
    const rows = new Map(model.partitions.map((row) => [row.name, row]));
    for (const name of new Set(segments('clean').map(({ partition }) => partition))) {
      const { batches } = expectedOf(name);
      expect([name, rows.get(name)?.batches]).toEqual([name, batches.length]);
      // KRaft's snapshots lie among the segments of the metadata log, and are counted.
      if (name !== '__cluster_metadata-0') expect(rows.get(name)?.bytes).toBe(logBytes(join(CLEAN, name)));
    }
    expect(model.findings).toMatchObject({ counts: { error: 0, warning: 0, info: 0 }, rows: [], failures: [] });
  });

  it('shows all of them closely where they are few, each known by its place in the list', async () => {
    const model = await reportOf(CLEAN);
    expect(model.details).toHaveLength(model.partitions.length);
    model.details.forEach(({ partition }, at) => expect(model.partitions[partition]?.detail).toBe(at));
    const sizes = model.details.map(({ partition }) => model.partitions[partition]?.bytes ?? 0);
    expect(sizes).toEqual([...sizes].sort((one, other) => other - one));
    expect(model.details.map(({ sample }) => sample.unreadable)).toEqual(sizes.map(() => 0));
  });
});

describe('a report of a log directory that was left unclean', () => {
  it('has every partition, with what Kafka reads in it, and as many records as fit', async () => {
    const model = await reportOf(join(FIXTURES, 'unclean'));
    const known = new Map(
      groupBy(segments('unclean'), ({ partition }) => partition).map(([name, files]) => {
        const valid = files
          .flatMap((file) => expectedLines(file))
          .filter((line) => line.type === 'batch' && line.valid);
        return [name, valid.length];
      }),
    );
    expect(known.size).toBeGreaterThan(10);
    for (const { name, batches } of model.partitions) {
      if (name !== '__cluster_metadata-0' && known.has(name)) expect([name, batches]).toEqual([name, known.get(name)]);
    }
    expect(model.details).toHaveLength(model.partitions.length);
    for (const { explained, sample, partition } of model.details) {
      const row = model.partitions[partition];
      expect([row?.name, explained.length]).toEqual([row?.name, 3]);
      if ((row?.records ?? 0) > 0) expect([row?.name, sample.records.length > 0]).toEqual([row?.name, true]);
    }
    expect(model.findings.failures).toEqual([]);
  });
});

describe('sampled records', () => {
  it('are records of the log, byte for byte, in its order', async () => {
    for (const name of ['f-none-0', 'f-zstd-0', 'f-gzip-0', 'f-snappy-0', 'f-lz4-0', 'f-compacted-0', 'f-txn-0']) {
      const { sample } = only(await reportOf(join(CLEAN, name), { records: 40 }));
      const known = new Map(expectedOf(name).records.map((record) => [record.offset, record]));
      expect(sample.records.length).toBeGreaterThan(30);
      expect(sample.isAll).toBe(false);
      for (const { offset, timestamp, key, value, keyBytes, valueBytes, headers } of sample.records) {
        const record = known.get(Number(offset));
        expect(record?.timestamp).toBe(timestamp);
        if (keyBytes <= sample.maxBytes) expect(encoded(bytesOf(key))).toBe(record?.key);
        if (valueBytes <= sample.maxBytes) expect(encoded(bytesOf(value))).toBe(record?.value);
        expect(headers.length).toBe(record?.headers.length);
      }
      const offsets = sample.records.map(({ offset }) => Number(offset));
      expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    }
  });

  it('are all of them where they are few', async () => {
    const { sample } = only(await reportOf(join(CLEAN, '__transaction_state-2')));
    const { records } = expectedOf('__transaction_state-2');
    expect(records.length).toBeGreaterThan(50);
    expect(sample.isAll).toBe(true);
    expect(sample.records.map(({ offset }) => offset)).toEqual(records.map(({ offset }) => offset));
  });

  it('are not said to be all where a damaged header hides those behind it', async () => {
    const directory = scratchPartition();
    mkdirSync(directory);
    const batches = Array.from({ length: 10 }, (_, at) => {
      const records = Buffer.concat(Array.from({ length: 10 }, (__, n) => recordBytes(n, `key ${n}`, 'value')));
      const bytes = batch({ baseOffset: BigInt(at * 10), records, count: 10, lastOffsetDelta: 9 });
      if (at === 2) bytes.writeInt32BE(5, 8);
      return bytes;
    });
    writeFileSync(join(directory, '00000000000000000000.log'), Buffer.concat(batches));
    const { sample, figures } = only(await reportOf(directory));
    expect(figures.records).toBe(90);
    expect([sample.records.length, sample.isAll, sample.unreadable]).toEqual([20, false, 70]);
  });

  it('are spread over the whole log: every tenth of its bytes gives a tenth of them', async () => {
    const model = await reportOf(join(CLEAN, 'f-none-0'), { records: 100 });
    const { sample, segments: columns } = only(model);
    const starts = new Map<number, number>();
    let before = 0;
    columns.base.forEach((base, at) => {
      starts.set(base, before);
      before += columns.bytes[at] ?? 0;
    });
    const tenths = new Array<number>(10).fill(0);
    for (const { segment, position } of sample.records) {
      const tenth = Math.min(9, Math.floor((((starts.get(Number(segment)) ?? 0) + position) / before) * 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(Math.min(...tenths)).toBeGreaterThanOrEqual(7);
    expect(Math.max(...tenths)).toBeLessThanOrEqual(13);
  });

  it("of Kafka's own topics are told in words, and so are markers", async () => {
    const offsets = only(await reportOf(join(CLEAN, '__consumer_offsets-3')));
    expect(offsets.sample.records.some(({ words }) => words.join(' ').includes('group'))).toBe(true);
    const transactions = only(await reportOf(join(CLEAN, 'f-txn-0'), { records: 1000 }));
    expect(transactions.sample.records.some(({ words }) => words[0]?.startsWith('endTxnMarker: '))).toBe(true);
  });

  it('are none, and no key is, when none are wanted', async () => {
    const { sample, figures } = only(await reportOf(join(CLEAN, 'f-none-0'), { records: 0 }));
    expect([sample.records, sample.isAll, figures.topKeys]).toEqual([[], false, []]);
  });

  it('of older formats are read, too', async () => {
    for (const name of readdirSync(join(FIXTURES, 'legacy'))) {
      const { sample } = only(await reportOf(join(FIXTURES, 'legacy', name)));
      expect([name, sample.records.length > 0, sample.unreadable]).toEqual([name, true, 0]);
    }
  });
});

describe('segments', () => {
  it('come one a row, with offsets, sizes and records', async () => {
    const { segments: columns } = only(await reportOf(join(CLEAN, 'f-none-0')));
    const files = readdirSync(join(CLEAN, 'f-none-0')).filter((name) => name.endsWith('.log'));
    expect(columns.base).toEqual(files.map((name) => Number(name.slice(0, 20))));
    expect(columns.bytes).toEqual(files.map((name) => readFileSync(join(CLEAN, 'f-none-0', name)).length));
    const records = columns.records.reduce((sum, found) => sum + found, 0);
    expect(records).toBe(expectedOf('f-none-0').records.length);
    expect(columns.next.slice(0, -1)).toEqual(columns.base.slice(1));
  });
});

describe('explanations', () => {
  it('cover every segment, neighbours of one fate in one row', async () => {
    const model = await reportOf(join(CLEAN, 'f-none-0'));
    const { explained, segments: columns } = only(model);
    expect(explained.map(({ kind }) => kind)).toEqual(['retention', 'compaction', 'roll']);
    for (const table of explained as ExplainTable[]) {
      expect(table.groups.reduce((sum, { segments: found }) => sum + found, 0)).toBe(columns.base.length);
      expect(table.groups.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(model.totals.bytes);
      expect(table.config.length).toBeGreaterThan(0);
    }
  });

  it('go by the settings given', async () => {
    const model = await reportOf(join(CLEAN, 'f-none-0'), { config: { retentionMs: 1000 } });
    const [retention] = only(model).explained as ExplainTable[];
    expect(retention?.groups[0]?.decision).toBe('delete');
    expect(retention?.config).toContainEqual(['retention.ms', '1000']);
  });
});

describe('a damaged partition', () => {
  /** One bit of the second segment of a copy is turned. */
  function damaged(): { directory: string; segment: number } {
    const directory = copied('clean/f-none-0');
    const name = readdirSync(directory).filter((file) => file.endsWith('.log'))[1] ?? '';
    const bytes = readFileSync(join(directory, name));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(join(directory, name), bytes);
    rmSync(join(directory, name.replace('.log', '.timeindex')));
    return { directory, segment: Number(name.slice(0, 20)) };
  }

  it('shows its findings in place: in the list, and at the segment', async () => {
    const { directory, segment } = damaged();
    const model = await reportOf(directory);
    const { rows, counts, pages } = model.findings;
    const codes = rows.map(({ code, segment: base, partition }) => `${code} ${base} ${partition}`);
    expect(codes).toContain(`BATCH_CRC_MISMATCH ${segment} 0`);
    expect(codes).toContain(`INDEX_MISSING ${segment} 0`);
    expect(counts.error).toBeGreaterThan(0);
    expect(Object.keys(pages).sort()).toEqual([...new Set(rows.map(({ code }) => code))].sort());
    const { segments: columns } = only(model);
    const at = columns.base.indexOf(segment);
    expect(columns.faults[at]).toBe(rows.filter((row) => row.segment === segment && row.severity !== 'info').length);
    expect(columns.faults.filter((found) => found > 0)).toHaveLength(1);
    expect(model.partitions[0]?.counts).toEqual(counts);
  });

  it('is still sampled, around what cannot be read', async () => {
    const { directory } = damaged();
    const { sample } = only(await reportOf(directory));
    expect(sample.records.length).toBeGreaterThan(150);
  });

  it('says why it cannot be explained, where it cannot', async () => {
    const directory = copied('clean/f-deleted-0');
    for (const name of readdirSync(directory)) if (name.endsWith('.log')) rmSync(join(directory, name));
    const model = await reportOf(directory);
    const told = model.details.flatMap(({ explained }) => explained);
    expect(told.length).toBeGreaterThan(0);
    for (const one of told) expect('failure' in one && one.failure).toMatch(/^INVALID_ARGUMENT: there is no log/);
    expect(model.title).toBe(basename(directory));
  });
});
