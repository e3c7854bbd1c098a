/**
 * A process that ends at each change of files that retention and the swap of a compaction make, by `kill -9` or with what it would
 * leave then: all old or all new, and nothing beside it.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log, type LogOptions } from '../../src/index.ts';
import { leftoversIn, stopAtEach } from '../support/kill-at.ts';
import { scratch } from '../support/temp.ts';
import { BATCH_BYTES, numbered, valuesOf } from './telling/support.ts';

const SEGMENTS = 4;
const RECORDS = 2 * SEGMENTS;
const options: LogOptions = { segmentBytes: 2 * BATCH_BYTES, retentionMs: 2000, fileDeleteDelayMs: 0 };

/** A log directory with a log of four segments, two records of one time in each: 1000 in the first one, 2000 in the second, ... */
async function timed(): Promise<string> {
  const directory = scratch();
  const log = await Log.open(join(directory, 't-0'), options);
  for (const value of numbered(RECORDS)) {
    await log.append({ value, timestamp: (Math.floor(Number(value) / 2) + 1) * 1000 });
  }
  await log.close();
  return directory;
}

/** A program that does `work` on the log, in which it calls `dieAt`, and closes it. */
function program(given: LogOptions, work: string): string {
  return `
    import { readdirSync } from 'node:fs';
    const { Log } = await import(library);
    const [directory, at] = process.argv.slice(2);
    const path = directory + '/t-0';
    const log = await Log.open(path, ${JSON.stringify(given)});
    ${work}
    dieAt(Infinity);
    await log.close();
  `;
}

/** The files of the segments that a log has. */
function strangersIn(log: Log): string[] {
  const bases = new Set(log.segments().map(({ baseOffset }) => String(baseOffset).padStart(20, '0')));
  return readdirSync(log.directory).filter(
    (name) => /\.(?:log|index|timeindex|txnindex)$/.test(name) && !bases.has(name.slice(0, 20)),
  );
}

describe.each([
  { name: 'of some segments', now: 4001, start: 4 },
  { name: 'of all segments', now: 1e12, start: RECORDS },
])('F10: retention $name, killed at any change', ({ now, start }) => {
  test('leaves the log start where it was or where it is to be, every record from there on, and nothing beside', {
    timeout: 400_000,
  }, async () => {
    const starts = new Set<number>();
    const changes = await stopAtEach({
      model: await timed(),
      program: program(
        options,
        `dieAt(Number(at));
         await log.applyRetention(${now});
         while (readdirSync(path).some((name) => name.endsWith('.deleted'))) await new Promise((resolve) => setTimeout(resolve, 1));`,
      ),
      check: async (directory, at, isWhole) => {
        const log = await Log.open(join(directory, 't-0'), options);
        const { logStartOffset } = log;
        starts.add(logStartOffset);
        expect(isWhole ? [start] : [0, start], at).toContain(logStartOffset);
        expect(valuesOf(log), at).toEqual(numbered(RECORDS - logStartOffset, logStartOffset));
        expect(log.status().recovery?.cutBytes ?? 0, at).toBe(0);
        // What is left below the log start goes with the next round, whatever its rule.
        await log.applyRetention(0);
        expect(strangersIn(log), at).toEqual([]);
        expect(log.segments()[0]?.baseOffset, at).toBe(logStartOffset);
        expect((await log.append({ value: 'next', timestamp: 9000 })).baseOffset, at).toBe(RECORDS);
        await log.close();
        expect(leftoversIn(directory), at).toEqual([]);
      },
    });
    expect(changes).toBeGreaterThan(25);
    expect(starts).toEqual(new Set([0, start]));
  });
});

describe('F11: the swap of a compaction, killed at any change', () => {
  const compacted: LogOptions = { segmentBytes: 160, indexIntervalBytes: 0, retentionMs: -1, fileDeleteDelayMs: 0 };
  /** From the moment on at which the cleaned segments are there. */
  const work = `
    const { cleanSegments, defaultEngine, nodeFileSystem: fs, systemClock: clock } = await import(library);
    const clean = (request, hooks) => cleanSegments({ engine: defaultEngine(), fs, clock }, request, {
      ...hooks,
      onGroup: (group) => {
        dieAt(Number(at));
        return hooks.onGroup(group);
      },
    });
    await log.compact({ segmentBytes: 1_000_000, now: 5000 }, clean);
  `;

  /** Records of a few keys; of a transaction that is aborted among them, so that there is a transaction index, too. */
  async function filled(): Promise<string> {
    const directory = scratch();
    const log = await Log.open(join(directory, 't-0'), compacted);
    for (let number = 0; number < 10; number++) {
      const producer = { producerId: 7, producerEpoch: 0, baseSequence: number / 6, isTransactional: true };
      const record = { key: `k${number % 3}`, value: String(number), timestamp: 1000 };
      await (number % 6 === 0 ? log.append(record, { producer }) : log.append(record));
      if (number % 6 === 3) await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
    }
    await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
    await log.close();
    return directory;
  }

  function recordsOf(log: Log): string[] {
    return [...log.readSync({ isolation: 'read_committed' })]
      .filter(({ isControl }) => !isControl)
      .flatMap((batch) =>
        batch.records().map(({ offset, key, value }) => `${offset} ${key?.toString()}=${value?.toString()}`),
      );
  }

  test('leaves all of the old segments or all of the new, and nothing beside', { timeout: 400_000 }, async () => {
    const model = await filled();
    const found = new Map<string, boolean>();
    const changes = await stopAtEach({
      model,
      program: program(compacted, work),
      check: async (directory, at, isWhole) => {
        const log = await Log.open(join(directory, 't-0'), compacted);
        expect(log.status().recovery?.cutBytes ?? 0, at).toBe(0);
        expect(leftoversIn(directory), at).toEqual([]);
        expect(strangersIn(log), at).toEqual([]);
        const records = recordsOf(log);
        found.set(records.join(), (found.get(records.join()) ?? false) || isWhole);
        const { logEndOffset } = log;
        expect((await log.append({ key: 'k0', value: 'next', timestamp: 9000 })).baseOffset, at).toBe(logEndOffset);
        await log.close();
        expect(leftoversIn(directory), at).toEqual([]);
      },
    });
    expect(changes).toBeGreaterThan(20);
    const log = await Log.open(join(model, 't-0'), compacted);
    const before = recordsOf(log);
    await log.compact({ segmentBytes: 1_000_000, now: 5000 });
    const after = recordsOf(log);
    await log.close();
    expect(after.length).toBeLessThan(before.length);
    expect(found).toEqual(
      new Map([
        [before.join(), false],
        [after.join(), true],
      ]),
    );
  });
});
