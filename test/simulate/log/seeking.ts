/** Whether what a log finds by offset and by time is what a reader of all of it finds: the indexes never tell a lie. */
import type { Log } from '../../../src/index.ts';

/** @param seed says what is looked for @returns what is wrong */
export function seekFault(log: Log, seed: number): string | undefined {
  const batches = [...log.readSync({ isolation: 'log_end' })];
  const first = batches[0];
  if (first === undefined) return undefined;
  const { logStartOffset, logEndOffset } = log;
  const from = logStartOffset + (seed % Math.max(1, logEndOffset - logStartOffset));
  const expected = batches.find(({ lastOffset }) => lastOffset >= from);
  const [found] = log.readSync({ from, isolation: 'log_end' });
  if (found?.baseOffset !== expected?.baseOffset) {
    return `reading from ${from} begins at ${found?.baseOffset}, not at ${expected?.baseOffset}`;
  }
  return undefined;
}
