/** Results of long runs, which several sessions add to. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { countsTable } from '../../scripts/docs-faults.mjs';
import { added, readResults, replaceResults, type Result } from '../../scripts/lib/fault-results.mjs';

const part = (minutes: number, inputs: number, commit: string, date = '2026-01-02'): Result => ({
  ...{ name: 'fuzzing gzip', command: 'npm run fuzz', rows: ['F21'], engine: 'native' },
  ...{ counts: { 'CPU minutes': minutes, inputs, crashes: 0 }, date, commits: [commit] },
});

function scratchFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'seglog-house-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'deeper', 'results.json');
}

describe('the results of faults', () => {
  it('add up over sessions, and name the first and the last commit', () => {
    const sessions = [part(0.1, 10, 'a'), part(0.2, 5, 'b'), part(3.05, 1, 'c', '2026-01-03')];
    const sum = sessions.reduce<Result | undefined>((before, session) => added(before, session), undefined);
    expect(sum).toEqual({ ...part(3.35, 16, 'c', '2026-01-03'), commits: ['a', 'c'] });
    expect(added(part(1, 1, 'a'), part(1, 1, 'a')).commits).toEqual(['a']);
  });

  it('are replaced by name and engine, and no half-written file is left', () => {
    const file = scratchFile();
    expect(readResults(file)).toEqual([]);
    replaceResults(file, [part(1, 1, 'a')]);
    const other = { ...part(2, 2, 'b'), engine: 'ts' };
    replaceResults(file, [other]);
    replaceResults(file, [part(3, 3, 'c')]);
    expect(readResults(file)).toEqual([part(3, 3, 'c'), other]);
    expect(readdirSync(join(file, '..'))).toEqual(['results.json']);
    // Most files hold one result, and no list.
    writeFileSync(file, JSON.stringify(other));
    expect(readResults(file)).toEqual([other]);
  });

  it('say in the docs when and with what they came about', () => {
    const { commits: _, ...old } = part(1, 2000, 'a');
    const [, , first, second] = countsTable([old, { ...old, commits: ['a', 'b'] }]).split('\n');
    expect(first).toMatch(/ 1 CPU minutes, 2,000 inputs, 0 crashes \| `npm run fuzz` \| 2026-01-02 \|$/);
    expect(second).toMatch(/ \| 2026-01-02, at a to b \|$/);
  });
});
