import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH, HEADER_SIZE } from '../../src/format/batch.ts';
import { describeParity, outcomeOf } from './engines.ts';
import { wholeBatches } from './inputs.ts';

const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), wholeBatches);

describeParity('checksums', ({ native, ts }) => {
  test('the sums of any part of any bytes are the same', () => {
    fc.assert(
      fc.property(bytes, fc.nat(1_000_000), fc.nat(1_000_000), (whole, first, second) => {
        const [start = 0, end = 0] = [first, second]
          .map((part) => Math.floor((part * (whole.length + 1)) / 1_000_001))
          .sort((a, b) => a - b);
        expect(ts.crc32c(whole, start, end)).toBe(native.crc32c(whole, start, end));
        expect(ts.crc32(whole, start, end)).toBe(native.crc32(whole, start, end));
      }),
      { numRuns: 500 },
    );
  });

  test('sealing writes the same four bytes, or refuses the same lengths', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.oneof(fc.nat(210), fc.constantFrom(-1, HEADER_SIZE, HEADER_SIZE - 1, NaN)),
        (batch, length) => {
          const seen = [native, ts].map((engine) => {
            const copy = batch.slice();
            const result = outcomeOf(() => engine.sealBatch(copy, length));
            return { result, batch: [...copy] };
          });
          expect(seen[1]).toEqual(seen[0]);
          const changed = seen[0]?.batch.flatMap((byte, at) => (byte === batch[at] ? [] : [at])) ?? [];
          expect(changed.every((at) => at >= BATCH.CRC && at < BATCH.ATTRIBUTES)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  // A part of a larger buffer: what is around it must not be summed.
  const part = new Uint8Array(300).fill(7).subarray(100, 200);
  test.each([
    [-1, 10],
    [0, 101],
    [60, 50],
    [101, 101],
    [NaN, 10],
    [0, NaN],
    [0.5, 10],
    [0, 10.5],
  ])('the bytes from %d to %d of 100 have no sum', (start, end) => {
    for (const engine of [native, ts]) {
      expect(
        outcomeOf(() => engine.crc32c(part, start, end)),
        engine.name,
      ).toEqual({ error: 'INVALID_ARGUMENT' });
      expect(
        outcomeOf(() => engine.crc32(part, start, end)),
        engine.name,
      ).toEqual({ error: 'INVALID_ARGUMENT' });
    }
  });
});
