/** Logs to ask, and what a crash leaves of them. */
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { segmentFileName, SUFFIXES } from '../../../src/format/names.ts';
import { type Log, type ReadOptions, SeglogError } from '../../../src/index.ts';
import type { ReadableLog } from '../../../src/index.ts';
import { scratch } from '../../support/temp.ts';

/** The values of all data records, as text. */
export function valuesOf(log: ReadableLog, options: ReadOptions = {}): (string | undefined)[] {
  return [...log.readSync(options)]
    .filter(({ isControl }) => !isControl)
    .flatMap((batch) => batch.records().map(({ value }) => value?.toString()));
}

/** Closes a log, and returns the partition directory as it was before that: what a process leaves that dies. */
export async function killed(log: Log): Promise<string> {
  const copy = scratch();
  cpSync(join(log.directory, '..'), copy, { recursive: true, filter: (path) => !path.endsWith('.lock') });
  await log.close();
  return join(copy, 't-0');
}

export function basesOf(log: Log): number[] {
  return log.segments().map(({ baseOffset }) => baseOffset);
}

export function snapshotsIn(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(SUFFIXES.producerSnapshot))
    .map((name) => Number.parseInt(name, 10));
}

/** The path of a segment's file. */
export function fileOf(directory: string, baseOffset: number, suffix: string = SUFFIXES.log): string {
  return join(directory, segmentFileName(baseOffset, suffix));
}

/** The code with which it is refused; `ok` when it is not. */
export async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (error) {
    if (error instanceof SeglogError) return error.code;
    throw error;
  }
}

/** `count` values, each as long as the next: `0`, `1`, ... with leading zeros. */
export const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i).padStart(4, '0'));

/** Appends a record a batch; every batch takes 72 bytes. */
export async function fill(log: Log, count: number): Promise<void> {
  for (const value of numbered(count, log.logEndOffset)) await log.append({ value, timestamp: 1000 });
}

/** The size of such a batch. */
export const BATCH_BYTES = 72;

/** Producer `id`'s records from `baseSequence` on. */
export const by = (
  id: number,
  baseSequence: number,
  isTransactional = false,
  producerEpoch = 0,
): { producer: { producerId: number; producerEpoch: number; baseSequence: number; isTransactional: boolean } } => ({
  producer: { producerId: id, producerEpoch, baseSequence, isTransactional },
});
