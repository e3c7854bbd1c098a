/** `--on-corrupt excise`: the damage goes, and every valid batch that rises stays. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BATCH, LOG_OVERHEAD } from '../../src/format/batch.ts';
import { Log } from '../../src/index.ts';
import { recoverPartition } from '../../src/log/recover-partition.ts';
import { applyRepair, previewRepair } from '../../src/repair/repair.ts';
import { applyEdits, type Edit } from '../support/edits.ts';
import { type FoundEntry, validPrefix } from '../support/log-bytes.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { scratchPartition } from '../support/temp.ts';
import { CONFIG, contentsOf, copyOf, optionsFor, treeOf } from './partitions.ts';

const excise = optionsFor({ onCorrupt: 'excise' });

const logsOf = (directory: string): string[] => readdirSync(directory).filter((name) => /^\d{20}\.log$/.test(name));

function entriesOf(directory: string, name: string): readonly FoundEntry[] {
  return validPrefix(readFileSync(join(directory, name)), BigInt(name.slice(0, 20))).entries;
}

/** Damage that moves no other byte, so that it is known which batches it leaves whole. */
function damageOf(random: Random, directory: string): Edit {
  const file = random.pick(logsOf(directory));
  const size = readFileSync(join(directory, file)).length;
  const { position } = random.pick(entriesOf(directory, file));
  const header = random.pick(Object.values(BATCH)) + random.between(0, 3);
  const at = Math.min(size - 1, random.chance(0.6) ? position + header : random.between(0, size - 1));
  return random.pick<() => Edit>([
    () => ({ op: 'flip-bit', file, at, bit: random.between(0, 7) }),
    () => ({ op: 'zero', file, at, length: random.pick([1, 8, 61, 512, 9000]) }),
    () => ({
      op: 'overwrite-hex',
      file,
      at: Math.min(at, size - 40),
      hex: random.bytes(random.between(1, 40)).toString('hex'),
    }),
    () => ({ op: 'truncate', file, at }),
    () => ({ op: 'append-hex', file, hex: random.bytes(random.between(1, 200)).toString('hex') }),
    () => ({ op: 'append-zeros', file, length: random.between(1, 5000) }),
  ])();
}

/** The batches of the whole partition that are in the damaged one, byte for byte, as hex by file. */
function untouched(whole: string, damaged: string): Map<string, Set<string>> {
  return new Map(
    logsOf(whole).map((name) => {
      const before = readFileSync(join(whole, name));
      const after = readFileSync(join(damaged, name));
      const same = entriesOf(whole, name)
        .map(({ position, sizeBytes }) =>
          [before, after].map((bytes) => bytes.subarray(position, position + sizeBytes).toString('hex')),
        )
        .filter(([a, b]) => a === b)
        .map(([a]) => a as string);
      return [name, new Set(same)];
    }),
  );
}

async function expectSound(directory: string): Promise<void> {
  for (const name of logsOf(directory)) {
    const bytes = readFileSync(join(directory, name));
    expect(validPrefix(bytes, BigInt(name.slice(0, 20))).validBytes).toBe(bytes.length);
  }
  for (const onCorrupt of ['cut', 'excise', 'keep'] as const) {
    const { steps, kept } = await previewRepair(directory, optionsFor({ onCorrupt }));
    expect({ onCorrupt, steps, kept }).toEqual({ onCorrupt, steps: [], kept: [] });
  }
  const end = await logEndOf(directory);
  const { cuts, logEndOffset } = await recoverPartition(directory, CONFIG);
  expect(cuts).toEqual([]);
  expect(logEndOffset).toBe(end);
}

async function logEndOf(directory: string): Promise<number> {
  const log = await Log.open(directory, CONFIG);
  const { logEndOffset } = log;
  await log.close();
  return logEndOffset;
}

const { seed, cases } = fuzzPlan(60);
const SOURCES = ['f-lz4-0', 'f-snappy-0', 'f-txn-0', 'f-idem-0', 'f-compacted-0', 'f-gzip-0'];

describe('after excising', () => {
  test.each(Array.from({ length: cases }, (_, at) => at))(
    'random damage %i, every whole batch is still there',
    async (at) => {
      const random = new Random(seed + at);
      const source = `clean/${random.pick(SOURCES)}`;
      const whole = copyOf(source);
      const edit = damageOf(random, whole);
      const directory = copyOf(source, [edit]);
      const contents = contentsOf(directory);
      const expected = untouched(whole, directory);
      await applyRepair(directory, excise);
      for (const [name, batches] of expected) {
        const bytes = readFileSync(join(directory, name));
        const kept = new Set(
          entriesOf(directory, name).map(({ position, sizeBytes }) =>
            bytes.subarray(position, position + sizeBytes).toString('hex'),
          ),
        );
        expect({ edit, name, lost: [...batches].filter((batch) => !kept.has(batch)).length }).toEqual({
          edit,
          name,
          lost: 0,
        });
      }
      const left = contentsOf(directory);
      expect([...contents].filter((hash) => !left.has(hash))).toEqual([]);
      await expectSound(directory);
    },
  );

  test.each(Array.from({ length: cases >> 1 }, (_, at) => at))(
    'damage in several places %i, the log is whole',
    async (at) => {
      const random = new Random(seed + 10_000 + at);
      const directory = copyOf(`clean/${random.pick(SOURCES)}`);
      applyEdits(directory, [damageOf(random, directory)]);
      for (let more = random.between(1, 4); more > 0; more--) {
        const logs = logsOf(directory).filter((name) => entriesOf(directory, name).length > 0);
        if (logs.length === logsOf(directory).length) applyEdits(directory, [damageOf(random, directory)]);
      }
      await applyRepair(directory, excise);
      await expectSound(directory);
    },
  );
});

