/** Dumps paths as the command does, and what a slow and simple reading of the same files would show. */
import { type Job, jobsOf } from '../../../src/cli/dump/jobs.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import type { SeglogError } from '../../../src/errors/errors.ts';
import type { FileSystem } from '../../../src/fs/contract.ts';
import { nodeFileSystem } from '../../../src/fs/node-fs.ts';
import type { DumpOptions } from '../../../src/inspect/dump/batch-file.ts';
import { Search, type SearchOptions } from '../../../src/inspect/dump/search.ts';
import { dumpFile } from '../../../src/inspect/dump.ts';
import { findTargets } from '../../../src/inspect/targets.ts';

export interface Dumped {
  readonly lines: string[];
  readonly findings: SeglogError[];
  readonly notes: string[];
  readonly search: Search;
  readonly files: string[];
}

/** A dump of paths, restricted. */
export function search(
  paths: readonly string[],
  options: SearchOptions,
  how: Partial<DumpOptions> = {},
  fs: FileSystem = nodeFileSystem,
): Dumped {
  const found = new Search(options);
  const findings: SeglogError[] = [];
  const notes: string[] = [];
  const report = {
    finding: (finding: SeglogError) => void findings.push(finding),
    note: (note: string) => void notes.push(note),
  };
  const failed = (error: unknown): never => {
    throw error;
  };
  const files: string[] = [];
  let text = '';
  for (const { known } of jobsOf(fs, findTargets(fs, paths), found, { note: report.note, failed }) as Iterable<Job>) {
    files.push(known.path);
    const all: DumpOptions = { json: true, bytes: 'base64', batchesOnly: false, search: found, ...how };
    for (const piece of dumpFile(defaultEngine(), fs, known, all, report)) {
      text += typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8');
    }
  }
  return { lines: text.split('\n').slice(0, -1), findings, notes, search: found, files };
}

/** A batch's line and those of its records. */
export interface Naive {
  readonly batch: string;
  readonly records: readonly string[];
}

/** All batches of paths, one by one, without a range or an index. */
export function naively(paths: readonly string[], how: Partial<DumpOptions> = {}): Naive[] {
  const batches: { batch: string; records: string[] }[] = [];
  for (const line of search(paths, {}, how).lines) {
    if (line.startsWith('{"type":"batch"')) batches.push({ batch: line, records: [] });
    else batches.at(-1)?.records.push(line);
  }
  return batches;
}

/** The lines of a record-by-record filter: a batch is shown with the first of its records that is. */
export function filtered(batches: readonly Naive[], keeps: (record: Fields, batch: Fields) => boolean): string[] {
  return batches.flatMap(({ batch, records }) => {
    const fields = JSON.parse(batch) as Fields;
    const kept = records.filter((line) => keeps(JSON.parse(line) as Fields, fields));
    return kept.length === 0 ? [] : [batch, ...kept];
  });
}

/** A line, as far as tests look at it. */
export interface Fields {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: number;
  readonly size: number;
  readonly compression: string;
  readonly isControl: boolean;
  readonly magic: number;
  readonly maxTimestamp: number;
}
