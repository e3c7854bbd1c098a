/**
 * What a partition would be after repair, without touching it: recovery itself, run on an overlay. So repair gives what recovery
 * gives, by construction.
 *
 * To excise, the bad ranges are first taken out of the files as the overlay shows them; what recovery would still cut (a
 * batch that fits no transaction) is taken out too, and recovery runs again. It runs again, too, without leader epochs that
 * contradict the batches: it then makes them from these.
 */
import { basename, join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { BATCH, LOG_OVERHEAD } from '../format/batch.ts';
import { baseOffsetOfName, PARTITION_FILES, QUARANTINE, SUFFIXES } from '../format/names.ts';
import { OverlayFileSystem } from '../fs/overlay-fs.ts';
import type { Cut } from '../log/load/report.ts';
import { Log } from '../log/log.ts';
import { type BadRange, diskPosition, keptRanges, type ScannedLog, scanLog } from './bad-ranges.ts';
import { areEpochsWrong } from './epoch-check.ts';
import type { AskedRange, RepairOptions } from './options.ts';

/** Each takes one batch out that fits nothing before it. More of them than this are no accident. */
const MAX_ROUNDS = 64;

/** Bad ranges by the names of their files. */
export type BadFiles = ReadonlyMap<string, readonly BadRange[]>;

/** A partition after repair. */
export interface RepairedView {
  readonly overlay: OverlayFileSystem;
  /** What recovery cut, positions being those of the files without what was taken out. */
  readonly cuts: readonly Cut[];
  /** What was taken out before recovery ran. */
  readonly bad: BadFiles;
  /** Whether the leader epochs contradicted the batches, and are made anew from these. */
  readonly areEpochsRebuilt: boolean;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
}

/** The names of the .log files in a directory, in order. */
export function logNames(fs: RepairOptions['fs'], directory: string): string[] {
  return fs.list(directory).filter((name) => baseOffsetOfName(name, SUFFIXES.log) !== undefined);
}

/** @throws SeglogError as `Log.open`; `INVALID_ARGUMENT` for a range that is not of whole batches or of garbage */
export async function repairedView(directory: string, options: RepairOptions): Promise<RepairedView> {
  const { onCorrupt = 'cut', ranges = [] } = options;
  const found = onCorrupt !== 'cut' || ranges.length > 0 ? scanAll(directory, options) : new Map<string, ScannedLog>();
  const bad = new Map<string, readonly BadRange[]>();
  if (onCorrupt !== 'cut') for (const [name, scan] of found) if (scan.bad.length > 0) bad.set(name, scan.bad);
  for (const range of ranges)
    bad.set(range.file, withRange(bad.get(range.file) ?? [], checked(directory, found, range)));
  for (let round = 0; ; round++) {
    const view = await recover(directory, options, { bad, found, areEpochsRebuilt: false });
    const cut = onCorrupt === 'cut' ? undefined : view.cuts.find(({ kind }) => kind !== 'zero-tail');
    if (cut === undefined) {
      const names = logNames(view.overlay, directory);
      const isWrong = areEpochsWrong(view.overlay, options.engine, directory, names, view.logStartOffset);
      return isWrong ? recover(directory, options, { bad, found, areEpochsRebuilt: true }) : view;
    }
    if (cut.kind === 'below-log-start' || round >= MAX_ROUNDS) throw tooMuch(cut);
    const name = basename(cut.file);
    bad.set(name, withRange(bad.get(name) ?? [], batchAt(options, cut, view, found.get(name))));
  }
}

/** What the overlay shows before recovery runs on it. */
interface Beginning {
  readonly bad: BadFiles;
  readonly found: ReadonlyMap<string, ScannedLog>;
  readonly areEpochsRebuilt: boolean;
}

async function recover(
  directory: string,
  { fs, engine, clock, config, onProgress }: RepairOptions,
  { bad, found, areEpochsRebuilt }: Beginning,
): Promise<RepairedView> {
  const overlay = new OverlayFileSystem(fs, { sinks: [join(directory, QUARANTINE)] });
  for (const [name, ranges] of bad) {
    overlay.splice(join(directory, name), keptRanges(found.get(name)?.sizeBytes ?? 0, ranges));
  }
  if (areEpochsRebuilt) overlay.remove(join(directory, PARTITION_FILES.leaderEpochs));
  const progress = onProgress === undefined ? {} : { onProgress };
  const recovery = { clean: false, recoveryPoint: 0, ...progress };
  const log = await Log.open(directory, { ...config, fs: overlay, engine, clock, recovery });
  try {
    log.checkAppendable();
    const { logStartOffset, logEndOffset, recovery: report } = log.status();
    const cuts = report?.cuts ?? [];
    return { overlay, cuts, bad: new Map(bad), areEpochsRebuilt, logStartOffset, logEndOffset };
  } finally {
    await log.close();
  }
}

function scanAll(directory: string, options: RepairOptions): Map<string, ScannedLog> {
  const { ranges = [] } = options;
  const scans = new Map<string, ScannedLog>();
  const names = logNames(options.fs, directory);
  for (const [at, name] of names.entries()) {
    const asked = new Set(ranges.filter(({ file }) => file === name).flatMap(({ from, to }) => [from, to]));
    const request = { base: baseOf(name), end: baseOf(names[at + 1]), asked };
    scans.set(name, scanLog(options, join(directory, name), request));
  }
  return scans;
}

function baseOf(name: string | undefined): number {
  return name === undefined ? Infinity : Number(baseOffsetOfName(name, SUFFIXES.log));
}

/** @throws SeglogError `INVALID_ARGUMENT` when one of its ends lies within a good batch */
function checked(directory: string, found: ReadonlyMap<string, ScannedLog>, range: AskedRange): BadRange {
  const { file, from, to } = range;
  const scan = found.get(file);
  const refuse = (message: string, position?: number): never => {
    throw new SeglogError('INVALID_ARGUMENT', message, {
      file: join(directory, file),
      ...(position === undefined ? {} : { position }),
      action: '`seglog dump` and `seglog verify` tell where batches start and where damage is',
    });
  };
  if (scan === undefined) return refuse('there is no such .log in the partition');
  const isEdge = (position: number): boolean =>
    position === scan.sizeBytes ||
    scan.boundaries.has(position) ||
    scan.bad.some((bad) => bad.from <= position && position <= bad.to);
  if (from >= to || to > scan.sizeBytes)
    return refuse(`there is no range ${from}-${to} in a file of ${scan.sizeBytes} bytes`);
  for (const position of [from, to]) if (!isEdge(position)) return refuse('this is within a good batch', position);
  return { from, to, reason: 'asked for', isZeroTail: false };
}

/** The ranges with one more; those that it covers go, those that it meets are shortened. */
function withRange(ranges: readonly BadRange[], range: BadRange): BadRange[] {
  const rest = ranges.flatMap((other): BadRange[] => {
    const before = { ...other, to: Math.min(other.to, range.from), isZeroTail: false };
    const behind = { ...other, from: Math.max(other.from, range.to) };
    return [before, behind].filter(({ from, to }) => from < to);
  });
  return [...rest, range].sort((a, b) => a.from - b.from);
}

/** The batch at which recovery cut, in the file as it is on the disk. */
function batchAt({ fs }: RepairOptions, cut: Cut, { bad }: RepairedView, scan: ScannedLog | undefined): BadRange {
  const sizeBytes = scan?.sizeBytes ?? 0;
  const from = diskPosition(sizeBytes, bad.get(basename(cut.file)) ?? [], cut.position);
  const header = Buffer.alloc(LOG_OVERHEAD);
  const file = fs.open(cut.file, 'read');
  try {
    file.read(header, 0, LOG_OVERHEAD, from);
  } finally {
    file.close();
  }
  const to = Math.min(sizeBytes, from + LOG_OVERHEAD + Math.max(0, header.readInt32BE(BATCH.LENGTH)));
  return { from, to, reason: cut.reason, isZeroTail: false };
}

function tooMuch({ file, position, kind, reason }: Cut): SeglogError {
  const isStart = kind === 'below-log-start';
  return new SeglogError('LOG_CORRUPT', isStart ? reason : 'too many batches fit nothing that is before them', {
    file,
    position,
    action: 'Use `--on-corrupt cut`, which ends the log there',
  });
}
