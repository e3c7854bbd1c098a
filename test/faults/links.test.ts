/** Row F22, beside test/store/fault-rows/names.test.ts: links and names in files that would lead out of a directory. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { printTopicsFile } from '../../src/format/topics-file.ts';
import { Log, Store } from '../../src/index.ts';
import { applyRepair, undoRepair } from '../../src/repair/repair.ts';
import { fileOf, filled, logOf, placed, readAll, unclean, valuesTo, withFile } from '../log/fault-rows/partition.ts';
import { copyOf, optionsFor, recipe } from '../repair/partitions.ts';
import { scratch } from '../support/temp.ts';

const ID = 'A'.repeat(22);

/** A partition whose first segment of two is torn, so that recovery moves the second one to quarantine. */
async function tornPartition(): Promise<string> {
  const files = await filled({ batches: 8, segmentBytes: 400 });
  const torn = fileOf(files, logOf(0));
  return placed(withFile(files, logOf(0), torn.subarray(0, torn.length - 5)));
}

describe('F22: a quarantine that is a link', () => {
  test('takes nothing from a recovery: the log stays as it is, and so does what the link leads to', async () => {
    const directory = await tornPartition();
    const elsewhere = scratch();
    symlinkSync(elsewhere, join(directory, 'quarantine'));
    const logs = (): Buffer[] => [logOf(0), logOf(8)].map((name) => readFileSync(join(directory, name)));
    const before = logs();
    await expect(Log.open(directory, unclean())).rejects.toMatchObject({
      code: 'NOT_A_REGULAR_FILE',
      file: join(directory, 'quarantine'),
    });
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(logs()).toEqual(before);
  });

  test.each(['old', 'new'])('in a repair, as %s, leads its undoing nowhere', async (name) => {
    const { source, edits } = recipe('027-flip-log');
    const directory = copyOf(source, edits);
    const options = optionsFor();
    const { quarantine } = await applyRepair(directory, options);
    const place = join(quarantine as string, name);
    const elsewhere = join(scratch(), name);
    if (readdirSync(quarantine as string).includes(name)) renameSync(place, elsewhere);
    else mkdirSync(elsewhere);
    const victim = join(elsewhere, logOf(0));
    if (name === 'new') writeFileSync(victim, 'of somebody else');
    const before = readdirSync(elsewhere);
    symlinkSync(elsewhere, place);
    await expect(undoRepair(quarantine as string, options)).rejects.toMatchObject({
      code: 'NOT_A_REGULAR_FILE',
      file: place,
    });
    expect(readdirSync(elsewhere)).toEqual(before);
  });
});

describe('F22: a name in a file that leads out of its directory', () => {
  test.each(['../evil', '..', '/evil', 'a/../../evil', 'evil\0'])('%j in .seglog_topics is no topic', async (name) => {
    const directory = scratch();
    await (await Store.open(directory)).close();
    const topic = { name, topicId: ID, configs: {}, partitions: { 0: ID } };
    const engine = defaultEngine();
    const bytes = printTopicsFile({ generation: 9, copies: {}, topics: [topic], deleting: [] }, (...range) =>
      engine.crc32c(...range),
    );
    // As an earlier version left it.
    rmSync(join(directory, '__cluster_metadata-0'), { recursive: true });
    writeFileSync(join(directory, '.seglog_topics'), bytes);
    await expect(Store.open(directory)).rejects.toMatchObject({ code: 'CORRUPT_CHECKPOINT' });
    expect(readdirSync(join(directory, '..'))).not.toContain('evil-0');
  });

  test.each(['recovery-point-offset-checkpoint', 'log-start-offset-checkpoint', 'cleaner-offset-checkpoint'])(
    'of a topic in %s makes, reads and writes nothing there',
    async (checkpoint) => {
      const root = scratch();
      const directory = join(root, 'logs');
      const store = await Store.open(directory);
      await store.createTopic({ name: 't' });
      await store.partition('t', 0).append({ value: 'a' });
      await store.close();
      const victim = join(root, 'evil-0');
      mkdirSync(victim);
      writeFileSync(join(victim, logOf(0)), 'of somebody else');
      writeFileSync(join(directory, checkpoint), '0\n2\n../evil 0 0\nt 0 0\n');
      const again = await Store.open(directory);
      expect(again.topics()).toEqual(['t']);
      expect(readAll(again.partition('t', 0)).values).toEqual(['a']);
      await again.close();
      expect(readdirSync(victim)).toEqual([logOf(0)]);
      expect(readFileSync(join(victim, logOf(0)), 'utf8')).toBe('of somebody else');
    },
  );
});

test.each([
  'recovery-point-offset-checkpoint',
  '.seglog_cleanshutdown',
  'leader-epoch-checkpoint',
  logOf(0).replace('.log', '.index'),
])(
  'F22: what a link in the place of %s, or of its temporary file, leads to is neither read nor written',
  async (name) => {
    const directory = placed(await filled({ batches: 3 }));
    const inLogDirectory = name.startsWith('recovery');
    const place = inLogDirectory ? join(directory, '..', name) : join(directory, name);
    const elsewhere = join(scratch(), 'victim');
    for (const path of [place, `${place}.tmp`]) {
      writeFileSync(elsewhere, 'of somebody else');
      const saved = `${path}.saved`;
      if (readdirSync(join(path, '..')).includes(path.slice(path.lastIndexOf('/') + 1))) renameSync(path, saved);
      symlinkSync(elsewhere, path);
      const opened = await Log.open(directory, unclean()).then(
        async (log) => {
          const { values } = readAll(log);
          await log.append({ value: 'x' }).catch(() => undefined);
          await log.close().catch(() => undefined);
          return values.slice(0, 6);
        },
        (error: unknown) => (error as { code?: string }).code,
      );
      expect([valuesTo(6), 'NOT_A_REGULAR_FILE', 'IO']).toContainEqual(opened);
      expect(readFileSync(elsewhere, 'utf8')).toBe('of somebody else');
    }
  },
);
