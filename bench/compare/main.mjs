/**
 * `npm run bench:compare`: Apache Kafka's engine and seglog's two, side by side in one run, in turns. Only the ratios of
 * one run count: machines differ, and so do the hours of one machine.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setup } from '../../scripts/setup.mjs';
import { whyNotAvailable } from './available.mjs';
import { runBeforeCase } from './before.mjs';
import { runCompactCase } from './compact.mjs';
import { runCopyCase } from './copy.mjs';
import { runGroupCase } from './group.mjs';
import { runLargeLog } from './large-log.mjs';
import { describeMachine, machineLine } from './machine.mjs';
import { runOpenPartitionsCase } from './open-partitions.mjs';
import { runOpenCase } from './open.mjs';
import { HELP, readOptions } from './options.mjs';
import {
  beforeTable,
  compactTable,
  copyText,
  groupTable,
  memoryTable,
  openPartitionsTable,
  openTable,
  retentionTable,
  speedTable,
  whileCleaningTable,
} from './report.mjs';
import { runRetentionCase } from './retention.mjs';
import { SPEED_CASES } from './speed-cases.mjs';
import { runSpeedCase } from './speed.mjs';
import { runWhileCleaningCase } from './while-cleaning.mjs';

const OTHER_CASES = [
  'compact',
  'copy',
  'group-commit',
  'open',
  'open-partitions',
  'retention',
  'before',
  'memory',
  'while-cleaning',
];

function say(line) {
  process.stderr.write(`${line}\n`);
}

function print(text) {
  process.stdout.write(`${text}\n`);
}

async function measure(options, chosen, context) {
  const measured = { speed: [] };
  for (const speedCase of SPEED_CASES.filter(({ name }) => chosen(name))) {
    measured.speed.push({ name: speedCase.name, sides: await runSpeedCase(speedCase, options, context) });
  }
  if (chosen('copy')) {
    say('copy: native');
    const reason = context.available.native;
    measured.copy = reason === undefined ? await runCopyCase(options) : { reason };
  }
  if (chosen('compact')) measured.compact = await runCompactCase(options, context);
  if (chosen('while-cleaning')) measured.whileCleaning = await runWhileCleaningCase(options, context);
  if (chosen('group-commit')) measured.group = await runGroupCase(options, context);
  if (chosen('open')) measured.open = await runOpenCase(options, context);
  if (chosen('open-partitions')) measured.openPartitions = await runOpenPartitionsCase(options, context);
  if (chosen('retention')) measured.retention = await runRetentionCase(options, context);
  if (chosen('before') && options.before !== undefined) measured.before = await runBeforeCase(options, context);
  if (chosen('memory')) measured.memory = await runLargeLog(options, context);
  return measured;
}

function report({ records, rounds, warm, cycles, gib }, machine, measured) {
  const { speed, compact, copy, group, open, openPartitions, retention, before, memory, whileCleaning } = measured;
  print(machineLine(machine));
  if (speed.length > 0) {
    print(
      `\n${records} records of 100 B, 1000 a batch; ${cycles} turns of ${rounds} rounds each, after ${warm} that warmed up`,
    );
    print(speedTable(speed));
  }
  if (copy !== undefined) print(`\n${copyText(copy)}`);
  if (compact !== undefined) {
    print(`\ncompaction of 5 M records of 100 B with 1 M keys, all but the active segment\n${compactTable(compact)}`);
  }
  if (whileCleaning !== undefined) {
    print(
      `\nappends of 100 records of 100 B, alone and while the log's sealed segments are compacted\n${whileCleaningTable(whileCleaning)}`,
    );
  }
  if (group !== undefined) print(`\ngroup commit, 64 appenders of one record of 100 B each\n${groupTable(group)}`);
  if (open !== undefined) print(`\nopening after a clean close\n${openTable(open)}`);
  if (openPartitions !== undefined) {
    print(`\nopening all partitions of a log directory after a clean close\n${openPartitionsTable(openPartitions)}`);
  }
  if (retention !== undefined) {
    print(`\nretention of a partition whose segments are all due, by a store\n${retentionTable(retention)}`);
  }
  if (before !== undefined) print(`\nagainst an older version\n${beforeTable(before)}`);
  if (memory !== undefined) print(`\na partition of ${gib} GiB\n${memoryTable(memory)}`);
}

async function compare(options) {
  const chosen = (name) => options.only.some((part) => name.includes(part));
  const scratch = mkdtempSync(path.join(options.dir ?? os.tmpdir(), 'seglog-compare-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  const machine = describeMachine(scratch);
  const context = { available: await whyNotAvailable(), say };
  const measured = await measure({ ...options, directory: path.join(scratch, 'work') }, chosen, context);
  report(options, machine, measured);
  if (options.out !== undefined) {
    writeFileSync(options.out, `${JSON.stringify({ machine, options, ...measured }, null, 2)}\n`);
    say(`written: ${options.out}`);
  }
}

async function main() {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    say(`${error.message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) print(HELP);
  else if (options.list) print([...SPEED_CASES.map(({ name }) => name), ...OTHER_CASES].join('\n'));
  else {
    if (options.build) await setup();
    await compare(options);
  }
  return 0;
}

process.exitCode = await main();
