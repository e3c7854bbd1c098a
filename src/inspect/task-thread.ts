/** The thread's side of task-pool.ts: does one task after the other. */
import { parentPort } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './task-pool.ts';

/** A message a chunk would be thousands a second. */
const TOLD_BYTES = 16 * 1024 * 1024;

/**
 * Does the tasks that this thread is sent, until nobody can send more.
 *
 * @param work does a task of the kind that the pool sends, tells of the bytes gone over, and never raises
 */
export function serveTasks(work: (task: never, progress: (bytes: number) => void) => unknown): void {
  const port = parentPort;
  if (port === null) throw new Error('this is no program: it runs as a thread');
  const tell = (message: FromWorker<unknown>): void => port.postMessage(message);
  const run = (task: never): void => {
    let untold = 0;
    const result = work(task, (bytes) => {
      untold += bytes;
      if (untold < TOLD_BYTES) return;
      tell({ kind: 'progress', bytes: untold });
      untold = 0;
    });
    tell({ kind: 'progress', bytes: untold });
    tell({ kind: 'result', result });
  };
  port.on('message', (message: ToWorker<never>) => {
    // The thread ends by itself once nobody can send to it: never in the middle of a call.
    if (message.kind === 'end') port.close();
    else run(message.task);
  });
}
