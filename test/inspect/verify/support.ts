/** Runs verification on this thread, as the command does. */
import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Clock, ManualClock } from '../../../src/clock/clock.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { nodeFileSystem } from '../../../src/fs/node-fs.ts';
import type { Finding } from '../../../src/inspect/findings/finding.ts';
import { findTargets } from '../../../src/inspect/targets.ts';
import { LocalRunner } from '../../../src/inspect/verify/pool.ts';
import { contextOf, type VerifySettings } from '../../../src/inspect/verify/task.ts';
import { noTotals, planTargets, type VerifyTotals } from '../../../src/inspect/verify/verify.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { scratch } from '../../support/temp.ts';

/** The day after the fixtures' last timestamps. */
export const NOW = 1_800_000_000_000;

export interface VerifyRun {
  findings: Finding[];
  failures: string[];
  totals: VerifyTotals;
}

/** What `seglog verify` finds in these paths. */
export async function verifyPaths(
  paths: readonly string[],
  settings: Partial<VerifySettings> = {},
  clock: Clock = new ManualClock(NOW),
): Promise<VerifyRun> {
  const all = { indexIntervalBytes: undefined, findingsPerFile: 100, maxBatchBytes: 64 * 1024 * 1024, ...settings };
  const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock };
  const plan = planTargets(contextOf(machine, all), all, findTargets(nodeFileSystem, paths));
  const totals = noTotals();
  const run: VerifyRun = { findings: [], failures: [], totals };
  for await (const { findings, failures } of plan.run(new LocalRunner(machine, all, () => undefined), totals)) {
    run.findings.push(...findings);
    run.failures.push(...failures.map(({ code, path }) => `${code} ${basename(path)}`));
  }
  return run;
}

/** A copy of a partition of the fixtures, such as `clean/f-none-0`, to damage. */
export function copied(source: string): string {
  const directory = join(scratch(), basename(source));
  cpSync(join(FIXTURES, source), directory, { recursive: true, preserveTimestamps: true });
  return directory;
}

/** What matters of findings: code, file and position. */
export function brief(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity, file, position }) => `${severity} ${code} ${file} ${position ?? '-'}`);
}
