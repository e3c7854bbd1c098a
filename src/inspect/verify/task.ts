/** One piece of verification that a thread does alone: plain data in, plain data out. */
import type { Clock } from '../../clock/clock.ts';
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import type { FileSystem } from '../../fs/contract.ts';
import type { KnownFile } from '../file-kinds.ts';
import type { Finding } from '../findings/finding.ts';
import { checkLoneFile } from './directory/lone-file.ts';
import type { LogDirectoryFacts, SegmentFacts, VerifyContext } from './facts.ts';
import { checkPartition } from './partition/check.ts';
import { checkSegment, type SegmentFiles } from './segment/check.ts';
import { FindingSink, type SeverityCounts } from './sink.ts';

/** What there is to do. */
export type VerifyTask =
  | {
      readonly kind: 'segment';
      readonly files: SegmentFiles;
      /** The path of the one file that findings are wanted about. */
      readonly only?: string;
    }
  | {
      readonly kind: 'partition';
      readonly directory: string;
      readonly facts: readonly SegmentFacts[];
      readonly logDirectory: LogDirectoryFacts | undefined;
    }
  | { readonly kind: 'lone-file'; readonly known: KnownFile };

/** What the user asked for, as far as tasks depend on it. */
export interface VerifySettings {
  /** `index.interval.bytes`; undefined when nothing is known. */
  readonly indexIntervalBytes: number | undefined;
  /** How many findings of a file are kept; all are counted. */
  readonly findingsPerFile: number;
  readonly maxBatchBytes: number;
}

/** Why a file could not be looked at. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What a task came to. */
export interface TaskResult {
  readonly findings: readonly Finding[];
  readonly counts: SeverityCounts;
  readonly facts: SegmentFacts | undefined;
  readonly batches: number;
  readonly records: number;
  /** Set when it was not done to the end. */
  readonly failure: Failure | undefined;
}

/** The parts that a thread brings along. */
export interface Machine {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
}

/** What checks work with. */
export function contextOf(machine: Machine, settings: VerifySettings): VerifyContext {
  const { engine, fs, clock } = machine;
  const { indexIntervalBytes, maxBatchBytes } = settings;
  return { engine, fs, clock, config: { indexIntervalBytes }, limits: { maxBatchBytes } };
}

/** What an error says, in a form that crosses threads. */
export function failureOf(error: unknown): Failure {
  if (error instanceof SeglogError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}

/** Does a task. Never raises: what went wrong is in the result, with the findings that there were before. */
export function runTask(
  machine: Machine,
  settings: VerifySettings,
  task: VerifyTask,
  progress: (bytes: number) => void,
): TaskResult {
  const context = contextOf(machine, settings);
  const sink = new FindingSink(settings.findingsPerFile, task.kind === 'segment' ? task.only : undefined);
  let done: { facts: SegmentFacts | undefined; batches: number; records: number } | undefined;
  let failure: Failure | undefined;
  try {
    if (task.kind === 'segment') done = checkSegment(context, task.files, sink, progress);
    else if (task.kind === 'lone-file') sink.addAll(checkLoneFile(context, task.known));
    else sink.addAll(checkPartition(context, task.directory, task.facts, task.logDirectory));
  } catch (error) {
    failure = failureOf(error);
  }
  const { findings, counts } = sink;
  return { findings, counts, facts: done?.facts, batches: done?.batches ?? 0, records: done?.records ?? 0, failure };
}
