/** Any single damage to a clean partition is found, apart from what cannot be: see undetectable.ts. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BATCH, LOG_OVERHEAD } from '../../../src/format/batch.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { fuzzPlan, Random } from '../../support/random.ts';
import { brief, copied, verifyPaths } from './support.ts';
import { UNDETECTABLE, unguardedChange } from './undetectable.ts';

const PARTITIONS = readdirSync(join(FIXTURES, 'clean'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
/** Of one copy of a partition, which is put right again after each. */
const CASES_PER_COPY = 20;

type Damage = readonly [what: string, after: Buffer | undefined];

/** A bit of a base offset, leader epoch or magic, which no checksum covers; any bit of a file that is no .log. */
function unguardedBit(random: Random, before: Buffer): Damage {
  const after = Buffer.from(before);
  const starts: number[] = [];
  for (
    let at = 0;
    at + BATCH.MAGIC < before.length;
    at += LOG_OVERHEAD + Math.max(0, before.readInt32BE(at + BATCH.LENGTH))
  )
    starts.push(at);
  if (starts.length === 0) return ['nothing', after];
  const at = random.pick(starts) + random.pick([...Array(8).keys(), 12, 13, 14, 15, 16]);
  after[at] = (after[at] as number) ^ (1 << random.between(0, 7));
  return [`a bit of byte ${at}`, after];
}

/** One damage to a file's bytes. The bytes may come out as they were. */
function damage(random: Random, before: Buffer): Damage {
  const after = Buffer.from(before);
  const at = random.between(0, before.length - 1);
  const length = random.between(1, 64);
  const garbage = random.bytes(length);
  return random.pick<() => Damage>([
    () => ['deleted', undefined],
    () => [`${length} bytes of garbage at the end`, Buffer.concat([before, garbage])],
    () => [`cut to ${at}`, before.subarray(0, at)],
    () => [`${length} zeros at ${at}`, after.fill(0, at, Math.min(after.length, at + length))],
    () => [`${garbage.copy(after, at)} bytes of garbage at ${at}`, after],
    () => unguardedBit(random, before),
    () => {
      const bit = random.between(0, 7);
      if (before.length > 0) after[at] = (after[at] as number) ^ (1 << bit);
      return [`bit ${bit} of byte ${at}`, after];
    },
  ])();
}

test('any single random damage to a clean partition is found in the damaged file', async () => {
  const plan = fuzzPlan(400);
  const random = new Random(plan.seed);
  const missed: string[] = [];
  let tried = 0;
  let listed = 0;
  while (tried < plan.cases) {
    const partition = random.pick(PARTITIONS);
    const directory = copied(`clean/${partition}`);
    const names = readdirSync(directory);
    for (let i = 0; i < CASES_PER_COPY && tried < plan.cases; i++) {
      const file = random.pick(names);
      const path = join(directory, file);
      const before = readFileSync(path);
      const [what, after] = damage(random, before);
      if (after?.equals(before) === true) continue;
      tried++;
      if (after === undefined) rmSync(path);
      else writeFileSync(path, after);
      const { findings, failures } = await verifyPaths([directory]);
      writeFileSync(path, before);
      // A leader epoch or base offset contradicts another file, and either could be the one that is wrong.
      const isEither = unguardedChange({ file, before, after }) !== undefined;
      const isFound = findings.some((finding) => finding.severity !== 'info' && (finding.file === file || isEither));
      const isListed = UNDETECTABLE.some(({ is }) => is({ file, before, after }));
      if (isListed) listed++;
      if ((!isFound && !isListed) || failures.length > 0)
        missed.push(`${partition}/${file}: ${what}: ${[...brief(findings), ...failures].join('; ')}`);
    }
  }
  expect(missed, `seed ${plan.seed}`).toEqual([]);
  // The list must not swallow what the test is for.
  expect(listed / tried).toBeLessThan(0.2);
}, 120_000);
