/**
 * Opening a partition of many segments after a clean close: in a new process each time, with few and with many index
 * entries a segment. It takes less than a second, and the memory does not grow with the indexes.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../../scripts/lib/project.mjs';
import { runProgram } from './programs.mjs';
import { summary } from './statistics.mjs';

export const MOST_SECONDS = 1;
const BATCHES_PER_SEGMENT = [2, 200];
const worker = inProject('bench', 'compare', 'open-worker.mjs');
const needs = inProject('dist', 'index.js');

/** The worker on one engine. */
export function openWorker(engine, args) {
  return { command: process.execPath, args: [worker, ...args.map(String)], env: { SEGLOG_ENGINE: engine }, needs };
}

/** Runs the worker again and again; answers its lines, or why it failed. */
export async function openOften(engine, args, times) {
  const lines = [];
  for (let i = 0; i < times; i++) {
    const opened = await runProgram(openWorker(engine, args));
    if (!opened.ok) return opened;
    lines.push(...opened.lines);
  }
  return { ok: true, lines };
}

async function runOne(engine, batches, { directory, segments, rounds }, say) {
  const log = path.join(directory, 'open-0');
  say(`open: ${engine}, ${segments} segments of ${batches} batches`);
  mkdirSync(directory, { recursive: true });
  const made = await runProgram(openWorker(engine, ['make', log, segments, batches]));
  const opened = made.ok ? await openOften(engine, ['open', log], rounds + 2) : made;
  rmSync(directory, { recursive: true, force: true });
  if (!opened.ok) return { engine, batches, reason: opened.reason };
  const seconds = summary(opened.lines.map((line) => line.seconds));
  const { segments: found, indexMegabytes } = opened.lines[0];
  const grownMegabytes = summary(opened.lines.map((line) => line.grownMegabytes));
  return {
    engine,
    batches,
    segments: found,
    indexMegabytes,
    seconds,
    grownMegabytes,
    reached: seconds.most < MOST_SECONDS,
  };
}

/** For each engine and size of indexes the time and memory, or `reason`. */
export async function runOpenCase(options, { available, say }) {
  const results = [];
  for (const engine of ['native', 'ts']) {
    for (const batches of BATCHES_PER_SEGMENT) {
      const reason = available[engine];
      if (reason === undefined) results.push(await runOne(engine, batches, options, say));
      else results.push({ engine, batches, reason });
    }
  }
  return results;
}
