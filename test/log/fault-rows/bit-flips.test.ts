/** Row F5 of the fault list: one bit turned over in a .log file. */
import { describe, expect, test } from 'vitest';
import { BATCH, HEADER_SIZE } from '../../../src/format/batch.ts';
import {
  afterFault,
  boundaries,
  fileOf,
  filled,
  flipped,
  logOf,
  type Opened,
  opened,
  placed,
  unclean,
  valuesTo,
  withFile,
} from './partition.ts';

const BATCHES = 5;
const END = 2 * BATCHES;
/** The damaged batch, and the offset that it starts at. */
const DAMAGED = 2;
const AT = 2 * DAMAGED;

async function flippedIn(batch: number, at: number, bit: number): Promise<Map<string, Buffer>> {
  const files = await (sound ??= filled({ batches: BATCHES }));
  const log = fileOf(files, logOf(0));
  return withFile(files, logOf(0), flipped(log, (boundaries(log)[batch] as number) + at, bit));
}
let sound: Promise<ReadonlyMap<string, Buffer>> | undefined;

const bits = (from: number, to: number): [at: number, bit: number][] =>
  Array.from({ length: (to - from) * 8 }, (_, i) => [from + Math.floor(i / 8), i % 8]);

/** Flips one bit after the other of a batch, and opens the log with that. */
async function eachFlip(
  batch: number,
  places: readonly [at: number, bit: number][],
  check: (found: Opened, at: number, bit: number) => void,
): Promise<void> {
  for (const [number, [at, bit]] of places.entries()) {
    const files = await flippedIn(batch, at, bit);
    // Every fourth with all that holds after any fault, both engines included.
    const found =
      number % 4 === 0 ? await afterFault(files, valuesTo(END), unclean()) : await opened(placed(files), unclean());
    check(found, at, bit);
  }
}

const cutBefore = (found: Opened, at: number, bit: number): void =>
  expect(found, `byte ${at}, bit ${bit}`).toMatchObject({
    ...{ opening: 'ok', appending: 'ok', values: valuesTo(AT), logEndOffset: AT, readError: undefined },
    cuts: [expect.stringMatching(/^hole-in-unsynced-tail/) as string],
  });

