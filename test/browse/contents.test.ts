/** Opened batches are held in bounded memory. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BatchEntry } from '../../src/browse/contract.ts';
import { Contents } from '../../src/browse/source/contents.ts';
import { OpenSegment } from '../../src/browse/source/open-segment.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { knownFile } from '../../src/inspect/file-kinds.ts';
import { batch } from '../inspect/make-batch.ts';
import { scratchPartition } from '../support/temp.ts';
import { countingFs } from './support.ts';

test('small batches count with what each takes besides its bytes: the first of very many are let go', () => {
  const directory = scratchPartition();
  mkdirSync(directory);
  const path = join(directory, '00000000000000000000.log');
  const batches = Array.from({ length: 40_000 }, (_, at) => batch({ baseOffset: BigInt(at) }));
  writeFileSync(path, Buffer.concat(batches));
  const { fs, read } = countingFs();
  const segment = new OpenSegment(defaultEngine(), fs, knownFile(path));
  const contents = new Contents(defaultEngine());
  const entries: BatchEntry[] = [];
  for (const step of segment.scan(0)) if (step?.entry.kind === 'batch') entries.push(step.entry);
  for (const entry of entries) expect(contents.of(segment, entry).count).toBe(1);
  const readAgain = (entry: BatchEntry | undefined): number => {
    read.bytes = 0;
    contents.of(segment, entry ?? expect.fail());
    return read.bytes;
  };
  expect(readAgain(entries.at(-1))).toBe(0);
  expect(readAgain(entries[0])).toBe(batches[0]?.length);
  segment.close();
});
