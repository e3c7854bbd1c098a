/**
 * The batches of one segment, and what lies in their place where it is damaged. A segment is divided into blocks of 64 KiB
 * by where batches start; a block is read when it is looked at, from the index entry before it on, and some are kept.
 * Where there is no index that can be trusted, the places that were passed are remembered: the file is gone over once.
 */
import type { Engine } from '../../engine/contract.ts';
import type { SeglogError } from '../../errors/errors.ts';
import { BATCH, MIN_MESSAGE_SIZE } from '../../format/batch.ts';
import type { File, FileStat, FileSystem } from '../../fs/contract.ts';
import { summarize } from '../../inspect/batch-summary.ts';
import { BatchWalk, type FoundBatch } from '../../inspect/batches.ts';
import type { KnownFile } from '../../inspect/file-kinds.ts';
import { type Int64, narrow } from '../../inspect/int64.ts';
import { type BatchEntry, type Entry, type Task, toldOf } from '../contract.ts';
import { EntryAnchors } from './entry-anchors.ts';

const BLOCK_BYTES = 64 * 1024;
/** A block of the smallest batches has 2,500 of them. */
const MAX_BLOCKS = 64;
/** After how many bytes a task lets others have a turn. */
const TURN_BYTES = 256 * 1024;

/** An entry as a scan passes it; the batch's bytes are overwritten by the next step. */
export interface Step {
  readonly entry: Entry;
  readonly batch: FoundBatch | undefined;
}

/** The entries that start in one block. */
interface Block {
  readonly entries: readonly Entry[];
  /** Where the last entry starts that does so before the block; -1 when there is none. */
  readonly before: number;
  /** Where the first entry behind the block starts; undefined at the end of the data. */
  readonly next: number | undefined;
}

/** A batch that was passed. */
interface Start {
  readonly position: number;
  /** Where the entry before it starts, when it is the first entry of its block and that one was passed too. */
  readonly before: number | undefined;
}

/** Where the data ended when the file had that size. */
interface DataEnd {
  readonly position: number;
  readonly sizeBytes: number;
}

const FIRST: Start = { position: 0, before: -1 };

/** One segment, open for reading. */
export class OpenSegment {
  readonly base: Int64;
  readonly known: KnownFile;
  readonly file: File;
  readonly #engine: Engine;
  readonly #fs: FileSystem;
  readonly #stat: FileStat | undefined;
  readonly #anchors: EntryAnchors;
  readonly #blocks: Map<number, Block> = new Map();
  /** By block: the first batch in it that was passed. */
  readonly #starts: Map<number, Start> = new Map([[0, FIRST]]);
  /** Where a batch had no size yet, with bytes behind it: it was being written, or it is damaged. */
  #unfilled: number | undefined;
  /** Where the data end, and the size of the file then; undefined while nobody has gone there. */
  #end: DataEnd | undefined;

  constructor(engine: Engine, fs: FileSystem, known: KnownFile) {
    this.#engine = engine;
    this.#fs = fs;
    this.known = known;
    this.base = narrow(known.baseOffset ?? 0n);
    this.file = fs.open(known.path, 'read');
    this.#stat = fs.stat(known.path);
    this.#anchors = new EntryAnchors(engine, fs, known, this.file);
  }

