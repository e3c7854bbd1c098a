import { createHash } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ActiveSegment } from '../../src/segment/active-segment.ts';
import { rebuildIndexes, scanSegmentSync } from '../../src/segment/recover.ts';
import { BatchBuilder, type BatchFields } from '../../src/record/batch-builder.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import type { RecordBatch } from '../../src/record/record-batch.ts';
import { fixtureConfig, segmentContext } from '../support/context.ts';
import { livedThroughRestart, readIfThere, type Segment, segments } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';

const sealed = segments('clean').filter((segment) => !livedThroughRestart(segment));
const baseOffsetOf = ({ file }: Segment): number => Number(file.slice(0, 20));
const SUFFIXES = ['.log', '.index', '.timeindex'];

/** Digests of a segment's files: comparing them takes no time, and a difference shows which file it is in. */
function digestsOf(directory: string, { file }: Segment): Record<string, string> {
  return Object.fromEntries(
    SUFFIXES.map((suffix) => {
      const bytes = readIfThere(join(directory, file.replace('.log', suffix)));
      return [
        suffix,
        bytes === undefined ? 'absent' : `${bytes.length}:${createHash('sha256').update(bytes).digest('hex')}`,
      ];
    }),
  );
}

describe.each(sealed)("$partition $file, as Kafka's broker left it", (segment) => {
  const original = digestsOf(dirname(segment.path), segment);

  test('has its indexes rebuilt byte for byte from its .log', () => {
    const directory = scratch();
    copyFileSync(segment.path, join(directory, segment.file));
    const context = segmentContext(fixtureConfig(segment.partition));
    const scan = scanSegmentSync(context, directory, baseOffsetOf(segment));
    expect(scan.fault).toBeUndefined();
    rebuildIndexes(context, directory, baseOffsetOf(segment), scan);
    expect(digestsOf(directory, segment)).toEqual(original);
  });

  test('is written again byte for byte from its records, batch by batch', () => {
    const directory = scratch();
    const context = segmentContext(fixtureConfig(segment.partition));
    const active = ActiveSegment.create(context, directory, baseOffsetOf(segment));
    const builder = new BatchBuilder(context.engine);
    for (const batch of batchesOf(segment)) {
      const { bytes, length } =
        batch.codec === 0 ? rebuilt(builder, batch) : { bytes: batch.bytes, length: batch.sizeBytes };
      active.append(bytes, length, [batch]);
    }
    active.seal();
    expect(digestsOf(directory, segment)).toEqual(original);
  });
});

function* batchesOf(segment: Segment): Generator<RecordBatch> {
  using reader = LogReader.open(dirname(segment.path));
  for (const batch of reader.readSync()) if (batch.file.endsWith(segment.file)) yield batch;
}

/** The batch made anew from its records and the fields of its header. */
function rebuilt(builder: BatchBuilder, batch: RecordBatch): { bytes: Uint8Array; length: number } {
  builder.reset();
  if (batch.deleteHorizonMs !== undefined) builder.startAt(batch.deleteHorizonMs);
  for (const { offset, timestamp, key, value, headers } of batch.records())
    builder.add(timestamp, key, value, headers, offset - batch.baseOffset);
  const fields: BatchFields = {
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
    ...(batch.isLogAppendTime ? { logAppendTimeMs: batch.maxTimestamp } : {}),
    ...(batch.deleteHorizonMs === undefined ? {} : { deleteHorizonMs: batch.deleteHorizonMs }),
  };
  return builder.build(fields);
}
