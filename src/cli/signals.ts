/** Ctrl-C and kill: a wish to end well. */

/** A signal that aborts at the first SIGINT or SIGTERM; a second one ends the process as usual. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  return controller.signal;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof EXIT_CODES;

/** The reason with which work is aborted. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

/**
 * Runs `work` with a signal that SIGINT and SIGTERM abort; a second one ends the process at once.
 *
 * @returns whether the work came to its end; false when it was stopped, and then the exit code is set as shells expect
 */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
  const controller = new AbortController();
  const stop = (name: StopSignal): void => {
    process.exitCode = EXIT_CODES[name];
    controller.abort(new Stopped('stopped'));
    release();
  };
  const release = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    await work(controller.signal);
    return true;
  } catch (error) {
    if (error instanceof Stopped) return false;
    throw error;
  } finally {
    release();
  }
}
