/** A thread that does one piece of work after the other, with an engine of its own. Started by pool.ts only. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../clock/clock.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { cleanSegments } from './clean.ts';
import type { CleanRequest, CleanRound } from './contract.ts';
import {
  type FromCleaner,
  mendError,
  tearError,
  type ToCleaner,
  type WorkRequest,
  type WorkResult,
} from './messages.ts';
import { proposeRetention } from './retention.ts';
import { unlinkDeleted } from './unlink.ts';

/** A message a chunk would be thousands a second. */
const TOLD_BYTES = 16 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error('this is no program: it runs as a thread');
const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
const tell = (message: FromCleaner): void => port.postMessage(message);

let stop = new AbortController();
/** Who waits for a group to be swapped. */
let swapped: ((failure: Extract<ToCleaner, { kind: 'swapped' }>['failure']) => void) | undefined;

function clean(request: CleanRequest): Promise<CleanRound> {
  stop = new AbortController();
  let toldBytes = 0;
  return cleanSegments(machine, request, {
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
}

async function resultOf({ kind, request }: WorkRequest): Promise<WorkResult> {
  if (kind === 'clean') return clean(request);
  if (kind === 'propose') return proposeRetention(machine, request);
  await unlinkDeleted(nodeFileSystem, request);
  return undefined;
}

async function work(given: WorkRequest): Promise<void> {
  try {
    tell({ kind: 'done', result: await resultOf(given) });
  } catch (error) {
    tell({ kind: 'failed', failure: tearError(error) });
  }
}

port.on('message', (message: ToCleaner) => {
  if (message.kind === 'swapped') swapped?.(message.failure);
  else if (message.kind === 'stop') stop.abort();
  else void work(message);
});
