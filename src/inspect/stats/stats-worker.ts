/** A thread that does one task after the other, with an engine of its own. Started by collect.ts only. */
import { parentPort, workerData } from 'node:worker_threads';
import { defaultEngine } from '../../engine/select.ts';
import { nodeFileSystem } from '../../fs/node-fs.ts';
import type { FromWorker, ToWorker } from '../task-pool.ts';
import { runStatsTask, type StatsSettings, type StatsTask, type StatsTaskResult } from './task.ts';

/** A message a chunk would be thousands a second. */
const TOLD_BYTES = 16 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error('this is no program: it runs as a thread');
const settings = workerData as StatsSettings;
const machine = { engine: defaultEngine(), fs: nodeFileSystem };
const tell = (message: FromWorker<StatsTaskResult>): void => port.postMessage(message);

function run(task: StatsTask): void {
  let untold = 0;
  const result = runStatsTask(machine, settings, task, (bytes) => {
    untold += bytes;
    if (untold < TOLD_BYTES) return;
    tell({ kind: 'progress', bytes: untold });
    untold = 0;
  });
  tell({ kind: 'progress', bytes: untold });
  tell({ kind: 'result', result });
}

port.on('message', (message: ToWorker<StatsTask>) => {
  // The thread ends by itself once nobody can send to it: never in the middle of a call.
  if (message.kind === 'end') port.close();
  else run(message.task);
});
