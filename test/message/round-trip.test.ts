/** What is written is read again, of every generated message in every version; and damage ends as an error, never worse. */
import { describe, expect, it } from 'vitest';
import { SeglogError } from '../../src/errors/errors.ts';
import { messageJson } from '../../src/message/json.ts';
import type { StructValue } from '../../src/message/plan.ts';
import { readMessage } from '../../src/message/read.ts';
import { MessageReader } from '../../src/message/reader.ts';
import type { AnyMessage, Message } from '../../src/message/schema.ts';
import { written } from '../support/coordinator-records.ts';
import { messageValue, versionsOf } from '../support/message-values.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { ALL_MESSAGES } from './all-messages.ts';

const CASES = ALL_MESSAGES.flatMap((message) =>
  versionsOf(message).map((version): [string, number, AnyMessage] => [message.name, version, message]),
);

function read(message: AnyMessage, bytes: Uint8Array, version: number): StructValue {
  return readMessage(message as Message<StructValue>, new MessageReader(bytes), version);
}

/** The error that reading raises; undefined when it raises none. */
function refusal(message: AnyMessage, bytes: Uint8Array, version: number): Error | undefined {
  try {
    return void read(message, bytes, version);
  } catch (error) {
    return error as Error;
  }
}

describe('messages', () => {
  it('are all there', () => {
    expect(ALL_MESSAGES.length).toBe(85);
  });

  describe.each(CASES)('%s version %s', (_, version, message) => {
    const { seed, cases } = fuzzPlan(20);

    it('come back as they were, and are written again in the same bytes', () => {
      const random = new Random(seed);
      for (let i = 0; i < cases; i++) {
        const value = messageValue(message, version, random);
        const bytes = written(message, value, version);
        const reader = new MessageReader(bytes);
        const again = readMessage(message as Message<StructValue>, reader, version);
        expect(again).toEqual(value);
        expect(reader.left).toBe(0);
        expect(written(message, again, version)).toEqual(bytes);
        expect(() => void JSON.parse(messageJson(message as Message<StructValue>, value, version))).not.toThrow();
      }
    });

    it('that are cut short are refused, with the place', () => {
      const random = new Random(seed + 1);
      const bytes = written(message, messageValue(message, version, random), version);
      for (let length = 0; length < bytes.length; length++) {
        const error = refusal(message, bytes.subarray(0, length), version);
        expect(error).toBeInstanceOf(SeglogError);
        expect(error).toMatchObject({ code: 'INVALID_RECORD', expected: expect.anything(), found: expect.anything() });
        expect((error as SeglogError).position).toBeLessThanOrEqual(length);
      }
    });

    it('that are damaged are read or refused', () => {
      const random = new Random(seed + 2);
      for (let i = 0; i < 2 * cases; i++) {
        const bytes = Buffer.from(written(message, messageValue(message, version, random), version));
        for (let flips = random.between(1, 3); flips > 0 && bytes.length > 0; flips--)
          bytes[random.between(0, bytes.length - 1)] = random.chance(0.5) ? 0xff : random.between(0, 255);
        const error = refusal(message, bytes, version);
        expect(error === undefined ? 'INVALID_RECORD' : (error as SeglogError).code).toBe('INVALID_RECORD');
      }
    });
  });
});
