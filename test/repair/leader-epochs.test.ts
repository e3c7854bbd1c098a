/** Leader epochs that can be read and contradict the batches are made anew from these; right ones stay, and so do more of them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyRepair, previewRepair } from '../../src/repair/repair.ts';
import { runCli } from '../cli/run-cli.ts';
import { copyOf, optionsFor } from './partitions.ts';

/** Its batches, up to offset 4000, have one epoch: 0. */
const SOURCE = 'clean/f-snappy-0';
const FILE = 'leader-epoch-checkpoint';

test.each([
  ['an epoch that no batch has', '0\n2\n0 0\n3 17\n', '0\n1\n0 0\n'],
  ['no epoch', '0\n0\n', '0\n1\n0 0\n'],
  ['lines that do not rise', '0\n2\n0 0\n0 0\n', '0\n1\n0 0\n'],
])('%s', async (_, wrong, right) => {
  const directory = copyOf(SOURCE);
  const path = join(directory, FILE);
  writeFileSync(path, wrong);
  expect((await runCli(['verify', directory])).code).toBe(1);
  const { steps } = await applyRepair(directory, optionsFor());
  expect(steps).toMatchObject([{ action: 'rebuild', file: FILE, reason: 'it does not say what the log says' }]);
  expect(readFileSync(path, 'utf8')).toBe(right);
  expect((await runCli(['verify', directory])).code).toBe(0);
});

test('an epoch that starts at the end of the log, before its first batch, is no fault', async () => {
  const directory = copyOf(SOURCE);
  const { logEndOffset } = await previewRepair(directory, optionsFor());
  writeFileSync(join(directory, FILE), `0\n2\n0 0\n4 ${logEndOffset}\n`);
  expect((await previewRepair(directory, optionsFor())).steps).toEqual([]);
});
