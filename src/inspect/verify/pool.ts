/** Who does the tasks of a verification: this thread, or several others at the same time. */
import { LocalTasks, type Runner, TaskPool } from '../task-pool.ts';
import { noFindings } from './sink.ts';
import { failureOf, type Machine, runTask, type TaskResult, type VerifySettings, type VerifyTask } from './task.ts';

/** Does tasks in the order in which they come, urgent ones first. */
export type TaskRunner = Runner<VerifyTask, TaskResult>;

/** Tasks on this thread, one at a time. */
export class LocalRunner extends LocalTasks<VerifyTask, TaskResult> {
  constructor(machine: Machine, settings: VerifySettings, progress: (bytes: number) => void) {
    super((task) => runTask(machine, settings, task, progress));
  }
}

/** Tasks on other threads. */
export class WorkerPool extends TaskPool<VerifyTask, TaskResult> {
  /** @param threads how many, at least 1 */
  constructor(threads: number, settings: VerifySettings, progress: (bytes: number) => void) {
    super(threads, { program: new URL('./worker.js', import.meta.url), settings, progress, lost });
  }
}

/** The result of a task whose thread died. */
function lost(_: VerifyTask, { message }: Error): TaskResult {
  const failure = failureOf(new Error(`the thread that verified this died: ${message}`));
  return { findings: [], counts: noFindings(), facts: undefined, batches: 0, records: 0, failure };
}
