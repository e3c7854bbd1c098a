/** Letting others have their turn. */

/** Resolves in a later turn of the event loop, when timers and I/O that were due had theirs. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
