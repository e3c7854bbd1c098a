/** What comes behind the end of what could be read: nothing, space set aside, a torn tail, or a hole with data behind it. */
import type { Engine } from '../engine/contract.ts';
import type { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { BatchWalk } from './batches.ts';
import { isBatchAt, nextValidPosition } from './resync.ts';

/** Where the next valid batch starts behind a fault that was found elsewhere; undefined when there is none, or no telling. */
export function nextValidBehind(engine: Engine, fs: FileSystem, fault: SeglogError): number | undefined {
  if (fault.file === undefined || fault.position === undefined) return undefined;
  const file = fs.open(fault.file, 'read');
  try {
    const end = file.sizeBytes();
    if (fault.nextPosition !== undefined && isBatchAt(engine, file, fault.nextPosition, end)) return fault.nextPosition;
    return nextValidPosition(engine, file, fault.position + 1, end, -1);
  } finally {
    file.close();
  }
}

/**
 * The first fault in a .log file from `position` on, where whole valid batches are thought to end. A batch that is still
 * being written, or that a crash tore, is no fault unless valid ones follow: `torn` tells of it.
 */
export function faultBehind(
  engine: Engine,
  fs: FileSystem,
  path: string,
  position: number,
): { fault?: SeglogError; torn?: SeglogError } {
  const file = fs.open(path, 'read');
  try {
    let found: SeglogError | undefined;
    const walk = new BatchWalk(engine, file, { finding: (finding) => (found ??= finding), note: () => undefined });
    const batches = walk.batches(position);
    while (found === undefined && batches.next().done !== true);
    if (found === undefined) return {};
    return found.code === 'BATCH_TRUNCATED' && found.nextPosition === undefined ? { torn: found } : { fault: found };
  } finally {
    file.close();
  }
}
