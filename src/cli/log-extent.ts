/** How long a log is, before and after it was made shorter. */
import { basename, join } from 'node:path';
import { baseOffsetOfName, SUFFIXES } from '../format/names.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { LogReader } from '../log/log-reader.ts';
import { jsonText } from './json-line.ts';
import { counted } from './open-log.ts';

/** A log from end to end. */
export interface LogExtent {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** How many segments, and the bytes of their .log files that count. */
  readonly segments: number;
  readonly sizeBytes: number;
}

/** What was done to a log, or would be. */
export interface LogChange {
  readonly directory: string;
  readonly dryRun: boolean;
  readonly before: LogExtent;
  readonly after: LogExtent;
}

/** The log as a reader sees it. */
export function extentOf({ logStartOffset, logEndOffset, segmentCount, sizeBytes }: LogReader): LogExtent {
  return { logStartOffset, logEndOffset, segments: segmentCount, sizeBytes };
}

/** The segments of a reader's log: their base offsets, and the bytes of their .log files that count. */
export function segmentsOf(reader: LogReader): { readonly baseOffset: number; readonly size: number }[] {
  const found = nodeFileSystem
    .list(reader.directory)
    .map((name) => ({ name, baseOffset: baseOffsetOfName(name, SUFFIXES.log) }))
    .filter((file): file is { name: string; baseOffset: bigint } => file.baseOffset !== undefined)
    .map(({ name, baseOffset }) => ({
      baseOffset: Number(baseOffset),
      size: nodeFileSystem.stat(join(reader.directory, name))?.sizeBytes ?? 0,
    }))
    .sort((a, b) => a.baseOffset - b.baseOffset);
  // Behind the last whole batch there may be space that was set aside, or a torn batch.
  const last = found.pop();
  if (last === undefined) return found;
  const before = found.reduce((total, { size }) => total + size, 0);
  return [...found, { baseOffset: last.baseOffset, size: reader.sizeBytes - before }];
}

function extentText({ logStartOffset, logEndOffset, segments, sizeBytes }: LogExtent): string {
  return `log start ${logStartOffset}, log end ${logEndOffset}, ${counted(segments, 'segment')}, ${counted(sizeBytes, 'byte')}`;
}

function extentFields({ logStartOffset, logEndOffset, segments, sizeBytes }: LogExtent): Record<string, number> {
  return { logStartOffset, logEndOffset, segments, sizeBytes };
}

/** One JSON object, or two lines for people. */
export function changeLines({ directory, dryRun, before, after }: LogChange, json: boolean): string {
  const dir = basename(directory);
  if (json) return `${jsonText({ dir, dryRun, before: extentFields(before), after: extentFields(after) })}\n`;
  const name = printable(dir);
  const verb = dryRun ? 'would be' : 'is';
  return `${name} was: ${extentText(before)}\n${name} ${verb}: ${extentText(after)}\n`;
}
