/**
 * The second pass over a partition: what producers and transactions come to, batch by batch. It goes as far as the log can be
 * trusted, and says of what it tells how much is certain: a log whose beginning is gone, or that was compacted, proves less.
 */
import { dirname } from 'node:path';
import { logConfig } from '../../../config/log-config.ts';
import { RECOVERY_CONTROL, RECOVERY_ROW as ROW } from '../../../engine/contract.ts';
import type { SeglogError } from '../../../errors/errors.ts';
import { ATTRIBUTES } from '../../../format/batch.ts';
import { CONTROL_TYPES } from '../../../format/control-record.ts';
import type { AbortedTransaction } from '../../../format/transaction-index.ts';
import type { SegmentContext } from '../../../segment/context.ts';
import { OpenSegments } from '../../../segment/open-segments.ts';
import { SegmentScanner } from '../../../segment/recover.ts';
import { ProducerState } from '../../../state/producers/producer-state.ts';
import { Replay } from '../../../state/replay.ts';
import type { VerifyContext } from '../facts.ts';
import type { PartitionExtent, SegmentExtent } from './extent.ts';

/** An abort marker in the log. */
export interface AbortMarker {
  readonly producerId: number;
  readonly offset: number;
}

/** What the log has of one segment's transactions. */
export interface SegmentTransactions {
  /** Abort markers, in order. */
  readonly markers: readonly AbortMarker[];
  /** The transactions that they ended, as far as their beginnings are in the log. */
  readonly aborted: readonly AbortedTransaction[];
  /** Whether all of the segment was replayed. */
  readonly isWhole: boolean;
  /** The first offset that was not replayed. */
  readonly end: bigint;
}

/** A batch that its producer's state refuses. */
export interface ReplayFault {
  readonly path: string;
  readonly position: number;
  readonly error: SeglogError;
}

/** Where the replay stands: at an offset that was asked for, behind a segment, at a batch that cannot be, or at the log's end. */
export type ReplayStep =
  | { readonly kind: 'at'; readonly offset: bigint }
  | { readonly kind: 'segment'; readonly segment: SegmentExtent; readonly transactions: SegmentTransactions }
  | { readonly kind: 'fault'; readonly fault: ReplayFault }
  | { readonly kind: 'end'; readonly offset: bigint };

const EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/** Replays the segments of a partition, once. */
export class PartitionReplay {
  readonly producers: ProducerState;
  /** Producers of whom a marker was seen: from there on it is known whether a transaction is open. */
  readonly withMarker: Set<number> = new Set();
  /** Producers whose last batch is a marker. */
  readonly endedByMarker: Set<number> = new Set();
  readonly #context: SegmentContext;
  readonly #extent: PartitionExtent;
  /** Offsets to stop at, ascending. */
  readonly #stops: bigint[];
  #isUnbroken = true;

  constructor(
    context: Pick<VerifyContext, 'engine' | 'fs' | 'clock'>,
    directory: string,
    extent: PartitionExtent,
    stops: readonly bigint[],
  ) {
    const { engine, fs, clock } = context;
    this.#context = { engine, fs, clock, config: logConfig(), open: new OpenSegments() };
    this.producers = new ProducerState({
      fs,
      crc32c: (bytes, start, end) => engine.crc32c(bytes, start, end),
      directory,
      snapshotOffsets: [],
      isReadOnly: true,
      expirationMs: Infinity,
    });
    this.#extent = extent;
    this.#stops = [...new Set(stops)].sort((a, b) => (a < b ? -1 : 1));
  }

  /** Whether every batch since offset 0 was seen, so that what is not known did not happen. */
  get isComplete(): boolean {
    return this.#isUnbroken && this.#extent.firstBase === 0n;
  }

  /** Whether no offset is missing since the start of the log: compaction, or a segment that is gone, may have taken markers. */
  get isUnbroken(): boolean {
    return this.#isUnbroken && !this.#extent.isCompacted;
  }

