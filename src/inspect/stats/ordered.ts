/** Work that is done by several, and wanted in its order. */

/**
 * Starts `run` for each of `items` in their order, at most `ahead` of them before the first result is taken, and yields the
 * results in that order. Results that nobody took yet are as many at most.
 */
export async function* orderedResults<T, R>(
  items: Iterable<T>,
  ahead: number,
  run: (item: T) => Promise<R>,
): AsyncGenerator<readonly [T, R], void> {
  const started: (readonly [T, Promise<R>])[] = [];
  for (const item of items) {
    started.push([item, run(item)]);
    const next = started.length > ahead ? started.shift() : undefined;
    if (next !== undefined) yield [next[0], await next[1]];
  }
  for (const [item, result] of started) yield [item, await result];
}
