import { describe, expect, it, vi } from 'vitest';
import { LOCATE_OUTCOME } from '../../../src/engine/contract.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { batch, message } from './batches.ts';

const engine = createFallbackEngine();

function fileOf(...batches: Uint8Array[]) {
  const file = new MemoryFileSystem().open('/log', 'create');
  const bytes = Buffer.concat(batches);
  file.write(bytes, 0, bytes.length, 0);
  return file;
}

// Offsets 0-4, 5 (a wrapper of 3-5), 6, 10-19; positions 0, 1061, 1090, 1129; 2190 in all.
const batches = [
  batch(0, 4, 0, new Uint8Array(1000)),
  message(0, 5),
  message(1, 6, 7, Buffer.from('12345')),
  batch(10, 9, 0, new Uint8Array(1000)),
];
const positions = batches.map((_, index) => batches.slice(0, index).reduce((sum, { length }) => sum + length, 0));
const size = batches.reduce((sum, { length }) => sum + length, 0);

function locate(
  file: ReturnType<typeof fileOf>,
  target: number,
  { position = 0, end = size, scratchBytes = 128 } = {},
) {
  const scratch = new Uint8Array(scratchBytes).fill(0xee);
  const outcome = new Float64Array(LOCATE_OUTCOME.length);
  engine.locate(file, position, end, target, scratch, outcome);
  const [found, at, bytes, header = 0] = outcome;
  return { found, position: at, size: bytes, header: scratch.subarray(header) };
}

describe('locate', () => {
  it.each([128, 129, 200, 4096])(
    'finds the batch that ends at an offset or behind it, with a scratch of %d bytes',
    (scratchBytes) => {
      const file = fileOf(...batches);
      for (const [target, index] of [
        [-5, 0],
        [0, 0],
        [4, 0],
        [5, 1],
        [6, 2],
        [7, 3],
        [10, 3],
        [19, 3],
      ] as const) {
        const found = locate(file, target, { scratchBytes });
        const expected = batches[index] as Uint8Array;
        expect(found).toMatchObject({ found: 1, position: positions[index], size: expected.length });
        const headerBytes = Math.min(61, expected.length);
        expect(
          Buffer.compare(found.header.subarray(0, headerBytes), expected.subarray(0, headerBytes)),
          `offset ${target}`,
        ).toBe(0);
      }
      expect(locate(file, 20, { scratchBytes })).toMatchObject({ found: 0, position: size });
    },
  );

  it('starts where it is told to', () => {
    const file = fileOf(...batches);
    expect(locate(file, 0, { position: positions[2] as number })).toMatchObject({ found: 1, position: positions[2] });
    expect(locate(file, 0, { position: size })).toMatchObject({ found: 0, position: size });
  });

  it.each([
    ['behind the last whole header', (positions[3] as number) + 61, 0],
    ['within a header', (positions[3] as number) + 30, 0],
    ['before the magic', (positions[3] as number) + 16, 0],
    ['within the last batch', size - 1, 0],
  ])('finds nothing that is not whole when the end is %s', (_, end, found) => {
    expect(locate(fileOf(...batches), 19, { end })).toMatchObject({ found, position: positions[3] });
  });

  it('finds nothing in a file that is shorter than the end says', () => {
    expect(locate(fileOf(...batches.slice(0, 3)), 19)).toMatchObject({ found: 0, position: positions[3] });
  });

  it('tells of an invalid size where it comes to it, and not before', () => {
    const file = fileOf(batches[0] as Uint8Array, new Uint8Array(100));
    expect(locate(file, 4, { end: 1161 })).toMatchObject({ found: 1, position: 0 });
    expect(locate(file, 5, { end: 1161 })).toMatchObject({ found: 2, position: 1061 });
  });

  it('takes a batch too small for its format for one of an invalid size', () => {
    const small = Buffer.from(batch(9));
    small.writeInt32BE(14, 8);
    const file = fileOf(batch(0), small.subarray(0, 26));
    expect(locate(file, 9, { end: 87 })).toMatchObject({ found: 2, position: 61 });
  });

  it('reads once what fits the scratch', () => {
    const file = fileOf(...Array.from({ length: 50 }, (_, offset) => batch(offset)));
    const read = vi.spyOn(file, 'read');
    expect(locate(file, 49, { end: 50 * 61, scratchBytes: 4096 })).toMatchObject({ found: 1, position: 49 * 61 });
    expect(read).toHaveBeenCalledTimes(1);
  });
});
