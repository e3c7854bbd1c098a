/** What a batch must be to get into a log at its leader, as far as its header tells. */
import { SeglogError } from '../../errors/errors.ts';
import { ATTRIBUTES } from '../../format/batch.ts';
import { type AnalyzedBatch, GIVEN } from './analyze.ts';

function refused(
  batch: AnalyzedBatch,
  message: string,
  details: { expected?: string | number; found?: string | number } = {},
): SeglogError {
  return new SeglogError('INVALID_RECORD', message, { file: GIVEN, position: batch.start, ...details });
}

/**
 * A leader takes one batch at a time; of uncompressed messages of formats 0 and 1, each of which is a batch, it takes
 * many, all of one format.
 *
 * @throws SeglogError `INVALID_RECORD`
 */
export function checkTogether(batches: readonly AnalyzedBatch[]): void {
  const [first, second] = batches;
  if (first === undefined || second === undefined) return;
  const isCompressed = batches.some(({ attributes }) => (attributes & ATTRIBUTES.CODEC_MASK) !== 0);
  if (first.magic >= 2 || isCompressed)
    throw refused(second, 'a leader takes one batch at a time', { expected: 1, found: batches.length });
  const other = batches.find(({ magic }) => magic !== first.magic);
  if (other !== undefined)
    throw refused(other, 'the messages of an append must be of one format', {
      expected: first.magic,
      found: other.magic,
    });
}

/**
 * Checks what a batch of format 2 says of itself (spec 3.2 item 3, Kafka's `LogValidator.validateBatch`). That its
 * offsets are as many as its records, Kafka asks of clients only: from a coordinator too a batch of which this is not true
 * would break the order of the log's offsets, and is refused here.
 *
 * @throws SeglogError `INVALID_RECORD`
 */
export function checkBatch(batch: AnalyzedBatch, origin: 'client' | 'coordinator'): void {
  const { baseOffset, lastOffset, recordCount, baseSequence, producerId } = batch;
  const offsets = lastOffset - baseOffset + 1;
  if (offsets <= 0)
    throw refused(batch, "a batch's last offset is below its first", { found: lastOffset - baseOffset });
  if (recordCount <= 0) throw refused(batch, 'a batch has no records', { expected: 'at least 1', found: recordCount });
  if (offsets !== recordCount)
    throw refused(batch, "a batch's offsets are not as many as its records", { expected: recordCount, found: offsets });
  if (origin !== 'client') return;
  if (isControl(batch)) throw refused(batch, 'a client cannot write control records');
  if (producerId > -1 && baseSequence < 0)
    throw refused(batch, 'a batch with a producer id needs a sequence', {
      expected: 'at least 0',
      found: baseSequence,
    });
}

/**
 * The offsets in a compressed batch, or in one that comes to a log that compresses, are not 0, 1, 2, ... Kafka meant to encode such a batch anew, for old clients, and does
 * so for formats 0 and 1; of format 2 it drops keys and values before it knows, and fails (`PartialDefaultRecord`).
 */
export function notNumbered(batch: AnalyzedBatch): SeglogError {
  return refused(batch, 'the offsets in a batch are not 0, 1, 2, ...');
}

/** Whether it holds markers instead of data. */
export function isControl({ magic, attributes }: AnalyzedBatch): boolean {
  return magic >= 2 && (attributes & ATTRIBUTES.CONTROL) !== 0;
}
