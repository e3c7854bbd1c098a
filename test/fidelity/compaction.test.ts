/** What Kafka's own cleaner left of each partition after two passes: so does ours, batch for batch. */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { batchesOf, cleanAndSwap, linesOf, producersOf, requestFor, segmentsOf } from '../cleaner/partition.ts';
import { type ExpectedLine, FIXTURES, jsonLines } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';

const PASSES = [1_800_000_000_000, 1_800_086_400_001];
/** Producers whose last word is older were forgotten when Kafka cleaned: those of the records' time, not of the markers'. */
const FORGOTTEN_BEFORE_MS = 1_790_000_000_000;
const EXPECTED = join(FIXTURES, 'expected/compacted');
const partitions = [...new Set(readdirSync(EXPECTED).map((name) => name.split('.')[0] as string))];

type Line = ExpectedLine | { type: 'segment'; file: string };

/** What Kafka left, segment by segment; those without a record are not told of. */
function expectedOf(partition: string, pass: number): Line[] {
  const path = join(EXPECTED, `${partition}.pass${pass}.jsonl.gz`);
  return jsonLines<Line>(gunzipSync(readFileSync(path)).toString());
}

/** Places, sizes and checksums depend on the encoder where something is compressed. */
function comparable(lines: readonly object[], isCompressed: boolean): object[] {
  return lines.map((line) => {
    const { lastSequence, crc, valid, ...rest } = line as Record<string, unknown>;
    if (!isCompressed) return { ...rest };
    const { position, size, ...others } = rest;
    return others;
  });
}

function foundIn(directory: string): object[] {
  return segmentsOf(directory)
    .filter(({ sizeBytes }) => sizeBytes > 0)
    .flatMap(({ baseOffset }) => {
      const file = segmentFileName(baseOffset, SUFFIXES.log);
      return [{ type: 'segment', file }, ...linesOf(join(directory, file))];
    });
}

/** The checksums in the files are those of Kafka's: then all bytes behind them are, too. */
function checksumsIn(directory: string): number[] {
  return segmentsOf(directory).flatMap(({ baseOffset }) =>
    batchesOf(join(directory, segmentFileName(baseOffset, SUFFIXES.log))).map(({ bytes }) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32BE(17),
    ),
  );
}

describe.each(partitions)('%s', (partition) => {
  test('is cleaned as Kafka cleans it, in both passes', async () => {
    const directory = join(scratch(), partition);
    cpSync(join(FIXTURES, 'clean', partition), directory, { recursive: true, preserveTimestamps: true });
    const segmentBytes = partition.startsWith('f-txn') ? 60_000 : 120_000;
    for (const [at, nowMs] of PASSES.entries()) {
      const activeProducers = producersOf(directory, FORGOTTEN_BEFORE_MS);
      await cleanAndSwap(requestFor(directory, { nowMs, segmentBytes, activeProducers }));
      const expected = expectedOf(partition, at + 1);
      const isCompressed = expected.some((line) => line.type === 'batch' && line.compression !== 'none');
      const found = foundIn(directory);
      expect(found.length).toBeGreaterThan(0);
      expect(comparable(found, isCompressed)).toEqual(comparable(expected, isCompressed));
      if (isCompressed) continue;
      expect(checksumsIn(directory)).toEqual(expected.flatMap((line) => (line.type === 'batch' ? [line.crc] : [])));
    }
  });
});

test('every partition of the oracle was compared, by the engine that was asked for', () => {
  expect(partitions.length).toBeGreaterThanOrEqual(10);
  expect(defaultEngine().name).toBe(process.env['SEGLOG_ENGINE'] === 'ts' ? 'ts' : 'native');
});
