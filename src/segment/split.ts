/**
 * Divides a segment whose offsets go further from its base than an index can say (2^31 - 1), as old compactions could write
 * them. Every batch goes over as it is (spec 3.7, Kafka's `LocalLog.splitOverflowedSegment`), by the same steps as a
 * compaction, so that a crash at any point leaves the old segment or the new ones:
 *
 *     write .cleaned, sync -> rename to .swap, last one first -> remove the old one -> rename to the final names, first one first
 *
 * The directory is synced between any two renames: loading tells by the names that are there how far a split has come, and a
 * file system may bring them to the disk in any order.
 */
import { join } from 'node:path';
import { type Engine, SCAN_ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { baseOffsetOf, lastOffsetOf, magicOf } from '../format/batch.ts';
import { segmentFileName, STAGES, SUFFIXES } from '../format/names.ts';
import type { File } from '../fs/contract.ts';
import { MAX_INT32, type TimestampMs } from '../units/units.ts';
import { RecordBatch } from '../record/record-batch.ts';
import type { SegmentContext } from './context.ts';
import { Segment } from './segment.ts';
import { walkBatches } from './walk.ts';

const COPY_BYTES = 1024 * 1024;

/** Bytes of the old file that become one new segment. */
interface Part {
  readonly baseOffset: number;
  /** The last offset of its first batch. */
  readonly firstLastOffset: number;
  readonly from: number;
  to: number;
}

/**
 * Divides the segment.
 *
 * @returns the base offsets of the new segments; none, and nothing is changed, when what its batches say of their offsets
 *   makes no segments: an offset beyond 2^53, two segments of one name, a batch that fits no segment
 * @throws SeglogError `IO`; the old segment is as it was, but for files that the next opening clears up
 */
export function splitSegment(context: SegmentContext, directory: string, baseOffset: number): number[] {
  const { fs } = context;
  const old = new Segment(context, directory, baseOffset, 0);
  const modifiedMs = old.modifiedMs();
  const source = fs.open(old.logPath, 'read');
  let parts: Part[];
  try {
    parts = partsOf(context, source);
    if (!areSegments(context, directory, baseOffset, parts)) return [];
    for (const part of parts) {
      const path = join(directory, segmentFileName(part.baseOffset, SUFFIXES.log) + STAGES.cleaned);
      copy(context, source, part, path, modifiedMs);
    }
  } finally {
    source.close();
  }
  fs.syncDirectory(directory);
  const rename = (part: Part, from: string, to: string): void => {
    const path = join(directory, segmentFileName(part.baseOffset, SUFFIXES.log));
    fs.rename(path + from, path + to);
    fs.syncDirectory(directory);
  };
  for (const part of parts.toReversed()) rename(part, STAGES.cleaned, STAGES.swap);
  const gone = [SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.timeIndex, SUFFIXES.transactionIndex];
  for (const suffix of gone) fs.remove(old.pathOf(suffix));
  fs.syncDirectory(directory);
  for (const part of parts) rename(part, STAGES.swap, '');
  return parts.map((part) => part.baseOffset);
}

function partsOf({ engine }: SegmentContext, source: File): Part[] {
  const sizeBytes = source.sizeBytes();
  const parts: Part[] = [];
  walkBatches(engine, source, 0, sizeBytes, false, ({ bytes, view, rows, count, position }) => {
    for (let row = 0; row < count; row++) {
      const at = rows[row * SCAN_ROW.length] as number;
      const last = lastOffsetOf(view, at);
      const part = parts.at(-1);
      const delta = part === undefined ? -1 : last - part.baseOffset;
      if (delta >= 0 && delta <= MAX_INT32) continue;
      if (part !== undefined) part.to = position + at;
      const batch = { bytes, view, at, file: source.path, position: position + at };
      parts.push({
        ...{ baseOffset: firstOffsetOf(engine, batch), firstLastOffset: last },
        ...{ from: position + at, to: sizeBytes },
      });
    }
    return true;
  });
  return parts;
}

function areSegments({ fs }: SegmentContext, directory: string, oldBase: number, parts: readonly Part[]): boolean {
  const bases = new Set(parts.map(({ baseOffset }) => baseOffset));
  if (bases.size < parts.length) return false;
  return parts.every(({ baseOffset, firstLastOffset }) => {
    const delta = firstLastOffset - baseOffset;
    const isSegment = Number.isSafeInteger(baseOffset) && baseOffset >= 0 && delta >= 0 && delta <= MAX_INT32;
    if (!isSegment) return false;
    return baseOffset === oldBase || fs.stat(join(directory, segmentFileName(baseOffset, SUFFIXES.log))) === undefined;
  });
}

/** The offset of a batch's first record, which a compressed batch of formats 0 and 1 has inside; else what its header says. */
function firstOffsetOf(
  engine: Engine,
  {
    bytes,
    view,
    at,
    file,
    position,
  }: { bytes: Uint8Array; view: DataView; at: number; file: string; position: number },
): number {
  if (magicOf(view, at) >= 2) return baseOffsetOf(view, at);
  try {
    return new RecordBatch(engine, bytes, view, at, file, position, {}).baseOffset;
  } catch (error) {
    // Kafka does not load a log with such a batch. It is the recovery of the new segment that meets it.
    if (error instanceof SeglogError) return baseOffsetOf(view, at);
    throw error;
  }
}

function copy({ fs }: SegmentContext, source: File, { from, to }: Part, path: string, modifiedMs: TimestampMs): void {
  const target = fs.open(path, 'create');
  try {
    target.truncate(0);
    const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, Math.max(1, to - from)));
    for (let at = from; at < to; ) {
      const got = source.read(buffer, 0, Math.min(buffer.length, to - at), at);
      if (got === 0) break;
      target.write(buffer, 0, got, at - from);
      at += got;
    }
    // As durable as the bytes.
    fs.setModified(path, modifiedMs);
    target.syncSync();
  } finally {
    target.close();
  }
}
