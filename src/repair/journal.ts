/**
 * The journal of a repair, and where everything of it lies:
 *
 *     events-0/quarantine/repair-1/
 *       journal.json     what changes, with sizes and SHA-256 of both sides, and how far it is
 *       new/             files that wait to take their places
 *       old/             the originals, whole
 *
 * Without a journal nothing was changed yet. Once there is one, all new files are whole and on the disk, and what is left to do
 * follows from which file is where.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { QUARANTINE } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { RepairStep } from './steps.ts';

/** The journal's name. */
export const JOURNAL = 'journal.json';
const VERSION = 1;
const REPAIR = /^repair-([1-9]\d{0,8})$/;
/** Names and hashes of a million files. */
const MAX_JOURNAL_BYTES = 512 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

/** By what a file is known again. */
export interface FileMark {
  readonly sizeBytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** A file of the partition that changes. */
export interface JournalFile {
  readonly name: string;
  /** The original; null when there was none. */
  readonly old: FileMark | null;
  /** What takes its place; null when nothing does. */
  readonly new: FileMark | null;
}

/** `ready`: files are being moved. `done`: all are. `undoing`: they are being moved back. `undone`: all are back. */
const JOURNAL_STATES = ['ready', 'done', 'undoing', 'undone'] as const;
type JournalState = (typeof JOURNAL_STATES)[number];

/** What is to be done, or was. */
export interface Journal {
  readonly state: JournalState;
  readonly steps: readonly RepairStep[];
  /** In the order in which they change. */
  readonly files: readonly JournalFile[];
}

/** The directories of one repair. */
export interface RepairPlace {
  /** The partition's directory. */
  readonly partition: string;
  readonly directory: string;
  readonly new: string;
  readonly old: string;
}

/** The place of the repair of that number. */
export function repairPlace(partition: string, number: number): RepairPlace {
  const directory = join(partition, QUARANTINE, `repair-${number}`);
  return { partition, directory, new: join(directory, 'new'), old: join(directory, 'old') };
}

/** The number in a repair directory's name; undefined for any other name. */
export function repairNumber(name: string): number | undefined {
  const digits = REPAIR.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The repairs in a partition's quarantine, oldest first.
 *
 * @throws SeglogError `NOT_A_REGULAR_FILE` when the quarantine is a link, or anything but a directory: what lies behind a link
 * cannot be moved in one step, and may be another partition's
 */
export function repairPlaces(fs: FileSystem, partition: string): RepairPlace[] {
  const places = repairNumbers(fs, partition).map((number) => repairPlace(partition, number));
  return places.filter(({ directory }) => fs.stat(directory)?.isDirectory === true);
}

/** A place that nothing is at, behind all others. @throws SeglogError as {@link repairPlaces} */
export function nextRepairPlace(fs: FileSystem, partition: string): RepairPlace {
  return repairPlace(partition, (repairNumbers(fs, partition).at(-1) ?? 0) + 1);
}

function repairNumbers(fs: FileSystem, partition: string): number[] {
  const quarantine = join(partition, QUARANTINE);
  if (!requireDirectory(fs, quarantine)) return [];
  const numbers = fs.list(quarantine).map((name) => repairNumber(name) ?? 0);
  return numbers.filter((number) => number > 0).sort((a, b) => a - b);
}

/** Whether it is there. @throws SeglogError `NOT_A_REGULAR_FILE` when it is anything but a directory */
function requireDirectory(fs: FileSystem, path: string): boolean {
  const stat = fs.stat(path);
  if (stat === undefined || stat.isDirectory) return stat !== undefined;
  throw new SeglogError('NOT_A_REGULAR_FILE', 'what was saved of the partition is in no directory of its own', {
    file: path,
    expected: 'a directory',
    found: stat.isFile ? 'a file' : 'a link or a special file',
    action: 'Move it out of the partition',
  });
}

/** Writes the journal; it is on the disk when this returns. */
export function writeJournal(fs: FileSystem, { directory }: RepairPlace, journal: Journal): void {
  const text = `${JSON.stringify({ version: VERSION, ...journal }, undefined, 1)}\n`;
  fs.replaceSmall(join(directory, JOURNAL), new TextEncoder().encode(text));
}

/**
 * undefined when there is none.
 *
 * @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION`; `NOT_A_REGULAR_FILE` where `new` or `old` is a link: what a
 * journal says would then be done to files of somebody else's
 */
export function readJournal(fs: FileSystem, place: RepairPlace): Journal | undefined {
  const path = join(place.directory, JOURNAL);
  for (const directory of [place.new, place.old]) requireDirectory(fs, directory);
  const bytes = fs.readSmall(path, MAX_JOURNAL_BYTES);
  if (bytes === undefined) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw corrupt(path, 'no JSON', error);
  }
  const { version, ...journal } = (found ?? {}) as Journal & { version: unknown };
  if (typeof version === 'number' && version > VERSION) {
    throw new SeglogError('UNSUPPORTED_VERSION', 'unknown version of a repair journal', {
      file: path,
      expected: VERSION,
      found: version,
    });
  }
  if (version !== VERSION || !isJournal(journal)) throw corrupt(path, 'other members');
  return journal;
}

function corrupt(file: string, found: string, cause?: unknown): SeglogError {
  return new SeglogError('CORRUPT_CHECKPOINT', 'the journal of a repair cannot be read', {
    file,
    found,
    ...(cause === undefined ? {} : { cause }),
    action: 'The originals are in `old`, beside the journal: move them back by hand, or restore the journal',
  });
}

function isJournal({ state, steps, files }: Journal): boolean {
  return JOURNAL_STATES.includes(state) && Array.isArray(steps) && Array.isArray(files) && files.every(isJournalFile);
}

function isJournalFile(file: JournalFile | null): boolean {
  // A name with a directory in it would lead out of the partition.
  const isName = typeof file?.name === 'string' && /^[^/\\]+$/.test(file.name) && !/^\.\.?$/.test(file.name);
  return isName && isMark(file.old) && isMark(file.new);
}

function isMark(mark: FileMark | null | undefined): boolean {
  if (mark === null) return true;
  return Number.isSafeInteger(mark?.sizeBytes) && /^[0-9a-f]{64}$/.test(String(mark?.sha256));
}

/** The mark of a file that is there. @throws SeglogError `IO` */
export function markOf(fs: FileSystem, path: string): FileMark {
  return copyAndMark(fs, path, () => undefined);
}

/** Reads a file from end to end, shows it piece by piece, and marks it. */
export function copyAndMark(fs: FileSystem, path: string, piece: (bytes: Uint8Array, at: number) => void): FileMark {
  const hash = createHash('sha256');
  const file = fs.open(path, 'read');
  try {
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(READ_BYTES, file.sizeBytes())));
    let sizeBytes = 0;
    for (
      let got = file.read(buffer, 0, buffer.length, 0);
      got > 0;
      got = file.read(buffer, 0, buffer.length, sizeBytes)
    ) {
      const bytes = buffer.subarray(0, got);
      hash.update(bytes);
      piece(bytes, sizeBytes);
      sizeBytes += got;
    }
    return { sizeBytes, sha256: hash.digest('hex') };
  } finally {
    file.close();
  }
}

/** Whether the file at `path` is the marked one. */
export function isMarked(fs: FileSystem, path: string, mark: FileMark): boolean {
  if (fs.stat(path)?.sizeBytes !== mark.sizeBytes) return false;
  return markOf(fs, path).sha256 === mark.sha256;
}
