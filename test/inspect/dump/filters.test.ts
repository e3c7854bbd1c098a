/** Filters show what a slow filter over the whole dump shows, and decompress nothing that a header rules out. */
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCondition } from '../../../src/inspect/dump/where.ts';
import { codes, collectBytes } from '../collect.ts';
import { batch, message, record } from '../make-batch.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { type Fields, filtered, naively, search } from './run.ts';

const SETS = ['f-zstd-0', 'f-txn-0', 'f-compacted-0', 'f-logappend-0'].map((name) => join(FIXTURES, 'clean', name));
const LEGACY = join(FIXTURES, 'legacy');
const text = (base64: string | null): string => (base64 === null ? '' : Buffer.from(base64, 'base64').toString());
const sizeOf = (base64: string | null): number => (base64 === null ? -1 : Buffer.from(base64, 'base64').length);

describe.each(SETS)('%s', (path) => {
  const batches = naively([path]);
  const records = batches.flatMap(({ records: lines }) => lines.map((line) => JSON.parse(line) as Fields));
  const keys = records.map(({ key }) => key).filter((key) => key !== null);

  it('by key', () => {
    for (const key of [keys[3], keys.at(-1)].filter((found) => found !== undefined)) {
      const dump = search([path], { key: Buffer.from(key, 'base64') });
      expect(dump.lines).toEqual(filtered(batches, (fields) => fields.key === key));
      expect(dump.search.coverage.matched).toBe(records.filter((fields) => fields.key === key).length);
    }
    expect(search([path], { key: Buffer.from('no such key') }).lines).toEqual([]);
  });

  it('by a pattern in key or value', () => {
    const pattern = /k1\d|ffe/u;
    expect(search([path], { grep: pattern }).lines).toEqual(
      filtered(batches, ({ key, value }) => pattern.test(text(key)) || pattern.test(text(value))),
    );
  });

  it.each<[string, (fields: Fields, of: Fields) => boolean]>([
    ['valueSize > 30 and valueSize <= 60', ({ value }) => sizeOf(value) > 30 && sizeOf(value) <= 60],
    ['key=null or value=null', ({ key, value }) => key === null || value === null],
    ['not (key!=null)', ({ key }) => key === null],
    ['headerCount=0 and offset>=100', ({ headers, offset }) => headers.length === 0 && offset >= 100],
    [
      'isControl=true or (compression=zstd and size<500)',
      (_, of) => of.isControl || (of.compression === 'zstd' && of.size < 500),
    ],
    ['producerId!=-1 and not isControl=true', (_, of) => of.producerId !== -1 && !of.isControl],
    ['deleteHorizonMs=null and baseOffset>7 and lastOffset<900', (_, of) => of.baseOffset > 7 && of.lastOffset < 900],
    ['key="k35"', ({ key }) => text(key) === 'k35'],
  ])('where %s', (condition, keeps) => {
    // Deleted records leave a horizon in batches, which the condition may not see otherwise.
    const where = [parseCondition(condition)];
    const dump = search([path], { where: [...where, parseCondition('offset >= 0')] });
    const expected = filtered(batches, (fields, of) => {
      const horizon = (of as { deleteHorizonMs?: number | null }).deleteHorizonMs ?? null;
      return keeps(fields, of) && (!condition.includes('deleteHorizonMs') || horizon === null);
    });
    expect(dump.lines).toEqual(expected);
  });

  it('by producer', () => {
    const producers = new Set(batches.map((found) => (JSON.parse(found.batch) as Fields).producerId));
    for (const producerId of [...producers, 12345]) {
      const dump = search([path], { producerId });
      expect(dump.lines).toEqual(
        batches.flatMap((found) =>
          (JSON.parse(found.batch) as Fields).producerId === producerId ? [found.batch, ...found.records] : [],
        ),
      );
    }
  });

  it('up to a limit, and the batches alone that have a match', () => {
    const all = filtered(batches, ({ value }) => sizeOf(value) > 40).filter((line) =>
      line.startsWith('{"type":"record"'),
    );
    const where = [parseCondition('valueSize>40')];
    const limited = search([path], { where, limit: 5 });
    expect(limited.lines.filter((line) => line.startsWith('{"type":"record"'))).toEqual(all.slice(0, 5));
    const alone = search([path], { where }, { batchesOnly: true });
    expect(alone.lines).toEqual(
      batches
        .filter((found) => found.records.some((line) => sizeOf((JSON.parse(line) as Fields).value) > 40))
        .map((found) => found.batch),
    );
  });
});

