import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { scratch } from '../support/temp.ts';

test('F16: a small file that cannot be replaced leaves nothing half-done beside it', () => {
  const directory = scratch();
  const path = join(directory, 'checkpoint');
  mkdirSync(path);
  writeFileSync(join(path, 'in the way'), '');
  expect(() => nodeFileSystem.replaceSmall(path, new Uint8Array(10))).toThrow(expect.objectContaining({ code: 'IO' }));
  expect(readdirSync(directory)).toEqual(['checkpoint']);
});
