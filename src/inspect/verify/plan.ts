/** Which segments a directory has, and which of their files are there. */
import { basename, dirname, join } from 'node:path';
import { baseOffsetOfName, STAGES, SUFFIXES } from '../../format/names.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { kindOfName, type KnownFile } from '../file-kinds.ts';
import { type Int64, narrow } from '../int64.ts';
import type { SegmentFiles } from './segment/check.ts';
import type { VerifyTask } from './task.ts';

/** A segment to be checked, and how much there is to read. */
export interface PlannedSegment {
  readonly task: VerifyTask & { readonly kind: 'segment' };
  /** The file that stands for it in what is told: the .log, or an index without one. */
  readonly path: string;
  readonly sizeBytes: number;
}

const SEGMENT_SUFFIXES = [SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.timeIndex];

/** The segments of a partition, in the order of their base offsets, and then its KRaft snapshots. Links and such are left out. */
export function planPartition(
  fs: FileSystem,
  directory: string,
  names: readonly string[],
  isLive: boolean,
): PlannedSegment[] {
  const regular = new Set(
    names.filter((name) => isSegmentFile(name) && fs.stat(join(directory, name))?.isFile === true),
  );
  const stems = new Set([...regular].map((name) => name.slice(0, name.indexOf('.'))));
  const ordered = [...stems].filter((stem) => /^\d{20}$/.test(stem)).sort();
  const active = ordered.findLast((stem) => regular.has(stem + SUFFIXES.log));
  const all = new Set(names);
  const isLeaving = (stem: string): boolean =>
    Object.values(STAGES).some((stage) => all.has(stem + SUFFIXES.log + stage));
  const segments = ordered.map((stem) => {
    const files = filesOf(directory, stem, regular);
    return planned(fs, { ...files, isComplete: true, isLeaving: isLeaving(stem), isLive: isLive && stem === active });
  });
  const snapshots = names.filter((name) => isSnapshot(name) && fs.stat(join(directory, name))?.isFile === true);
  return [...segments, ...snapshots.map((name) => planBatches(fs, join(directory, name), undefined))];
}

/** A file of batches alone: a KRaft snapshot, or a .log on its way in or out. */
export function planBatches(fs: FileSystem, path: string, baseOffset: Int64 | undefined): PlannedSegment {
  const none = { index: undefined, timeIndex: undefined };
  return planned(fs, { log: path, ...none, baseOffset, isComplete: false, isLeaving: false, isLive: false });
}

/** A .log or index that was named alone: what is beside it helps to judge it, but is not told of. */
export function planFile(fs: FileSystem, known: KnownFile, isLive: boolean): PlannedSegment {
  const { path, kind, baseOffset, stage } = known;
  const directory = dirname(path);
  if (kind === 'log' && (stage !== undefined || baseOffset === undefined))
    return planBatches(fs, path, baseOffset === undefined ? undefined : narrow(baseOffset));
  const own = basename(path);
  const stem = own.slice(0, own.indexOf('.'));
  const names = SEGMENT_SUFFIXES.map((suffix) => stem + suffix);
  const there = new Set(
    stage === undefined ? names.filter((name) => fs.stat(join(directory, name))?.isFile === true) : [],
  );
  const named = {
    ...(kind === 'log' ? { log: path } : {}),
    ...(kind === 'offset-index' ? { index: path } : {}),
    ...(kind === 'time-index' ? { timeIndex: path } : {}),
  };
  const files = { ...filesOf(directory, stem, there), ...named, isComplete: false, isLeaving: false, isLive };
  return { ...planned(fs, files, path), path };
}

function planned(fs: FileSystem, files: SegmentFiles, only?: string): PlannedSegment {
  const path = files.log ?? files.index ?? files.timeIndex ?? '';
  const task = { kind: 'segment' as const, files, ...(only === undefined ? {} : { only }) };
  return { task, path, sizeBytes: files.log === undefined ? 0 : (fs.stat(files.log)?.sizeBytes ?? 0) };
}

function filesOf(
  directory: string,
  stem: string,
  there: ReadonlySet<string>,
): Pick<SegmentFiles, 'log' | 'index' | 'timeIndex' | 'baseOffset'> {
  const found = (suffix: string): string | undefined =>
    there.has(stem + suffix) ? join(directory, stem + suffix) : undefined;
  const baseOffset = baseOffsetOfName(stem + SUFFIXES.log, SUFFIXES.log);
  return {
    log: found(SUFFIXES.log),
    index: found(SUFFIXES.offsetIndex),
    timeIndex: found(SUFFIXES.timeIndex),
    baseOffset: baseOffset === undefined ? undefined : narrow(baseOffset),
  };
}

function isSegmentFile(name: string): boolean {
  return SEGMENT_SUFFIXES.some((suffix) => baseOffsetOfName(name, suffix) !== undefined);
}

function isSnapshot(name: string): boolean {
  const known = kindOfName(name);
  return (
    known?.kind === 'log' && known.baseOffset === undefined && known.stage === undefined && known.heading !== undefined
  );
}
