import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CODEC_IDS,
  type CodecId,
  DECODE_OUTCOME,
  RECORD_FAULTS,
  RECORD_ROW,
  SCAN_OUTCOME,
  SCAN_STOPS,
} from '../../../src/engine/contract.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';
import { readHeaders } from '../../../src/format/record-v2.ts';
import { encoded, type ExpectedRecord, expectedLines, segments } from '../../support/fixtures.ts';

const engine = createFallbackEngine();
const MAX_CONTENT_BYTES = 4 * 1024 * 1024;

interface Found {
  readonly position: number;
  readonly count: number;
  readonly records: Pick<ExpectedRecord, 'offset' | 'key' | 'value' | 'headers'>[];
}

function batchesOf(file: Buffer): Found[] {
  const rows = new Int32Array(4000);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  engine.scanBatches(file, 0, file.length, true, rows, outcome);
  expect(outcome[SCAN_OUTCOME.stop]).toBe(SCAN_STOPS.end);
  return Array.from({ length: outcome[SCAN_OUTCOME.count] as number }, (_, i) =>
    decode(file, rows[i * 2] as number, rows[i * 2 + 1] as number),
  );
}

function decode(file: Buffer, position: number, size: number): Found {
  const codec = (file.readInt16BE(position + 21) & 7) as CodecId;
  const count = file.readInt32BE(position + 57);
  const content = Buffer.alloc(MAX_CONTENT_BYTES);
  const length = engine.decompress(codec, 2, file, position + 61, position + size, content);
  const rows = new Int32Array(count * RECORD_ROW.length);
  const outcome = new Int32Array(DECODE_OUTCOME.length);
  engine.decodeRecords(content, 0, length, count, rows, outcome);
  expect([...outcome]).toEqual([RECORD_FAULTS.none, count, length]);
  const part = (start: number, bytes: number) => encoded(bytes < 0 ? null : content.subarray(start, start + bytes));
  const records = Array.from({ length: count }, (_, i) => {
    const [offsetDelta = 0, , , keyStart = 0, keyLength = 0, valueStart = 0, valueLength = 0, headersStart = 0] =
      rows.subarray(i * RECORD_ROW.length);
    const headers: ExpectedRecord['headers'] = [];
    readHeaders(content, headersStart, (nameStart, nameLength, start, bytes) => {
      headers.push([part(nameStart, nameLength) as string, part(start, bytes)]);
    });
    const offset = Number(file.readBigInt64BE(position)) + offsetDelta;
    return { offset, key: part(keyStart, keyLength), value: part(valueStart, valueLength), headers };
  });
  return { position, count, records };
}

function expectedBatches(lines: ReturnType<typeof expectedLines>): Found[] {
  const found: Found[] = [];
  for (const line of lines) {
    if (line.type === 'batch') found.push({ position: line.position, count: line.count ?? 0, records: [] });
    else found.at(-1)?.records.push({ offset: line.offset, key: line.key, value: line.value, headers: line.headers });
  }
  return found;
}

describe.each(Object.keys(CODEC_IDS))('what Kafka compressed with %s', (codec) => {
  const files = segments('clean').filter(
    ({ partition, file }) => partition === `f-${codec}-0` && file.endsWith('.log'),
  );

  it.each(files)('is decoded, record by record: $file', (segment) => {
    const found = batchesOf(readFileSync(segment.path));
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(expectedBatches(expectedLines(segment)));
  });
});
