/** What lies beside the partition stays as it is, and whoever opens the log next is not misled by it. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { LOG_DIRECTORY_FILES } from '../../src/format/names.ts';
import { Log } from '../../src/index.ts';
import { applyRepair, previewRepair } from '../../src/repair/repair.ts';
import { CONFIG, copyOf, optionsFor, recipe } from './partitions.ts';

const { source, edits, kafka } = recipe('001-flip-log');

function withCheckpoints(): { directory: string; read: () => string[] } {
  const directory = copyOf(source, edits);
  const parent = dirname(directory);
  const files = {
    [LOG_DIRECTORY_FILES.recoveryPoints]: '0\n2\nf-lz4 0 4000\nother 3 17\n',
    [LOG_DIRECTORY_FILES.highWatermarks]: '0\n1\nf-lz4 0 4000\n',
    [LOG_DIRECTORY_FILES.cleanShutdown]: '{"version":0,"brokerEpoch":5}',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(parent, name), text);
  return { directory, read: () => Object.keys(files).map((name) => readFileSync(join(parent, name), 'utf8')) };
}

test('the checkpoints and the clean mark of the log directory are not touched, whatever they say', async () => {
  const { directory, read } = withCheckpoints();
  const before = read();
  await previewRepair(directory, optionsFor());
  expect(read()).toEqual(before);
  await applyRepair(directory, optionsFor());
  expect(read()).toEqual(before);
});

test('a log that ends below its recovery point after the repair opens, and takes records', async () => {
  const { directory } = withCheckpoints();
  await applyRepair(directory, optionsFor());
  await using log = await Log.open(directory, CONFIG);
  log.checkAppendable();
  expect(log.logEndOffset).toBe(kafka.logEndOffset);
  expect((await log.append([{ value: 'next' }])).baseOffset).toBe(kafka.logEndOffset);
});

test('a .log that was cut is as old as before: retention may go by that', async () => {
  const { directory } = withCheckpoints();
  const path = join(directory, '00000000000000002564.log');
  const before = statSync(path);
  await applyRepair(directory, optionsFor());
  const after = statSync(path);
  expect(after.size).toBeLessThan(before.size);
  expect(after.mtimeMs).toBe(before.mtimeMs);
});

test('files change from the end of the log on, and a .log after its indexes', async () => {
  const { directory } = withCheckpoints();
  const { quarantine } = await applyRepair(directory, optionsFor());
  const journal = readFileSync(join(quarantine as string, 'journal.json'), 'utf8');
  const { files } = JSON.parse(journal) as { files: { name: string }[] };
  const names = files.map(({ name }) => name).filter((name) => /^\d{20}\./.test(name));
  const offsets = names.map((name) => Number.parseInt(name, 10));
  expect(offsets).toEqual(offsets.toSorted((a, b) => b - a));
  const last = names.filter((name) => name.startsWith('00000000000000003866.'));
  expect(last.at(-1)).toBe('00000000000000003866.log');
  expect(last.length).toBeGreaterThan(2);
});

test('a log start in the checkpoint counts', async () => {
  const { directory } = withCheckpoints();
  writeFileSync(join(dirname(directory), LOG_DIRECTORY_FILES.logStartOffsets), '0\n1\nf-lz4 0 100\n');
  const report = await previewRepair(directory, optionsFor());
  expect(report).toMatchObject({ logStartOffset: 100, logEndOffset: kafka.logEndOffset });
});
