/** Each damaged partition of the fixtures is repaired to what Kafka's recovery leaves of it, and nothing is lost. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recoverPartition } from '../../src/log/recover-partition.ts';
import { applyRepair, previewRepair, undoRepair } from '../../src/repair/repair.ts';
import { runCli } from '../cli/run-cli.ts';
import { FIXTURES } from '../support/fixtures.ts';
import {
  CONFIG,
  contentsOf,
  copyOf,
  optionsFor,
  RECIPES,
  recipe,
  REPEATED_BATCH,
  segmentFilesOf,
  treeOf,
} from './partitions.ts';

const options = optionsFor();

describe.each(RECIPES)('$name of $source', ({ name, source, edits, kafka }) => {
  test('a preview tells what is to be done, and leaves everything as it is', async () => {
    const directory = copyOf(source, edits);
    const before = treeOf(join(directory, '..'));
    const { steps, quarantine } = await previewRepair(directory, options);
    expect(steps.length).toBeGreaterThan(0);
    const damaged = edits.map(({ file }) => file);
    expect(steps.some(({ file }) => damaged.includes(file))).toBe(true);
    expect(quarantine).toBeUndefined();
    expect(treeOf(join(directory, '..'))).toEqual(before);
  });

  test('it becomes what recovery makes of it, and then there is nothing left to repair', async () => {
    const directory = copyOf(source, edits);
    const twin = copyOf(source, edits);
    const report = await applyRepair(directory, options);
    const recovered = await recoverPartition(twin, CONFIG);
    expect(segmentFilesOf(directory)).toEqual(recovered.files);
    if (name !== REPEATED_BATCH) expect(segmentFilesOf(directory)).toEqual(kafka.files);
    expect(report).toMatchObject({ logStartOffset: recovered.logStartOffset, logEndOffset: recovered.logEndOffset });
    expect((await previewRepair(directory, options)).steps).toEqual([]);
    const again = await recoverPartition(directory, CONFIG);
    expect(again.cuts).toEqual([]);
    expect(again.logEndOffset).toBe(recovered.logEndOffset);
  });

  test('every byte that was there still is, and undoing puts each file back as it was', async () => {
    const directory = copyOf(source, edits);
    const before = treeOf(directory);
    const contents = contentsOf(directory);
    const { quarantine } = await applyRepair(directory, options);
    const kept = contentsOf(directory);
    expect([...contents].filter((hash) => !kept.has(hash))).toEqual([]);
    await undoRepair(quarantine as string, options);
    expect(treeOf(directory)).toEqual(before);
  });
});

test('after the repair of all of them, verification has nothing to complain of', async () => {
  const directories: string[] = [];
  for (const { source, edits } of RECIPES) {
    const directory = copyOf(source, edits);
    await applyRepair(directory, options);
    directories.push(directory);
  }
  const { code, stdout } = await runCli(['verify', ...directories]);
  const findings = stdout.split('\n').filter((line) => line !== '' && !line.includes('"severity":"info"'));
  expect({ code, findings }).toEqual({ code: 0, findings: [] });
});

describe('a partition without damage', () => {
  const clean = readdirSync(join(FIXTURES, 'clean')).filter((name) => /-\d+$/.test(name));

  test.each(clean)('clean/%s has nothing to repair, and applying touches no file of it', async (name) => {
    const directory = copyOf(`clean/${name}`);
    const before = treeOf(directory);
    const config = name === '__cluster_metadata-0' ? {} : CONFIG;
    expect((await previewRepair(directory, { ...options, config })).steps).toEqual([]);
    const report = await applyRepair(directory, { ...options, config });
    expect(report).toMatchObject({ steps: [], quarantine: undefined });
    expect(treeOf(directory)).toEqual(before);
  });

  test('an empty quarantine and the files that others keep there are left alone', async () => {
    const { source, edits } = recipe('001-flip-log');
    const directory = copyOf(source, edits);
    mkdirSync(join(directory, 'quarantine'));
    mkdirSync(join(directory, 'quarantine', 'repair-x'));
    const before = treeOf(directory);
    const { quarantine } = await applyRepair(directory, options);
    expect(quarantine).toBe(join(directory, 'quarantine', 'repair-1'));
    await undoRepair(quarantine as string, options);
    expect(treeOf(directory)).toEqual(before);
  });
});
