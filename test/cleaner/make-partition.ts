/** Partitions for the cleaner, written batch by batch. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodecId } from '../../src/engine/contract.ts';
import { BATCH } from '../../src/format/batch.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import type { BatchFields } from '../../src/record/batch-builder.ts';
import { batchOf, type Made } from '../log/validate/make.ts';
import { scratchPartition } from '../support/temp.ts';
import { batchesOf, segmentsOf } from './partition.ts';

export const NOW_MS = 1_700_000_000_000;
export const keyed = (key: string, value: string | null = 'v'): Made => ({ timestamp: NOW_MS, key, value });

/** A partition with one segment for each list of batches, each made for the offset it is to start at. */
export function partitionOf(...segments: readonly ((baseOffset: number) => Buffer)[][]): string {
  const directory = scratchPartition();
  mkdirSync(directory);
  let offset = 0;
  for (const segment of segments) {
    const path = join(directory, segmentFileName(offset, SUFFIXES.log));
    const batches = segment.map((make) => {
      const batch = make(offset);
      const isCurrent = batch.readInt8(BATCH.MAGIC) === 2;
      offset = Number(batch.readBigInt64BE(0)) + (isCurrent ? batch.readInt32BE(BATCH.LAST_OFFSET_DELTA) : 0) + 1;
      return batch;
    });
    writeFileSync(path, Buffer.concat(batches));
  }
  writeFileSync(join(directory, segmentFileName(offset, SUFFIXES.log)), '');
  return directory;
}

/** A batch for whatever offset it is to start at. */
export const batch =
  (records: readonly Made[], codec: CodecId = 0, fields: Partial<BatchFields> = {}) =>
  (baseOffset: number): Buffer =>
    batchOf(records, { partitionLeaderEpoch: 3, ...fields, baseOffset }, codec);

/** Offset, key and value of all that is there. */
export function recordsIn(directory: string): [number, string | null, string | null][] {
  return segmentsOf(directory).flatMap(({ baseOffset }) =>
    batchesOf(join(directory, segmentFileName(baseOffset, SUFFIXES.log))).flatMap((one) =>
      one
        .records()
        .map(({ offset, key, value }): [number, string | null, string | null] => [
          offset,
          key?.toString() ?? null,
          value?.toString() ?? null,
        ]),
    ),
  );
}
