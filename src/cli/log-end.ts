/** What lies behind the end of a log as its readers see it. */
import { join } from 'node:path';
import { defaultEngine } from '../engine/select.ts';
import type { SeglogError } from '../errors/errors.ts';
import { baseOffsetOfName, SUFFIXES } from '../format/names.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { faultBehind } from '../inspect/after-fault.ts';
import type { LogReader } from '../log/log-reader.ts';

/** In the last segment, behind its last whole batch: a batch that is torn, or one that is bad with more behind it. */
export function behindEnd(reader: LogReader): {
  readonly fault?: SeglogError;
  readonly torn?: SeglogError;
} {
  const { directory, logStartOffset, logEndOffset } = reader;
  const name = nodeFileSystem.list(directory).findLast((file) => baseOffsetOfName(file, SUFFIXES.log) !== undefined);
  if (name === undefined) return {};
  const last = logEndOffset > logStartOffset ? reader.find(logEndOffset - 1) : undefined;
  const isHere = last !== undefined && BigInt(last.segmentBaseOffset) === baseOffsetOfName(name, SUFFIXES.log);
  return faultBehind(
    defaultEngine(),
    nodeFileSystem,
    join(directory, name),
    isHere ? last.position + last.sizeBytes : 0,
  );
}
