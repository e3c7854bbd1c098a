/** Neighbouring segments become one: what stays of their batches, in order. Source: spec 4.5, Kafka's `Cleaner.cleanSegments`. */
import { baseOffsetOf } from '../format/batch.ts';
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
  return { done, discard: () => settled.then(() => outputs.discard()) };
}

async function cleanSource(tools: GroupTools, source: Source, outputs: GroupOutputs): Promise<void> {
  const { round, pass, fates, transactions, legacyHorizonMs } = tools;
  const { path, sizeBytes, baseOffset, nextOffset, modifiedMs } = source;
  transactions.add(round.sources.abortedBetween(baseOffset, nextOffset));
  const areLegacyTombstonesDue = modifiedMs <= legacyHorizonMs;
  let rules = new Uint8Array(0);
  for await (const chunk of round.reader.read(path, sizeBytes)) {
    if (rules.length < chunk.count) rules = new Uint8Array(chunk.count);
    const before = round.counts.bytesWritten;
    fates.set(chunk, rules);
    pass.take(chunk, rules, areLegacyTombstonesDue, outputs.append);
    round.counts.bytesRead += chunk.length;
    await round.pass(chunk.length, round.counts.bytesWritten - before);
  }
}

/** The segments that a group becomes: one, unless recompressed batches grew beyond what positions in an index can tell. */
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
    let output = this.#outputs.at(-1) as CleanedOutput;
    if (output.isFullFor(length)) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      output = new CleanedOutput(machine, request, baseOffsetOf(view, 0));
      this.#outputs.push(output);
    }
    output.append(bytes, length, rows, count);
    counts.bytesWritten += length;
  };

  /**
   * Completes the files, and makes their names durable. What is read of the round's state is read before this returns: the
   * next group changes it.
   */
  async finish(): Promise<CleanedSegment[]> {
    const { machine, request } = this.#tools.round;
    const { kept } = this.#tools.fates;
    const aborted = this.#outputs.map((_, at): AbortedTransaction[] => {
      // An aborted transaction belongs to the segment that has its marker.
      const end = this.#outputs[at + 1]?.baseOffset ?? Infinity;
      const behind = kept.findIndex(({ lastOffset }) => lastOffset >= end);
      return kept.splice(0, behind < 0 ? kept.length : behind);
    });
    const finished = this.#outputs.map((output, at) => output.finish(this.#modifiedMs, aborted[at] ?? []));
    const cleaned = await Promise.all(finished);
    machine.fs.syncDirectory(request.directory);
    return cleaned;
  }

  discard(): void {
    for (const output of this.#outputs) output.discard();
  }
}
