/** Verifies partitions of fixtures as `seglog verify` does, on this thread. */
import { cpSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Finding } from '../../../../src/inspect/findings/finding.ts';
import { nodeFileSystem } from '../../../../src/fs/node-fs.ts';
import { checkLogDirectory } from '../../../../src/inspect/verify/directory/check.ts';
import { readLogDirectory } from '../../../../src/inspect/verify/directory/facts.ts';
import type {
  LogDirectoryFacts,
  PartitionFacts,
  SegmentFacts,
  VerifyContext,
} from '../../../../src/inspect/verify/facts.ts';
import { checkPartition } from '../../../../src/inspect/verify/partition/check.ts';
import { planPartition } from '../../../../src/inspect/verify/plan.ts';
import { checkSegment } from '../../../../src/inspect/verify/segment/check.ts';
import { FindingSink } from '../../../../src/inspect/verify/sink.ts';
import { FIXTURES } from '../../../support/fixtures.ts';
import { segmentContext } from '../../../support/context.ts';
import { scratch } from '../../../support/temp.ts';

const MAX_BATCH_BYTES = 128 * 1024 * 1024;

export function verifyContext(): VerifyContext {
  const { engine, fs, clock } = segmentContext();
  return { engine, fs, clock, config: { indexIntervalBytes: undefined }, limits: { maxBatchBytes: MAX_BATCH_BYTES } };
}

/** A copy of a fixture's partition, such as `clean/f-txn-0`, under its own name. */
export function copied(source: string): string {
  const directory = join(scratch(), basename(source));
  cpSync(join(FIXTURES, source), directory, { recursive: true });
  return directory;
}

/** The facts about the segments of a partition. */
export function factsOf(directory: string): SegmentFacts[] {
  const context = verifyContext();
  const facts: SegmentFacts[] = [];
  for (const { task } of planPartition(nodeFileSystem, directory, readdirSync(directory), false)) {
    const found = checkSegment(context, task.files, new FindingSink(100), () => undefined).facts;
    if (found !== undefined) facts.push(found);
  }
  return facts;
}

/** What is found in a partition, its segments' own files left out. */
export function findingsOf(directory: string, logDirectory?: LogDirectoryFacts): Finding[] {
  return [...checkPartition(verifyContext(), directory, factsOf(directory), logDirectory)];
}

/** The same, of a partition within its log directory. */
export function findingsWithin(directory: string): Finding[] {
  return findingsOf(directory, readLogDirectory(verifyContext(), dirname(directory), false));
}

/** What is found beside the partitions of a log directory. */
export function findingsBeside(directory: string): Finding[] {
  const names = readdirSync(directory);
  const partitions: PartitionFacts[] = names
    .filter((name) => /^[\w.-]+-\d+$/.test(name) && nodeFileSystem.stat(join(directory, name))?.isDirectory === true)
    .map((name) => ({ name, path: join(directory, name), segments: factsOf(join(directory, name)) }));
  return [...checkLogDirectory(verifyContext(), directory, names, partitions)];
}

/** Findings in short: what is asserted of most of them. */
export function inShort(findings: readonly Finding[]): string[] {
  return findings.map(({ severity, code, file, position }) => `${severity} ${code} ${file} ${position}`);
}
