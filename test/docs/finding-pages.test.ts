/** Every finding code has its page, in docs/inspector.md as in `seglog help`. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DOCUMENT, pagesOf, withPages } from '../../scripts/docs-findings.mjs';
import { CATALOGUE } from '../../src/inspect/findings/catalogue.ts';
import { FILE_FINDINGS } from '../../src/inspect/findings/file-findings.ts';
import { PARTITION_FINDINGS } from '../../src/inspect/findings/partition-findings.ts';

const pages = Object.entries(CATALOGUE);

it('the pages in the docs are those of the catalogue: otherwise run `npm run docs:findings`', () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  expect(document).toBe(withPages(document, pagesOf(CATALOGUE)));
});

it('no code is in two lists', () => {
  expect(pages).toHaveLength(Object.keys(FILE_FINDINGS).length + Object.keys(PARTITION_FINDINGS).length);
});

it.each(pages)('%s is told of in whole sentences', (code, { title, meaning, causes, action }) => {
  expect(code).toMatch(/^[A-Z][A-Z_]+$/);
  expect(title).not.toMatch(/\.$/);
  expect(action).not.toMatch(/\.$/);
  for (const text of [meaning, causes]) expect(text).toMatch(/^\S.*\.\)?$/);
});
