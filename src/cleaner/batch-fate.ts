/** What becomes of each batch, as far as its header and the transactions tell. Source: spec 4.5, Kafka's `Cleaner.cleanInto`. */
import { CLEAN_RULES, type Engine, SCAN_ROW } from '../engine/contract.ts';
import { ATTRIBUTES, BATCH, lastOffsetOf, magicOf } from '../format/batch.ts';
import { CONTROL_TYPES, controlTypeOf } from '../format/control-record.ts';
import type { AbortedTransaction } from '../format/transaction-index.ts';
import { RecordBatch } from '../record/record-batch.ts';
import type { Offset } from '../units/units.ts';
import type { SourceChunk } from './chunks.ts';
import type { ActiveProducer, CleanRequest } from './contract.ts';
import type { ControlKind, TransactionPass } from './transactions.ts';

const TWO_POW_32 = 0x1_0000_0000;
/** Batches that begin or end something for a producer: all others are plain data of nobody in particular. */
const SPECIAL = ATTRIBUTES.TRANSACTIONAL | ATTRIBUTES.CONTROL;

function int64(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4);
}

/** What the first record of a control batch says. @throws SeglogError what reading it raises */
function controlKindOf(engine: Engine, { bytes, view, path, position }: SourceChunk, start: number): ControlKind {
  const cursor = new RecordBatch(engine, bytes, view, start, path, position + start, {}).cursor();
  if (!cursor.next()) return 'empty';
  const { keyStart, keyLength } = cursor;
  const type = keyLength < 0 ? undefined : controlTypeOf(cursor.bytes.subarray(keyStart, keyStart + keyLength));
  if (type === CONTROL_TYPES.abort) return 'abort';
  return type === CONTROL_TYPES.commit ? 'commit' : 'other';
}

/** The first pass: sets the rules of a chunk's batches, of which the map takes those with data that counts. */
export function setMapRules(
  engine: Engine,
  chunk: SourceChunk,
  rules: Uint8Array,
  transactions: TransactionPass,
  fromOffset: Offset,
): void {
  const { view, rows, count } = chunk;
  for (let row = 0; row < count; row++) {
    const at = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
    const last = lastOffsetOf(view, at);
    const attributes = magicOf(view, at) >= 2 ? view.getInt16(at + BATCH.ATTRIBUTES) : 0;
    let isPassedOver = last < fromOffset;
    if ((attributes & SPECIAL) !== 0 && !isPassedOver) {
      const producerId = int64(view, at + BATCH.PRODUCER_ID);
      if ((attributes & ATTRIBUTES.CONTROL) !== 0) {
        transactions.onControl(producerId, controlKindOf(engine, chunk, at), last);
        isPassedOver = true;
      } else isPassedOver = transactions.onData(producerId, last);
    }
    rules[row] = isPassedOver ? CLEAN_RULES.dropAll : 0;
  }
}

/**
 * Behind a pass: tells it of markers that decide what it has gone over.
 *
 * @throws SeglogError `CORRUPT_INDEX` when one contradicts the transaction index
 */
export function followMarkers(engine: Engine, chunk: SourceChunk, transactions: TransactionPass): void {
  const { view, rows, count } = chunk;
  for (let row = 0; row < count; row++) {
    const at = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
    if (magicOf(view, at) < 2 || (view.getInt16(at + BATCH.ATTRIBUTES) & ATTRIBUTES.CONTROL) === 0) continue;
    const producerId = int64(view, at + BATCH.PRODUCER_ID);
    if (!transactions.waitsFor(producerId)) continue;
    transactions.onControl(producerId, controlKindOf(engine, chunk, at), lastOffsetOf(view, at));
  }
}

/** The second pass. Batches must come in the order of the log, over all segments of a round. */
export class BatchFates {
  /** The aborted transactions whose markers stay, in order: the owner of the output takes them out after each chunk. */
  readonly kept: AbortedTransaction[] = [];
  readonly #engine: Engine;
  readonly #transactions: TransactionPass;
  readonly #producers: ReadonlyMap<number, ActiveProducer>;
  readonly #firstUncleanableOffset: Offset;
  readonly #nowMs: number;

  constructor(
    engine: Engine,
    transactions: TransactionPass,
    {
      activeProducers,
      firstUncleanableOffset,
      nowMs,
    }: Pick<CleanRequest, 'activeProducers' | 'firstUncleanableOffset' | 'nowMs'>,
  ) {
    this.#engine = engine;
    this.#transactions = transactions;
    this.#producers = new Map(activeProducers.map((producer) => [producer.producerId, producer]));
    this.#firstUncleanableOffset = firstUncleanableOffset;
    this.#nowMs = nowMs;
  }

  /** Sets the rules of a chunk's batches; those of formats 0 and 1 have none. */
  set(chunk: SourceChunk, rules: Uint8Array): void {
    const { view, rows, count } = chunk;
    for (let row = 0; row < count; row++) {
      const at = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
      rules[row] = magicOf(view, at) >= 2 ? this.#ruleOf(chunk, at) : 0;
    }
  }

  #ruleOf(chunk: SourceChunk, at: number): number {
    const { view } = chunk;
    const attributes = view.getInt16(at + BATCH.ATTRIBUTES);
    const last = lastOffsetOf(view, at);
    const producerId = int64(view, at + BATCH.PRODUCER_ID);
    // The batch that cleaning ends at stays, if only its header: without it the last offset would be forgotten.
    let rule = last + 1 === this.#firstUncleanableOffset ? CLEAN_RULES.retainEmpty : 0;
    if (producerId >= 0 && this.#isLastOf(producerId, view, at, attributes, last)) rule = CLEAN_RULES.retainEmpty;
    if ((attributes & ATTRIBUTES.CONTROL) === 0) {
      const isTransactional = (attributes & ATTRIBUTES.TRANSACTIONAL) !== 0;
      const isAborted = isTransactional && this.#transactions.onData(producerId, last);
      return isAborted ? rule | CLEAN_RULES.dropAll : rule;
    }
    const { isSpent, kept } = this.#transactions.onControl(producerId, controlKindOf(this.#engine, chunk, at), last);
    if (kept !== undefined) this.kept.push(kept);
    if (!isSpent) return rule | CLEAN_RULES.keepAll;
    const isDue =
      (attributes & ATTRIBUTES.DELETE_HORIZON) !== 0 && int64(view, at + BATCH.BASE_TIMESTAMP) <= this.#nowMs;
    return rule | CLEAN_RULES.setHorizon | (isDue ? CLEAN_RULES.dropAll : CLEAN_RULES.keepAll);
  }

  /**
   * Whether the state of a producer hangs on this batch: it has the last data, with the sequence number that the next data is
   * checked against; or, where there is no data, a marker with the epoch by which older instances are fenced.
   */
  #isLastOf(producerId: number, view: DataView, at: number, attributes: number, last: Offset): boolean {
    const producer = this.#producers.get(producerId);
    if (producer === undefined) return false;
    if (producer.lastDataOffset !== undefined) return last === producer.lastDataOffset;
    const isControl = (attributes & ATTRIBUTES.CONTROL) !== 0;
    return isControl && view.getInt16(at + BATCH.PRODUCER_EPOCH) === producer.producerEpoch;
  }
}
