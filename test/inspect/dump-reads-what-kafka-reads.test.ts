/** Every batch and record that Kafka 4.3.1 reads from its own files, in order: formats 0, 1 and 2, all codecs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encoded, FIXTURES, type Segment, segments } from '../support/fixtures.ts';
import { collect } from './collect.ts';
import { search } from './dump/run.ts';

function expectedText({ set, partition, file }: Segment): string[] {
  const path = join(FIXTURES, 'expected', set, partition, `${file}.jsonl.gz`);
  return gunzipSync(readFileSync(path))
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'base64'));

/** What ends every batch's line, and the fixtures do not have. */
const SCHEMA = ',"schema":1}';

function batchLine(line: string): string {
  expect(line.endsWith(SCHEMA)).toBe(true);
  return `${line.slice(0, -SCHEMA.length)}}`;
}

/** A line of ours with long bytes hashed, as `expected/` has it. Batch lines are the very text but for the schema. */
function hashed(line: string): string {
  if (line.startsWith('{"type":"batch"')) return batchLine(line);
  const {
    key,
    value,
    headers,
    encoding,
    control: _control,
    ...rest
  } = JSON.parse(line) as {
    key: string | null;
    value: string | null;
    headers: [string, string | null][];
    encoding: string;
    control?: object;
  };
  expect(encoding).toBe('base64');
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
    expect(dump.lines.map(batchLine)).toEqual(
      expectedText(segment).filter((line) => line.startsWith('{"type":"batch"')),
    );
  });
});

it.each(['clean', 'unclean'] as const)('all of %s at once, as a log directory, is the same', (set) => {
  const path = join(FIXTURES, set);
  const { lines, findings, notes, files } = search([path], {});
  const inOrder = segments(set).sort((a, b) => (a.path < b.path ? -1 : 1));
  // Segments without a batch have nothing in `expected/`.
  expect(files).toEqual(expect.arrayContaining(inOrder.map((segment) => segment.path)));
  expect(lines.map(hashed)).toEqual(inOrder.flatMap(expectedText));
  expect(findings).toEqual([]);
  expect(notes.filter((note) => !note.includes('on their way in or out'))).toEqual([]);
});
