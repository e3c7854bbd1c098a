/** A thread that does one round of cleaning after the other, with an engine of its own. Started by pool.ts only. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../clock/clock.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { cleanSegments } from './clean.ts';
import type { CleanRequest } from './contract.ts';
import { type FromCleaner, mendError, tearError, type ToCleaner } from './messages.ts';

/** A message a chunk would be thousands a second. */
const TOLD_BYTES = 16 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error('this is no program: it runs as a thread');
const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
const tell = (message: FromCleaner): void => port.postMessage(message);

let stop = new AbortController();
/** Who waits for a group to be swapped. */
let swapped: ((failure: Extract<ToCleaner, { kind: 'swapped' }>['failure']) => void) | undefined;

async function clean(request: CleanRequest): Promise<void> {
  stop = new AbortController();
  let toldBytes = 0;
  try {
    const round = await cleanSegments(machine, request, {
      signal: stop.signal,
      onGroup: async (group) => {
        const answer = new Promise<Parameters<NonNullable<typeof swapped>>[0]>((resolve) => (swapped = resolve));
        tell({ kind: 'group', group });
        const failure = await answer;
        if (failure !== undefined) throw mendError(failure);
      },
      onProgress: (progress) => {
        const isNews = progress.doneBytes === progress.totalBytes || progress.doneBytes < toldBytes;
        if (!isNews && progress.doneBytes - toldBytes < TOLD_BYTES) return;
        toldBytes = progress.doneBytes;
        tell({ kind: 'progress', progress });
      },
    });
    tell({ kind: 'done', round });
  } catch (error) {
    tell({ kind: 'failed', failure: tearError(error) });
  }
}

port.on('message', (message: ToCleaner) => {
  if (message.kind === 'clean') void clean(message.request);
  else if (message.kind === 'swapped') swapped?.(message.failure);
  else stop.abort();
});
