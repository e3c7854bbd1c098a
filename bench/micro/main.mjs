/**
 * `npm run bench:micro [-- PART_OF_A_NAME] [--ms 200] [--out DIR]`: each function of the engine contract on both engines, from
 * dist/. Prints nanoseconds a call (the median) and how many times faster the native engine is. With `--out` it also writes
 * DATE-micro.json there (bench/results: `npm run bench:report` takes it from there). Quote only what a quiet machine says.
 */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import * as zlib from 'node:zlib';
import Table from 'cli-table3';
import { Bench } from 'tinybench';
import { say } from '../../scripts/lib/project.mjs';
import { describeMachine, describeVersions } from '../harness/machine.mjs';
import { microRows } from '../report/micro-tables.mjs';
import { dayOf, ownArguments, writeResults } from '../report/results.mjs';
import { makeCases } from './cases.mjs';
import { loadEngines } from './engines.mjs';
import { removeScratch } from './scratch.mjs';

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { ms: { type: 'string', default: '200' }, out: { type: 'string' } },
});
const time = Number(options.ms);
if (!(time > 0)) {
  say('--ms must be a number above 0');
  process.exit(2);
}

/** Nanoseconds a call: one sample is many calls of a short function, so that the clock's own cost does not count. */
async function nanosecondsOf({ calls, run, runAsync }) {
  const bench = new Bench({ time, warmupTime: time / 4, throws: true });
  if (runAsync !== undefined) bench.add('case', runAsync, { async: true });
  else {
    bench.add('case', () => {
      for (let i = 0; i < calls; i++) run();
    });
  }
  const [task] = await bench.run();
  return (task.result.latency.p50 * 1e6) / calls;
}

/** All cases whose names contain the parts that were asked for, each on both engines in turn. */
async function measure(engines) {
  const packer = engines.native ?? engines.ts;
  const measured = [];
  for (const [at, { name, size, bytes }] of makeCases(engines.ts, packer).entries()) {
    if (!positionals.every((part) => name.includes(part))) continue;
    const ns = {};
    for (const [kind, engine] of Object.entries(engines)) {
      const prepared = makeCases(engine, packer)[at].prepare();
      ns[kind] = await nanosecondsOf(prepared);
      prepared.end?.();
    }
    measured.push({ name, size, bytes, ...ns });
    if (process.stderr.isTTY) process.stderr.write(`\r${name} ${size}\u001b[K`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return measured;
}

const started = new Date();
const machine = describeMachine(tmpdir());
let cases;
try {
  cases = await measure(await loadEngines());
} finally {
  removeScratch();
}
const { head, rows } = microRows({ cases });
const colAligns = head.map((_, at) => (at === 0 ? 'left' : 'right'));
const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
table.push(...rows);
process.stdout.write(`${table.toString()}\n`);
if (!('zstdCompressSync' in zlib)) {
  process.stdout.write('zstd: this Node has none, so the TypeScript engine stores what it is to compress as it is.\n');
}
if (options.out !== undefined) {
  const written = writeResults(options.out, `${dayOf(started)}-micro`, {
    format: 1,
    kind: 'micro',
    date: started.toISOString(),
    minutes: Number(((Date.now() - started.getTime()) / 60_000).toFixed(1)),
    command: `npm run bench:micro${ownArguments(process.argv.slice(2))}`,
    settings: { ms: time },
    versions: describeVersions(),
    machine,
    cases,
  });
  say(`written: ${written}`);
}
