/** Shares of a room that is too small for all. */

/**
 * How much each gets of `room`: those that need less than an equal share get all they need, and what they leave is shared by
 * the others.
 */
export function fairShares(needs: readonly number[], room: number): number[] {
  const shares = needs.map(() => 0);
  const order = needs.map((need, at) => ({ need, at })).sort((a, b) => a.need - b.need);
  let left = room;
  order.forEach(({ need, at }, done) => {
    const share = Math.min(need, Math.floor(left / (order.length - done)));
    shares[at] = share;
    left -= share;
  });
  return shares;
}
