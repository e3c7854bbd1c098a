/** The examples of docs/bench.md, each run as it stands there: what they print has the form that the page shows. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOCUMENT, examplesOf, runExample } from '../../scripts/docs-bench.mjs';
import { scratch } from '../support/temp.ts';

const EXAMPLES = examplesOf(readFileSync(DOCUMENT, 'utf8'));

/** What stays when numbers, their units, the engine's name and the width of columns are taken away. */
function formOf(line: string): string {
  return line
    .replaceAll(/[\d.,]+/g, '#')
    .replaceAll(/# (?:[kM] )?(records|seeks|syncs|appends)\/s/g, '# $1/s')
    .replaceAll(/# (?:k|M)?B\b/g, '# B')
    .replaceAll(/\b(?:native|ts)\b/g, 'ENGINE')
    .replaceAll(/ +/g, ' ')
    .trim();
}

function formsOf(text: string): string[] {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => (line.startsWith('{') ? Object.keys(JSON.parse(line) as object).join() : formOf(line)));
}

/** The one example that not every disk lets us run. */
function isRefusedCold(command: string, status: number | null, stderr: string): boolean {
  return command.includes('--cache cold') && status === 2 && /not cold|page cache cannot be emptied/.test(stderr);
}

describe('docs/bench.md', () => {
  it('has examples', () => {
    expect(EXAMPLES.length).toBeGreaterThan(12);
  });

  it.each(EXAMPLES)('seglog $command', ({ command, shown }) => {
    const cwd = scratch();
    const { status, stdout, stderr } = runExample(command, cwd);
    const isRefused = isRefusedCold(command, status, stderr);
    const page = /--html (\S+)/.exec(command)?.[1];
    expect(readdirSync(cwd)).toEqual(page === undefined ? [] : [page]);
    expect(status, stderr).toBe(isRefused ? 2 : 0);
    if (!isRefused) expect(formsOf(stdout)).toEqual(formsOf(shown));
  });
});