describe('F5: a bit of a batch is turned over, above the recovery point', () => {
  test('any bit from the checksum on, in the header: the log is cut before the batch', async () => {
    await eachFlip(DAMAGED, bits(BATCH.CRC, HEADER_SIZE), cutBefore);
  });

  test('some bits of the records: the log is cut before the batch', async () => {
    const log = fileOf(await filled({ batches: BATCHES }), logOf(0));
    const size = boundaries(log)[1] as number;
    await eachFlip(
      DAMAGED,
      bits(HEADER_SIZE, size).filter((_, i) => i % 5 === 0),
      cutBefore,
    );
  });

  test('any bit of the length: the log is cut before the batch', async () => {
    await eachFlip(DAMAGED, bits(BATCH.LENGTH, BATCH.LEADER_EPOCH), cutBefore);
  });

  test('any bit of the format: a lower one is cut, a higher one is taken for format 2, as Kafka takes it', async () => {
    await eachFlip(DAMAGED, bits(BATCH.MAGIC, BATCH.CRC), (found, at, bit) => {
      if (bit === 1 || bit === 7) cutBefore(found, at, bit);
      else expect(found, `bit ${bit}`).toMatchObject({ appending: 'ok', values: valuesTo(END), cuts: [] });
    });
  });

  test('any bit of the base offset, which no checksum covers: what falls is cut, and a rise shows at the next batch', async () => {
    await eachFlip(DAMAGED, bits(BATCH.BASE_OFFSET, BATCH.LENGTH), (found, at, bit) => {
      const where = `byte ${at}, bit ${bit}`;
      const changed = BigInt(AT) ^ (1n << BigInt((7 - at) * 8 + bit));
      expect(found, where).toMatchObject({ opening: 'ok', appending: 'ok', readError: undefined });
      // Below the batch before it, or beyond what an int32 can say: seen at once.
      const isSeenAtOnce = BigInt.asIntN(64, changed) < BigInt(AT) || changed > 2n ** 31n - 2n;
      expect(found.values, where).toEqual(valuesTo(isSeenAtOnce ? AT : AT + 2));
      expect(found.offsets.slice(0, AT), where).toEqual([0, 1, 2, 3]);
      expect(found.logEndOffset, where).toBe(isSeenAtOnce ? AT : Number(changed) + 2);
      expect(found.saved.length, where).toBeGreaterThan(0);
    });
  });

  test('any bit of the last base offset: a rise cannot be told from a gap', async () => {
    await eachFlip(BATCHES - 1, bits(BATCH.BASE_OFFSET, BATCH.LENGTH), (found, at, bit) => {
      const where = `byte ${at}, bit ${bit}`;
      // Beyond 2^53 the log is refused by name; `numbers beyond 2^53` below.
      if ((at === 0 && bit < 7) || (at === 1 && bit >= 5)) return;
      expect(found, where).toMatchObject({ opening: 'ok', appending: 'ok', readError: undefined });
      expect(found.values.slice(0, END - 2), where).toEqual(valuesTo(END - 2));
      expect(found.offsets.slice(0, END - 2), where).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });
  });

  test('a last base offset beyond 2^53 is cut or refused by name, and the segment stays under its name', async () => {
    for (const [at, bit] of [
      [1, 5],
      [0, 0],
      [0, 6],
    ] as const) {
      const files = await flippedIn(BATCHES - 1, at, bit);
      const found = await opened(placed(files), unclean());
      expect(['ok', 'OFFSET_NOT_EXACT']).toContain(found.opening);
      expect([...found.files.keys()].filter((name) => name.endsWith('.log'))).toEqual([logOf(0)]);
      if (found.opening === 'ok') expect(found.values).toEqual(valuesTo(END - 2));
      else expect(fileOf(found.files, logOf(0))).toEqual(fileOf(files, logOf(0)));
    }
  });

  test('any bit of the leader epoch, which no checksum covers: no record is lost, and the epochs stay in order', async () => {
    await eachFlip(DAMAGED, bits(BATCH.LEADER_EPOCH, BATCH.MAGIC), (found, at, bit) => {
      const where = `byte ${at}, bit ${bit}`;
      expect(found, where).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(END), cuts: [] });
      const text = fileOf(found.files, 'leader-epoch-checkpoint').toString().trimEnd().split('\n').slice(2);
      const epochs = text.map((line) => Number(line.split(' ')[0]));
      expect(epochs, where).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    });
  });
});

describe('F5: a bit of a batch is turned over, below the recovery point', () => {
  test('what a checksum or a bound shows is damage: served up to it, and nothing is cut', async () => {
    const covered = [...bits(BATCH.LENGTH, BATCH.LEADER_EPOCH), ...bits(BATCH.CRC, HEADER_SIZE)];
    for (const [at, bit] of covered.filter((_, i) => i % 7 === 0)) {
      const files = await flippedIn(DAMAGED, at, bit);
      const found = await afterFault(files, valuesTo(END), unclean(END));
      expect(found, `byte ${at}, bit ${bit}`).toMatchObject({
        ...{ opening: 'ok', appending: 'LOG_CORRUPT', values: valuesTo(AT), cuts: [] },
        corruption: { file: logOf(0), offset: AT },
      });
      expect(fileOf(found.files, logOf(0))).toEqual(fileOf(files, logOf(0)));
    }
  });

  test('a base offset that falls is damage, too', async () => {
    const files = await flippedIn(DAMAGED, BATCH.LENGTH - 1, 2);
    const found = await afterFault(files, valuesTo(END), unclean(END));
    expect(found).toMatchObject({ opening: 'ok', appending: 'LOG_CORRUPT', values: valuesTo(AT), cuts: [] });
    expect(fileOf(found.files, logOf(0))).toEqual(fileOf(files, logOf(0)));
  });

  test('a base offset that rises shows at the batch behind it, and none of the batches is cut', async () => {
    for (const bit of [3, 5]) {
      const files = await flippedIn(DAMAGED, BATCH.LENGTH - 1, bit);
      const found = await afterFault(files, valuesTo(END), unclean(END));
      expect(found.opening).toBe('ok');
      expect(found.appending, `bit ${bit}`).toBe('LOG_CORRUPT');
      expect(fileOf(found.files, logOf(0))).toEqual(fileOf(files, logOf(0)));
    }
  });
});
