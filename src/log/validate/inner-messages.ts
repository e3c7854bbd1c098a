/** The messages in a wrapper of format 0 or 1: what a reader passes over in silence and a leader must not. */
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { BATCH, LEGACY, LOG_OVERHEAD, magicOf } from '../../format/batch.ts';
import type { LegacyRecords } from '../../record/legacy.ts';
import { type AnalyzedBatch, GIVEN } from './analyze.ts';
import type { RecordRules } from './record-rules.ts';

/**
 * Checks that messages are of their wrapper's format and that their own checksums match (spec 1.4, Kafka's
 * `LogValidator.validateRecord`).
 *
 * @throws SeglogError `BATCH_CRC_MISMATCH`
 * @throws RecordValidationError `INVALID_RECORD` for another format
 */
export function checkInnerMessages(
  engine: Engine,
  { bytes, count }: LegacyRecords,
  wrapper: AnalyzedBatch,
  rules: RecordRules,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0, start = 0; index < count; index++) {
    const end = start + LOG_OVERHEAD + view.getInt32(start + BATCH.LENGTH);
    const magic = magicOf(view, start);
    if (magic !== wrapper.magic)
      rules.refuse(index, `it is of format ${magic} in a wrapper of format ${wrapper.magic}`);
    else checkCrc(engine, view, bytes, { index, start, end }, wrapper);
    start = end;
  }
  rules.endBatch(wrapper.start);
}

function checkCrc(
  engine: Engine,
  view: DataView,
  bytes: Uint8Array,
  { index, start, end }: { index: number; start: number; end: number },
  wrapper: AnalyzedBatch,
): void {
  const stored = view.getUint32(start + LEGACY.CRC);
  const found = engine.crc32(bytes, start + LEGACY.MAGIC, end);
  if (stored === found) return;
  throw new SeglogError(
    'BATCH_CRC_MISMATCH',
    `the checksum of message ${index} in a wrapper does not match its bytes`,
    {
      file: GIVEN,
      position: wrapper.start,
      expected: `crc ${stored}`,
      found: `crc ${found}`,
    },
  );
}
