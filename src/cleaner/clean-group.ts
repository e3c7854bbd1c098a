/** Neighbouring segments become one: what stays of their batches, in order. Source: spec 4.5, Kafka's `Cleaner.cleanSegments`. */
import { SCAN_ROW } from '../engine/contract.ts';
import { baseOffsetOf, lastOffsetOf } from '../format/batch.ts';
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { Offset, TimestampMs } from '../units/units.ts';
import type { BatchFates } from './batch-fate.ts';
import type { BatchSink, CleanPass } from './clean-pass.ts';
import type { CleanedGroup, CleanedSegment } from './contract.ts';
import { CleanedOutput } from './output.ts';
import type { Round } from './round.ts';
import type { Source } from './sources.ts';
import type { TransactionPass } from './transactions.ts';

/** What goes over all groups of a round. */
export interface GroupTools {
  readonly round: Round;
  readonly pass: CleanPass;
  readonly fates: BatchFates;
  readonly transactions: TransactionPass;
  /** Tombstones of formats 0 and 1 stay in segments written after this. */
  readonly legacyHorizonMs: number;
}

/** A group whose batches are written: its files are being synced. */
export interface WrittenGroup {
  /** Where its last source ends, exclusive. */
  readonly end: Offset;
  readonly done: Promise<CleanedGroup>;
  /** Removes its files, as far as they can be. */
  discard(): Promise<void>;
}

/**
 * Cleans one group. Syncing it goes on when this is done, so that the next group need not wait for the disk. If cleaning
 * fails, the files that it wrote are gone, as far as they can be.
 */
export async function writeGroup(tools: GroupTools, group: readonly Source[]): Promise<WrittenGroup> {
  const first = group[0] as Source;
  const modifiedMs = (group.at(-1) as Source).modifiedMs;
  const outputs = new GroupOutputs(tools, first.baseOffset, modifiedMs);
  try {
    for (const source of group) await cleanSource(tools, source, outputs);
  } catch (error) {
    outputs.discard();
    throw error;
  }
  const sources = group.map(({ baseOffset }) => baseOffset);
  const done = outputs.finish().then((cleaned) => ({ sources, cleaned }));
  const settled = done.then(
    () => undefined,
    () => undefined,
  );
  const end = (group.at(-1) as Source).nextOffset;
  return { end, done, discard: () => settled.then(() => outputs.discard()) };
}

async function cleanSource(tools: GroupTools, source: Source, outputs: GroupOutputs): Promise<void> {
  const { round, pass, fates, transactions, legacyHorizonMs } = tools;
  const { baseOffset, modifiedMs } = source;
  transactions.enter(baseOffset);
  const areLegacyTombstonesDue = modifiedMs <= legacyHorizonMs;
  let rules = new Uint8Array(0);
  for await (const chunk of round.reader.read(source)) {
    if (rules.length < chunk.count) rules = new Uint8Array(chunk.count);
    const before = round.counts.bytesWritten;
    fates.set(chunk, rules);
    pass.take(chunk, rules, areLegacyTombstonesDue, outputs.append);
    outputs.noteAborted(fates.kept.splice(0));
    round.counts.bytesRead += chunk.length;
    await round.pass(chunk.length, round.counts.bytesWritten - before);
  }
}

/** The segments that a group becomes: one, unless an index cannot tell their positions or offsets: then the next one begins. */
class GroupOutputs {
  readonly #tools: GroupTools;
  readonly #modifiedMs: TimestampMs;
  readonly #outputs: CleanedOutput[];

  constructor(tools: GroupTools, baseOffset: Offset, modifiedMs: TimestampMs) {
    this.#tools = tools;
    this.#modifiedMs = modifiedMs;
    this.#outputs = [new CleanedOutput(tools.round.machine, tools.round.request, baseOffset)];
  }

  /** Takes batches that stay. */
  readonly append: BatchSink = (bytes, length, rows, count) => {
    const { machine, request, counts } = this.#tools.round;
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const startOf = (row: number): number => (row < count ? (rows[row * SCAN_ROW.length] as number) : length);
    for (let from = 0; from < count; ) {
      const output = this.#outputs.at(-1) as CleanedOutput;
      const start = startOf(from);
      const takesUpTo = (row: number): boolean =>
        output.takes(row - from, startOf(row) - start, lastOffsetOf(view, startOf(row - 1)));
      let to = count;
      if (!takesUpTo(count)) for (to = from; takesUpTo(to + 1); ) to++;
      if (to > from) output.append(bytes.subarray(start, startOf(to)), rowsFrom(rows, from, to), to - from);
      if (to < count) this.#outputs.push(new CleanedOutput(machine, request, baseOffsetOf(view, startOf(to))));
      from = to;
    }
    counts.bytesWritten += length;
  };

  /** Takes the aborted transactions whose markers stayed in the chunk: each belongs to the segment that has its marker. */
  noteAborted(kept: readonly AbortedTransaction[]): void {
    for (const transaction of kept) {
      const output = this.#outputs.findLast(({ baseOffset }) => baseOffset <= transaction.lastOffset);
      output?.noteAborted(transaction);
    }
  }

  /** Completes the files, and makes their names durable. Whatever fails, all of them are done with then. */
  async finish(): Promise<CleanedSegment[]> {
    const { machine, request } = this.#tools.round;
    const finished = await Promise.allSettled(this.#outputs.map((output) => output.finish(this.#modifiedMs)));
    const cleaned = finished.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
    machine.fs.syncDirectory(request.directory);
    return cleaned;
  }

  /** Removes all that can be removed: what stays goes with the next round, and why it stays is not the news. */
  discard(): void {
    for (const output of this.#outputs) {
      try {
        output.discard();
      } catch {
        // The next one may go.
      }
    }
  }
}

/** Rows as they are of the bytes from the first one's batch on. */
function rowsFrom(rows: Int32Array, from: number, to: number): Int32Array {
  const some = rows.subarray(from * SCAN_ROW.length, to * SCAN_ROW.length);
  if (from === 0) return some;
  const start = some[SCAN_ROW.start] as number;
  return some.map((value, at) => (at % SCAN_ROW.length === SCAN_ROW.start ? value - start : value));
}
