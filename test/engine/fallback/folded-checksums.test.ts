import CRC32C from 'crc-32/crc32c.js';
import { describe, expect, it } from 'vitest';
import { crc32c, crc32cOn } from '../../../src/engine/fallback/crc.ts';
import { FOLD_FROM_BYTES } from '../../../src/engine/fallback/crc-fold.ts';
import { Random } from '../../support/random.ts';

const bytes = new Uint8Array(4 * FOLD_FROM_BYTES);
const random = new Random(32);
for (let i = 0; i < bytes.length; i++) bytes[i] = random.between(0, 255);

const plain = (before: number, start: number, end: number): number =>
  CRC32C.buf(bytes.subarray(start, end), before) >>> 0;

describe('the CRC-32C of a long input', () => {
  it('is the one that tables give, wherever it starts and however it ends', () => {
    for (let start = 0; start < 5; start++) {
      for (let more = -2; more < 36; more++) {
        const end = start + FOLD_FROM_BYTES + more;
        expect(crc32c(bytes, start, end)).toBe(plain(0, start, end));
      }
    }
  });

  it('is the same over several windows, and goes on from what came before', () => {
    for (let at = 0; at < 40; at++) {
      const start = random.between(0, FOLD_FROM_BYTES);
      const end = start + FOLD_FROM_BYTES + random.between(0, 2 * FOLD_FROM_BYTES - 1);
      const before = plain(0, 0, start);
      expect(crc32cOn(before, bytes, start, end)).toBe(plain(0, 0, end));
    }
  });
});