  /** Whether the file of that name is another one by now, or became shorter: what is known of it is worth nothing. */
  isReplaced(): boolean {
    const now = this.#fs.stat(this.known.path);
    if (now === undefined || now.fileId !== this.#stat?.fileId) return true;
    return this.#end !== undefined && now.sizeBytes < this.#end.position;
  }

  /** Whether batches came since the end was looked at. What is known of the end is then forgotten. */
  hasGrown(): boolean {
    if (this.#unfilled !== undefined && this.#hasSizeAt(this.#unfilled)) {
      // What was taken for damage was a batch on its way: nothing behind it need be as it was.
      this.#unfilled = undefined;
      this.#end = undefined;
      this.#blocks.clear();
      this.#starts.clear();
      this.#starts.set(0, FIRST);
      return true;
    }
    if (this.#end === undefined || !this.#goesOnBehind(this.#end)) return false;
    for (const [number, block] of this.#blocks) if (block.next === undefined) this.#blocks.delete(number);
    this.#end = undefined;
    return true;
  }

  /** Whether batches came behind what was the end. */
  #goesOnBehind({ position, sizeBytes }: DataEnd): boolean {
    // Space that is set aside grows too; a batch is there once its size is.
    return this.#hasSizeAt(position) || (position === sizeBytes && this.file.sizeBytes() > sizeBytes);
  }

  /** Whether there is the size of a batch. */
  #hasSizeAt(position: number): boolean {
    const head = new Uint8Array(BATCH.LENGTH + 4);
    return (
      this.file.read(head, 0, head.length, position) === head.length &&
      new DataView(head.buffer).getInt32(BATCH.LENGTH) >= MIN_MESSAGE_SIZE
    );
  }

  /** Goes over the entries from a position on, where one starts; `undefined` where others may have a turn. */
  *scan(from: number): Generator<Step | undefined, void> {
    const found: SeglogError[] = [];
    const walk = new BatchWalk(this.#engine, this.file, {
      finding: (finding) => void found.push(finding),
      note: () => undefined,
    });
    let previous: number | undefined;
    const faults = (end: number): Step[] => {
      const steps = found.splice(0).map((fault) => ({ entry: this.#faultEntry(fault, end), batch: undefined }));
      previous = steps.at(-1)?.entry.position ?? previous;
      return steps;
    };
    for (const batch of walk.steps(from)) {
      if (batch === undefined) {
        yield undefined;
        continue;
      }
      const { position, size, view, start, valid } = batch;
      const own = !valid && found.at(-1)?.position === position ? found.pop() : undefined;
      yield* faults(position);
      const summary = summarize(view, start, size, position, valid);
      const entry: BatchEntry = {
        kind: 'batch',
        base: this.base,
        position,
        size,
        summary,
        fault: own === undefined ? undefined : toldOf(own),
      };
      this.#passed(position, previous);
      previous = position;
      yield { entry, batch };
    }
    yield* faults(walk.sizeBytes);
    // One that is known already is left alone: that there is more by now is yet to be told.
    this.#end ??= { position: walk.sizeBytes - walk.zeroTailBytes, sizeBytes: walk.sizeBytes };
  }

  /** The first entry that starts at `position` or behind; undefined when none does. */
  *entryFrom(position: number): Task<Entry | undefined> {
    let number = Math.floor(Math.max(0, position) / BLOCK_BYTES);
    for (;;) {
      const block = yield* this.#block(number);
      const found = block.entries.find((entry) => entry.position >= position);
      if (found !== undefined || block.next === undefined) return found;
      number = Math.floor(block.next / BLOCK_BYTES);
    }
  }

  /** The last entry that starts before `position`; undefined when none does. */
  *entryBefore(position: number): Task<Entry | undefined> {
    if (position <= 0) return undefined;
    const last = Math.max(0, this.file.sizeBytes() - 1);
    let block = yield* this.#block(Math.floor(Math.min(last, position - 1) / BLOCK_BYTES));
    const found = block.entries.findLast((entry) => entry.position < position);
    if (found !== undefined || block.before < 0) return found;
    const { before } = block;
    block = yield* this.#block(Math.floor(before / BLOCK_BYTES));
    return block.entries.findLast((entry) => entry.position <= before);
  }

  /** Where an entry starts below `position`, as near as is known without reading batches; 0 at worst. */
  startBelow(position: number): number {
    const byIndex = this.#anchors.below(position);
    for (let number = Math.floor((position - 1) / BLOCK_BYTES); number >= 0; number--) {
      const start = this.#starts.get(number)?.position;
      if (start !== undefined && start < position) return Math.max(start, byIndex);
    }
    return byIndex;
  }

  /** Bytes of the file, as they are; fewer at its end. */
  bytes(position: number, length: number): Uint8Array {
    const into = new Uint8Array(length);
    return into.subarray(0, this.file.read(into, 0, length, position));
  }

  close(): void {
    this.file.close();
  }

  *#block(number: number): Task<Block> {
    const known = this.#blocks.get(number);
    if (known !== undefined) {
      this.#blocks.delete(number);
      this.#blocks.set(number, known);
      return known;
    }
    // A screen of large batches takes many blocks.
    yield undefined;
    const block = yield* this.#read(number * BLOCK_BYTES);
    this.#blocks.set(number, block);
    const oldest = this.#blocks.keys().next().value;
    if (this.#blocks.size > MAX_BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
    return block;
  }

  *#read(start: number): Task<Block> {
    const entries: Entry[] = [];
    const first = this.#starts.get(start / BLOCK_BYTES);
    const isKnown = first?.before !== undefined;
    let before = first?.before ?? -1;
    const from = isKnown ? first.position : this.startBelow(start);
    let turnAt = from + TURN_BYTES;
    for (const step of this.scan(from)) {
      if (step === undefined) {
        yield undefined;
        continue;
      }
      const { entry } = step;
      const { position } = entry;
      if (position >= start + BLOCK_BYTES) return { entries, before, next: position };
      if (position >= start) entries.push(entry);
      else before = position;
      // Zeros by the gigabyte may follow: to go over them once is enough.
      const end = this.#end;
      if (end !== undefined && position + entry.size >= end.position && !this.#goesOnBehind(end)) break;
      if (position < turnAt) continue;
      turnAt = position + TURN_BYTES;
      yield { doneBytes: position - from, totalBytes: start - from, offset: lastOffsetOf(entry) };
    }
    return { entries, before, next: undefined };
  }

  #passed(position: number, previous: number | undefined): void {
    const number = Math.floor(position / BLOCK_BYTES);
    const before = previous !== undefined && previous < number * BLOCK_BYTES ? previous : undefined;
    const known = this.#starts.get(number);
    const isBetter =
      known === undefined ||
      position < known.position ||
      (position === known.position && known.before === undefined && before !== undefined);
    if (isBetter) this.#starts.set(number, { position, before });
  }

  #faultEntry(fault: SeglogError, end: number): Entry {
    const position = fault.position ?? end;
    const size = Math.max(0, (fault.nextPosition ?? end) - position);
    if (fault.code === 'BATCH_SIZE_INVALID' && fault.found === 0)
      this.#unfilled = Math.max(this.#unfilled ?? 0, position);
    return { kind: 'fault', base: this.base, position, size, fault: toldOf(fault) };
  }
}

/** The last offset of a batch, as it says. */
export function lastOffsetOf(entry: Entry): Int64 | undefined {
  return entry.kind === 'batch' ? (entry.summary.lastOffset ?? undefined) : undefined;
}
