import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SCAN_STOPS } from '../../src/engine/contract.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log } from '../../src/index.ts';
import { walkBatches } from '../../src/segment/walk.ts';
import { scratch, scratchPartition } from '../support/temp.ts';

async function batchesOf(records: number, valueBytes: number): Promise<Buffer> {
  await using log = await Log.open(scratchPartition(), { maxMessageBytes: 10_000_000 });
  for (let i = 0; i < records; i++) await log.append({ value: Buffer.alloc(valueBytes, i) });
  return Buffer.concat([...log.readSync()].map(({ bytes }) => bytes));
}

function walk(bytes: Buffer, to: number): { batches: number; position: number; stop: number } {
  const path = join(scratch(), 'file');
  writeFileSync(path, bytes);
  const file = nodeFileSystem.open(path, 'read');
  try {
    let batches = 0;
    const end = walkBatches(defaultEngine(), file, 0, to, true, ({ count }) => {
      batches += count;
      return true;
    });
    return { batches, ...end };
  } finally {
    file.close();
  }
}

describe('going over the batches of a file', () => {
  test('finds all of them, also those larger than a chunk and more than a chunk has rows for', async () => {
    const small = await batchesOf(20_000, 1);
    expect(walk(small, small.length)).toEqual({ batches: 20_000, position: small.length, stop: SCAN_STOPS.end });
    const large = await batchesOf(2, 3_000_000);
    expect(walk(large, large.length)).toEqual({ batches: 2, position: large.length, stop: SCAN_STOPS.end });
  });

  test('ends where the file ends when it is shorter than was said: another process trimmed it', async () => {
    const bytes = await batchesOf(3, 10);
    expect(walk(bytes, bytes.length + 1_000_000)).toMatchObject({ batches: 3, position: bytes.length });
    expect(walk(Buffer.alloc(0), 5000)).toMatchObject({ batches: 0, position: 0 });
  });

  test('ends at a torn batch, at zeros, and at a wrong checksum, and says which', async () => {
    const bytes = await batchesOf(3, 10);
    const size = bytes.length / 3;
    expect(walk(bytes.subarray(0, -1), bytes.length - 1)).toEqual({
      batches: 2,
      position: 2 * size,
      stop: SCAN_STOPS.partial,
    });
    const zeros = Buffer.concat([bytes, Buffer.alloc(100)]);
    expect(walk(zeros, zeros.length)).toEqual({ batches: 3, position: 3 * size, stop: SCAN_STOPS.invalidSize });
    const flipped = Buffer.from(bytes);
    flipped[size + 70] = (flipped[size + 70] ?? 0) ^ 1;
    expect(walk(flipped, flipped.length)).toEqual({ batches: 1, position: size, stop: SCAN_STOPS.invalidCrc });
  });
});
