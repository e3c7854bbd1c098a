/** Logs for the commands that make them shorter, and what those print. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { scratchPartition } from '../support/temp.ts';
import { type Finished, objects, runCli } from './run-cli.ts';

/** Ten records in batches of two; two batches fill a segment: the segments begin at 0, 4 and 8. */
export async function tenRecords(): Promise<string> {
  const directory = scratchPartition();
  const run = await runCli(
    ['append', directory, '--batch-records', '2', '--config', 'segment.bytes=200'],
    '0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n',
  );
  expect(run.code).toBe(0);
  return directory;
}

/** The values that are left, as one string. */
export async function valuesOf(directory: string): Promise<string> {
  return (await runCli(['read', directory])).stdout.replaceAll('\n', '');
}

/** What a run printed: start, end and segments before, and after. */
export function change(run: Finished): { before: unknown[]; after: unknown[] } {
  const [{ before, after }] = objects(run) as [Record<'before' | 'after', Record<string, unknown>>];
  const told = ({ logStartOffset, logEndOffset, segments }: Record<string, unknown>): unknown[] => [
    logStartOffset,
    logEndOffset,
    segments,
  ];
  return { before: told(before), after: told(after) };
}

/** All files of a directory with their bytes. */
export function bytesOf(directory: string): Map<string, string> {
  return new Map(
    readdirSync(directory)
      .sort()
      .map((name) => [name, readFileSync(join(directory, name), 'latin1')]),
  );
}
