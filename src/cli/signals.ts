/** Ctrl-C and kill: a wish to end well. */

/** A signal that aborts at the first SIGINT or SIGTERM; a second one ends the process as usual. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  return controller.signal;
}
