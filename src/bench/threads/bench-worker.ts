/** A thread that does a bench on a partition of its own, in step with others. Started by threads.ts only. */
import { parentPort, workerData } from 'node:worker_threads';
import { tearError } from '../../cleaner/messages.ts';
import { defaultEngine } from '../../engine/select.ts';
import { nodeFileSystem } from '../../fs/node-fs.ts';
import { dropFromPageCache } from '../../fs/page-cache.ts';
import type { KeptTimes } from '../operation-times.ts';
import { runOrder } from '../order.ts';
import type { FromThread, ThreadTask, ToThread } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('this is no program: it runs as a thread');
const tell = (message: FromThread): void => port.postMessage(message);

const stop = new AbortController();
let proceed: (() => void) | undefined;
port.on('message', (message: ToThread) => {
  if (message === 'stop') stop.abort(new Error('stopped'));
  proceed?.();
});

/** Until the others are as far. */
async function wait(): Promise<void> {
  await new Promise<void>((resolve) => (proceed = resolve));
  proceed = undefined;
  stop.signal.throwIfAborted();
}

const { directory, rounds, cache, order } = workerData as ThreadTask;
let times: KeptTimes | undefined;
const lines = runOrder(
  {
    ...{ engine: defaultEngine(), fs: nodeFileSystem, directory, rounds, cache, dropCache: dropFromPageCache },
    signal: stop.signal,
    keep: (kept) => (times = kept),
    gate: () => {
      tell({ kind: 'ready' });
      return wait();
    },
  },
  order,
);
try {
  for await (const line of lines) {
    tell({ kind: 'round', line, times });
    await wait();
  }
  tell({ kind: 'done' });
} catch (error) {
  // Whoever stopped us knows why.
  if (!stop.signal.aborted) tell({ kind: 'failed', failure: tearError(error) });
} finally {
  port.close();
}
