import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LogReader } from '../../src/log/log-reader.ts';
import type { RecordBatch } from '../../src/record/record-batch.ts';
import {
  encoded,
  type ExpectedBatch,
  type ExpectedRecord,
  expectedLines,
  groupBy,
  segments,
} from '../support/fixtures.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

function batchLine(batch: RecordBatch): Partial<ExpectedBatch> {
  return {
    position: batch.position,
    size: batch.sizeBytes,
    magic: batch.magic,
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    compression: CODECS[batch.codec] ?? '?',
    maxTimestamp: batch.maxTimestamp,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
    deleteHorizonMs: batch.deleteHorizonMs ?? null,
  };
}

function recordLines(batch: RecordBatch): ExpectedRecord[] {
  return batch.records().map(({ offset, timestamp, key, value, headers }) => ({
    type: 'record',
    offset,
    timestamp,
    key: encoded(key),
    value: encoded(value),
    headers: headers.map(([name, bytes]) => [encoded(Buffer.from(name, 'utf8')) ?? '', encoded(bytes)]),
  }));
}

/** What Kafka says of a whole partition, segment after segment. */
const partitions = groupBy(segments('clean', 'unclean', 'legacy'), ({ path }) => dirname(path));

describe.each(partitions)('%s', (directory, files) => {
  test('is read as Kafka reads it: every batch and every record', () => {
    using reader = LogReader.open(directory);
    const expected = files.flatMap(expectedLines);
    const found: unknown[] = [];
    const wanted: unknown[] = [];
    for (const batch of reader.readSync()) found.push(batchLine(batch), ...recordLines(batch));
    for (const line of expected) {
      if (line.type === 'record') wanted.push(line);
      else {
        const { type, count, timestampType, lastSequence, crc, valid, ...compared } = line;
        expect(valid).toBe(true);
        wanted.push(compared);
      }
    }
    expect(found).toEqual(wanted);
  });

  test('gives the same records by cursor, by columns and as objects', async () => {
    using reader = LogReader.open(directory);
    let records = 0;
    for await (const batch of reader.read({ reuseBuffers: true })) {
      const objects = batch
        .records()
        .map(({ offset, timestamp, key, value }) => [offset, timestamp, encoded(key), encoded(value)]);
      expect(fromCursor(batch)).toEqual(objects);
      expect(fromColumns(batch)).toEqual(objects);
      records += objects.length;
    }
    expect(records).toBe(files.flatMap(expectedLines).filter(({ type }) => type === 'record').length);
  });
});

function piece(bytes: Uint8Array, start = 0, length = -1): string | null {
  return length < 0 ? null : encoded(bytes.subarray(start, start + length));
}

function fromCursor(batch: RecordBatch): unknown[] {
  const rows: unknown[] = [];
  for (const cursor = batch.cursor(); cursor.next(); ) {
    const { bytes, offset, timestamp, keyStart, keyLength, valueStart, valueLength } = cursor;
    rows.push([offset, timestamp, piece(bytes, keyStart, keyLength), piece(bytes, valueStart, valueLength)]);
  }
  return rows;
}

function fromColumns(batch: RecordBatch): unknown[] {
  const { count, bytes, offsets, timestamps, keyStarts, keyLengths, valueStarts, valueLengths } = batch.columns();
  return Array.from({ length: count }, (_, i) => [
    offsets[i],
    timestamps[i],
    piece(bytes, keyStarts[i], keyLengths[i]),
    piece(bytes, valueStarts[i], valueLengths[i]),
  ]);
}
