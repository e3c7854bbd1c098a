/** Producer snapshots and transaction indexes against the log, in one pass over it. */
import { join } from 'node:path';
import { SUFFIXES } from '../../../format/names.ts';
import type { Crc32c, ProducerSnapshotEntry } from '../../../format/producer-snapshot.ts';
import type { File } from '../../../fs/contract.ts';
import type { Finding } from '../../findings/finding.ts';
import type { VerifyContext } from '../facts.ts';
import type { Contents } from './contents.ts';
import type { PartitionExtent, SegmentExtent } from './extent.ts';
import { PartitionReplay, type ReplayFault, type SegmentTransactions } from './replay.ts';
import type { SmallFiles } from './small-files.ts';
import { checkSnapshotEntries, checkSnapshotFile, MAX_SNAPSHOT_BYTES } from './snapshot-file.ts';
import { checkSnapshotContent, isOpenForSure, snapshotName } from './snapshots.ts';
import { told } from './told.ts';
import { checkTransactionForm, checkTransactionIndex } from './transactions.ts';

/** Everything that derives from producers. */
export function* checkState(
  context: VerifyContext,
  directory: string,
  contents: Contents,
  extent: PartitionExtent,
  files: SmallFiles,
): Generator<Finding, void> {
  yield* new StateCheck(context, directory, contents, extent, files).run();
}

class StateCheck {
  readonly #crc32c: Crc32c;
  readonly #directory: string;
  readonly #extent: PartitionExtent;
  readonly #files: SmallFiles;
  readonly #replay: PartitionReplay;
  /** Files that were not looked at yet, by offset. */
  readonly #snapshots: Set<bigint>;
  readonly #indexes: Set<bigint>;
  /** Transactions that the snapshot at the log end has open. */
  readonly #recorded: Set<bigint> = new Set();

  constructor(
    { engine, fs, clock }: VerifyContext,
    directory: string,
    contents: Contents,
    extent: PartitionExtent,
    files: SmallFiles,
  ) {
    this.#crc32c = (bytes, start, end) => engine.crc32c(bytes, start, end);
    this.#directory = directory;
    this.#extent = extent;
    this.#files = files;
    this.#replay = new PartitionReplay({ engine, fs, clock }, directory, extent, contents.snapshots);
    this.#snapshots = new Set(contents.snapshots);
    this.#indexes = new Set(contents.transactionIndexes);
  }

  *run(): Generator<Finding, void> {
    try {
      for (const step of this.#replay.steps()) {
        if (step.kind === 'at') yield* this.#snapshot(step.offset, true);
        else if (step.kind === 'segment') yield* this.#segment(step.segment, step.transactions);
        else if (step.kind === 'fault') yield* this.#fault(step.fault);
        else yield* this.#openTransactions(step.offset);
      }
    } catch (error) {
      this.#files.note(error);
    }
    // What lies where the log could not be replayed is looked at for its form alone.
    for (const offset of [...this.#snapshots]) yield* this.#snapshot(offset, false);
    for (const { base } of this.#extent.segments) yield* this.#indexForm(base);
    for (const base of this.#indexes) {
      yield told('TXN_INDEX_ORPHAN', this.#indexPath(base), {
        expected: 'a .log file of the same name',
        found: 'none',
      });
    }
  }

  *#snapshot(offset: bigint, isReplayed: boolean): Generator<Finding, void> {
    this.#snapshots.delete(offset);
    const path = join(this.#directory, snapshotName(offset));
    const bytes = this.#files.read(path, MAX_SNAPSHOT_BYTES);
    if (bytes === undefined) return;
    const entries = yield* checkSnapshotFile(path, bytes, this.#crc32c);
    if (entries === undefined) return;
    const { logEnd } = this.#extent;
    // One that covers more than there is was told of as such.
    const isBeyond = logEnd !== undefined && offset > logEnd;
    let isPossible = true;
    for (const finding of checkSnapshotEntries(path, entries, offset)) {
      isPossible = false;
      yield finding;
    }
    if (!isReplayed || !isPossible || isBeyond) return;
    yield* checkSnapshotContent(path, entries, offset, this.#replay, this.#extent);
    if (offset === logEnd) this.#record(entries);
  }

  #record(entries: readonly ProducerSnapshotEntry[]): void {
    for (const { currentTxnFirstOffset } of entries) this.#recorded.add(currentTxnFirstOffset);
  }

  *#segment(segment: SegmentExtent, transactions: SegmentTransactions): Generator<Finding, void> {
    const path = this.#indexPath(segment.base);
    const knowledge = { extent: this.#extent, transactions, replay: this.#replay };
    if (this.#indexes.delete(segment.base)) {
      yield* this.#withFile(path, (file) => checkTransactionIndex(path, file, segment.base, knowledge));
    } else if (this.#files.fs.stat(path) === undefined) {
      yield* checkTransactionIndex(path, undefined, segment.base, knowledge);
    }
  }

  *#indexForm(base: bigint): Generator<Finding, void> {
    if (!this.#indexes.delete(base)) return;
    const path = this.#indexPath(base);
    yield* this.#withFile(path, (file) => checkTransactionForm(path, file, base));
  }

  *#withFile(path: string, check: (file: File) => Generator<Finding, unknown>): Generator<Finding, void> {
    let file: File | undefined;
    try {
      file = this.#files.fs.open(path, 'read');
      yield* check(file);
    } catch (error) {
      this.#files.note(error);
    } finally {
      file?.close();
    }
  }

  /** Other faults of the replay are faults of the batch alone, which the pass over the segment tells of. */
  *#fault({ path, position, error }: ReplayFault): Generator<Finding, void> {
    if (error.code !== 'INVALID_TRANSACTION_STATE' || !this.#replay.isUnbroken) return;
    const { expected, found } = error;
    yield told('PRODUCER_STATE_INVALID', path, { position, expected, found });
  }

  /** At the end of the log, if that is where the replay ended. */
  *#openTransactions(offset: bigint): Generator<Finding, void> {
    const { logEnd, segments } = this.#extent;
    if (offset !== logEnd) return;
    for (const { producerId, currentTxnFirstOffset } of this.#replay.producers.entries()) {
      const first = BigInt(currentTxnFirstOffset);
      if (this.#recorded.has(first) || !isOpenForSure(first, offset, this.#replay, this.#extent)) continue;
      const holder = segments.findLast(({ base }) => base <= first);
      if (holder === undefined) continue;
      yield told('TRANSACTION_OPEN', holder.facts.path, {
        offsets: [first, offset - 1n],
        expected: `a marker of producer ${producerId}`,
        found: 'none up to the log end',
      });
    }
  }

  #indexPath(base: bigint): string {
    return join(this.#directory, String(base).padStart(20, '0') + SUFFIXES.transactionIndex);
  }
}
