/** A thread that verifies, with an engine of its own. Started by pool.ts only. */
import { workerData } from 'node:worker_threads';
import { systemClock } from '../../clock/clock.ts';
import { defaultEngine } from '../../engine/select.ts';
import { nodeFileSystem } from '../../fs/node-fs.ts';
import { serveTasks } from '../task-thread.ts';
import { runTask, type VerifySettings, type VerifyTask } from './task.ts';

const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };

serveTasks((task: VerifyTask, progress) => runTask(machine, workerData as VerifySettings, task, progress));
