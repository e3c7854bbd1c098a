/** Many logs read with the memory of a few. The logs here are lists of batches of a MiB each, as they say. */
import { describe, expect, test } from 'vitest';
import type { RecordBatch } from '../../src/index.ts';
import { type FollowableLog, ReadSlots } from '../../src/store/read-slots.ts';
import { turns } from './support.ts';

const MIB = 1024 * 1024;

/** A log of so many batches of one record, which can get more. */
class ListLog implements FollowableLog {
  readonly logStartOffset = 0;
  readonly sizeBytes: number;
  logEndOffset: number;
  /** Reads that go on at this moment, in a slot. */
  reading = 0;
  #wake = (): void => undefined;

  constructor(batches: number, sizeBytes: number = MIB) {
    this.logEndOffset = batches;
    this.sizeBytes = sizeBytes;
  }

  get lastStableOffset(): number {
    return this.logEndOffset;
  }

  grow(batches: number): void {
    this.logEndOffset += batches;
    this.#wake();
  }

  offsetForTimestamp(): undefined {
    return undefined;
  }

  async *read({
    from = 0,
    to = this.logEndOffset,
  }: {
    from?: number;
    to?: number;
  } = {}): AsyncGenerator<RecordBatch, void> {
    this.reading++;
    try {
      for (let offset = from; offset < to; offset++) yield this.#batch(offset);
    } finally {
      this.reading--;
    }
  }

  async *tail({ from = 0, signal }: { from?: number; signal?: AbortSignal }): AsyncGenerator<RecordBatch, void> {
    for (let offset = from; signal?.aborted !== true; ) {
      if (offset < this.logEndOffset) yield this.#batch(offset++);
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          signal?.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  }

  #batch(offset: number): RecordBatch {
    return { lastOffset: offset, sizeBytes: this.sizeBytes } as RecordBatch;
  }
}

async function drain(stream: AsyncGenerator<RecordBatch, void>, seen: number[]): Promise<void> {
  for await (const { lastOffset } of stream) {
    seen.push(lastOffset);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, offset) => offset);

describe('reading in slots', () => {
  test('gives way to those that wait after 4 MiB, and comes back', async () => {
    const slots = new ReadSlots();
    const { signal } = new AbortController();
    const logs = Array.from({ length: 40 }, () => new ListLog(10));
    const seen = logs.map((): number[] => []);
    let most = 0;
    const fewestAtAnEnd: number[] = [];
    const reading = logs.map(async (log, at) => {
      await drain(
        slots.read({ log, from: 0, isolation: 'read_uncommitted', follow: false, signal }),
        seen[at] as number[],
      );
      fewestAtAnEnd.push(Math.min(...seen.map(({ length }) => length)));
    });
    const watching = (async () => {
      for (let turn = 0; turn < 30; turn++) {
        most = Math.max(most, logs.filter((log) => log.reading > 0).length);
        await turns(1);
      }
    })();
    await Promise.all([...reading, watching]);
    expect(seen).toEqual(logs.map(() => upTo(10)));
    // Those that came late have begun long before the first ones end.
    expect(Math.min(...fewestAtAnEnd)).toBeGreaterThanOrEqual(4);
    expect(most).toBe(32);
  });

  test('ends where the log ended when it began, however many turns it took', async () => {
    const slots = new ReadSlots();
    const { signal } = new AbortController();
    const logs = Array.from({ length: 33 }, () => new ListLog(8));
    const seen = logs.map((): number[] => []);
    const reading = logs.map((log, at) => {
      const stream = slots.read({ log, from: 1, isolation: 'read_uncommitted', follow: false, signal });
      return drain(stream, seen[at] as number[]);
    });
    await turns(2);
    for (const log of logs) log.grow(5);
    await Promise.all(reading);
    expect(seen).toEqual(logs.map(() => upTo(8).slice(1)));
  });

  test('ends when it is told to, also while it waits for a slot', async () => {
    const slots = new ReadSlots();
    const stops = Array.from({ length: 33 }, () => new AbortController());
    const streams = stops.map(({ signal }) =>
      slots.read({ log: new ListLog(2), from: 0, isolation: 'read_uncommitted', follow: false, signal }),
    );
    for (const stream of streams.slice(0, 32)) await stream.next();
    const last = streams[32]?.next();
    stops[32]?.abort();
    expect(await last).toEqual({ value: undefined, done: true });
    await Promise.all(streams.map((stream) => stream.return()));
  });

  test('follows without a slot, and takes one again when much comes', async () => {
    const slots = new ReadSlots();
    const stop = new AbortController();
    const { signal } = stop;
    const logs = Array.from({ length: 40 }, () => new ListLog(2, 100_000));
    const seen = logs.map((): number[] => []);
    const following = logs.map((log, at) =>
      drain(slots.read({ log, from: 0, isolation: 'read_uncommitted', follow: true, signal }), seen[at] as number[]),
    );
    await turns();
    expect(logs.filter((log) => log.reading > 0)).toEqual([]);
    for (const log of logs) log.grow(20);
    await turns(300);
    expect(seen).toEqual(logs.map(() => upTo(22)));
    stop.abort();
    await Promise.all(following);
  });
});
