/**
 * `npm run bench:micro [-- PART_OF_A_NAME] [--ms 200]`: each function of the engine contract on both engines, from dist/.
 * Prints nanoseconds a call (the median) and how many times faster the native engine is. Quote only what a quiet machine says.
 */
import { parseArgs } from 'node:util';
import * as zlib from 'node:zlib';
import Table from 'cli-table3';
import { Bench } from 'tinybench';
import { makeCases } from './cases.mjs';
import { loadEngines } from './engines.mjs';
import { removeScratch } from './scratch.mjs';

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { ms: { type: 'string', default: '200' } },
});
const time = Number(options.ms);
if (!(time > 0)) {
  process.stderr.write('--ms must be a number above 0\n');
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

const digits = (number) => number.toLocaleString('en-US', { maximumFractionDigits: number < 100 ? 1 : 0 });
const gigabytes = (bytes, ns) => (bytes > 0 && ns !== undefined ? (bytes / ns).toFixed(2) : '');

const engines = await loadEngines();
const packer = engines.native ?? engines.ts;
const table = new Table({
  head: ['function', 'size', 'native ns', 'ts ns', 'ts / native', 'native GB/s', 'ts GB/s'],
  colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});
try {
  const names = makeCases(engines.ts, packer).map(({ name }) => name);
  for (const [at, name] of names.entries()) {
    if (!positionals.every((part) => name.includes(part))) continue;
    const ns = {};
    for (const [kind, engine] of Object.entries(engines)) {
      const wanted = makeCases(engine, packer)[at];
      const prepared = wanted.prepare();
      ns[kind] = await nanosecondsOf(prepared);
      prepared.end?.();
    }
    const { size, bytes } = makeCases(engines.ts, packer)[at];
    const show = (number) => (number === undefined ? '-' : digits(number));
    const ratio = ns.native === undefined ? '-' : (ns.ts / ns.native).toFixed(2);
    table.push([name, size, show(ns.native), show(ns.ts), ratio, gigabytes(bytes, ns.native), gigabytes(bytes, ns.ts)]);
    if (process.stderr.isTTY) process.stderr.write(`\r${name} ${size}\u001b[K`);
  }
} finally {
  removeScratch();
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
process.stdout.write(`${table.toString()}\n`);
if (!('zstdCompressSync' in zlib)) {
  process.stdout.write('zstd: this Node has none, so the TypeScript engine stores what it is to compress as it is.\n');
}
