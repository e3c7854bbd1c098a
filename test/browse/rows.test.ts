/** The rows of a partition are its batches and records, whichever way they are gone over. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/browse/contract.ts';
import { encoded, type ExpectedLine, expectedLines, FIXTURES, groupBy, segments } from '../support/fixtures.ts';
import { Random } from '../support/random.ts';
import { scratchPartition } from '../support/temp.ts';
import { Log } from '../../src/log/log.ts';
import { ALL_CLOSED, ALL_OPEN, copyOf, finish, placeText, rowsBackward, rowsForward, sourceOf } from './support.ts';

const part = (bytes: Uint8Array, start: number, length: number): Uint8Array | null =>
  length < 0 ? null : bytes.subarray(start, start + length);

/** A row as Kafka's reading has it. */
function told(row: Row): object {
  if (row.kind === 'batch') {
    const { position, size, lastOffset, count, valid } = row.entry.summary;
    return { position, size, lastOffset, count, valid };
  }
  if (row.kind !== 'record') return { kind: row.kind };
  const { bytes, offset, timestamp, keyStart, keyLength, valueStart, valueLength } = row.record;
  const key = encoded(part(bytes, keyStart, keyLength));
  return { offset, timestamp, key, value: encoded(part(bytes, valueStart, valueLength)) };
}

function expectedRow(line: ExpectedLine): object {
  if (line.type === 'batch') {
    const { position, size, lastOffset, count, valid } = line;
    return { position, size, lastOffset, count, valid };
  }
  const { offset, timestamp, key, value } = line;
  return { offset, timestamp, key, value };
}

const partitions = groupBy(segments('clean', 'unclean', 'legacy'), ({ set, partition }) => `${set}/${partition}`);

describe('rows of what Kafka wrote', () => {
  test.each(partitions)('are all batches and records of %s, in order', (name, files) => {
    const expected = files.flatMap((segment) => expectedLines(segment).map(expectedRow));
    const rows = rowsForward(sourceOf(join(FIXTURES, name)), ALL_OPEN).filter(({ kind }) => kind !== 'fault');
    expect(rows.at(-1)?.kind).toBe('end');
    expect(rows.slice(0, -1).map(told)).toEqual(expected);
  });

  test.each(partitions)('are the same backwards in %s', (name) => {
    const forward = rowsForward(sourceOf(join(FIXTURES, name)), ALL_OPEN);
    const backward = rowsBackward(sourceOf(join(FIXTURES, name)), ALL_OPEN);
    expect(backward.map(({ place }) => placeText(place))).toEqual(forward.map(({ place }) => placeText(place)));
  });
});

describe('a window', () => {
  test.each([true, false])('anywhere shows the rows around its place (with indexes: %s)', (withIndexes) => {
    const directory = copyOf('clean', 'f-none-0', withIndexes);
    const all = rowsForward(sourceOf(directory), ALL_OPEN);
    const random = new Random(9);
    for (let round = 0; round < 60; round++) {
      // A fresh one now and then: what is known of a segment must not matter.
      const source = sourceOf(directory);
      const at = random.between(0, all.length - 1);
      const height = random.between(1, 40);
      const line = random.between(0, height - 1);
      const place = all[at]?.place ?? expect.fail();
      const window = finish(source.window(place, line, height, ALL_OPEN));
      const places = window.rows.map((row) => placeText(row.place));
      const first = all.findIndex((row) => placeText(row.place) === places[0]);
      expect(places).toEqual(all.slice(first, first + height).map((row) => placeText(row.place)));
      expect(window.rows.length).toBe(Math.min(height, all.length));
      expect(places[window.cursor]).toBe(placeText(place));
      const isAtEdge = first === 0 || first + height >= all.length;
      if (!isAtEdge) expect(window.cursor).toBe(line);
    }
  });

  test('moves by rows over segments and stays at the ends', () => {
    const source = sourceOf(join(FIXTURES, 'clean/f-lz4-0'));
    const all = rowsForward(source, ALL_CLOSED);
    const from = all[10]?.place ?? expect.fail();
    const away = (by: number): string => placeText(finish(source.away(from, by, ALL_CLOSED)).place);
    const placeAt = (index: number): string => placeText(all[index]?.place ?? expect.fail());
    expect([away(1), away(-1), away(7)]).toEqual([placeAt(11), placeAt(9), placeAt(17)]);
    expect([away(-1000), away(1_000_000)]).toEqual([placeAt(0), placeAt(all.length - 1)]);
  });

  test('of an empty log, and of a directory without segments, is the end alone', async () => {
    const directory = scratchPartition();
    await (await Log.open(directory)).close();
    const source = sourceOf(directory);
    expect(rowsForward(source, ALL_OPEN).map(({ kind }) => kind)).toEqual(['end']);
    expect(finish(source.info())).toMatchObject({ segments: 1, start: 0, end: 0 });
  });

  test('shows a batch of many records wherever it is entered', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await log.append(Array.from({ length: 5000 }, (_, n) => ({ key: `k${n}`, value: `v${n}` })));
    await log.close();
    const source = sourceOf(directory);
    for (const record of [4999, 3, 2600, 2599, 0]) {
      const { rows, cursor } = finish(source.window({ base: 0, position: 0, record }, 0, 5, ALL_OPEN));
      const row = rows[cursor];
      expect(row?.kind === 'record' && row.record.offset).toBe(record);
    }
  });
});

