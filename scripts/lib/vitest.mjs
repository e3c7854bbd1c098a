/** One run of vitest, counted. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
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

const MEMORY = '/dev/shm';
/** Twenty times of what a pass was seen to hold at once: 199 MiB, on the TypeScript engine. */
const ENOUGH_MEMORY = 4 * 2 ** 30;

/** Where a run's tests keep their files. Half of what a pass takes on a disk is waiting for it. */
function newScratch(inMemory) {
  const roomy = inMemory && existsSync(MEMORY) && statfsSync(MEMORY).bavail * statfsSync(MEMORY).bsize >= ENOUGH_MEMORY;
  const scratch = mkdtempSync(path.join(roomy ? MEMORY : os.tmpdir(), 'seglog-run-'));
  // Some tests have processes of other users look at what is there.
  chmodSync(scratch, 0o755);
  return scratch;
}

/**
 * Runs the named test files or folders (all without names) under `node`, and adds what came of it to the tally.
 * `inMemory`: the tests' files are kept in memory where there is room for them.
 */
export async function vitest(
  name,
  { tally, paths = [], exclude = [], env = {}, node = process.execPath, inMemory = false },
) {
  process.stdout.write(`\n== ${name}\n`);
  const scratch = newScratch(inMemory);
  const file = path.join(scratch, 'tally.json');
  const args = ['run', ...paths, ...reporters, ...exclude.flatMap((glob) => ['--exclude', glob])];
  const { code } = await run(node, [entry, ...args], {
    env: { ...env, TMPDIR: scratch, SEGLOG_TALLY: file },
    show: true,
  });
  const { failures, reasons, ...counts } = readTally(file);
  rmSync(scratch, { recursive: true, force: true });
  tally.addRunner(name, counts, code);
  for (const failure of failures) tally.note(`FAILED: ${name}: ${failure}`);
  for (const reason of reasons) tally.note(`SKIPPED: ${name}: ${reason}`);
}
