/** `kill -9` of the command at every change that it makes on real files: fault row F29. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applyRepair, previewRepair, undoRepair } from '../../src/repair/repair.ts';
import { contentsOf, copyOf, optionsFor, recipe, treeOf } from './partitions.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Loaded before the command: counts the calls that change files, and kills its own process before the one asked for. */
const KILLER = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  let left = Number(process.argv[2]);
  process.argv.splice(2, 1);
  for (const name of ['writeSync', 'ftruncateSync', 'renameSync', 'rmSync', 'unlinkSync', 'mkdirSync', 'utimesSync', 'fsyncSync', 'fdatasyncSync']) {
    const call = fs[name];
    fs[name] = (...args) => {
      if (--left === 0) process.kill(process.pid, 'SIGKILL');
      return call(...args);
    };
  }
  syncBuiltinESMExports();
`;

/** Runs the command until its change `at`; whether it was killed there. */
async function killedAt(at: number, args: readonly string[]): Promise<boolean> {
  const preload = `data:text/javascript,${encodeURIComponent(KILLER)}`;
  const child = spawn(process.execPath, ['--import', preload, MAIN, String(at), 'repair', ...args], {
    stdio: 'ignore',
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== 'SIGKILL') expect(code).toBe(0);
  return signal === 'SIGKILL';
}

/** What a journal says names the directory in the reasons of its steps. */
function treeWithoutJournal(directory: string): Record<string, string> {
  const { 'quarantine/repair-1/journal.json': journal, ...rest } = treeOf(directory, { times: false });
  expect(journal).toBeDefined();
  return rest;
}

const options = optionsFor();
const CONFIG_ARGS = ['--config', 'segment.index.bytes=102400'];

describe.each([
  { name: '027-flip-log', stride: 1 },
  { name: '053-flip-log', stride: 7 },
])('F29: the repair of $name', ({ name, stride }) => {
  const { source, edits } = recipe(name);

  test('killed at any change, is ended by the next one or taken back', { timeout: 240_000 }, async () => {
    const repaired = copyOf(source, edits);
    await applyRepair(repaired, options);
    const expected = treeWithoutJournal(repaired);
    let at = 1;
    for (; ; at += stride) {
      const directory = copyOf(source, edits);
      const before = treeOf(directory);
      const contents = contentsOf(directory);
      if (!(await killedAt(at, ['--apply', directory, ...CONFIG_ARGS]))) break;
      const left = contentsOf(directory);
      expect([...contents].filter((hash) => !left.has(hash))).toEqual([]);
      const repair = join(directory, 'quarantine', 'repair-1');
      if (at % 2 === 1 || !existsSync(join(repair, 'journal.json'))) {
        await applyRepair(directory, options);
        expect(treeWithoutJournal(directory)).toEqual(expected);
        expect((await previewRepair(directory, options)).steps).toEqual([]);
      }
      await undoRepair(repair, options);
      expect(treeOf(directory)).toEqual(before);
    }
    expect(at).toBeGreaterThan(20);
  });
});
