/** What `seglog verify` says of a log's files, and the files themselves. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../src/clock/clock.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import type { FileSystem } from '../../../src/fs/contract.ts';
import { findTargets } from '../../../src/inspect/targets.ts';
import { LocalRunner } from '../../../src/inspect/verify/pool.ts';
import { contextOf } from '../../../src/inspect/verify/task.ts';
import { noTotals, planTargets } from '../../../src/inspect/verify/verify.ts';

/** @returns the first finding that is more than a remark, as JSON */
export async function verifyFault(
  fs: FileSystem,
  clock: Clock,
  directory: string,
  indexIntervalBytes: number | undefined,
): Promise<string | undefined> {
  const machine = { fs, clock, engine: defaultEngine() };
  const settings = { indexIntervalBytes, findingsPerFile: 10, maxBatchBytes: 1_000_000 };
  const plan = planTargets(contextOf(machine, settings), settings, findTargets(fs, [directory]));
  for await (const { findings, failures } of plan.run(
    new LocalRunner(machine, settings, () => undefined),
    noTotals(),
  )) {
    const odd = failures[0] ?? findings.find(({ severity }) => severity === 'error');
    if (odd !== undefined) return JSON.stringify(odd);
  }
  return undefined;
}

/** The files of a directory, by name, each by what stands for its bytes. */
export function treeOf(fs: FileSystem, directory: string): Map<string, string> {
  const tree = new Map<string, string>();
  for (const name of fs.list(directory)) {
    const path = `${directory}/${name}`;
    if (fs.stat(path)?.isDirectory === true) {
      for (const [inner, hash] of treeOf(fs, path)) tree.set(`${name}/${inner}`, hash);
    } else tree.set(name, hashOf(fs.readSmall(path) ?? new Uint8Array(0)));
  }
  return tree;
}

function hashOf(bytes: Uint8Array): string {
  return bytes.length < 400 ? Buffer.from(bytes).toString('hex') : createHash('md5').update(bytes).digest('hex');
}
