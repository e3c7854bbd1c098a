/**
 * Whether the leader epochs contradict the batches. Recovery believes a checkpoint that can be read; verification judges it,
 * and here its judgement is asked about what recovery left.
 */
import { join } from 'node:path';
import { type Engine, SCAN_ROW } from '../engine/contract.ts';
import { BATCH, baseOffsetOf, lastOffsetOf, magicOf } from '../format/batch.ts';
import { parseLeaderEpochs } from '../format/checkpoint.ts';
import { baseOffsetOfName, PARTITION_FILES, SUFFIXES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { SegmentFacts } from '../inspect/verify/facts.ts';
import { checkEpochsAgainstLog } from '../inspect/verify/partition/epochs.ts';
import { partitionExtent } from '../inspect/verify/partition/extent.ts';
import { walkBatches } from '../segment/walk.ts';

/** Elections are rare: a log with more of them in a segment is judged by these. */
const MAX_EPOCHS = 65_536;

/**
 * @param fs where recovery ran
 * @param names of the .log files, in order
 */
export function areEpochsWrong(
  fs: FileSystem,
  engine: Engine,
  directory: string,
  names: readonly string[],
  logStart: number,
): boolean {
  const path = join(directory, PARTITION_FILES.leaderEpochs);
  const bytes = fs.readSmall(path);
  if (bytes === undefined) return false;
  const text = new TextDecoder().decode(bytes);
  const entries = parseLeaderEpochs(text, path);
  const facts = names.map((name) => epochFacts(fs, engine, join(directory, name), baseOf(name)));
  const extent = partitionExtent(facts, BigInt(logStart), false, false);
  return checkEpochsAgainstLog(path, entries, text, extent).next().done !== true;
}

function baseOf(name: string): number {
  return Number(baseOffsetOfName(name, SUFFIXES.log));
}

/** What the headers of a segment's batches tell; recovery has checked the rest. */
function epochFacts(fs: FileSystem, engine: Engine, path: string, baseOffset: number): SegmentFacts {
  const epochs: [number, number][] = [];
  let firstOffset: number | undefined;
  let next: number | undefined;
  let gaps = 0;
  let isCompacted = false;
  const file = fs.open(path, 'read');
  try {
    const sizeBytes = file.sizeBytes();
    walkBatches(engine, file, 0, sizeBytes, false, ({ view, rows, count }) => {
      for (let row = 0; row < count; row++) {
        const at = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
        const base = baseOffsetOf(view, at);
        const last = lastOffsetOf(view, at);
        const isLegacy = magicOf(view, at) < 2;
        if (next !== undefined && base > next) gaps++;
        if (isLegacy || view.getInt32(at + BATCH.RECORD_COUNT) <= last - base) isCompacted = true;
        const epoch = isLegacy ? -1 : view.getInt32(at + BATCH.LEADER_EPOCH);
        const latest = epochs.at(-1)?.[0] ?? -1;
        if (epoch !== -1 && epoch !== latest && epochs.length < MAX_EPOCHS) epochs.push([epoch, base]);
        firstOffset ??= base;
        next = last + 1;
      }
      return true;
    });
    return {
      ...{ baseOffset, path, sizeBytes, wholeBytes: sizeBytes, firstOffset, nextOffset: next },
      ...{ epochs, gaps, isCompacted },
      lastOffset: next === undefined ? undefined : next - 1,
      ...{ maxTimestamp: undefined, offsetOfMaxTimestamp: undefined, hasProducers: false, hasTransactions: false },
      ...{ zeroTailBytes: 0, faults: 0 },
    };
  } finally {
    file.close();
  }
}
