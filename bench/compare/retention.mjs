/**
 * Retention of a partition whose segments are all due, by a store with its worker threads, in a new process each time: how
 * long it takes until all are renamed and the log start is in its checkpoint, how long the unlinking takes that follows after
 * `file.delete.delay.ms`, and how long the event loop of the store's owner stood still.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../../scripts/lib/project.mjs';
import { runProgram } from './programs.mjs';
import { summary } from './statistics.mjs';

export const MOST_RETENTION_SECONDS = 1;
const worker = inProject('bench', 'compare', 'retention-worker.mjs');
const needs = inProject('dist', 'index.js');

function retentionWorker(engine, args) {
  return { command: process.execPath, args: [worker, ...args.map(String)], env: { SEGLOG_ENGINE: engine }, needs };
}

async function runOften(engine, { model, logs }, times) {
  const lines = [];
  for (let i = 0; i < times; i++) {
    rmSync(logs, { recursive: true, force: true });
    cpSync(model, logs, { recursive: true, preserveTimestamps: true });
    const ran = await runProgram(retentionWorker(engine, ['run', logs]));
    if (!ran.ok) return ran;
    lines.push(...ran.lines);
  }
  return { ok: true, lines };
}

async function runOne(engine, { directory, segments, rounds }, say) {
  const places = { model: path.join(directory, 'model'), logs: path.join(directory, 'logs') };
  say(`retention: ${engine}, ${segments} segments`);
  mkdirSync(places.model, { recursive: true });
  const made = await runProgram(retentionWorker(engine, ['make', places.model, segments]));
  const ran = made.ok ? await runOften(engine, places, rounds) : made;
  rmSync(directory, { recursive: true, force: true });
  if (!ran.ok) return { engine, segments, reason: ran.reason };
  const of = (field) => summary(ran.lines.map((line) => line[field]));
  const seconds = of('seconds');
  return {
    engine,
    segments: ran.lines[0].segments,
    seconds,
    longestMs: of('longestMs'),
    unlinkSeconds: of('unlinkSeconds'),
    unlinkLongestMs: of('unlinkLongestMs'),
    reached: seconds.most < MOST_RETENTION_SECONDS,
  };
}

/** For each engine the times, or `reason`. */
export async function runRetentionCase(options, { available, say }) {
  const results = [];
  for (const engine of ['native', 'ts']) {
    const reason = available[engine];
    const { segments } = options;
    results.push(reason === undefined ? await runOne(engine, options, say) : { engine, segments, reason });
  }
  return results;
}
