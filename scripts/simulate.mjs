/**
 * `npm run simulate -- [--seeds N] [--minutes M] [--seed S] [--exhaustive L]`: crashes and failing disks, simulated (test/simulate).
 * First every workload of up to L operations (default 2), then the scenarios of N seeds from S on, until M minutes are over.
 * `--replay FILE` and `--word LETTERS` do one thing again; `--workers N` says how many processes; `--result FILE` adds what was
 * counted to what is in it, as JSON, and goes on with the seed behind those of the session before. A failure is told with the line that repeats it, made short, and written to test/simulate/found/.
 */
import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { added, commitNow, readResults, replaceResults, today } from './lib/fault-results.mjs';
import { inProject, say } from './lib/project.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    exhaustive: { type: 'string' },
    replay: { type: 'string', multiple: true, default: [] },
    word: { type: 'string', multiple: true, default: [] },
    workers: { type: 'string', default: String(Math.min(8, availableParallelism())) },
    result: { type: 'string' },
  },
});

function number(name, fallback) {
  const value = values[name] === undefined ? fallback : Number(values[name]);
  if (value >= 0) return value;
  throw new Error(`--${name} takes a number, not ${values[name]}`);
}

const ENGINE = process.env.SEGLOG_ENGINE ?? 'ts';
const replays = values.replay.length > 0 || values.word.length > 0;
const minutes = number('minutes', Infinity);
const seeds = number('seeds', replays ? 0 : Number.isFinite(minutes) ? Infinity : 200);
const isOneSeed = seeds === 1;
const exhaustive = number('exhaustive', replays || isOneSeed ? 0 : 2);
const workers = replays || isOneSeed ? 1 : Math.max(1, number('workers'));
const before =
  values.result === undefined
    ? undefined
    : readResults(values.result).find(({ name, engine }) => name === 'simulate' && engine === ENGINE);
const firstSeed = number('seed', before?.nextSeed ?? 1);
const startedMs = Date.now();
const endMs = startedMs + minutes * 60_000;

const totals = { crashes: 0, operations: 0, faults: 0, seeds: 0, workloads: 0 };
const failures = [];

/** The simulator in one file, made of the sources as they are now. */
async function bundle() {
  const made = inProject('.cache', 'simulate', String(process.pid));
  const bundled = await rolldown({
    input: { worker: inProject('test', 'simulate', 'worker.ts') },
    external: /^node:/,
    platform: 'node',
    // `using` is not yet a word of the oldest Node.
    transform: { target: 'node20' },
    cwd: inProject(),
    checks: { circularDependency: false },
    logLevel: 'silent',
  });
  await bundled.write({
    dir: made,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-part.mjs',
    codeSplitting: false,
  });
  await bundled.close();
  return made;
}

function told() {
  const { crashes, operations, faults, seeds: run, workloads } = totals;
  const seconds = (Date.now() - startedMs) / 1000;
  const perSecond = Math.round(crashes / Math.max(seconds, 0.001));
  return `${seconds.toFixed(0)} s: ${crashes} crashes (${perSecond}/s), ${faults} failing calls, ${operations} operations, ${workloads} workloads, ${run} seeds, ${failures.length} failures`;
}

function fail({ replay, message, scenario }) {
  let again = replay;
  if (scenario !== undefined) {
    const file = path.join('test', 'simulate', 'found', `${scenario.of}-${scenario.seed}.json`);
    mkdirSync(inProject('test', 'simulate', 'found'), { recursive: true });
    writeFileSync(
      inProject(file),
      `${JSON.stringify({ note: '', message: message.split('\n')[0], ...scenario }, null, 2)}\n`,
    );
    again = `${replay}   (made short: --replay ${file})`;
  }
  failures.push(again);
  say(`\nFAILED: npm run simulate -- ${again}\n${message}\n`);
}

function work(file, worker) {
  return new Promise((resolve) => {
    const child = fork(file, { env: { ...process.env, SEGLOG_ENGINE: ENGINE } });
    child.on('message', ({ kind, ...rest }) => {
      if (kind === 'failure') return fail(rest);
      for (const [name, count] of Object.entries(rest)) totals[name] += count;
    });
    child.on('close', (code, signal) => {
      if (code !== 0) fail({ replay: '(a worker ended by itself)', message: `${code ?? signal}` });
      resolve();
    });
    // Infinity does not survive JSON.
    child.send({
      ...{
        worker,
        workers,
        seed: firstSeed,
        seeds: Math.min(seeds, 1e15),
        endMs: Math.min(endMs, 1e15),
        exhaustive,
      },
      words: values.word,
      scenarios: values.replay.map((name) => JSON.parse(readFileSync(name, 'utf8'))),
    });
  });
}

const made = await bundle();
const progress = setInterval(() => say(told()), 10_000);
try {
  await Promise.all(Array.from({ length: workers }, (_, at) => work(path.join(made, 'worker.mjs'), at)));
} finally {
  clearInterval(progress);
  rmSync(made, { recursive: true, force: true });
}
say(told());
if (values.result !== undefined) {
  const counts = { 'simulated crashes': totals.crashes, 'failing calls': totals.faults, operations: totals.operations };
  const session = {
    ...{ name: 'simulate', command: 'npm run simulate', engine: ENGINE },
    rows: ['F10', 'F11', 'F12', 'F13', 'F14', 'F15', 'F16', 'F18'],
    counts: { ...counts, workloads: totals.workloads, seeds: totals.seeds, failures: failures.length },
    // Workers take every so manyth; one of them may be ahead.
    ...{ nextSeed: firstSeed + totals.seeds + workers, date: today(), commits: [commitNow()] },
  };
  replaceResults(values.result, [added(before, session)]);
}
const isNothing = totals.operations === 0;
if (isNothing) say('FAILED: nothing was simulated');
process.exitCode = failures.length === 0 && !isNothing ? 0 : 1;