it('work in formats 0 and 1 too, where the first offset of a wrapper is inside', () => {
  const batches = naively([LEGACY]);
  expect(batches.length).toBeGreaterThan(3);
  for (const condition of ['baseOffset>=5', 'offset>=5 and magic<2', 'keySize>0 and baseOffset<1000']) {
    const where = [parseCondition(condition)];
    const expected = filtered(batches, ({ offset, key }, { baseOffset, magic }) => {
      if (condition === 'baseOffset>=5') return baseOffset >= 5;
      return condition.startsWith('offset') ? offset >= 5 && magic < 2 : sizeOf(key) > 0 && baseOffset < 1000;
    });
    expect(search([LEGACY], { where }).lines).toEqual(expected);
  }
});

it('what a wrapper of old messages says of its time binds none of them', async () => {
  const { gzipSync } = await import('node:zlib');
  const inner = message({ timestamp: 9000n });
  const wrapper = message({ timestamp: 1000n, attributes: 1, value: gzipSync(inner) });
  const { Search } = await import('../../../src/inspect/dump/search.ts');
  const found = new Search({ fromTime: 5000 });
  expect(collectBytes(wrapper, { search: found }).lines).toHaveLength(2);
  expect(found.coverage).toMatchObject({ matched: 1, ruledOut: 0 });
});

describe('what a header rules out', () => {
  // A batch that says that it is compressed, and whose records are garbage.
  const broken = batch({ attributes: 4, producerId: 7n, records: Buffer.from('not zstd') });
  const sound = batch({ baseOffset: 1n, producerId: 8n, maxTimestamp: 5000n });
  const bytes = Buffer.concat([broken, sound]);

  it('is not decompressed', async () => {
    expect(codes(collectBytes(bytes))).toEqual(['CORRUPT_COMPRESSED_DATA']);
    const { Search } = await import('../../../src/inspect/dump/search.ts');
    for (const options of [
      { producerId: 8 },
      { fromOffset: 1 },
      { fromTime: 2000 },
      { where: [parseCondition('compression=none')] },
    ]) {
      const found = new Search(options);
      expect(codes(collectBytes(bytes, { search: found }))).toEqual([]);
      expect(found.coverage).toMatchObject({ ruledOut: 1, unreadable: 0, batches: 2 });
    }
  });

  it('is told from what could not be read', async () => {
    const { Search } = await import('../../../src/inspect/dump/search.ts');
    const found = new Search({ key: Buffer.from('key') });
    expect(codes(collectBytes(bytes, { search: found }))).toEqual(['CORRUPT_COMPRESSED_DATA']);
    expect(found.coverage).toMatchObject({ ruledOut: 0, unreadable: 1, batches: 2, matched: 1 });
  });
});

describe('a pattern', () => {
  it('finds text that is not UTF-8 as Latin-1, and counts that', async () => {
    const { Search } = await import('../../../src/inspect/dump/search.ts');
    const records = Buffer.concat([record(0, null, Buffer.from('caf\u00e9', 'latin1')), record(1, null, 'café')]);
    const found = new Search({ grep: /café/u });
    expect(collectBytes(batch({ count: 2, lastOffsetDelta: 1, records }), { search: found }).lines).toHaveLength(3);
    expect(found.coverage).toMatchObject({ matched: 2, latin1: 1 });
  });
});

describe('a header', () => {
  it('is compared by its name', async () => {
    const { Search } = await import('../../../src/inspect/dump/search.ts');
    const withTrace = record(0, 'a', 'x', {
      headers: [
        ['trace', 'one'],
        ['trace', 'two'],
        ['none', null],
      ],
    });
    const records = Buffer.concat([withTrace, record(1, 'b', 'y')]);
    const bytes = batch({ count: 2, lastOffsetDelta: 1, records });
    const count = (condition: string): number => {
      const found = new Search({ where: [parseCondition(condition)] });
      collectBytes(bytes, { search: found });
      return found.coverage.matched;
    };
    expect(count('header.trace=two')).toBe(1);
    expect(count('header.trace=one')).toBe(0);
    expect(count('header.trace=null')).toBe(1);
    expect(count('header.none=null')).toBe(2);
    expect(count("header.trace>'tw'")).toBe(1);
  });
});

it('numbers of 64 bits compare exactly', async () => {
  const { Search } = await import('../../../src/inspect/dump/search.ts');
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), fc.constantFrom(-1n, 0n, 1n), (producerId, delta) => {
      const bytes = batch({ producerId });
      const count = (condition: string): number => {
        const found = new Search({ where: [parseCondition(condition)] });
        collectBytes(bytes, { search: found });
        return found.coverage.matched;
      };
      const other = producerId + delta;
      expect(count(`producerId=${other}`)).toBe(producerId === other ? 1 : 0);
      expect(count(`producerId<${other}`)).toBe(producerId < other ? 1 : 0);
      expect(count(`producerId>=${other}`)).toBe(producerId >= other ? 1 : 0);
    }),
    { numRuns: 50 },
  );
});
