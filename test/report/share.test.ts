import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairShares } from '../../src/report/share.ts';

describe('shares of a room', () => {
  it('are what is needed where there is room for all', () => {
    expect(fairShares([3, 0, 5], 8)).toEqual([3, 0, 5]);
  });

  it('are equal for those that need more, once the small ones have theirs', () => {
    expect(fairShares([1000, 2, 1000], 22)).toEqual([10, 2, 10]);
  });

  it('never exceed a need, or the room', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { maxLength: 40 }), fc.nat(20_000), (needs, room) => {
        const shares = fairShares(needs, room);
        const sum = shares.reduce((total, share) => total + share, 0);
        expect(shares.every((share, at) => share >= 0 && share <= (needs[at] ?? 0))).toBe(true);
        expect(sum).toBeLessThanOrEqual(room);
        const needed = needs.reduce((total, need) => total + need, 0);
        if (needed <= room) expect(sum).toBe(needed);
      }),
    );
  });
});
