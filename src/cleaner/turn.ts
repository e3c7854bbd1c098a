/** Long work that lets others have their turn. */

/** Resolves when the event loop has been round once: whatever waits on this thread was served. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
