/** The text of .index, .timeindex, .txnindex and .snapshot dumps is what kafka-dump-log prints of the same files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES } from '../support/fixtures.ts';
import { collect } from './collect.ts';

/** Kafka's print, taken apart by file. */
function byFile(): { file: string; lines: string[] }[] {
  const text = readFileSync(join(FIXTURES, 'expected', 'clean-index-files.txt'), 'utf8');
  return text
    .split(/^Dumping /m)
    .slice(1)
    .map((part) => {
      const [file = '', ...lines] = part.trimEnd().split('\n');
      return { file, lines };
    });
}

/** A JSON line in the words of the text lines: null is an OptionalLong that is empty, or was left out. */
function inWords(line: string): string {
  const { type: _type, ...entry } = JSON.parse(line) as Record<string, string | number | null>;
  return Object.entries(entry)
    .map(([name, value]) => {
      if (name !== 'currentTxnFirstOffset') return value === null ? '' : `${name}: ${String(value)}`;
      return `${name}: OptionalLong${value === null ? '.empty' : `[${String(value)}]`}`;
    })
    .filter((words) => words !== '')
    .join(' ');
}

describe('index dumps', () => {
  it.each([
    ['.index', 40],
    ['.timeindex', 40],
    ['.txnindex', 4],
    ['.snapshot', 70],
  ])('are known for enough %s files', (suffix, enough) => {
    expect(byFile().filter(({ file }) => file.endsWith(suffix)).length).toBeGreaterThanOrEqual(enough);
  });

  it.each(byFile())('$file', ({ file, lines }) => {
    const dump = collect(join(FIXTURES, file), { json: false });
    expect(dump.lines).toEqual(lines);
    expect(dump.findings).toEqual([]);
    expect(dump.notes).toEqual([]);
  });

  it.each(byFile())('$file as JSON', ({ file, lines }) => {
    const { lines: json } = collect(join(FIXTURES, file));
    expect(json.map(inWords)).toEqual(lines);
  });
});
