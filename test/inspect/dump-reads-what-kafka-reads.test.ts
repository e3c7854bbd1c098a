/** Every batch and record that Kafka 4.3.1 reads from its own files, in order: formats 0, 1 and 2, all codecs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encoded, FIXTURES, type Segment, segments } from '../support/fixtures.ts';
import { collect } from './collect.ts';

function expectedText({ set, partition, file }: Segment): string[] {
  const path = join(FIXTURES, 'expected', set, partition, `${file}.jsonl.gz`);
  return gunzipSync(readFileSync(path))
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'base64'));

/** A line of ours with long bytes hashed, as `expected/` has it. Batch lines stay the very text. */
function hashed(line: string): string {
  if (line.startsWith('{"type":"batch"')) return line;
  const { key, value, headers, ...rest } = JSON.parse(line) as {
    key: string | null;
    value: string | null;
    headers: [string, string | null][];
  };
  const short = headers.map(([name, content]) => [encoded(bytes(name)), encoded(bytes(content))]);
  return JSON.stringify({ ...rest, key: encoded(bytes(key)), value: encoded(bytes(value)), headers: short });
}

describe.each(
  segments('clean', 'unclean', 'legacy').map((segment) => ({
    segment,
    name: `${segment.set}/${segment.partition}/${segment.file}`,
  })),
)('$name', ({ segment }) => {
  it('has the batches and records that Kafka reads, line for line', () => {
    const dump = collect(segment.path);
    expect(dump.lines.map(hashed)).toEqual(expectedText(segment));
    expect(dump.findings).toEqual([]);
  });

  it('has the same batches without records', () => {
    const dump = collect(segment.path, { batchesOnly: true });
    expect(dump.lines).toEqual(expectedText(segment).filter((line) => line.startsWith('{"type":"batch"')));
  });
});
