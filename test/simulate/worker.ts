/**
 * One of the processes of `npm run simulate` (scripts/simulate.mjs), which bundles this file and tells what to try: workloads
 * and seeds, every `workers`th of them. It tells what it counted as it goes, and a failure when it has been made short.
 */
import { runWorkload, workloads } from './exhaustive.ts';
import { noCounts, runScenario, scenarioOf, type Scenario, shrunk } from './scenario.ts';

interface Task {
  readonly worker: number;
  readonly workers: number;
  readonly seed: number;
  readonly seeds: number;
  readonly endMs: number;
  readonly exhaustive: number;
  /** Only these, if there are any. */
  readonly words: readonly string[];
  readonly scenarios: readonly Scenario[];
}

/** Between two reports. */
const REPORT_MS = 1000;

function send(message: object): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

async function run(task: Task): Promise<void> {
  let counts = noCounts();
  let done = { seeds: 0, workloads: 0 };
  let told = Date.now();
  const report = async (): Promise<void> => {
    await send({ kind: 'counts', ...counts, ...done });
    counts = noCounts();
    done = { seeds: 0, workloads: 0 };
    told = Date.now();
  };
  const isOver = (): boolean => Date.now() >= task.endMs;
  const word = async (one: string): Promise<void> => {
    const message = await runWorkload(one, counts);
    done.workloads++;
    if (message !== undefined) await send({ kind: 'failure', replay: `--word ${one}`, message });
    if (Date.now() - told > REPORT_MS) await report();
  };
  const scenario = async (one: Scenario, replay: string): Promise<void> => {
    const message = await runScenario(one, counts);
    done.seeds++;
    if (message !== undefined) await send({ kind: 'failure', replay, ...(await shrunk(one, message)) });
    if (Date.now() - told > REPORT_MS) await report();
  };
  for (const one of task.words) await word(one);
  for (const [at, one] of task.scenarios.entries())
    await scenario(one, `--replay (number ${at + 1} of the files given)`);
  let nth = 0;
  for (const one of workloads(task.exhaustive)) {
    if (isOver()) break;
    if (nth++ % task.workers === task.worker) await word(one);
  }
  for (let at = task.worker; at < task.seeds && !isOver(); at += task.workers) {
    await scenario(scenarioOf(task.seed + at), `--seed ${task.seed + at} --seeds 1`);
  }
  await report();
  process.disconnect();
}

process.on('message', (task: Task) => void run(task));
