/** Rules about whole files: their size, what they leave undone, and what they tell about the machine they were made on. */
import { describe, expect, it } from 'vitest';
import { committedFiles, filesIn, textOf } from './project-files.ts';

const MAX_LINES = 500;
// Put together from parts, so that this file does not break its own rules.
const join = (...parts: string[]): string => parts.join('');
const UNDONE = new RegExp(`\\b(?:${join('TO', 'DO')}|${join('FIX', 'ME')})\\b`);
const PRIVATE_PATH = /(?:^|[\s'"`=(:])\/(?:work|home|root|Users)\/[A-Za-z]/m;
const HOST = /registry\.[a-z0-9-]+\.[a-z]{2,}|https?:\/\/(?:localhost|\d+\.\d+\.\d+\.\d+)[^\s'"]*\.(?:tgz|crate|jar)\b/;
const TEXT =
  /\.(?:[cm]?[jt]s|json|rs|toml|md|ya?ml|sh|java|xml|jsonc)$|(?:^|\/)(?:run|\.npmrc|\.gitattributes|\.editorconfig)$/;

function sources(): string[] {
  const rust = filesIn('native', '.rs', ['target']).map((file) => `native/${file}`);
  const typed = ['src', 'test'].flatMap((folder) => filesIn(folder, '.ts').map((file) => `${folder}/${file}`));
  // bench/peers has packages of its own.
  const plain = ['scripts', 'bench'].flatMap((folder) =>
    filesIn(folder, '.mjs', ['node_modules']).map((file) => `${folder}/${file}`),
  );
  return [...typed, ...plain, ...rust];
}

function tooLong(text: string): boolean {
  return text.split('\n').length - 1 > MAX_LINES;
}

describe('files', () => {
  it('are at most 500 lines long', () => {
    expect(sources().filter((file) => tooLong(textOf(file)))).toEqual([]);
    expect(tooLong('x\n'.repeat(501))).toBe(true);
  });

  it('leave nothing for later', () => {
    expect(sources().filter((file) => UNDONE.test(textOf(file)))).toEqual([]);
    expect(UNDONE.test(join('// TO', 'DO: later'))).toBe(true);
  });

  it('name no path of the machine they were made on', () => {
    const told = committedFiles().filter(
      (file) => TEXT.test(file) && !file.startsWith('fixtures/') && PRIVATE_PATH.test(textOf(file)),
    );
    expect(told).toEqual([]);
    expect(PRIVATE_PATH.test(join('cd "/ho', 'me/me/project"'))).toBe(true);
  });

  it('name no package registry', () => {
    expect(committedFiles().filter((file) => TEXT.test(file) && HOST.test(textOf(file)))).toEqual([]);
    expect(HOST.test(join('https://regi', 'stry.example.org/x.tgz'))).toBe(true);
  });

  it('has a lock file that leaves the registry to the machine', () => {
    const lock = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    const bound = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(bound).toEqual([]);
  });
});
