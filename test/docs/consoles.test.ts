/** The console examples in README.md and docs, run as they stand there by the built command line. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineInfo } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { CONSOLES, type Console, NOT_RUN } from './consoles.ts';
import { type Block, blocksOf, commandsOf, isConsole, PAGES, ROOT, type ShownCommand } from './pages.ts';

/** The native engine is what runs when nobody asks for one. */
const { SEGLOG_ENGINE: asked, ...others } = process.env;
// The pages tell of files as they usually are: mapped where the engine can.
const ENVIRONMENT = { ...(asked === 'ts' ? process.env : others), SEGLOG_IO: 'auto' };
const CLEAN = join(ROOT, 'fixtures/kafka-4.3.1/clean');

function consolesOf(page: string): Block[] {
  return blocksOf(page).filter(isConsole);
}

/** What the pages show of seglog's own words on stderr is compared with both streams together. */
function isOfBoth({ shown }: ShownCommand): boolean {
  return shown.some((line) => line.startsWith('seglog: '));
}

/** Runs commands in one shell, so that each finds what the one before left. @returns what each printed */
function run(directory: string, commands: readonly ShownCommand[]): string[] {
  mkdirSync(join(directory, '.bin'));
  const seglog = join(directory, '.bin/seglog');
  writeFileSync(seglog, `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'dist/cli/main.js')} "$@"\n`);
  chmodSync(seglog, 0o755);
  const out = (at: number): string => join(directory, '.bin', `out-${at}`);
  const lines = commands.map((shown, at) => {
    const errors = isOfBoth(shown) ? '2>&1' : `2> ${out(at)}-errors`;
    return `{ ${shown.command}\n} > ${out(at)} ${errors}`;
  });
  const PATH = `${join(directory, '.bin')}:${process.env['PATH']}`;
  execFileSync('bash', ['-c', `${lines.join('\n')}\ntrue`], { cwd: directory, env: { ...ENVIRONMENT, PATH } });
  return commands.map((_, at) => {
    const errors = existsSync(`${out(at)}-errors`) ? readFileSync(`${out(at)}-errors`, 'utf8') : '';
    // A command of which nothing is shown is done without an error.
    expect(/(^|\n)(error|Usage|seglog: [A-Z_]+:)/.test(errors), errors).toBe(false);
    return readFileSync(out(at), 'utf8').replaceAll(`${directory}/`, '').trimEnd();
  });
}

/** What the page shows, as a pattern: `...` is whatever there is; times of the run are those of another one. */
function patternOf(shown: readonly string[]): RegExp {
  const lines = shown.map((line) => {
    if (line === '...') return '(?:.*\\n)*?';
    const escaped = line
      .replace(/[\\^$*+?()[\]{}|]/g, '\\$&')
      .replaceAll('...', '\u0000')
      .replaceAll('.', '\\.')
      .replaceAll('\u0000', '.*')
      .replace(/checksums by [\w-]+/, 'checksums by .*')
      .replace(/\d+\\\.\d+ s\b/g, '[\\d.]+ s')
      .replace(/"(now|seconds|recordsPerSecond|megabytesPerSecond)":\d[\d\\.]*/g, '"$1":[\\d.]+');
    return `${escaped}\\n`;
  });
  // What begins with `...` is a part of what is printed.
  return new RegExp(`^${lines.join('')}${shown[0] === '...' ? '' : '$'}`);
}

test('every console example is run, or it is said why not', () => {
  // The page of the bench is run, all of it, by test/docs/bench-examples.test.ts.
  const all = PAGES.filter((page) => page !== 'docs/bench.md').flatMap((page) =>
    consolesOf(page).map((_, at) => `${page} ${at}`),
  );
  const listed = [...CONSOLES, ...NOT_RUN].map(({ page, block }) => `${page} ${block}`);
  expect(listed.sort()).toEqual(all.sort());
});

test.each(CONSOLES)('$page, console $block, prints what the page says', (example: Console) => {
  const directory = scratch();
  symlinkSync(join(ROOT, 'fixtures'), join(directory, 'fixtures'));
  symlinkSync(CLEAN, join(directory, 'clean'));
  for (const [name, partition] of Object.entries(example.copies ?? {})) {
    cpSync(join(CLEAN, partition), join(directory, name), { recursive: true });
  }
  const [long = '', short = ''] = example.instead ?? [];
  const commands = commandsOf(consolesOf(example.page)[example.block] as Block).map(({ command, shown }) => ({
    command: command.replace(long, short),
    // Of less work the numbers are others.
    shown: long === '' || !command.includes(long) ? shown : shown.map((line) => line.replace(/:\d[\d.]*/g, ':...')),
  }));
  expect(commands.length).toBeGreaterThan(0);
  const printed = run(directory, commands);
  for (const [at, command] of commands.entries()) {
    if (command.shown.length === 0 || (example.nativeOnly?.includes(at) === true && engineInfo().engine !== 'native'))
      continue;
    const lines =
      example.isWrapped === true ? [command.shown.join('\n').replace(/\n(?!\||base|Log|seglog)/g, ' ')] : command.shown;
    expect(`${printed[at]}\n`, command.command).toMatch(patternOf(lines.flatMap((line) => line.split('\n'))));
  }
});
