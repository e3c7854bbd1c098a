/** docs/durability.md and docs/faults.md name tests as links: the words are a test's name, or how it begins. Every one is there. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const LINK = /\[([^\]]+)\]\(\.\.\/(test\/[^)]+|native\/[^)]+)\)/g;

const textOf = (path: string): string => readFileSync(fileURLToPath(new URL(path, ROOT)), 'utf8');

/** What a page names, that is in no file: for the test of this test, too. */
function missingIn(page: string): string[] {
  return [...page.matchAll(LINK)].flatMap(([, name = '', path = '']) => {
    if (!existsSync(new URL(path, ROOT))) return [`${path} is no file`];
    const text = textOf(path);
    // A test in Rust has its words as a name.
    return text.includes(name) || text.includes(name.replaceAll(' ', '_')) ? [] : [`${path} has no test "${name}"`];
  });
}

describe.each(['docs/durability.md', 'docs/faults.md'])('%s', (page) => {
  test('names tests that are there', () => {
    const text = textOf(page);
    expect([...text.matchAll(LINK)].length).toBeGreaterThan(30);
    expect(missingIn(text)).toEqual([]);
  });
});

test('every promise in a table names a test that tries it', () => {
  const rows = textOf('docs/durability.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('|---'));
  const promises = rows.filter((line) => !/\| tried by \|$|what is detected \| what is not/.test(line));
  const [untried, tried] = [promises.filter((line) => !line.includes('](../test/')), promises.length];
  expect(tried).toBeGreaterThan(25);
  // The list of what cannot be detected is tried as a whole, by the test above it.
  expect(untried.map((line) => line.split(' ')[1])).toEqual(['base', 'leader', 'magic', 'length']);
});

test('a name that no test has is found', () => {
  // Not written out here, where it would be found.
  const name = ['no', 'such', 'test'].join(' ');
  const page = `[${name}](../test/docs/promises.test.ts) [x](../test/nothing.test.ts)`;
  expect(missingIn(page)).toEqual([
    `test/docs/promises.test.ts has no test "${name}"`,
    'test/nothing.test.ts is no file',
  ]);
});
