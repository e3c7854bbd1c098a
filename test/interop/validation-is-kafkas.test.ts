/** What a leader and a replica take, refuse and make of encoded batches: seglog and Kafka's UnifiedLog, side by side. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runPeer } from '../../scripts/peer.mjs';
import { logConfig, parseLogConfig } from '../../src/config/log-config.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { SeglogError } from '../../src/errors/errors.ts';
import { type ValidatedBatches, validateForLeader, validateForReplica } from '../../src/log/validate/leader.ts';
import { opened, told } from '../log/validate/make.ts';
import { jsonLines } from '../support/fixtures.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';
import { DAMAGED_RECORD, type ValidationCase, validationCases } from './validation-cases.ts';

const CASES = 600;
const SEED = 20261121;
const engine = defaultEngine();

interface Answer {
  readonly error?: string;
  readonly logEndOffset?: number;
  readonly bytes?: string;
}

/** What we say where Kafka has these exceptions; of others only that there is one. */
const CODES: Record<string, readonly string[]> = {
  RecordTooLargeException: ['RECORD_TOO_LARGE'],
  RecordBatchTooLargeException: ['RECORD_TOO_LARGE'],
  InvalidTimestampException: ['INVALID_TIMESTAMP'],
  InvalidRecordException: ['INVALID_RECORD', 'CORRUPT_COMPRESSED_DATA', 'UNSUPPORTED_CODEC'],
  CorruptRecordException: ['BATCH_CRC_MISMATCH', 'BATCH_SIZE_INVALID', 'UNSUPPORTED_MAGIC', 'INVALID_RECORD'],
  UnexpectedAppendOffsetException: ['OFFSETS_OUT_OF_ORDER'],
  OffsetsOutOfOrderException: ['OFFSETS_OUT_OF_ORDER'],
};

async function askKafka(cases: readonly ValidationCase[]): Promise<Answer[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'seglog-validate-'));
  try {
    const file = join(scratch, 'cases.jsonl');
    const lines = cases.map((one) => JSON.stringify({ ...one, bytes: one.bytes.toString('base64') }));
    writeFileSync(file, lines.join('\n'));
    return jsonLines<Answer>(await runPeer('OracleValidate', [file, scratch]));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function validate({ origin, config, bytes, nextOffset, leaderEpoch, nowMs }: ValidationCase): ValidatedBatches {
  const parsed = logConfig(parseLogConfig(Object.entries(config)));
  if (origin === 'replica') return validateForReplica(engine, parsed, bytes, { nextOffset, leaderEpoch });
  return validateForLeader(engine, parsed, bytes, { origin, nextOffset, leaderEpoch, nowMs });
}

/** Ours, in the form of Kafka's answer. */
function ours(one: ValidationCase): { code?: string; result?: ValidatedBatches } {
  try {
    return { result: validate(one) };
  } catch (error) {
    if (error instanceof SeglogError) return { code: error.code };
    throw error;
  }
}

/** A batch without what depends on the compressor's library. */
function contentOf(bytes: Uint8Array): unknown {
  const batch = opened(bytes);
  const { magic, codec, baseOffset, lastOffset, maxTimestamp, baseTimestamp, partitionLeaderEpoch, count } = batch;
  const { isLogAppendTime, isTransactional, isControl, producerId, producerEpoch, baseSequence } = batch;
  const header = { magic, codec, baseOffset, lastOffset, maxTimestamp, baseTimestamp, partitionLeaderEpoch, count };
  const flags = { isLogAppendTime, isTransactional, isControl, producerId, producerEpoch, baseSequence };
  return { ...header, ...flags, records: batch.records().map(told) };
}

function compare(one: ValidationCase, answer: Answer): void {
  const { code, result } = ours(one);
  const what = `${one.name} ${JSON.stringify({ ...one, bytes: one.bytes.toString('base64') })}`;
  if (one.name === DAMAGED_RECORD && code !== undefined) return;
  expect({ refused: code !== undefined, what, code }).toEqual({ refused: answer.error !== undefined, what, code });
  if (result === undefined) {
    const codes = CODES[answer.error ?? ''];
    if (codes !== undefined) expect(codes, `${answer.error} ${what}`).toContain(code);
    return;
  }
  const kafkas = Buffer.from(answer.bytes ?? '', 'base64');
  if (result.recompressed) expect(contentOf(result.bytes), what).toEqual(contentOf(kafkas));
  else expect(Buffer.from(result.bytes).equals(kafkas), what).toBe(true);
  const end = (result.batches.at(-1)?.lastOffset ?? one.nextOffset - 1) + 1;
  expect(end, what).toBe(answer.logEndOffset);
}

await withKafka(() => {
  test(
    'Kafka takes, refuses and stores the same batches',
    async () => {
      const cases = validationCases(SEED, CASES);
      const answers = await askKafka(cases);
      expect(answers).toHaveLength(cases.length);
      for (const [index, one] of cases.entries()) compare(one, answers[index] ?? {});

      // Both answers, and both ways to store, must be among them, or the comparison says little.
      const taken = answers.filter(({ error }) => error === undefined).length;
      expect(taken).toBeGreaterThan(CASES / 4);
      expect(taken).toBeLessThan((CASES * 3) / 4);
    },
    PATIENCE_MS,
  );
});
