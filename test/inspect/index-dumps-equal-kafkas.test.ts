/** The text of .index and .timeindex dumps is what kafka-dump-log prints of the same files. */
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
    })
    .filter(({ file }) => file.endsWith('index') && !file.endsWith('.txnindex'));
}

describe('index dumps', () => {
  it('are known for enough files', () => {
    expect(byFile().length).toBeGreaterThan(100);
  });

  it.each(byFile())('$file', ({ file, lines }) => {
    const dump = collect(join(FIXTURES, file), { json: false });
    expect(dump.lines).toEqual(lines);
    expect(dump.findings).toEqual([]);
    expect(dump.notes).toEqual([]);
  });

  it.each(byFile())('$file as JSON', ({ file, lines }) => {
    const { lines: json } = collect(join(FIXTURES, file));
    const asText = json.map((line) => {
      const { type: _type, ...entry } = JSON.parse(line) as Record<string, unknown>;
      return Object.entries(entry)
        .map(([name, value]) => `${name}: ${String(value)}`)
        .join(' ');
    });
    expect(asText).toEqual(lines);
  });
});
