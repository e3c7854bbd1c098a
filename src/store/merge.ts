/** Several streams as one. */

/** What has come of a source and was not handed on yet. */
interface Arrived<T> {
  readonly source: AsyncIterator<T, void>;
  readonly result: IteratorResult<T, void>;
}

/**
 * Hands on what comes, in the order in which it comes. Each source is asked for its next value only after its last one was
 * taken: one value of each is held at most, however slow the caller is. When the caller stops, or a source fails, all sources
 * are ended.
 */
export async function* merged<T>(sources: readonly AsyncGenerator<T, void>[]): AsyncGenerator<T, void> {
  const arrived: Arrived<T>[] = [];
  let failure: { readonly error: unknown } | undefined;
  let wake = (): void => undefined;
  let left = sources.length;
  const ask = (source: AsyncIterator<T, void>): void => {
    source.next().then(
      (result) => {
        arrived.push({ source, result });
        wake();
      },
      (error: unknown) => {
        failure ??= { error };
        wake();
      },
    );
  };
  try {
    for (const source of sources) ask(source);
    while (left > 0) {
      if (failure !== undefined) throw failure.error;
      const next = arrived.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (next.result.done === true) left--;
      else {
        yield next.result.value;
        ask(next.source);
      }
    }
  } finally {
    // Not waited for: a source that waits itself ends when it is told to, by its signal.
    for (const source of sources) source.return().catch(() => undefined);
  }
}
