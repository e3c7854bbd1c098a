/** One run of vitest, counted. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inProject } from './project.mjs';
import { run } from './run.mjs';

const entry = inProject('node_modules', 'vitest', 'vitest.mjs');
const reporters = ['--reporter=default', `--reporter=${inProject('scripts', 'lib', 'tally-reporter.mjs')}`];

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // It died before its end; the caller counts that as a failure.
    return { passed: 0, failed: 0, skipped: 0, failures: [], reasons: [] };
  }
}

/** Runs the named test files or folders (all without names) under `node`, and adds what came of it to the tally. */
export async function vitest(name, { tally, paths = [], exclude = [], env = {}, node = process.execPath }) {
  process.stdout.write(`\n== ${name}\n`);
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'seglog-tally-'));
  const file = path.join(scratch, 'tally.json');
  const args = ['run', ...paths, ...reporters, ...exclude.flatMap((glob) => ['--exclude', glob])];
  const { code } = await run(node, [entry, ...args], { env: { ...env, SEGLOG_TALLY: file }, show: true });
  const { failures, reasons, ...counts } = readTally(file);
  rmSync(scratch, { recursive: true });
  tally.addRunner(name, counts, code);
  for (const failure of failures) tally.note(`FAILED: ${name}: ${failure}`);
  for (const reason of reasons) tally.note(`SKIPPED: ${name}: ${reason}`);
}
