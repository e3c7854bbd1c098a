/** Closing several things of which one may fail: nothing stays open for the failure of another. */

/** Does all of it, in order. @throws the first failure, once all is done */
export function closeAll(closes: Iterable<() => void>): void {
  const failures: unknown[] = [];
  for (const close of closes) {
    try {
      close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
