/** Whatever the bytes of a segment and of its indexes: a search in any form ends, with findings, and steers no terminal. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { ColumnLines, columnsOf } from '../../../src/inspect/dump/columns.ts';
import { Search, type SearchOptions } from '../../../src/inspect/dump/search.ts';
import { parseCondition } from '../../../src/inspect/dump/where.ts';
import { type FieldPrinter, PRINT_ENCODINGS } from '../../../src/inspect/byte-encoding.ts';
import { collect } from '../collect.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { fuzzPlan, Random } from '../../support/random.ts';

const SEGMENTS = [
  'f-txn-0/00000000000000000839',
  'f-zstd-0/00000000000000001574',
  '__consumer_offsets-3/00000000000000000000',
];
const UNSAFE = /[^\P{Cc}\r\n\t]|[\p{Bidi_Control}\u2028\u2029]/u;
const COLUMNS = ['offset', 'key', 'value', 'headers', 'headerCount', 'producerId'];

function damaged(random: Random, bytes: Buffer): Buffer {
  for (let i = random.between(0, 5); i > 0 && bytes.length > 0; i--) {
    const at = random.between(0, random.chance(0.5) ? Math.min(200, bytes.length - 1) : bytes.length - 1);
    bytes[at] = random.pick([0, 0xff, 0x7f, 0x80, (bytes[at] ?? 0) ^ (1 << random.between(0, 7))]);
  }
  return random.chance(0.2) ? bytes.subarray(0, random.between(0, bytes.length)) : bytes;
}

const someSearch = (random: Random): SearchOptions =>
  random.pick<SearchOptions>([
    { fromOffset: random.between(0, 3000) },
    { fromTime: random.pick([0, 1795231554000, 2e12]), limit: random.between(0, 50) },
    { grep: /a.*b/u },
    { where: [parseCondition('header.x!=null or key>a or baseOffset<1000 and deleteHorizonMs=null')] },
    { key: Buffer.from('k35'), maxBytes: random.between(0, 20_000) },
  ]);

it('random damage to a .log and its indexes', () => {
  const { seed, cases } = fuzzPlan(250);
  const random = new Random(seed);
  let findings = 0;
  for (let i = 0; i < cases; i++) {
    const segment = random.pick(SEGMENTS);
    const fs = new MemoryFileSystem();
    fs.makeDirectory('/p');
    const path = `/p/${segment.split('/')[1]}`;
    for (const suffix of ['.log', '.index', '.timeindex']) {
      const bytes = damaged(random, readFileSync(join(FIXTURES, 'clean', `${segment}${suffix}`)));
      const file = fs.open(`${path}${suffix}`, 'new');
      file.write(bytes, 0, bytes.length, 0);
      file.close();
    }
    const columns = columnsOf(random.pick(['text', 'csv', 'json']), COLUMNS, false);
    const rows = (printer: FieldPrinter, of: string) => new ColumnLines(columns, printer, of);
    const dump = collect(
      `${path}.log`,
      {
        json: random.chance(0.5),
        bytes: random.pick(PRINT_ENCODINGS),
        batchesOnly: random.chance(0.2),
        search: new Search(someSearch(random)),
        ...(random.chance(0.4) ? { rows } : {}),
      },
      fs,
    );
    expect(dump.text, `case ${i} of seed ${seed}`).not.toMatch(UNSAFE);
    findings += dump.findings.length;
  }
  expect(findings).toBeGreaterThan(cases / 4);
});
