/** Rows F1, F3 and F4 of the fault list: what a crash leaves at the end of a log, above its recovery point. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../support/random.ts';
import { afterFault, boundaries, fileOf, filled, logOf, unclean, valuesTo, withFile } from './partition.ts';

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

describe('F1: the active log is truncated at every byte of its last three batches', () => {
  test('it is cut to the last whole batch, the tail is kept in quarantine, and appending goes on', async () => {
    const files = await filled({ batches: 5 });
    const log = fileOf(files, logOf(0));
    const ends = boundaries(log);
    for (let size = ends[2] as number; size < log.length; size++) {
      const whole = ends.findLastIndex((end) => end <= size);
      const torn = log.subarray(ends[whole], size);
      const found = await afterFault(withFile(files, logOf(0), log.subarray(0, size)), valuesTo(10), unclean(), {
        onBothEngines: size % 4 === 0,
      });
      expect(found, `cut at byte ${size}`).toMatchObject({
        ...{ opening: 'ok', appending: 'ok', corruption: undefined, values: valuesTo(2 * whole) },
        logEndOffset: 2 * whole,
      });
      // The first bytes of an offset are zeros, which are no data.
      expect(found.saved.toString('hex')).toBe(isZero(torn) ? '' : torn.toString('hex'));
      expect(found.cutBytes).toBe(found.saved.length);
      expect(fileOf(found.files, logOf(0)).length).toBe(ends[whole]);
    }
  });
});

describe('F3: zeros', () => {
  const PAGE = 4096;
  const VALUE_BYTES = 3000;

  test.each([1, 11, 12, 61, PAGE, 1 << 20])('%i of them behind the data are its end, and no loss', async (zeros) => {
    const files = await filled({ batches: 3 });
    const log = fileOf(files, logOf(0));
    const found = await afterFault(
      withFile(files, logOf(0), Buffer.concat([log, Buffer.alloc(zeros)])),
      valuesTo(6),
      unclean(),
    );
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(6), cutBytes: 0 });
    expect(found.cuts).toEqual([`zero-tail of ${zeros} at byte ${log.length}, offset 6`]);
    expect(fileOf(found.files, logOf(0))).toEqual(log);
  });

  test.each([0, 2, 4, 6, 8, 9])('from page %i on to the end cut the log before them', async (page) => {
    const files = await filled({ batches: 8, valueBytes: VALUE_BYTES });
    const log = Buffer.from(fileOf(files, logOf(0)));
    const ends = boundaries(log);
    log.fill(0, page * PAGE);
    const whole = ends.findLastIndex((end) => end <= page * PAGE);
    const found = await afterFault(withFile(files, logOf(0), log), valuesTo(16, VALUE_BYTES), unclean());
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(2 * whole, VALUE_BYTES) });
    expect(Buffer.concat([found.saved, Buffer.alloc(log.length)]).subarray(0, log.length - (ends[whole] ?? 0))).toEqual(
      log.subarray(ends[whole]),
    );
  });

  test.each([0, 1, 3, 5, 8])('of page %i alone, before good data: the good data goes to quarantine', async (page) => {
    const files = await filled({ batches: 8, valueBytes: VALUE_BYTES });
    const log = Buffer.from(fileOf(files, logOf(0)));
    const ends = boundaries(log);
    log.fill(0, page * PAGE, (page + 1) * PAGE);
    const whole = ends.findLastIndex((end) => end <= page * PAGE);
    const found = await afterFault(withFile(files, logOf(0), log), valuesTo(16, VALUE_BYTES), unclean());
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(2 * whole, VALUE_BYTES) });
    expect(found.cuts).toEqual([
      `hole-in-unsynced-tail of ${log.length - (ends[whole] as number)} at byte ${ends[whole]}, offset ${2 * whole}`,
    ]);
    expect(found.saved).toEqual(log.subarray(ends[whole]));
  });
});

describe('F4: a tail that is not the log', () => {
  test('garbage is cut and kept', async () => {
    const files = await filled({ batches: 4 });
    const log = fileOf(files, logOf(0));
    const random = new Random(4);
    for (const size of [1, 7, 8, 12, 17, 30, 61, 62, 100, 500, 5000, 70_000]) {
      const garbage = random.bytes(size);
      garbage[0] = 0xa5;
      const found = await afterFault(withFile(files, logOf(0), Buffer.concat([log, garbage])), valuesTo(8), unclean());
      expect(found, `${size} bytes`).toMatchObject({
        ...{ opening: 'ok', appending: 'ok', values: valuesTo(8), cutBytes: size },
      });
      expect(found.saved).toEqual(garbage);
      expect(found.cuts).toEqual([`torn-tail of ${size} at byte ${log.length}, offset 8`]);
    }
  });

  test.each([
    ['all batches', 0, 4],
    ['the last batch', 3, 4],
    ['the first batch', 0, 1],
    ['a batch and a half', 1, 2.5],
  ])('%s of before, whose checksums are right, are cut where offsets do not rise', async (_what, from, to) => {
    const files = await filled({ batches: 4 });
    const log = fileOf(files, logOf(0));
    const size = boundaries(log)[1] as number;
    const stale = log.subarray(from * size, to * size);
    const found = await afterFault(withFile(files, logOf(0), Buffer.concat([log, stale])), valuesTo(8), unclean());
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(8), logEndOffset: 8 });
    expect(found.saved).toEqual(stale);
  });

  test('and where Kafka notices them by an index entry, it empties the segment: the whole of it is in quarantine', async () => {
    const files = await filled({ batches: 4, indexIntervalBytes: 1 });
    const log = fileOf(files, logOf(0));
    const damaged = Buffer.concat([log, log]);
    const found = await afterFault(withFile(files, logOf(0), damaged), valuesTo(8), {
      ...unclean(),
      indexIntervalBytes: 1,
    });
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: [], logEndOffset: 0 });
    expect(found.saved).toEqual(damaged);
  });

  test('but never below the recovery point: what is synced stays, and the stale tail goes', async () => {
    const files = await filled({ batches: 4, indexIntervalBytes: 1 });
    const log = fileOf(files, logOf(0));
    const found = await afterFault(withFile(files, logOf(0), Buffer.concat([log, log])), valuesTo(8), {
      ...unclean(8),
      indexIntervalBytes: 1,
    });
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(8), logEndOffset: 8 });
    expect(found.saved).toEqual(log);
  });
});
