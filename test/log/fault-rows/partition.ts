/** Partitions for faults to be put in, and what opening them comes to: on the engine under test, and the same on the other. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Engine } from '../../../src/engine/contract.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';
import { loadNative } from '../../../src/engine/native.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { segmentFileName } from '../../../src/format/names.ts';
import { Log, type LogOptions, type ReadableLog, SeglogError } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';

/** The files of a partition by their names. */
export type Files = ReadonlyMap<string, Buffer>;

/** As after a crash: the marks do not count, and all above the recovery point is looked at. */
export const unclean = (recoveryPoint = 0): LogOptions => ({ recovery: { clean: false, recoveryPoint } });

/** The names of a segment's files. */
export const logOf = (baseOffset: number): string => segmentFileName(baseOffset, '.log');
export const indexOf = (baseOffset: number): string => segmentFileName(baseOffset, '.index');
export const timeIndexOf = (baseOffset: number): string => segmentFileName(baseOffset, '.timeindex');

const MARK = '.seglog_cleanshutdown';
const RECORDS_A_BATCH = 2;

/** How a partition is filled. */
interface Filling extends LogOptions {
  /** Batches of two records. */
  readonly batches: number;
  /** How long each value is at least. */
  readonly valueBytes?: number;
}

/** The value of the record at `offset`; its timestamp is `timestampAt(offset)`. */
export const valueAt = (offset: number, valueBytes = 0): string => `record ${offset}`.padEnd(valueBytes, '.');
export const timestampAt = (offset: number): number => 1000 + offset;

/** The values of the first records. */
export const valuesTo = (end: number, valueBytes = 0): string[] =>
  Array.from({ length: end }, (_, offset) => valueAt(offset, valueBytes));

/** A partition that was filled and closed. */
export async function filled({ batches, valueBytes = 0, ...options }: Filling): Promise<Files> {
  const directory = scratchPartition();
  {
    await using log = await Log.open(directory, options);
    for (let i = 0; i < batches; i++) {
      await log.append(
        Array.from({ length: RECORDS_A_BATCH }, (_, k) => {
          const offset = i * RECORDS_A_BATCH + k;
          return { value: valueAt(offset, valueBytes), timestamp: timestampAt(offset) };
        }),
      );
    }
  }
  return filesIn(directory);
}

/** The regular files of a directory. */
export function filesIn(directory: string): Map<string, Buffer> {
  const names = readdirSync(directory)
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(directory, name))]));
}

/** A file of these; fails when there is none. */
export function fileOf(files: Files, name: string): Buffer {
  const bytes = files.get(name);
  if (bytes === undefined) throw new Error(`no ${name} among ${[...files.keys()].join(', ')}`);
  return bytes;
}

/** The same files with another content of one of them; without it for undefined. */
export function withFile(files: Files, name: string, bytes: Buffer | undefined): Map<string, Buffer> {
  const copy = new Map(files);
  if (bytes === undefined) copy.delete(name);
  else copy.set(name, bytes);
  return copy;
}

/** A copy with one bit turned over. */
export function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

/** Where each batch of a .log file of sound batches starts, and where the last one ends. */
export function boundaries(log: Buffer): number[] {
  const found = [0];
  for (let at = 0; at < log.length; found.push(at)) at += 12 + log.readInt32BE(at + 8);
  return found;
}

/** Writes the files to a partition directory of its own. */
export function placed(files: Files): string {
  const directory = scratchPartition();
  mkdirSync(directory);
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
  return directory;
}

/** The code of an error, with the errno where there is one; any error but seglog's own is raised on. */
export function codeOfError(error: unknown): string {
  if (!(error instanceof SeglogError)) throw error;
  return error.errno === undefined ? error.code : `${error.code} ${error.errno}`;
}

/** What a promise comes to: `ok`, or the code of its error. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'ok', codeOfError);
}

/** What is read from a log, up to its end or to the first error. */
interface Read {
  readonly values: readonly string[];
  readonly offsets: readonly number[];
  /** The code of the error at which reading ended. */
  readonly readError: string | undefined;
}

