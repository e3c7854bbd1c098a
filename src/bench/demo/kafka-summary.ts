/** What is in partition directories that Kafka itself wrote: counted from the batches' headers, nothing is changed. */
import { join } from 'node:path';
import { CODEC_IDS, type Engine, SCAN_ROW } from '../../engine/contract.ts';
import { ATTRIBUTES, BATCH } from '../../format/batch.ts';
import { baseOffsetOfName, SUFFIXES } from '../../format/names.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { readBatchHeader } from '../../record/batch-header.ts';
import { type Chunk, walkBatches } from '../../segment/walk.ts';

/** One partition's numbers. */
export interface PartitionSummary {
  /** The directory's name: `<topic>-<partition>`. */
  readonly name: string;
  segments: number;
  batches: number;
  records: number;
  bytes: number;
  /** Codecs met, in the order of first use. */
  readonly codecs: Set<string>;
  /** -1 when there is no record. */
  firstOffset: number;
  lastOffset: number;
  /** Whether every byte belongs to a whole batch with a right checksum. */
  intact: boolean;
}

const CODEC_NAMES = new Map<number, string>(Object.entries(CODEC_IDS).map(([name, id]) => [id, name]));

function countBatches(summary: PartitionSummary, path: string, { view, rows, count, position }: Chunk): void {
  for (let row = 0; row < count; row++) {
    const start = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
    const header = readBatchHeader(view, start, path, position + start);
    if (summary.batches === 0) summary.firstOffset = header.baseOffset;
    summary.lastOffset = header.lastOffset;
    summary.batches++;
    // Formats 0 and 1 have no count; there a batch is a record, unless it is a compressed wrapper.
    summary.records += header.magic >= 2 ? view.getInt32(start + BATCH.RECORD_COUNT) : 1;
    const codec = view.getInt16(start + BATCH.ATTRIBUTES) & ATTRIBUTES.CODEC_MASK;
    summary.codecs.add(CODEC_NAMES.get(codec) ?? `codec ${codec}`);
  }
}

function summarizePartition(engine: Engine, fs: FileSystem, directory: string, name: string): PartitionSummary {
  const nothing = { segments: 0, batches: 0, records: 0, bytes: 0, firstOffset: -1, lastOffset: -1 };
  const summary: PartitionSummary = { name, ...nothing, codecs: new Set(), intact: true };
  const path = join(directory, name);
  for (const file of fs.list(path)) {
    if (baseOffsetOfName(file, SUFFIXES.log) === undefined) continue;
    const log = fs.open(join(path, file), 'read');
    try {
      const sizeBytes = log.sizeBytes();
      summary.segments++;
      summary.bytes += sizeBytes;
      const end = walkBatches(engine, log, 0, sizeBytes, true, (chunk) => {
        countBatches(summary, log.path, chunk);
        return true;
      });
      if (end.position !== sizeBytes) summary.intact = false;
    } finally {
      log.close();
    }
  }
  return summary;
}

/**
 * Every partition in a Kafka log directory, by name. Checksums are verified on the way: what follows a bad batch in a
 * segment is not counted.
 */
export function summarizeLogDirectory(engine: Engine, fs: FileSystem, directory: string): PartitionSummary[] {
  return fs
    .list(directory)
    .filter((name) => fs.stat(join(directory, name))?.isDirectory === true)
    .map((name) => summarizePartition(engine, fs, directory, name));
}
