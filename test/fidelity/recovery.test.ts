/** What Kafka 4.3.1 left of damaged partitions, and of those of a broker that was killed: so do we. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LOG_DIRECTORY_FILES } from '../../src/format/names.ts';
import { Log } from '../../src/index.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import { recoverPartition } from '../../src/log/recover-partition.ts';
import { applyEdits, type Edit } from '../support/edits.ts';
import { FIXTURES, groupBy, jsonLines } from '../support/fixtures.ts';
import { firstNotRising, segmentsOf } from '../support/log-bytes.ts';
import { scratch } from '../support/temp.ts';

/** What Kafka left: see fixtures/README.md. */
interface Left {
  dir: string;
  logStartOffset: number;
  logEndOffset: number;
  segments: { baseOffset: number; size: number }[];
  files: Record<string, string>;
}
interface Recipe {
  name: string;
  source: string;
  edits: Edit[];
  kafka: Left;
}
interface Visible {
  query: string;
  topic: string;
  partition: number;
  lastStableOffset: number;
  visible: [number, number][];
}

const read = <T>(file: string): T[] => jsonLines<T>(readFileSync(join(FIXTURES, file), 'utf8'));
const recipes = read<Recipe>('damage.jsonl');
/** As the broker and the oracle were configured. */
const CONFIG = { segmentIndexBytes: 102_400 };
/** A repeated batch, after which Kafka's log end goes back. */
const REPEATED_BATCH = '025-duplicate-tail';

/** A copy of a partition with no checkpoint and no mark beside it. */
function copyOf(source: string, edits: readonly Edit[] = []): string {
  const directory = join(scratch(), basename(source));
  cpSync(join(FIXTURES, source), directory, { recursive: true, preserveTimestamps: true });
  applyEdits(directory, edits);
  return directory;
}

/** What is left, in the form of the fixtures. */
async function recovered(directory: string): Promise<Left> {
  const { dir, logStartOffset, logEndOffset, segments, files } = await recoverPartition(directory, CONFIG);
  return {
    dir,
    logStartOffset,
    logEndOffset,
    segments: segments.map(({ baseOffset, size }) => ({ baseOffset, size })),
    files: { ...files },
  };
}

/** The segment files in the directory, by name. */
function segmentFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /\.(log|index|timeindex|txnindex)(\.|$)/.test(name))
    .sort();
}

describe('a damaged partition, opened as after an unclean end', () => {
  const others = recipes.filter(({ name }) => name !== REPEATED_BATCH);

  test.each(others)('$name of $source is left as Kafka leaves it', async ({ source, edits, kafka }) => {
    const directory = copyOf(source, edits);
    expect(await recovered(directory)).toEqual(kafka);
    expect(segmentFiles(directory)).toEqual(Object.keys(kafka.files).sort());
  });

  test('there are as many recipes as Kafka answered', () => {
    expect(others.length).toBe(77);
  });

  test(`${REPEATED_BATCH} is cut at the batch that is there twice, and its log end stays`, async () => {
    const recipe = recipes.find(({ name }) => name === REPEATED_BATCH) as Recipe;
    const whole = copyOf(recipe.source);
    const directory = copyOf(recipe.source, recipe.edits);
    const last = segmentsOf(directory).at(-1);
    const left = await recovered(directory);
    // Kafka keeps the repeated marker of offset 839 at the end of the log, and goes on from 840.
    expect(recipe.kafka.logEndOffset).toBe(840);
    expect(left).toEqual({ ...(await recovered(whole)), dir: recipe.kafka.dir });
    expect(left.logEndOffset).toBe(1627);
    expect(left.segments.at(-1)).toEqual({ baseOffset: 839, size: last && firstNotRising(last)?.position });
    expect(existsSync(join(directory, 'quarantine'))).toBe(true);
  });

  test('a whole partition is left as it is, and says that nothing was cut', async () => {
    const directory = copyOf('clean/f-lz4-0');
    const before = segmentsOf(directory);
    const { cuts } = await recoverPartition(directory, CONFIG);
    expect(cuts).toEqual([]);
    expect(segmentsOf(directory)).toEqual(before);
    expect(existsSync(join(directory, 'quarantine'))).toBe(false);
  });

  test('what is cut is in quarantine: the bytes behind the cut, as they were', async () => {
    const { source, edits, kafka } = recipes.find(({ name }) => name === '001-flip-log') as Recipe;
    const directory = copyOf(source, edits);
    const cut = kafka.segments.at(-1) as Left['segments'][0];
    const name = `${String(cut.baseOffset).padStart(20, '0')}.log`;
    const behind = readFileSync(join(directory, name)).subarray(cut.size);
    await recoverPartition(directory, CONFIG);
    const quarantined = readdirSync(join(directory, 'quarantine'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    expect(quarantined.some((bytes) => bytes.equals(behind))).toBe(true);
  });
});

describe("a killed broker's partition", () => {
  test.each(read<Left>('expected/unclean-recovered.jsonl'))('$dir is left as Kafka leaves it', async (kafka) => {
    const directory = copyOf(`unclean/${kafka.dir}`);
    expect(await recovered(directory)).toEqual(kafka);
    expect(segmentFiles(directory)).toEqual(Object.keys(kafka.files).sort());
  });
});

/** Runs of offsets, as the fixtures have them. */
function runs(offsets: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const offset of offsets) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === offset - 1) last[1] = offset;
    else found.push([offset, offset]);
  }
  return found;
}