describe('a batch', () => {
  const base = 'clean/f-snappy-0';
  const first = '00000000000000000000.log';

  test('whose offsets were raised goes, and not those behind it', async () => {
    const directory = copyOf(base);
    const entries = entriesOf(directory, first);
    const raised = entries[2] as FoundEntry;
    const bytes = readFileSync(join(directory, first));
    bytes.writeBigInt64BE(raised.baseOffset + 500n, raised.position);
    writeFileSync(join(directory, first), bytes);
    const { steps } = await previewRepair(directory, excise);
    expect(steps.filter(({ action }) => action === 'excise')).toEqual([
      expect.objectContaining({ file: first, position: raised.position, bytes: raised.sizeBytes }),
    ]);
  });

  test('whose offsets reach into the next segment goes, if they leave a gap', async () => {
    const directory = copyOf(base);
    const last = entriesOf(directory, first).at(-1) as FoundEntry;
    const hex = Buffer.alloc(8);
    hex.writeBigInt64BE(last.baseOffset + 100n);
    applyEdits(directory, [{ op: 'overwrite-hex', file: first, at: last.position, hex: hex.toString('hex') }]);
    await expect(previewRepair(directory, optionsFor())).rejects.toMatchObject({ code: 'SEGMENTS_OVERLAP' });
    await applyRepair(directory, excise);
    expect(entriesOf(directory, first).at(-1)?.position).toBeLessThan(last.position);
    await expectSound(directory);
  });

  test('behind one whose size was changed to cover it stays', async () => {
    const directory = copyOf(base);
    const [, outer, behind, next] = entriesOf(directory, first) as [unknown, FoundEntry, FoundEntry, FoundEntry];
    const hex = Buffer.alloc(4);
    hex.writeInt32BE(next.position - outer.position - LOG_OVERHEAD);
    applyEdits(directory, [
      { op: 'overwrite-hex', file: first, at: outer.position + BATCH.LENGTH, hex: hex.toString('hex') },
    ]);
    const { steps } = await previewRepair(directory, excise);
    expect(steps.filter(({ action }) => action === 'excise')).toEqual([
      expect.objectContaining({ file: first, position: outer.position, bytes: behind.position - outer.position }),
    ]);
  });

  test('within the records of a damaged batch is not taken for one of the log', async () => {
    const directory = scratchPartition();
    await using log = await Log.open(directory, CONFIG);
    log.appendSync([{ value: 'before' }]);
    // A batch of later offsets, as a value.
    const inner = readFileSync(join(copyOf(base), first)).subarray(0, 400_000);
    const nested = validPrefix(inner, 0n).entries.find(({ baseOffset }) => baseOffset > 100n) as FoundEntry;
    const value = inner.subarray(nested.position, nested.position + nested.sizeBytes);
    log.appendSync([{ value: Buffer.concat([Buffer.from('first '), value, Buffer.from(' last')]) }]);
    log.appendSync([{ value: 'behind' }]);
    await log.close();
    const [, outer] = entriesOf(directory, first);
    applyEdits(directory, [{ op: 'flip-bit', file: first, at: (outer as FoundEntry).position + 75, bit: 0 }]);
    const { steps } = await previewRepair(directory, excise);
    expect(steps.filter(({ action }) => action === 'excise')).toEqual([
      expect.objectContaining({ file: first, position: outer?.position, bytes: outer?.sizeBytes }),
    ]);
  });
});

describe('what is asked for', () => {
  const base = 'clean/f-snappy-0';
  const file = '00000000000000001225.log';

  test('a range of whole batches goes, valid as they are', async () => {
    const directory = copyOf(base);
    const [, second, , fourth] = entriesOf(directory, file) as [unknown, FoundEntry, unknown, FoundEntry];
    const before = entriesOf(directory, file).length;
    const ranges = [{ file, from: second.position, to: fourth.position }];
    await applyRepair(directory, optionsFor({ ranges }));
    expect(entriesOf(directory, file)).toHaveLength(before - 2);
    expect(readdirSync(directory)).toContain('00000000000000003769.log');
    await expectSound(directory);
  });

  test.each([
    ['through a batch', file, 0, 100],
    ['from within a batch', file, 100, 0],
    ['behind the end', file, 0, 10_000_000],
    ['of nothing', file, 0, 0],
    ['of another file', '00000000000000000007.log', 0, 10],
  ])('a range %s is refused', async (_, name, from, to) => {
    const directory = copyOf(base);
    const before = contentsOf(directory);
    const ranges = [{ file: name, from, to }];
    await expect(applyRepair(directory, optionsFor({ ranges }))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(contentsOf(directory)).toEqual(before);
  });
});

describe('keeping damage', () => {
  test('leaves its segment alone, and makes anew what belongs to the others', async () => {
    const damaged = '00000000000000001225';
    const directory = copyOf('clean/f-snappy-0', [
      { op: 'flip-bit', file: `${damaged}.log`, at: 1111, bit: 0 },
      { op: 'delete', file: `${damaged}.index` },
      { op: 'delete', file: '00000000000000002484.index' },
    ]);
    const before = treeOf(directory);
    const { steps, kept } = await applyRepair(directory, optionsFor({ onCorrupt: 'keep' }));
    expect(steps).toEqual([expect.objectContaining({ action: 'rebuild', file: '00000000000000002484.index' })]);
    expect(kept).toEqual([expect.objectContaining({ file: `${damaged}.log`, position: 0 })]);
    const after = treeOf(directory);
    const whole = treeOf(copyOf('clean/f-snappy-0'), { times: false });
    expect(after['00000000000000002484.index']?.slice(0, 64)).toBe(whole['00000000000000002484.index']);
    expect(Object.keys(before).filter((name) => after[name] !== before[name])).toEqual([]);
  });
});