/** Reads a log from its start. */
export function readAll(log: ReadableLog): Read {
  const values: string[] = [];
  const offsets: number[] = [];
  try {
    for (const batch of log.readSync()) {
      for (const { offset, value } of batch.records()) {
        values.push(value?.toString() ?? '');
        offsets.push(offset);
      }
    }
  } catch (error) {
    return { values, offsets, readError: codeOfError(error) };
  }
  return { values, offsets, readError: undefined };
}

/** What opening a partition came to. */
export interface Opened extends Read {
  /** `ok`, or the code with which opening was refused. */
  readonly opening: string;
  /** `ok`, or the code with which appends are refused. */
  readonly appending: string;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly cuts: readonly string[];
  readonly cutBytes: number;
  /** What was saved, one piece behind the other. */
  readonly saved: Buffer;
  readonly corruption: { readonly file: string; readonly position: number; readonly offset: number } | undefined;
  /** The partition's files afterwards, without the mark of a clean close. */
  readonly files: Files;
}

const NOT_OPENED = {
  ...{ appending: 'not open', logStartOffset: -1, logEndOffset: -1, cuts: [], cutBytes: 0 },
  ...{ saved: Buffer.alloc(0), corruption: undefined, values: [], offsets: [], readError: undefined },
} as const;

/** Opens the partition, reads all of it, and closes it. */
export async function opened(directory: string, options: LogOptions): Promise<Opened> {
  const files = (): Files => withFile(filesIn(directory), MARK, undefined);
  let log: Log;
  try {
    log = await Log.open(directory, options);
  } catch (error) {
    return { ...NOT_OPENED, opening: codeOfError(error), files: files() };
  }
  let appending = 'ok';
  try {
    log.checkAppendable();
  } catch (error) {
    appending = codeOfError(error);
  }
  const { logStartOffset, logEndOffset, recovery, corruption } = log.status();
  const cuts = recovery?.cuts ?? [];
  const told = {
    ...{ opening: 'ok', appending, logStartOffset, logEndOffset, ...readAll(log) },
    cuts: cuts.map(({ kind, position, bytes, offset }) => `${kind} of ${bytes} at byte ${position}, offset ${offset}`),
    cutBytes: recovery?.cutBytes ?? 0,
    saved: Buffer.concat(cuts.flatMap(({ savedTo }) => (savedTo === undefined ? [] : [readFileSync(savedTo)]))),
    corruption: corruption && {
      file: corruption.file.slice(corruption.file.lastIndexOf('/') + 1),
      position: corruption.position,
      offset: corruption.offset,
    },
  };
  await log.close();
  return { ...told, files: files() };
}

/** The other engine; undefined where the addon does not load. */
function otherEngine(): Engine | undefined {
  if (defaultEngine().name === 'native') return createFallbackEngine();
  const loaded = loadNative({ portable: false });
  return 'engine' in loaded ? loaded.engine : undefined;
}
const OTHER = otherEngine();

const TEMPORARY = /\.(?:tmp|cleaned|swap|deleted)$/;

/**
 * Opens a damaged partition and checks what holds after any fault: what is read is a prefix of what was accepted; opening it
 * again changes nothing; no temporary file is left; both engines come to the same, byte for byte; and a log that says that it
 * takes appends does.
 *
 * @param options `onBothEngines`: false where a test of very many cases compares engines on some of them
 * @returns what the first opening came to
 */
export async function afterFault(
  files: Files,
  accepted: readonly string[],
  options: LogOptions,
  { onBothEngines = true }: { readonly onBothEngines?: boolean } = {},
): Promise<Opened> {
  const directory = placed(files);
  const first = await opened(directory, options);
  expect(first.values, 'a prefix of what was accepted').toEqual(accepted.slice(0, first.values.length));
  expect([...first.files.keys()].filter((name) => TEMPORARY.test(name))).toEqual([]);
  const second = await opened(directory, options);
  expect(second, 'opening again changes nothing').toEqual({ ...first, cuts: [], cutBytes: 0, saved: Buffer.alloc(0) });
  if (onBothEngines && OTHER !== undefined) {
    expect(await opened(placed(files), { ...options, engine: OTHER }), 'the other engine').toEqual(first);
  }
  if (first.appending === 'ok' && first.readError === undefined) {
    await using log = await Log.open(directory, options);
    expect((await log.append({ value: 'after' })).baseOffset).toBe(first.logEndOffset);
    expect(readAll(log).values).toEqual([...first.values, 'after']);
  }
  return first;
}
