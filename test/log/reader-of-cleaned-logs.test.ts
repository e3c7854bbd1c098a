/** A reader of another process, which nobody tells, while the segments that it knows are cleaned, joined and deleted. */
import { copyFileSync, renameSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import { ManualClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log, type LogOptions, LogReader } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';
import { basesOf, fileOf } from './telling/support.ts';

const options: LogOptions = {
  ...{ segmentBytes: 160, clock: new ManualClock(5000), cleanupPolicy: ['compact', 'delete'], retentionMs: -1 },
  ...{ deleteRetentionMs: 0, fileDeleteDelayMs: 0 },
};
const ONE = { segmentBytes: 1_000_000 };
const producer = { producerId: 7, producerEpoch: 0, isTransactional: true };

/** Twenty records, two of each of ten keys, two a segment. */
async function filled(): Promise<Log> {
  const log = await Log.open(scratchPartition(), options);
  for (let number = 0; number < 20; number++)
    await log.append({ key: `k${number % 10}`, value: `${number}`, timestamp: 1000 });
  return log;
}

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => `${from + at}`);
const valuesIn = (batch: { records(): readonly { readonly value: Uint8Array | null }[] }): string[] =>
  batch.records().map(({ value }) => Buffer.from(value ?? []).toString());
/** What stays, as nothing of the two last records' segment is cleaned. */
const LEFT = ['8', '9', ...numbers(10, 20)];

describe('a reader that looks in the middle of a swap', () => {
  test('reads the file that is to take the place, and goes on when it has', async () => {
    const log = await filled();
    await log.close();
    const final = fileOf(log.directory, 2);
    renameSync(final, `${final}.swap`);
    using reader = LogReader.open(log.directory);
    expect([...reader.readSync()].flatMap(valuesIn)).toEqual(numbers(0, 20));
    const reading = reader.readSync();
    const values = valuesIn(reading.next().value as Parameters<typeof valuesIn>[0]);
    renameSync(`${final}.swap`, final);
    values.push(...[...reading].flatMap(valuesIn));
    expect(values).toEqual(numbers(0, 20));
  });

  test('reads the old files while a lower one is still being written', async () => {
    const log = await filled();
    await log.close();
    const final = fileOf(log.directory, 2);
    copyFileSync(fileOf(log.directory, 18), `${final}.swap`);
    copyFileSync(final, `${fileOf(log.directory, 0)}.cleaned`);
    using reader = LogReader.open(log.directory);
    expect([...reader.readSync()].flatMap(valuesIn)).toEqual(numbers(0, 20));
  });
});

describe('a reader that did not look again', () => {
  test('reads what stayed', async () => {
    await using log = await filled();
    using reader = LogReader.open(log.directory);
    await log.compact(ONE);
    expect([...reader.readSync()].flatMap(valuesIn)).toEqual(LEFT);
    expect(reader.segmentCount).toBe(2);
  });

  test.each(['readSync', 'read'] as const)('goes on where it was, with %s, and misses nothing', async (method) => {
    await using log = await filled();
    using reader = LogReader.open(log.directory);
    const values: string[] = [];
    for await (const batch of reader[method]()) {
      values.push(...valuesIn(batch));
      if (values.length === 3) await log.compact(ONE);
    }
    expect(values.slice(0, 3)).toEqual(['0', '1', '2']);
    // What it held already may come, too.
    expect(values.filter((value) => Number(value) >= 10)).toEqual(numbers(10, 20));
    expect(values).toEqual([...values].sort((a, b) => Number(a) - Number(b)));
  });

  test('finds offsets and times', async () => {
    await using log = await filled();
    using reader = LogReader.open(log.directory);
    reader.find(0);
    await log.compact(ONE);
    expect(reader.find(12)?.baseOffset).toBe(12);
    expect(reader.find(0)?.baseOffset).toBe(8);
    expect(reader.offsetForTimestamp(1000)?.offset).toBe(8);
    expect(reader.lastStableOffset).toBe(20);
  });

  test('goes on in what took the place of segments of the same size', async () => {
    await using log = await filled();
    using reader = LogReader.open(log.directory);
    expect([...reader.readSync()].flatMap(valuesIn)).toEqual(numbers(0, 20));
    const [first, second] = basesOf(log) as [number, number];
    // A file of another time, with one size: here simply that of a neighbour.
    renameSync(fileOf(log.directory, second), fileOf(log.directory, first));
    reader.refresh();
    expect([...reader.readSync()].flatMap(valuesIn).slice(0, 2)).toEqual(['2', '3']);
  });

  test('is told where what it comes to was deleted', async () => {
    await using log = await filled();
    using reader = LogReader.open(log.directory);
    const read = reader.readSync();
    read.next();
    await log.deleteRecordsBefore(10);
    expect(() => [...read]).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }));
  });
});

