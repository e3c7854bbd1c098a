/**
 * What becomes of encoded batches before they get into a log: a leader checks them to the last record and gives them their
 * offsets; a replica takes what its leader made of them. Bytes in, bytes out: nothing here touches a log.
 *
 * Source: spec 3.2, Kafka's `LogValidator` and `UnifiedLog.append`.
 */
import { type LogConfig, logConfig } from '../../config/log-config.ts';
import { CODEC_IDS, type Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { ATTRIBUTES, BATCH } from '../../format/batch.ts';
import type { BatchCompression } from '../../record/batch-builder.ts';
import { codecOf } from '../../record/decompress.ts';
import { compressionFor } from '../append.ts';
import type { Codec } from '../options.ts';
import { type AnalyzedBatch, analyzeBatches, describeBatch, GIVEN, outOfOrder } from './analyze.ts';
import { checkBatch, checkTogether, isControl, notNumbered } from './batch-rules.ts';
import { type Assigned, convertedLegacy, rebuilt } from './rebuild.ts';
import { RecordRules } from './record-rules.ts';
import { checkRecords, walkable } from './records.ts';
import { checkAppendSize, checkMessageSize } from './sizes.ts';

/** Batches as the log will have them. */
export interface ValidatedBatches {
  /** The batches back to back, and nothing else. */
  readonly bytes: Uint8Array;
  /** Their headers; none when the input held no whole batch, which is no error. */
  readonly batches: readonly AnalyzedBatch[];
  /** Whether records were encoded anew: the sizes are not those of the input then. */
  readonly recompressed: boolean;
}

/** What a leader gives to the batches that it takes. */
export interface LeaderGiven {
  readonly origin: 'client' | 'coordinator';
  /** The log end. */
  readonly nextOffset: number;
  readonly leaderEpoch: number;
  /** The log's clock, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** What a replica knows of the batches that it fetched. */
export interface ReplicaGiven {
  /** The log end. */
  readonly nextOffset: number;
  /** The epoch of the leader that they were fetched from: those of later ones are dropped. */
  readonly leaderEpoch: number | undefined;
  /** Named in errors. */
  readonly directory?: string;
}

const NOTHING: ValidatedBatches = { bytes: new Uint8Array(0), batches: [], recompressed: false };
const CODEC_NAMES = Object.keys(CODEC_IDS) as readonly Codec[];
/** What a leader writes: since Kafka 4 nothing else (KIP-724). */
const WRITTEN_MAGIC = 2;
const KNOWN_ATTRIBUTES = 0x7f;
/** A log that leaves the codec to the producer has no say in the level either (Kafka's `BrokerCompressionType`). */
const DEFAULTS = logConfig();

/**
 * Checks a batch as a leader does and makes it the log's: offsets from `nextOffset` on, the leader's epoch, the log's
 * codec, format 2, with LogAppendTime the log's time. Records are encoded anew only where the codec or the format differs;
 * otherwise the bytes are copied and the header is changed. The input stays as it is.
 *
 * @throws SeglogError as `analyzeBatches`; `INVALID_RECORD`, `INVALID_TIMESTAMP`, `RECORD_TOO_LARGE`, `UNSUPPORTED_CODEC`,
 * `CORRUPT_COMPRESSED_DATA`, `DECOMPRESSED_TOO_LARGE`, `OFFSET_NOT_EXACT`, `TIMESTAMP_NOT_EXACT`
 * @throws RecordValidationError naming the records that were refused
 */
export function validateForLeader(
  engine: Engine,
  config: LogConfig,
  bytes: Uint8Array,
  given: LeaderGiven,
): ValidatedBatches {
  const [first, ...others] = analyzeBatches(engine, config, bytes, given.origin);
  if (first === undefined) return NOTHING;
  checkTogether([first, ...others]);
  const { magic, attributes, start } = first;
  const codec = codecOf(attributes & ATTRIBUTES.CODEC_MASK, magic, { file: GIVEN, position: start });
  const rules = new RecordRules(config, given.nowMs);
  const assigned: Assigned = {
    nextOffset: given.nextOffset,
    leaderEpoch: given.leaderEpoch,
    logAppendTimeMs: rules.logAppendTimeMs,
    compression: compressionOf(config, codec),
  };
  if (magic < WRITTEN_MAGIC)
    return encodedAnew(config, convertedLegacy(engine, bytes, [first, ...others], rules, assigned));

  checkBatch(first, given.origin);
  const records = walkable(engine, bytes, first);
  const { maxTimestamp, isNumbered } = checkRecords(records, rules);
  const isSameCodec = (assigned.compression?.codec ?? CODEC_IDS.none) === codec;
  if (!isSameCodec && !isControl(first)) return encodedAnew(config, rebuilt(engine, records, assigned));
  // As in Kafka nobody looks at the offsets in an uncompressed batch of a log that compresses nothing.
  const isCodecConcerned = codec !== CODEC_IDS.none || assigned.compression !== undefined;
  if (isCodecConcerned && !isNumbered) throw notNumbered(first);
  checkAppendSize(config, first.sizeBytes);
  return stamped(engine, bytes, first, assigned, maxTimestamp);
}

/** The codec and level that a log has for records that came in `codec`. */
function compressionOf(config: LogConfig, codec: number): BatchCompression | undefined {
  return compressionFor(config.compressionType === 'producer' ? DEFAULTS : config, CODEC_NAMES[codec]);
}

function encodedAnew(config: LogConfig, bytes: Uint8Array): ValidatedBatches {
  checkMessageSize(config, bytes.length, 0);
  checkAppendSize(config, bytes.length);
  return { bytes, batches: [describeBatch(viewOf(bytes), 0, GIVEN)], recompressed: true };
}

/** A copy of a batch with what the log gives it. The checksum covers the times only. */
function stamped(
  engine: Engine,
  given: Uint8Array,
  { start, sizeBytes, attributes, maxTimestamp: claimed }: AnalyzedBatch,
  { nextOffset, leaderEpoch, logAppendTimeMs }: Assigned,
  maxTimestamp: number,
): ValidatedBatches {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  bytes.set(given.subarray(start, start + sizeBytes));
  const view = viewOf(bytes);
  view.setBigInt64(BATCH.BASE_OFFSET, BigInt(nextOffset));
  view.setInt32(BATCH.LEADER_EPOCH, leaderEpoch);
  const type = logAppendTimeMs === undefined ? 0 : ATTRIBUTES.LOG_APPEND_TIME;
  const latest = logAppendTimeMs ?? maxTimestamp;
  if (latest !== claimed || type !== (attributes & ATTRIBUTES.LOG_APPEND_TIME)) {
    view.setInt16(BATCH.ATTRIBUTES, (attributes & KNOWN_ATTRIBUTES & ~ATTRIBUTES.LOG_APPEND_TIME) | type);
    view.setBigInt64(BATCH.MAX_TIMESTAMP, BigInt(latest));
    engine.sealBatch(bytes, sizeBytes);
  }
  return { bytes, batches: [describeBatch(view, 0, GIVEN)], recompressed: false };
}

/**
 * Checks batches that a leader numbered already. Their offsets rise from `nextOffset` on, with gaps or without (where Kafka
 * asks this of the first batch's offset and of the last offsets only, here no two batches overlap). They are not changed:
 * the result is a view of the input.
 *
 * @throws SeglogError as `analyzeBatches`; `OFFSETS_OUT_OF_ORDER`, `RECORD_TOO_LARGE`
 */
export function validateForReplica(
  engine: Engine,
  config: LogConfig,
  bytes: Uint8Array,
  given: ReplicaGiven,
): ValidatedBatches {
  const file = given.directory ?? GIVEN;
  const batches = analyzeBatches(engine, config, bytes, 'replica', { leaderEpoch: given.leaderEpoch, file });
  let next = given.nextOffset;
  for (const batch of batches) {
    if (batch.baseOffset < next || batch.lastOffset < batch.baseOffset) throw outOfOrder(batch, next, file);
    if (batch.leaderEpoch < -1) {
      throw new SeglogError('INVALID_RECORD', 'a batch has a leader epoch that cannot be', {
        ...{
          file,
          baseOffset: batch.baseOffset,
          expected: 'an epoch from 0, or -1 for none',
          found: batch.leaderEpoch,
        },
      });
    }
    next = batch.lastOffset + 1;
  }
  const last = batches.at(-1);
  if (last === undefined) return NOTHING;
  const end = last.start + last.sizeBytes;
  checkAppendSize(config, end);
  return { bytes: bytes.subarray(0, end), batches, recompressed: false };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
