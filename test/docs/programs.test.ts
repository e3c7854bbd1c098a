/** The programs in README.md and docs, run as they stand there by the built library, and checked by the compiler. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineInfo } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { type Block, blocksOf, isProgram, PAGES, ROOT } from './pages.ts';
import { DESCRIBED, NOT_RUN, type Program, PROGRAMS } from './programs.ts';

/** What the pages print of the native engine, and the other one instead. */
const WORDS: Readonly<Record<string, string>> =
  engineInfo().engine === 'native'
    ? {}
    : {
        'true 1 mapped undefined': 'true 1 written undefined',
        'native the addon loaded': 'ts SEGLOG_ENGINE asks for it',
      };
/** The native one is what runs when nobody asks. */
const { SEGLOG_ENGINE: asked, ...others } = process.env;
// The pages tell of files as they usually are: mapped where the engine can.
const ENVIRONMENT = { ...(asked === 'ts' ? process.env : others), SEGLOG_IO: 'auto' };

function programsOf(page: string): Block[] {
  return blocksOf(page).filter(isProgram);
}

/** A directory in which `seglog` is installed, and the fixtures are where they are in the project. */
function place(): string {
  const directory = scratch();
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(ROOT, join(directory, 'node_modules/seglog'));
  symlinkSync(join(ROOT, 'fixtures'), join(directory, 'fixtures'));
  mkdirSync(join(directory, 'node_modules/@types'));
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(directory, 'node_modules/@types/node'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  return directory;
}

/** What a comment behind a `console.log` says that it prints; undefined where there is none. */
function toldBy(line: string): string | undefined {
  return /^\s*.*console\.log\(.*\);? \/\/ (.*)$/.exec(line)?.[1];
}

/** Each `console.log` with a comment behind it says which line it is in, too. */
function withLines(source: string): string {
  const lines = source.split('\n');
  return lines
    .map((line, at) => (toldBy(line) === undefined ? line : line.replace('console.log(', `console.log('@${at}',`)))
    .join('\n');
}

function sourceOf({ page, blocks, before = '', after = '' }: Program): string {
  const texts = programsOf(page).filter((_, at) => blocks.includes(at));
  return [before, ...texts.map(({ text }) => text), after].join('\n');
}

test('every program is run, or it is said why not', () => {
  const all = PAGES.flatMap((page) => programsOf(page).map((_, at) => `${page} ${at}`));
  const run = PROGRAMS.flatMap(({ page, blocks }) => blocks.map((at) => `${page} ${at}`));
  const notRun = NOT_RUN.map(({ page, block }) => `${page} ${block}`);
  expect([...run, ...notRun].sort()).toEqual(all.sort());
});

describe.each(PROGRAMS)('$page, programs $blocks', (program) => {
  test('print what the page says', () => {
    const source = sourceOf(program);
    const directory = place();
    writeFileSync(join(directory, 'example.mjs'), withLines(source));
    const printed = execFileSync(process.execPath, ['example.mjs'], {
      cwd: directory,
      encoding: 'utf8',
      env: ENVIRONMENT,
    }).split('\n');
    if (program.isShown === true) {
      const blocks = blocksOf(program.page);
      const index = blocks.indexOf(blocks.filter(isProgram)[program.blocks[0] ?? 0] as Block);
      expect(printed.join('\n').trimEnd()).toBe(blocks[index + 1]?.text);
    }
    const lines = source.split('\n');
    for (const [at, line] of lines.entries()) {
      const told = toldBy(line);
      if (told === undefined || DESCRIBED.includes(told)) continue;
      const prefix = `@${at} `;
      const found = printed.find((text) => text.startsWith(prefix))?.slice(prefix.length);
      // What is behind a colon explains it.
      const said = WORDS[told] ?? told;
      expect(said === found || said.startsWith(`${found}: `), `${line}\nprinted ${found}`).toBe(true);
    }
    if (program.said !== undefined) expect(printed.slice(-1 - program.said.length, -1)).toEqual(program.said);
    // Either the page says something that is compared, or it is enough that nothing was thrown.
    expect(printed.at(-1)).toBe('');
  });
});

test('the compiler finds nothing wrong with them', () => {
  const directory = place();
  const typed = PROGRAMS.filter(({ page }) => programsOf(page).every(({ language }) => language === 'ts'));
  const files = typed.map((program, at) => {
    writeFileSync(join(directory, `example-${at}.ts`), sourceOf(program));
    return `example-${at}.ts`;
  });
  expect(files.length).toBeGreaterThan(5);
  const options = '--noEmit --module nodenext --target es2023 --skipLibCheck --types node'.split(' ');
  // They are JavaScript: what a reader adds to his strict project is not in them.
  const loose = '--strict --noImplicitAny false --strictNullChecks false'.split(' ');
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const said = (() => {
    try {
      return execFileSync(process.execPath, [compiler, ...options, ...loose, ...files], {
        cwd: directory,
        encoding: 'utf8',
      });
    } catch (error) {
      return String((error as { stdout?: unknown }).stdout);
    }
  })();
  expect(said).toBe('');
});