test('data of an aborted transaction is not seen for an index that is gone by the time it is asked', async () => {
  await using log = await Log.open(scratchPartition(), options);
  await log.append({ key: 'a', value: 'a', timestamp: 1000 });
  await log.append({ key: 'b', value: 'b', timestamp: 1000 });
  await log.append({ key: 'k', value: 'aborted', timestamp: 1000 }, { producer: { ...producer, baseSequence: 0 } });
  await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
  for (const key of 'cdef') await log.append({ key, value: key, timestamp: 1000 });
  using reader = LogReader.open(log.directory);
  // Opens the logs, and no transaction index.
  expect([...reader.readSync()].length).toBe(8);
  // The second one has nothing left to keep an entry for.
  for (const now of [6000, 7000]) await log.compact({ ...ONE, now });
  const seen = [...reader.readSync({ isolation: 'read_committed' })].filter(({ isControl }) => !isControl);
  expect(seen.flatMap(valuesIn)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('a tail goes on over a cleaning', async () => {
  await using log = await filled();
  using reader = LogReader.open(log.directory);
  const stop = new AbortController();
  const values: string[] = [];
  for await (const batch of reader.tail({ from: 0, signal: stop.signal })) {
    values.push(...valuesIn(batch));
    if (values.length === 1) {
      await log.compact(ONE);
      await log.append({ key: 'last', value: '20', timestamp: 1000 });
    }
    if (values.at(-1) === '20') stop.abort();
  }
  expect(values.filter((value) => Number(value) >= 10)).toEqual(numbers(10, 21));
});

test('a tail goes on over a roll, though as many segments went at the front', async () => {
  await using log = await filled();
  using reader = LogReader.open(log.directory);
  await log.append({ key: 'next', value: '20', timestamp: 1000 });
  await log.deleteRecordsBefore(2);
  expect(log.segments()).toHaveLength(reader.segmentCount);
  const stop = AbortSignal.timeout(20_000);
  for await (const batch of reader.tail({ from: 20, signal: stop })) {
    expect(valuesIn(batch)).toEqual(['20']);
    break;
  }
  expect(stop.aborted).toBe(false);
});

test('a reader that comes to a segment of which cleaning left nothing goes on behind it', async () => {
  await using log = await Log.open(scratchPartition(), options);
  for (const key of ['a', 'A', 'b', 'B', 'c', 'C', 'b', 'B', 'd', 'e'])
    await log.append({ key, value: key, timestamp: 1000 });
  const machine = { engine: defaultEngine(), fs: nodeFileSystem, clock: new ManualClock(5000) };
  const values: string[] = [];
  let reader: LogReader | undefined;
  let reading: Generator<Parameters<typeof valuesIn>[0], void> | undefined;
  await log.compact({ segmentBytes: 160 }, (request, hooks) =>
    cleanSegments(machine, request, {
      ...hooks,
      onGroup: async (group) => {
        if (group.cleaned[0]?.sizeBytes === 0) {
          reader = LogReader.open(log.directory);
          reading = reader.readSync();
          const first = reading.next();
          if (first.done !== true) values.push(...valuesIn(first.value));
        }
        await hooks.onGroup?.(group);
      },
    }),
  );
  for (let next = reading?.next(); next?.done === false; next = reading?.next()) values.push(...valuesIn(next.value));
  expect(values).toEqual(['a', 'A', 'c', 'C', 'b', 'B', 'd', 'e']);
  reader?.close();
});
