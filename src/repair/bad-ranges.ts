/**
 * Which bytes of a .log are no whole, valid batches that rise: those that `--on-corrupt excise` takes out.
 *
 *     | batch 0-9 | garbage | batch 20-29 | batch 5-9 | batch 30-34 | zeros |
 *                 ^^^^^^^^^               ^^^^^^^^^^^               ^^^^^^^
 *
 * Behind a fault the batches go on where the fault's own size says, if a valid batch starts there, else at the next valid batch
 * whose offsets rise. A batch behind a gap that does not go with what follows it has a wrong offset. Offsets are never
 * changed: gaps are legal.
 */
import { type Engine, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { BATCH, baseOffsetOf, HEADER_SIZE, lastOffsetOf, LOG_OVERHEAD, MIN_MESSAGE_SIZE } from '../format/batch.ts';
import type { File, FileSystem } from '../fs/contract.ts';
import { isBatchAt, nextValidPosition } from '../inspect/resync.ts';
import { endOfZeros } from '../inspect/zeros.ts';
import { type Chunk, walkBatches } from '../segment/walk.ts';

/** A file with more of them is not a log with damage in it. */
const MAX_RANGES = 65_536;

/** Bytes of a .log to take out. */
export interface BadRange {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** In words. */
  readonly reason: string;
  /** Whether they are zeros that end the file: space that was set aside. */
  readonly isZeroTail: boolean;
}

/** What there is of a .log. */
export interface ScannedLog {
  readonly sizeBytes: number;
  /** In order, and apart. */
  readonly bad: readonly BadRange[];
  /** Those of the asked positions at which a good batch starts. */
  readonly boundaries: ReadonlySet<number>;
}

/** What a scan works with. */
export interface ScanTools {
  readonly engine: Engine;
  readonly fs: FileSystem;
}

const REASONS: Readonly<Record<ScanStop, string>> = {
  [SCAN_STOPS.end]: 'the file ends here',
  [SCAN_STOPS.full]: 'the file ends here',
  [SCAN_STOPS.partial]: 'the batch would end behind the end of the file',
  [SCAN_STOPS.invalidSize]: 'no batch has this size',
  [SCAN_STOPS.invalidCrc]: "the batch's checksum does not match its bytes",
};
const NOT_RISING = "the batch's offsets do not rise above those before it";
const TOO_HIGH = "the batch's offsets are above those of the batch behind it, and leave a gap";
const BELOW_BASE = "the batch's offsets are below the segment's base offset";
const BEHIND_END = "the batch's offsets leave a gap, and belong to the next segment";
const ZERO_TAIL = 'space that was set aside and never written';

class LogScan {
  readonly bad: BadRange[] = [];
  readonly boundaries = new Set<number>();
  readonly #tools: ScanTools;
  readonly #file: File;
  readonly #base: number;
  readonly #end: number;
  readonly #sizeBytes: number;
  readonly #asked: ReadonlySet<number>;
  #nextOffset: number;
  #isFirst = true;

  constructor(tools: ScanTools, file: File, { base, end, asked }: ScanRequest) {
    this.#tools = tools;
    this.#file = file;
    this.#base = base;
    this.#end = end;
    this.#asked = asked;
    this.#nextOffset = base;
    this.#sizeBytes = file.sizeBytes();
  }

  run(): ScannedLog {
    const { engine } = this.#tools;
    let position = 0;
    while (position < this.#sizeBytes) {
      const end = walkBatches(engine, this.#file, position, this.#sizeBytes, true, (chunk) => this.#visit(chunk));
      if (end.position >= this.#sizeBytes) break;
      position = this.#skip(end.position, end.stop);
    }
    return { sizeBytes: this.#sizeBytes, bad: this.bad, boundaries: this.boundaries };
  }

  #visit(chunk: Chunk): undefined {
    const { view, rows, count, position } = chunk;
    for (let row = 0; row < count; row++) {
      const at = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
      const size = rows[row * SCAN_ROW.length + SCAN_ROW.size] as number;
      const reason = this.#orderFault(chunk, row, at, size);
      if (reason !== undefined) {
        this.#add(position + at, position + at + size, reason, false);
        continue;
      }
      if (this.#asked.has(position + at)) this.boundaries.add(position + at);
      this.#nextOffset = lastOffsetOf(view, at) + 1;
      this.#isFirst = false;
    }
  }

  /** Why a valid batch cannot stay where it is; undefined when it can. */
  #orderFault({ view, rows, count, position }: Chunk, row: number, at: number, size: number): string | undefined {
    const base = baseOffsetOf(view, at);
    const last = lastOffsetOf(view, at);
    if (last < this.#base) return BELOW_BASE;
    if (last < base || (!this.#isFirst && base < this.#nextOffset)) return NOT_RISING;
    if (base <= this.#nextOffset) return undefined;
    // A gap: it would reach into the next segment, or one behind it fits the gap.
    if (last >= this.#end) return BEHIND_END;
    const behind =
      row + 1 < count
        ? baseOffsetOf(view, rows[(row + 1) * SCAN_ROW.length + SCAN_ROW.start] as number)
        : this.#baseOffsetAt(position + at + size);
    return behind !== undefined && behind >= this.#nextOffset && behind <= last ? TOO_HIGH : undefined;
  }

  #baseOffsetAt(position: number): number | undefined {
    if (!isBatchAt(this.#tools.engine, this.#file, position, this.#sizeBytes)) return undefined;
    const header = new Uint8Array(BATCH.LENGTH);
    this.#file.read(header, 0, header.length, position);
    return baseOffsetOf(new DataView(header.buffer), 0);
  }

  /** Notes the fault at `position`; returns where batches go on. */
  #skip(position: number, stop: ScanStop): number {
    const end = this.#sizeBytes;
    if (endOfZeros(this.#file, position, end) === end) {
      this.#add(position, end, ZERO_TAIL, true);
      return end;
    }
    const claimed = this.#claimedNext(position);
    const found = this.#search(position + 1);
    // Batches within the one that is damaged are in its records, unless they fill it up to its very end: then its size lies.
    const isClaimTrue = claimed !== undefined && (found === undefined || !this.#leadsTo(found, claimed));
    const next = (isClaimTrue ? claimed : found) ?? end;
    this.#add(position, next, REASONS[stop], false);
    return next;
  }

  #leadsTo(from: number, to: number): boolean {
    if (from >= to) return false;
    return walkBatches(this.#tools.engine, this.#file, from, to, true, () => true).position === to;
  }

  /** Where the batch at `position` says that it ends, if the file or a valid batch is there. */
  #claimedNext(position: number): number | undefined {
    const header = new Uint8Array(HEADER_SIZE);
    const got = this.#file.read(header, 0, HEADER_SIZE, position);
    if (got < LOG_OVERHEAD) return undefined;
    const length = new DataView(header.buffer).getInt32(BATCH.LENGTH);
    const next = position + LOG_OVERHEAD + length;
    if (length < MIN_MESSAGE_SIZE || next > this.#sizeBytes) return undefined;
    const isNext = next === this.#sizeBytes || isBatchAt(this.#tools.engine, this.#file, next, this.#sizeBytes);
    return isNext ? next : undefined;
  }

  #search(from: number): number | undefined {
    return nextValidPosition(this.#tools.engine, this.#file, from, this.#sizeBytes, this.#nextOffset - 1);
  }

  #add(from: number, to: number, reason: string, isZeroTail: boolean): void {
    if (this.bad.length >= MAX_RANGES) {
      throw new SeglogError('LOG_CORRUPT', 'there is more damage in the file than can be taken out piece by piece', {
        file: this.#file.path,
        position: from,
        expected: `at most ${MAX_RANGES} ranges`,
        action: 'Cut the log at the first of them (`--on-corrupt cut`), or restore the file',
      });
    }
    this.bad.push({ from, to, reason, isZeroTail });
  }
}

/** What a scan is asked. */
export interface ScanRequest {
  /** The segment's base offset, and that of the next segment; infinite for the last one. */
  readonly base: number;
  readonly end: number;
  /** Positions of which the result tells whether a good batch starts there. */
  readonly asked: ReadonlySet<number>;
}

/**
 * Goes over a .log from end to end.
 *
 * @throws SeglogError `IO`; `LOG_CORRUPT` for a file with too many faults
 */
export function scanLog(tools: ScanTools, path: string, request: ScanRequest): ScannedLog {
  const file = tools.fs.open(path, 'read');
  try {
    return new LogScan(tools, file, request).run();
  } finally {
    file.close();
  }
}

/** What is left of a file of `sizeBytes` without `bad`. */
export function keptRanges(sizeBytes: number, bad: readonly BadRange[]): { from: number; length: number }[] {
  const kept: { from: number; length: number }[] = [];
  let at = 0;
  for (const { from, to } of bad) {
    if (from > at) kept.push({ from: at, length: from - at });
    at = Math.max(at, to);
  }
  if (at < sizeBytes) kept.push({ from: at, length: sizeBytes - at });
  return kept;
}

/** Where a position of the file without `bad` is in the file with it. */
export function diskPosition(sizeBytes: number, bad: readonly BadRange[], position: number): number {
  let left = position;
  let disk = 0;
  for (const { from, length } of keptRanges(sizeBytes, bad)) {
    disk = from + left;
    if (left < length) break;
    left -= length;
  }
  return disk;
}
