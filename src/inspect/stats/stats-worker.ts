/** A thread that counts, with an engine of its own. Started by collect.ts only. */
import { workerData } from 'node:worker_threads';
import { defaultEngine } from '../../engine/select.ts';
import { nodeFileSystem } from '../../fs/node-fs.ts';
import { serveTasks } from '../task-thread.ts';
import { runStatsTask, type StatsSettings, type StatsTask } from './task.ts';

const machine = { engine: defaultEngine(), fs: nodeFileSystem };

serveTasks((task: StatsTask, progress) => runStatsTask(machine, workerData as StatsSettings, task, progress));
