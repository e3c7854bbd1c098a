/** Producer state in tests: where it lives, and batches for it. */
import { defaultEngine } from '../../../src/engine/select.ts';
import type { SeglogError } from '../../../src/errors/errors.ts';
import type { Crc32c } from '../../../src/format/producer-snapshot.ts';
import type { FileSystem } from '../../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../../src/fs/node-fs.ts';
import type { AppendOrigin, CompletedTransaction, ProducerBatch } from '../../../src/state/producers/producer-batch.ts';
import { lastSequenceOf } from '../../../src/state/producers/producer-batch.ts';
import { ProducerState } from '../../../src/state/producers/producer-state.ts';
import { scratchPartition } from '../../support/temp.ts';

export const DAY_MS = 86_400_000;

/** A partition directory that is there. */
export interface Place {
  readonly fs: FileSystem;
  readonly directory: string;
}

export function inMemory(): Place {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/log/t-0');
  return { fs, directory: '/log/t-0' };
}

export function onDisk(): Place {
  const directory = scratchPartition();
  nodeFileSystem.makeDirectory(directory);
  return { fs: nodeFileSystem, directory };
}

/** The checksum of snapshots, by the engine in use. */
export const crc32c: Crc32c = (bytes, start, end) => defaultEngine().crc32c(bytes, start, end);

export function stateIn({ fs, directory }: Place, onProblem?: (problem: SeglogError) => void): ProducerState {
  const problems = onProblem === undefined ? {} : { onProblem };
  return new ProducerState({ fs, directory, crc32c, expirationMs: DAY_MS, ...problems });
}

/** What a test says of a batch; the rest is the usual. */
export type BatchFields = Partial<ProducerBatch> & { readonly count?: number };

/** A data batch: producer 1, epoch 0, one record, no transaction. */
export function data(baseOffset: number, fields: BatchFields = {}): ProducerBatch {
  const { count = 1, baseSequence = 0, ...rest } = fields;
  return {
    producerId: 1,
    producerEpoch: 0,
    baseSequence,
    lastSequence: lastSequenceOf(baseSequence, count - 1),
    baseOffset,
    lastOffset: baseOffset + count - 1,
    maxTimestamp: 1000,
    isTransactional: false,
    isControl: false,
    marker: undefined,
    ...rest,
  };
}

/** A marker that ends producer 1's transaction. */
export function marker(
  baseOffset: number,
  type: 'commit' | 'abort',
  fields: BatchFields & { readonly coordinatorEpoch?: number } = {},
): ProducerBatch {
  const { coordinatorEpoch = 0, ...rest } = fields;
  return data(baseOffset, {
    baseSequence: -1,
    isTransactional: true,
    isControl: true,
    marker: { type, coordinatorEpoch },
    ...rest,
  });
}

/** Appends one batch as a log does; returns the transaction that it ended. */
export function write(
  state: ProducerState,
  batch: ProducerBatch,
  origin: AppendOrigin = batch.isControl ? 'coordinator' : 'client',
): CompletedTransaction | undefined {
  const append = state.prepareUpdate(batch.producerId, origin);
  const completed = append.append(batch);
  state.update(append);
  if (completed !== undefined) state.completeTransaction(completed);
  state.updateMapEndOffset(batch.lastOffset + 1);
  return completed;
}

/** The code of the error that it raises; undefined when it does not. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as SeglogError).code;
  }
}

/** The snapshots in the directory, as offsets. */
export function snapshotsIn({ fs, directory }: Place): number[] {
  return fs
    .list(directory)
    .filter((name) => name.endsWith('.snapshot'))
    .map((name) => Number.parseInt(name, 10));
}

export function snapshotPath({ directory }: Place, offset: number): string {
  return `${directory}/${String(offset).padStart(20, '0')}.snapshot`;
}
