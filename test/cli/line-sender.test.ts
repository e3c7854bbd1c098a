/** Which lines of stdin were not appended, told so that whoever sends them again knows where to begin. */
import { describe, expect, it } from 'vitest';
import { LineSender } from '../../src/cli/line-sender.ts';
import { SeglogError, Store } from '../../src/index.ts';
import type { TopicRecord, TopicWriter } from '../../src/store/topic-writer.ts';
import { scratch } from '../support/temp.ts';

/** What is told in the end. */
async function told(work: () => Promise<void>): Promise<{ code: string; message: string }> {
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SeglogError);
  const { code, message } = error as SeglogError;
  return { code, message };
}

/** A writer that refuses some lines' values, each with an error of its own, in the order that it likes. */
function refusing(reasons: Record<string, string>): TopicWriter {
  const later: (() => void)[] = [];
  const settle = async (): Promise<void> => {
    for (const end of later.splice(0).toReversed()) end();
  };
  const send = (record: TopicRecord<string, string>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const reason = reasons[String(record.value)];
      later.push(() =>
        reason === undefined
          ? resolve(undefined)
          : reject(new SeglogError(reason === 'no room' ? 'IO' : 'INVALID_TIMESTAMP', reason)),
      );
    });
  return { send, flush: settle, close: settle } as unknown as TopicWriter;
}

describe('lines that were not appended', () => {
  it('are all named, also those of later batches', async () => {
    await using store = await Store.open(scratch());
    await store.createTopic({ name: 't', partitions: 1, config: { messageTimestampBeforeMaxMs: 60_000 } });
    const sender = new LineSender(store.writer('t', { batchBytes: 500 }));
    for (let line = 1; line <= 28; line++) {
      const isOld = line >= 5 && line <= 24;
      const value = 'x'.repeat(80);
      // As they come in one chunk.
      expect(sender.send({ value, ...(isOld ? { timestamp: 1 } : {}) }, line)).toBeUndefined();
    }
    const { code, message } = await told(() => sender.close());
    const lines = /^lines ([\d, to]+) were not appended: /.exec(message)?.[1] as string;
    const named = lines.split(', ').flatMap((range) => {
      const [first, last = first] = range.split(' to ').map(Number) as [number, number?];
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
    const records = [...store.partition('t', 0).readSync()].reduce((total, batch) => total + batch.records().length, 0);
    expect(code).toBe('INVALID_TIMESTAMP');
    expect(named.length + records).toBe(28);
    expect(named).toEqual(expect.arrayContaining(Array.from({ length: 20 }, (_, at) => 5 + at)));
    expect(message).not.toMatch(/other reasons/);
    expect(message).toMatch(/; nothing behind line 28 was sent$/);
    await sender.close();
  });

  it('are told as ranges, with other reasons, in the order of lines', async () => {
    const sender = new LineSender(refusing({ b: 'too old', c: 'too old', e: 'no room', g: 'too old' }));
    for (const [at, value] of 'abcdefgh'.split('').entries()) void sender.send({ value }, at + 1);
    expect((await told(() => sender.flush())).message).toBe(
      'lines 2 to 3, 5, 7 were not appended: too old; 1 of them for other reasons, line 5 first: no room; nothing behind line 8 was sent',
    );
  });

  it('are told by the next line, which is not sent', async () => {
    const writer = refusing({ a: 'too old', c: 'never sent' });
    const sender = new LineSender(writer);
    void sender.send({ value: 'a' }, 1);
    void sender.send({ value: 'b' }, 2);
    await writer.flush();
    await new Promise(setImmediate);
    const { message } = await told(async () => sender.send({ value: 'c' }, 3));
    expect(message).toBe('line 1 was not appended: too old; nothing behind line 2 was sent');
  });

  it('are counted where they are too many to name', async () => {
    const values = Array.from({ length: 2500 }, (_, at) => `${at}`);
    const sender = new LineSender(refusing(Object.fromEntries(values.map((v, at) => [v, at % 2 === 0 ? 'odd' : '']))));
    for (const [at, value] of values.entries()) if (at % 2 === 0) void sender.send({ value }, at + 1);
    const { message } = await told(() => sender.close());
    expect(message).toMatch(/^lines 1, 3, 5, .*, 1997, 1999 and 250 more from 2001 to 2499 were not appended: odd/);
  });
});
