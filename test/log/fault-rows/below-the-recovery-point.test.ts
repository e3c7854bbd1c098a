/** Row F2 of the fault list: damage to what was on the disk. It is never cut; what is before it is served. */
import { describe, expect, test } from 'vitest';
import { LogReader, recoverPartition, type SeglogError } from '../../../src/index.ts';
import {
  afterFault,
  boundaries,
  type Files,
  fileOf,
  filesIn,
  filled,
  flipped,
  logOf,
  opened,
  placed,
  readAll,
  timestampAt,
  unclean,
  valuesTo,
  withFile,
} from './partition.ts';
import { Log } from '../../../src/index.ts';

/** Three segments of four batches each, of 8 records: they start at 0, 8 and 16. */
const THREE_SEGMENTS = { batches: 12, segmentBytes: 400 };
const END = 24;

/** Damage to a segment, by what the .log file has become. */
type Damage = (log: Buffer, ends: readonly number[]) => Buffer;

/** Damages that leave the first two batches of a segment as they are. */
const DAMAGES: readonly (readonly [string, Damage])[] = [
  ['it ends within its third batch', (log, ends) => log.subarray(0, (ends[2] as number) + 40)],
  ['it ends within the first bytes of its third batch', (log, ends) => log.subarray(0, (ends[2] as number) + 10)],
  ['a bit of its third batch is turned over', (log, ends) => flipped(log, (ends[2] as number) + 70, 3)],
  ['its third batch is zeros', (log, ends) => Buffer.from(log).fill(0, ends[2], ends[3])],
  ['all from its third batch on is garbage', (log, ends) => Buffer.from(log).fill(0xa5, ends[2])],
];

async function damaged(base: number, damage: Damage): Promise<{ files: Files; position: number }> {
  const files = await filled(THREE_SEGMENTS);
  const log = fileOf(files, logOf(base));
  const ends = boundaries(log);
  return { files: withFile(files, logOf(base), damage(log, ends)), position: ends[2] as number };
}

describe.each(DAMAGES)('F2: a segment below the recovery point is damaged: %s', (_what, damage) => {
  test.each([
    ['the first of three', 0],
    ['the second of three', 8],
    ['the last', 16],
  ])(
    '%s: nothing is cut, what is before is served, appends are refused, and the place is told',
    async (_name, base) => {
      const { files, position } = await damaged(base, damage);
      const offset = base + 4;
      // The recovery point is in the damaged segment, behind the damage; in a sealed one it is its very end.
      const found = await afterFault(files, valuesTo(END), unclean(base + 7));
      expect(found).toMatchObject({
        ...{ opening: 'ok', appending: 'LOG_CORRUPT', values: valuesTo(offset), readError: undefined },
        ...{ logEndOffset: offset, cuts: [], corruption: { file: logOf(base), position, offset } },
      });
      for (const [name, bytes] of files) {
        if (name.endsWith('.log')) expect(fileOf(found.files, name), name).toEqual(bytes);
      }
      expect([...found.files.keys()].filter((name) => name.endsWith('.log'))).toEqual([logOf(0), logOf(8), logOf(16)]);
    },
  );

  test('the error of an append names the file, the place, what was found, and what to do', async () => {
    const { files, position } = await damaged(8, damage);
    await using log = await Log.open(placed(files), unclean(15));
    const error = await log.append({ value: 'x' }).then(
      () => undefined,
      (refused: unknown) => refused as SeglogError,
    );
    expect(error).toMatchObject({ code: 'LOG_CORRUPT', position, action: expect.stringMatching(/recover/) as string });
    expect(error?.file).toMatch(new RegExp(`${logOf(8)}$`));
    expect(log.status().recovery?.cuts).toEqual([]);
    expect(log.offsetForTimestamp(timestampAt(9))).toEqual({ offset: 9, timestamp: timestampAt(9) });
    expect(log.offsetForTimestamp(timestampAt(13))).toBeUndefined();
    expect(() => log.find(13)).toThrow(/no such offset/);
  });

  test('recovering it on purpose cuts there, keeps all in quarantine, and the log takes appends again', async () => {
    const { files } = await damaged(8, damage);
    const directory = placed(files);
    await opened(directory, unclean(15));
    const { logEndOffset, cuts } = await recoverPartition(directory);
    expect([logEndOffset, cuts.length]).toEqual([12, 2]);
    await using log = await Log.open(directory);
    expect((await log.append({ value: 'after' })).baseOffset).toBe(12);
    expect(readAll(log).values).toEqual([...valuesTo(12), 'after']);
  });
});

describe('F2: damage in a segment that nothing makes opening look at', () => {
  test.each(DAMAGES)('%s: reading serves what is before, and stops with an error', async (_what, damage) => {
    const { files } = await damaged(0, damage);
    const directory = placed(files);
    const before = filesIn(directory);
    for (const options of [{}, unclean(END)]) {
      const found = await opened(directory, options);
      expect(found).toMatchObject({ opening: 'ok', values: valuesTo(4), cuts: [] });
      expect(found.readError).toMatch(/^BATCH_/);
    }
    using reader = LogReader.open(directory);
    expect(readAll(reader)).toMatchObject({ values: valuesTo(4) });
    expect(fileOf(filesIn(directory), logOf(0))).toEqual(fileOf(before, logOf(0)));
  });
});

describe('F2: the same damage above the recovery point', () => {
  test.each(DAMAGES)('%s: the log is cut there, and later segments go to quarantine', async (_what, damage) => {
    const { files } = await damaged(8, damage);
    const found = await afterFault(files, valuesTo(END), unclean(8));
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(12), corruption: undefined });
    expect([...found.files.keys()].filter((name) => name.endsWith('.log'))).toEqual([logOf(0), logOf(8)]);
    expect(found.cuts[1]).toMatch(/^behind-a-cut of/);
  });

  test.each(DAMAGES)('%s: with mode "refuse" nothing is touched', async (_what, damage) => {
    const { files } = await damaged(8, damage);
    const directory = placed(files);
    const found = await opened(directory, { recovery: { clean: false, recoveryPoint: 8, mode: 'refuse' } });
    expect(found.opening).toBe('RECOVERY_REFUSED');
    for (const [name, bytes] of files) if (name.endsWith('.log')) expect(fileOf(found.files, name)).toEqual(bytes);
  });

  test('a torn batch that straddles the recovery point is damage, one that starts at it is a torn tail', async () => {
    const files = await filled({ batches: 3 });
    const log = fileOf(files, logOf(0));
    const torn = withFile(files, logOf(0), log.subarray(0, log.length - 3));
    expect(await afterFault(torn, valuesTo(6), unclean(5))).toMatchObject({
      appending: 'LOG_CORRUPT',
      values: valuesTo(4),
    });
    expect(await afterFault(torn, valuesTo(6), unclean(4))).toMatchObject({ appending: 'ok', values: valuesTo(4) });
  });
});
