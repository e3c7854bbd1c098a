/**
 * `npm run bench:inspect`: the inspector next to Kafka's own tool (kafka-dump-log), as whole processes on the same segment
 * with the page cache warm, in turns. Only the ratios of one run count.
 */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inProject } from '../../scripts/lib/project.mjs';
import { setup } from '../../scripts/setup.mjs';
import { whyNotAvailable } from './available.mjs';
import { INSPECT_CASES, MOST_MEGABYTES, programOf } from './inspect-cases.mjs';
import { timeProgram } from './inspect-run.mjs';
import { describeMachine, machineLine } from './machine.mjs';
import { runProgram, SIDES } from './programs.mjs';
import { tableText } from './report.mjs';
import { summary } from './statistics.mjs';

const HELP = `usage: npm run bench:inspect -- [options]

Runs kafka-dump-log and seglog's inspector on one segment, in turns, and prints times, ratios and peak memory.

  --bytes N      size of the segment (default 1000000000)
  --codec NAME   uncompressed, gzip, snappy, lz4 or zstd (default uncompressed)
  --rounds N     measured rounds, after one that warms up (default 5)
  --only A,B     cases whose names contain A or B: ${INSPECT_CASES.map(({ name }) => name).join(', ')}
  --to-file      output goes to a file beside the segment; to the null device otherwise
  --dir DIR      where the segment goes (default: a directory of the system's temporary one)
  --out FILE     also write everything that was measured as JSON
  --no-build     take dist/ and the addon as they are
`;

function say(line) {
  process.stderr.write(`${line}\n`);
}

function readOptions(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const options = { bytes: text, codec: text, rounds: text, only: text, dir: text, out: text };
  const { values } = parseArgs({ args, options: { ...options, 'to-file': flag, 'no-build': flag, help: flag } });
  return {
    bytes: Number(values.bytes ?? 1e9),
    codec: values.codec ?? 'uncompressed',
    rounds: Number(values.rounds ?? 5),
    only: values.only?.split(',') ?? [''],
    dir: values.dir ?? os.tmpdir(),
    out: values.out,
    toFile: values['to-file'],
    build: !values['no-build'],
    help: values.help,
  };
}

async function makeSegment(scratch, { bytes, codec }) {
  const worker = inProject('bench', 'compare', 'inspect-worker.mjs');
  say(`making a segment of ${bytes} bytes, ${codec}`);
  const args = [worker, path.join(scratch, 'inspect-0'), String(bytes), codec];
  const made = await runProgram({ command: process.execPath, args, env: {}, needs: inProject('dist', 'index.js') });
  if (!made.ok) throw new Error(made.reason);
  const [segment] = made.lines;
  // Through the page cache once.
  for await (const chunk of createReadStream(segment.file, { highWaterMark: 2 ** 20 })) void chunk;
  return segment;
}

/** All sides of a case once. */
async function runTurn(inspectCase, segment, options, results) {
  for (const side of SIDES) {
    const result = results[side];
    const program = result.reason === undefined ? programOf(inspectCase, side, segment) : undefined;
    if (program === undefined) continue;
    const sink = options.toFile ? path.join(path.dirname(segment.file), 'output') : undefined;
    const { seconds, megabytes, reason } = await timeProgram(program, { first: inspectCase.first === true, sink });
    if (reason === undefined) result.runs.push({ seconds, megabytes });
    else result.reason = reason;
  }
}

async function runCase(inspectCase, segment, options, available) {
  const results = Object.fromEntries(SIDES.map((side) => [side, { reason: available[side], runs: [] }]));
  for (let round = 0; round <= options.rounds; round++) {
    say(`${inspectCase.name}: round ${round} of ${options.rounds}`);
    await runTurn(inspectCase, segment, options, results);
    if (round === 0) for (const result of Object.values(results)) result.runs = [];
  }
  const sides = {};
  for (const [side, { reason, runs }] of Object.entries(results)) {
    if (reason !== undefined) sides[side] = { reason };
    else if (runs.length > 0) {
      const peaks = runs.map(({ megabytes }) => megabytes).filter((peak) => peak !== undefined);
      const megabytes = peaks.length === 0 ? undefined : Math.max(...peaks);
      sides[side] = { seconds: summary(runs.map(({ seconds }) => seconds)), megabytes };
    }
  }
  return { name: inspectCase.name, target: inspectCase.target, sides };
}

/** How many times as long as a side Kafka's tool takes: of the medians, and at its least favourable. */
function ratioOf(sides, side) {
  const [ours, kafka] = [sides[side].seconds, sides.kafka?.seconds];
  if (side === 'kafka' || kafka === undefined || ours === undefined) return undefined;
  return { median: kafka.median / ours.median, least: kafka.least / ours.most };
}

function verdict({ least, within }, seconds, ratio) {
  if (least !== undefined && ratio !== undefined) return `>= ${least}: ${ratio.median >= least ? 'met' : 'BELOW'}`;
  if (within !== undefined) return `< ${within * 1000} ms: ${seconds.median < within ? 'met' : 'ABOVE'}`;
  return '';
}

function secondsText({ median, least, most }) {
  const text = (seconds) => (most < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`);
  return `${text(median)} (${text(least)} - ${text(most)})`;
}

function row({ name, target, sides }, side, isFirst) {
  const { seconds, megabytes, reason } = sides[side];
  const title = isFirst ? name : '';
  if (reason !== undefined) return [title, side, `not available: ${reason}`, '', '', ''];
  const ratio = ratioOf(sides, side);
  const ratioText = ratio === undefined ? '' : `${ratio.median.toFixed(1)} (${ratio.least.toFixed(1)})`;
  const memoryText = megabytes === undefined ? '' : `${Math.round(megabytes)} MB`;
  const isLarge = side !== 'kafka' && megabytes >= MOST_MEGABYTES;
  const targetText = side === 'kafka' ? '' : verdict(target, seconds, ratio);
  return [title, side, secondsText(seconds), ratioText, `${memoryText}${isLarge ? ' ABOVE' : ''}`, targetText];
}

function report(machine, segment, { codec, toFile, rounds }, cases) {
  const rows = cases.flatMap((one) => Object.keys(one.sides).map((side, index) => row(one, side, index === 0)));
  const { sizeBytes, records, batches } = segment;
  const head = ['work', 'engine', 'median (least - most)', 'times as fast (least)', 'peak RSS', 'target'];
  process.stdout.write(
    `${machineLine(machine)}\n\n${sizeBytes} bytes, ${records} records of 100 B in ${batches} batches, ${codec}; ` +
      `${rounds} rounds; output to ${toFile ? 'a file' : 'the null device'}\n${tableText(head, rows)}\n`,
  );
}

async function main(options) {
  if (options.build) await setup();
  const scratch = mkdtempSync(path.join(options.dir, 'seglog-inspect-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  const machine = describeMachine(scratch);
  const available = await whyNotAvailable();
  const segment = await makeSegment(scratch, options);
  const cases = [];
  for (const inspectCase of INSPECT_CASES.filter(({ name }) => options.only.some((part) => name.includes(part)))) {
    cases.push(await runCase(inspectCase, segment, options, available));
  }
  report(machine, segment, options, cases);
  if (options.out !== undefined) {
    writeFileSync(options.out, `${JSON.stringify({ machine, options, segment, cases }, null, 2)}\n`);
    say(`written: ${options.out}`);
  }
}

const options = readOptions(process.argv.slice(2));
if (options.help) process.stdout.write(HELP);
else await main(options);