describe('damage', () => {
  /** A partition of one segment with 60 batches of one record each, and where they start. */
  async function made(): Promise<{ directory: string; path: string; positions: number[]; bytes: Buffer }> {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    for (let n = 0; n < 60; n++) await log.append({ key: `k${n}`, value: 'v'.repeat(200) });
    await log.close();
    const path = join(directory, '00000000000000000000.log');
    const positions = rowsForward(sourceOf(directory), ALL_CLOSED)
      .slice(0, -1)
      .map(({ place }) => place.position);
    return { directory, path, positions, bytes: readFileSync(path) };
  }

  test('of a record shows as its batch, invalid, with the finding, and the rest goes on', async () => {
    const { directory, path, positions, bytes } = await made();
    bytes[(positions[20] ?? 0) + 100] = 0;
    writeFileSync(path, bytes);
    const rows = rowsForward(sourceOf(directory), ALL_CLOSED);
    expect(rows.length).toBe(61);
    const row = rows[20];
    expect(row?.kind === 'batch' && row.entry.fault?.code).toBe('BATCH_CRC_MISMATCH');
    expect(rowsBackward(sourceOf(directory), ALL_CLOSED).map(({ place }) => place)).toEqual(
      rows.map(({ place }) => place),
    );
  });

  test('of a size has a row of its own in its place', async () => {
    const { directory, path, positions, bytes } = await made();
    bytes.writeInt32BE(3, (positions[20] ?? 0) + 8);
    writeFileSync(path, bytes);
    const rows = rowsForward(sourceOf(directory), ALL_OPEN);
    const faults = rows.filter(({ kind }) => kind === 'fault');
    expect(faults.map((row) => row.kind === 'fault' && [row.fault.code, row.entry.position, row.entry.size])).toEqual([
      ['BATCH_SIZE_INVALID', positions[20], (positions[21] ?? 0) - (positions[20] ?? 0)],
    ]);
    expect(rows.filter(({ kind }) => kind === 'record').length).toBe(59);
    expect(rowsBackward(sourceOf(directory), ALL_OPEN).map(({ place }) => place)).toEqual(
      rows.map(({ place }) => place),
    );
  });

  test('at the end of a file is the last row before the end', async () => {
    const { directory, path, bytes } = await made();
    writeFileSync(path, bytes.subarray(0, bytes.length - 10));
    const rows = rowsForward(sourceOf(directory), ALL_CLOSED);
    const row = rows.at(-2);
    expect(row?.kind === 'fault' && row.fault.code).toBe('BATCH_TRUNCATED');
    expect(finish(sourceOf(directory).info()).end).toBe(59);
  });

  test('of records within a batch shows behind those that can be read', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await log.append([{ value: 'one' }, { value: 'two' }, { value: 'three' }]);
    await log.close();
    const { batch, record } = await import('../inspect/make-batch.ts');
    const records = Buffer.concat([record(0, null, 'one'), record(1, null, 'two'), Buffer.of(0x7e, 0, 0)]);
    writeFileSync(join(directory, '00000000000000000000.log'), batch({ count: 3, lastOffsetDelta: 2, records }));
    const rows = rowsForward(sourceOf(directory), ALL_OPEN);
    expect(rows.map(({ kind }) => kind)).toEqual(['batch', 'record', 'record', 'fault', 'end']);
    const fault = rows[3];
    expect(fault?.kind === 'fault' && fault.fault.code).toBe('INVALID_RECORD');
  });

  test('of an index changes no row', async () => {
    const directory = copyOf('clean', 'f-none-0');
    const expected = rowsForward(sourceOf(directory), ALL_CLOSED).map(({ place }) => place);
    const index = join(directory, '00000000000000000000.index');
    const bytes = readFileSync(index);
    for (let at = 4; at < bytes.length; at += 8) bytes.writeInt32BE(bytes.readInt32BE(at) + 7, at);
    writeFileSync(index, bytes);
    expect(rowsBackward(sourceOf(directory), ALL_CLOSED).map(({ place }) => place)).toEqual(expected);
  });
});