  /**
   * Goes through the log. Steps come in order; the state is that of the step until the next one is asked for. Stops that lie
   * where the log cannot be replayed do not come.
   *
   * @throws SeglogError `IO`
   */
  *steps(): Generator<ReplayStep, void> {
    let end = this.#extent.firstBase;
    for (const segment of this.#extent.segments) {
      if (segment.base < end || segment.next > EXACT) return;
      this.#isUnbroken &&= segment.base === end && segment.isDense && (segment.first ?? segment.base) === segment.base;
      yield* this.#stopsUpTo(segment.base);
      const isThrough = segment.facts.hasProducers ? yield* this.#scan(segment) : yield* this.#passOver(segment);
      if (!isThrough || !segment.isWhole) return;
      end = segment.next;
    }
    yield* this.#stopsUpTo(end);
    yield { kind: 'end', offset: end };
  }

  *#stopsUpTo(offset: bigint): Generator<ReplayStep, void> {
    for (let stop = this.#stops[0]; stop !== undefined && stop <= offset; stop = this.#stops[0]) {
      this.#stops.shift();
      yield { kind: 'at', offset: stop };
    }
  }

  /** A segment without producers changes nothing. */
  *#passOver(segment: SegmentExtent): Generator<ReplayStep, boolean> {
    yield* this.#stopsUpTo(segment.next);
    const { isWhole, next: end } = segment;
    yield { kind: 'segment', segment, transactions: { markers: [], aborted: [], isWhole, end } };
    return true;
  }

  /** Returns whether the replay can go on behind the segment. */
  *#scan(segment: SegmentExtent): Generator<ReplayStep, boolean> {
    const { path, wholeBytes } = segment.facts;
    const markers: AbortMarker[] = [];
    const aborted: AbortedTransaction[] = [];
    const scanner = new SegmentScanner(this.#context, dirname(path), Number(segment.base), { end: wholeBytes });
    let fault: ReplayFault | undefined;
    let end = segment.next;
    try {
      while (fault === undefined && scanner.nextSync()) {
        const { rows, rowCount } = scanner;
        for (let row = 0; row < rowCount && fault === undefined; ) {
          const stop = this.#stops[0] ?? EXACT + 1n;
          const until = rowAtOrAbove(rows, row, rowCount, Number(stop));
          if (until === row) {
            yield* this.#stopsUpTo(stop);
            continue;
          }
          const part = rows.subarray(row * ROW.length, until * ROW.length);
          const replay = new Replay(this.#context, path, this.producers, undefined);
          const cutAt = replay.visit(part, until - row);
          for (const transaction of replay.aborted) aborted.push(transaction);
          const seen = cutAt === undefined ? until - row : rowAtPosition(part, until - row, cutAt);
          this.#note(part, seen, markers);
          if (cutAt !== undefined) {
            fault = { path, position: cutAt, error: replay.fault as SeglogError };
            end = BigInt(part[seen * ROW.length + ROW.baseOffset] as number);
          }
          row = until;
        }
      }
    } finally {
      scanner.close();
    }
    yield* this.#stopsUpTo(end);
    const isWhole = segment.isWhole && fault === undefined;
    yield { kind: 'segment', segment, transactions: { markers, aborted, isWhole, end } };
    if (fault !== undefined) yield { kind: 'fault', fault };
    return fault === undefined;
  }

  /** Remembers the markers among rows. */
  #note(rows: Float64Array, count: number, markers: AbortMarker[]): void {
    for (let at = 0; at < count * ROW.length; at += ROW.length) {
      const producerId = rows[at + ROW.producerId] as number;
      if (producerId === -1) continue;
      if (((rows[at + ROW.attributes] as number) & ATTRIBUTES.CONTROL) === 0) {
        this.endedByMarker.delete(producerId);
        continue;
      }
      const type = rows[at + ROW.controlType] as number;
      if (type === RECOVERY_CONTROL.empty) continue;
      this.withMarker.add(producerId);
      this.endedByMarker.add(producerId);
      // A marker that only its batch tells of may be of either kind.
      const isCommit = type === CONTROL_TYPES.commit;
      if (!isCommit) markers.push({ producerId, offset: rows[at + ROW.baseOffset] as number });
    }
  }
}

/** The first row from `from` on whose batch starts at `offset` or above. */
function rowAtOrAbove(rows: Float64Array, from: number, count: number, offset: number): number {
  for (let row = from; row < count; row++) {
    if ((rows[row * ROW.length + ROW.baseOffset] as number) >= offset) return row;
  }
  return count;
}

function rowAtPosition(rows: Float64Array, count: number, position: number): number {
  for (let row = 0; row < count; row++) if (rows[row * ROW.length + ROW.position] === position) return row;
  return count;
}
