/** The numbers of a search add up to the file, whatever is in it, and nothing in the range is passed over in silence. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BATCH } from '../../../src/format/batch.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { Search, type SearchOptions } from '../../../src/inspect/dump/search.ts';
import { type Collected, collect } from '../collect.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { fuzzPlan, Random } from '../../support/random.ts';
import type { Fields } from './run.ts';

const SEGMENT = join(FIXTURES, 'clean', 'f-none-0', '00000000000000000000');
const LOG = readFileSync(`${SEGMENT}.log`);
const PATH = '/p/00000000000000000000';

/** Searches bytes, with the segment's own indexes beside them. */
function searched(bytes: Uint8Array, options: SearchOptions, isStopped = false): Collected & { search: Search } {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/p');
  const files = {
    '.log': bytes,
    '.index': readFileSync(`${SEGMENT}.index`),
    '.timeindex': readFileSync(`${SEGMENT}.timeindex`),
  };
  for (const [suffix, content] of Object.entries(files)) {
    const file = fs.open(PATH + suffix, 'new');
    file.write(content, 0, content.length, 0);
    file.close();
  }
  const search = new Search(options);
  return { ...collect(`${PATH}.log`, { search }, fs, isStopped), search };
}

/** The batches of the segment, as they are. */
const BATCHES = searched(LOG, {}).lines.map((line) => JSON.parse(line) as Fields & { type: string; position: number });
const HEADS = BATCHES.filter(({ type }) => type === 'batch');

const total = ({ coverage }: Search): number =>
  coverage.bytes +
  coverage.strayBytes +
  coverage.zeroBytes +
  coverage.indexedBytes +
  coverage.behindBytes +
  coverage.leftBytes;

it('every byte is counted once, whatever is damaged and whatever is asked for', () => {
  const { seed, cases } = fuzzPlan(300);
  const random = new Random(seed);
  const seen = { strayBytes: 0, zeroBytes: 0, indexedBytes: 0, behindBytes: 0, leftBytes: 0 };
  for (let i = 0; i < cases; i++) {
    let bytes = Buffer.from(LOG);
    for (let n = random.between(0, 3); n > 0; n--) {
      const { position } = random.pick(HEADS);
      bytes[position + random.between(0, 120)] = random.between(0, 255);
    }
    if (random.chance(0.3)) bytes = bytes.subarray(0, random.between(0, bytes.length));
    if (random.chance(0.3))
      bytes = Buffer.concat([bytes, Buffer.alloc(random.between(1, 300), random.pick([0, 0, 0x55]))]);
    const options = random.pick<SearchOptions>([
      { where: [] },
      { fromOffset: random.between(0, 1200) },
      { fromOffset: random.between(0, 600), toOffset: random.between(600, 1200) },
      { fromTime: random.pick(BATCHES).timestamp },
      { limit: random.between(1, 900) },
      { maxBytes: random.between(0, 100_000) },
    ]);
    const { search } = searched(bytes, options, random.chance(0.2));
    expect(total(search), `case ${i} of seed ${seed}`).toBe(bytes.length);
    for (const name of Object.keys(seen) as (keyof typeof seen)[]) seen[name] += search.coverage[name];
  }
  expect(Object.values(seen)).not.toContain(0);
});

it('zeros that are set aside were looked at, and so were bytes that hold no batch', () => {
  const zeros = searched(Buffer.concat([LOG, Buffer.alloc(100)]), { limit: 1e6 }).search.coverage.text(
    1,
    'records',
    undefined,
  );
  expect(zeros).toContain('100 zero bytes at the end');
  expect(zeros).not.toContain('not looked at');
  const stray = searched(Buffer.concat([LOG, Buffer.alloc(100, 0xee)]), { limit: 1e6 });
  expect(stray.findings).toHaveLength(1);
  const text = stray.search.coverage.text(1, 'records', undefined);
  expect(text).toContain('100 bytes that hold no batch');
  expect(text).not.toContain('not looked at');
});

it('one batch with a wrong offset, which no checksum covers, does not end a range', () => {
  const bytes = Buffer.from(LOG);
  const wrong = HEADS[2] as (typeof HEADS)[number];
  bytes.writeBigInt64BE(BigInt(wrong.baseOffset) + 100_000n, wrong.position + BATCH.BASE_OFFSET);
  const toOffset = HEADS[5]?.lastOffset as number;
  const { lines, findings } = searched(bytes, { toOffset });
  expect(findings.map(({ code }) => code)).toContain('OFFSETS_OUT_OF_ORDER');
  const shown = lines
    .map((line) => JSON.parse(line) as Fields & { type: string })
    .filter(({ type }) => type === 'record');
  expect(shown.at(-1)?.offset).toBe(toOffset);
  expect(shown).toHaveLength(toOffset + 1 - (wrong.lastOffset - wrong.baseOffset + 1));
});

it('with --on-corrupt stop the batch at which the offsets fall is not shown', () => {
  const bytes = Buffer.from(LOG);
  const wrong = HEADS[2] as (typeof HEADS)[number];
  bytes.writeBigInt64BE(0n, wrong.position + BATCH.BASE_OFFSET);
  const { lines, search } = searched(bytes, { limit: 1e6 }, true);
  const shown = lines.map((line) => JSON.parse(line) as { type: string }).filter(({ type }) => type === 'batch');
  expect(shown).toHaveLength(2);
  expect(search.coverage.leftBytes).toBe(LOG.length - wrong.position);
});
