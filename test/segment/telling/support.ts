/** A segment alone: made, filled batch by batch, and asked. */
import { mkdirSync } from 'node:fs';
import type { Clock } from '../../../src/clock/clock.ts';
import type { LogConfig } from '../../../src/index.ts';
import { ActiveSegment, type SegmentBatch } from '../../../src/segment/active-segment.ts';
import type { SegmentContext } from '../../../src/segment/context.ts';
import { batchOf, type Made } from '../../log/validate/make.ts';
import { segmentContext } from '../../support/context.ts';
import { scratchPartition } from '../../support/temp.ts';

/** A segment in a directory of its own. */
export interface SegmentAlone {
  readonly context: SegmentContext;
  readonly directory: string;
  readonly active: ActiveSegment;
}

export function newSegment(config: Partial<LogConfig> = {}, baseOffset = 0, clock?: Clock): SegmentAlone {
  const directory = scratchPartition();
  mkdirSync(directory);
  const context = { ...segmentContext(config), ...(clock && { clock }) };
  return { context, directory, active: ActiveSegment.create(context, directory, baseOffset) };
}

/** Appends one batch that starts at `baseOffset`; returns its size. */
export function put(active: ActiveSegment, baseOffset: number, records: readonly Made[]): number {
  const bytes = batchOf(records, { baseOffset });
  active.append(bytes, bytes.length, [describe(bytes, baseOffset, records)]);
  return bytes.length;
}

export function describe(bytes: Uint8Array, baseOffset: number, records: readonly Made[]): SegmentBatch {
  const maxTimestamp = Math.max(-1, ...records.map(({ timestamp = -1 }) => timestamp));
  return { sizeBytes: bytes.length, lastOffset: baseOffset + records.length - 1, maxTimestamp };
}