const visible = read<Visible>('expected/clean-queries.jsonl').filter(({ query }) => query === 'read-committed');

describe.each(groupBy(visible, ({ topic, partition }) => `${topic}-${partition}`))(
  'read_committed of %s',
  (name, [asked]) => {
    test('gives the records that a consumer of Kafka sees', async () => {
      const log = await Log.open(copyOf(`clean/${name}`), CONFIG);
      try {
        const offsets: number[] = [];
        for await (const batch of log.read({ isolation: 'read_committed' }))
          if (!batch.isControl) offsets.push(...batch.records().map(({ offset }) => offset));
        expect(log.status().lastStableOffset).toBe(asked?.lastStableOffset);
        expect(runs(offsets)).toEqual(asked?.visible);
      } finally {
        await log.close();
      }
    });

    test('and so does a reader that has not opened it for writing', () => {
      using reader = LogReader.open(join(FIXTURES, 'clean', name));
      const offsets: number[] = [];
      for (const batch of reader.readSync({ isolation: 'read_committed' }))
        if (!batch.isControl) offsets.push(...batch.records().map(({ offset }) => offset));
      expect(runs(offsets)).toEqual(asked?.visible);
    });
  },
);

describe('a log start in the checkpoint beside the partition', () => {
  /** The partition, with `offset` for it and another for a neighbour in the checkpoint. */
  function withLogStart(source: string, offset: number): string {
    const directory = copyOf(source);
    const [topic, partition] = basename(directory).split(/-(?=\d+$)/);
    const text = `0\n2\nother 0 7\n${topic} ${partition} ${offset}\n`;
    mkdirSync(dirname(directory), { recursive: true });
    writeFileSync(join(dirname(directory), LOG_DIRECTORY_FILES.logStartOffsets), text);
    return directory;
  }

  test.each([
    ['in the middle of a segment', 1313, { logStartOffset: 1313, logEndOffset: 2500 }],
    ['below the first segment', 5, { logStartOffset: 1004, logEndOffset: 2500 }],
    ['at the log end', 2500, { logStartOffset: 2500, logEndOffset: 2500 }],
    ['behind the log end: nothing is left, as in Kafka', 9000, { logStartOffset: 9000, logEndOffset: 9000 }],
  ])('%s', async (_, offset, expected) => {
    const log = await Log.open(withLogStart('clean/f-deleted-0', offset), CONFIG);
    try {
      expect(log.status()).toMatchObject(expected);
      expect(() =>
        log.fetch(expected.logStartOffset - 1, { maxBytes: 100, minOneMessage: true, isolation: 'log_end' }),
      ).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }));
    } finally {
      await log.close();
    }
  });
});
