import { describe, expect, test } from 'vitest';
import { type LogConfig, logConfig } from '../../../src/config/log-config.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { SeglogError } from '../../../src/errors/errors.ts';
import { BATCH } from '../../../src/format/batch.ts';
import { analyzeBatches } from '../../../src/log/validate/analyze.ts';
import { validateForReplica } from '../../../src/log/validate/leader.ts';
import { batchOf, changed, messageOf, setCount } from './make.ts';

const engine = defaultEngine();
const TWO = [{ timestamp: 1 }, { timestamp: 2 }];

const at = (baseOffset: number, partitionLeaderEpoch = 3): Buffer => batchOf(TWO, { baseOffset, partitionLeaderEpoch });

function offsetsOf(bytes: Uint8Array, nextOffset = 0, leaderEpoch?: number): number[][] {
  const { batches } = validateForReplica(engine, logConfig(), bytes, { nextOffset, leaderEpoch });
  return batches.map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset]);
}

function codeOf(bytes: Uint8Array, nextOffset = 0, config: Partial<LogConfig> = {}): string {
  try {
    validateForReplica(engine, logConfig(config), bytes, { nextOffset, leaderEpoch: 3, directory: 'd' });
  } catch (error) {
    if (error instanceof SeglogError) return error.code;
    throw error;
  }
  return 'taken';
}

describe('batches for a replica', () => {
  test('keep their offsets, gaps and bytes, and are not limited by max.message.bytes', () => {
    const bytes = Buffer.concat([at(5), at(7), at(20)]);
    const given = { nextOffset: 5, leaderEpoch: 3 };
    const result = validateForReplica(engine, logConfig({ maxMessageBytes: 1 }), bytes, given);
    expect(Buffer.from(result.bytes)).toEqual(bytes);
    expect(result.recompressed).toBe(false);
    expect(result.batches.map(({ start, baseOffset, lastOffset }) => [start, baseOffset, lastOffset])).toEqual([
      [0, 5, 6],
      [bytes.length / 3, 7, 8],
      [(bytes.length / 3) * 2, 20, 21],
    ]);
    expect(codeOf(bytes, 5, { segmentBytes: 100 })).toBe('RECORD_TOO_LARGE');
  });

  test('are refused when their offsets do not rise from the log end on', () => {
    expect(codeOf(at(4), 5)).toBe('OFFSETS_OUT_OF_ORDER');
    expect(codeOf(Buffer.concat([at(5), at(6)]), 5)).toBe('OFFSETS_OUT_OF_ORDER');
    expect(codeOf(Buffer.concat([at(5), at(5)]), 5)).toBe('OFFSETS_OUT_OF_ORDER');
    expect(codeOf(changed(at(5), setCount(2, -1)), 5)).toBe('OFFSETS_OUT_OF_ORDER');
  });

  test('are dropped from the first of a later leader on (KAFKA-18723)', () => {
    const bytes = Buffer.concat([at(0, -1), at(2, 3), at(4, 4), at(6, 3)]);
    expect(offsetsOf(bytes, 0, 3)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(offsetsOf(bytes)).toHaveLength(4);
    expect(offsetsOf(bytes, 0, 2)).toHaveLength(1);
  });

  test('may be of older formats, and end in a piece', () => {
    const messages = [messageOf({ magic: 0, offset: 3 }), messageOf({ magic: 1, offset: 9, timestamp: 8 })];
    expect(offsetsOf(Buffer.concat([...messages, at(10).subarray(0, 60)]), 2)).toEqual([
      [3, 3],
      [9, 9],
    ]);
    expect(codeOf(Buffer.from(at(0).with(70, 9)))).toBe('BATCH_CRC_MISMATCH');
  });
});

test('the last sequence goes round from 2^31 - 1 to 0', () => {
  const sequences = [0, 0x7ffffffe, 0x7fffffff, -1].map((baseSequence) => {
    const batch = changed(batchOf(TWO, { baseSequence }), (view) => view.setInt16(BATCH.PRODUCER_EPOCH, 1));
    return analyzeBatches(engine, logConfig(), batch, 'client')[0]?.lastSequence;
  });
  expect(sequences).toEqual([1, 0x7fffffff, 0, -1]);
});
