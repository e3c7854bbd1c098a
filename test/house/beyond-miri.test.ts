/** The lists of `npm run sanitize -- --only miri`: what they name is there, and what Miri cannot run has a reason. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BEYOND, MODULES } from '../../scripts/lib/sanitize/miri.mjs';
import { projectRoot, textOf } from './project-files.ts';

const SOURCES = 'native/core/src';

/** The file that a path of modules leads to, and what of the path is within it. */
function fileOf(name: string): { file: string; within: string[] } | undefined {
  const parts = name.split('::');
  for (let length = parts.length; length > 0; length--) {
    const stem = `${SOURCES}/${parts.slice(0, length).join('/')}`;
    const file = [`${stem}.rs`, `${stem}/mod.rs`].find((path) => existsSync(join(projectRoot, path)));
    if (file !== undefined) return { file, within: parts.slice(length) };
  }
  return undefined;
}

/** Whether a module, or a test of it, is there. */
function isThere(name: string): boolean {
  const found = fileOf(name);
  if (found === undefined) return false;
  const text = textOf(found.file);
  return found.within.every((part) => new RegExp(`\\b(?:mod|fn) ${part}\\b`).test(text));
}

it('name modules and tests of native/core that are there', () => {
  expect([...MODULES, ...Object.keys(BEYOND)].filter((name) => !isThere(name))).toEqual([]);
  expect(isThere('append::tests::no_such_test')).toBe(false);
  expect(isThere('no_such_module')).toBe(false);
});

it('say why Miri cannot run what they leave out, and leave out no module that it is to run', () => {
  expect(Object.entries(BEYOND).filter(([, reason]) => reason.length < 3)).toEqual([]);
  expect(MODULES.filter((name) => name in BEYOND)).toEqual([]);
});
