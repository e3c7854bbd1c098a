/** The planted bugs of `npm run mutations` must still be plantable: a list that applies to nothing catches nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot, textOf } from './project-files.ts';

interface Mutation {
  readonly name: string;
  readonly file: string;
  /** What stands exactly once in the file, and what takes its place. */
  readonly from: string;
  readonly to: string;
  /** The test files that must see it, or what the names of Rust tests must hold that do. */
  readonly tests?: readonly string[];
  readonly cargo?: string;
}

const LIST = JSON.parse(textOf('test/mutations/list.json')) as Mutation[];

function timesIn({ file, from }: Mutation): number {
  return textOf(file).split(from).length - 1;
}

it('apply to the sources, each at one place', () => {
  expect(LIST.length).toBeGreaterThanOrEqual(30);
  expect(LIST.filter((mutation) => timesIn(mutation) !== 1 || mutation.from === mutation.to)).toEqual([]);
  expect(new Set(LIST.map(({ name }) => name)).size).toBe(LIST.length);
});

it('name the tests that are to see them', () => {
  const lost = LIST.flatMap(({ tests = [] }) => tests).filter((file) => !existsSync(join(projectRoot, file)));
  expect(lost).toEqual([]);
  expect(LIST.filter(({ tests, cargo }) => (tests === undefined) === (cargo === undefined))).toEqual([]);
});
