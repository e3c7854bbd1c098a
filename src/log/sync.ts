/** Bringing sealed segments to the disk. */
import { SUFFIXES } from '../format/names.ts';
import type { File } from '../fs/contract.ts';
import type { SegmentContext } from '../segment/context.ts';
import type { Segment } from '../segment/segment.ts';

const SYNCED: readonly string[] = [SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.timeIndex];

function* filesOf({ fs }: SegmentContext, segment: Segment): Generator<File> {
  for (const suffix of SYNCED) {
    const file = fs.open(segment.pathOf(suffix), 'update');
    try {
      yield file;
    } finally {
      file.close();
    }
  }
}

/** The files of a segment are on the disk once this resolves. */
export async function syncSegment(context: SegmentContext, segment: Segment): Promise<void> {
  for (const file of filesOf(context, segment)) await file.sync();
}

/** The same, before it returns. */
export function syncSegmentSync(context: SegmentContext, segment: Segment): void {
  for (const file of filesOf(context, segment)) file.syncSync();
}
