/** What is left out of a pass of the suite would be the same once more. */
import { expect, it } from 'vitest';
import { WITHOUT_REAL_FILES } from '../../scripts/lib/engines.mjs';
import { textOf } from './project-files.ts';

/** How a test gets a place on a real disk. */
const REAL_FILES = /\bscratch\w*\(|support\/temp\.ts|node:fs|node:os|node:child_process|nodeFileSystem/;

it.each(WITHOUT_REAL_FILES)('%s, which runs once for each engine, writes to no real file', (file) => {
  expect(REAL_FILES.exec(textOf(file))?.[0]).toBeUndefined();
});

it('tells a test that does', () => {
  expect(textOf('test/log/kill-at-each-change.test.ts')).toMatch(REAL_FILES);
});
