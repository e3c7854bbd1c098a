/** Reports as the command makes them, on this thread. */
import { ManualClock } from '../../src/clock/clock.ts';
import { type LogConfig, logConfig } from '../../src/config/log-config.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { findTargets } from '../../src/inspect/targets.ts';
import { LocalRunner } from '../../src/inspect/verify/pool.ts';
import type { ReportModel } from '../../src/report/contract.ts';
import { planReport } from '../../src/report/gather.ts';

/** The day after the fixtures' last timestamps. */
export const NOW = 1_800_000_000_000;

/** What may be asked. */
export interface Asked {
  readonly records?: number;
  readonly config?: Partial<LogConfig>;
}

/** The report of a directory. */
export async function reportOf(path: string, { records = 200, config = {} }: Asked = {}): Promise<ReportModel> {
  const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: new ManualClock(NOW) };
  const settings = { indexIntervalBytes: undefined, findingsPerFile: 20, maxBatchBytes: 64 * 1024 * 1024 };
  const [target] = findTargets(nodeFileSystem, [path]);
  if (target === undefined || target.kind === 'file') throw new Error(`${path} is no directory of a log`);
  const request = { target, settings, records, nowMs: NOW, config: logConfig(config), version: '0.0.0', threads: 0 };
  const ignore = (): void => undefined;
  const { model } = await planReport(machine, request).run(new LocalRunner(machine, settings, ignore), ignore);
  return model;
}
