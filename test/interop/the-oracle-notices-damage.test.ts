/** A check that cannot fail is a defect: Kafka's own files pass the oracle, and damaged ones do not. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectedLines, FIXTURES, segments } from '../support/fixtures.ts';
import { scratchPartition } from '../support/temp.ts';
import { openWithKafka, readBack, withKafka } from './kafka.ts';

const PARTITION = 'f-lz4-0';
const FIRST = '00000000000000000000';

/** A copy of a partition that Kafka wrote, with one bit flipped. */
function damaged(file: string, position: number): string {
  const directory = scratchPartition();
  cpSync(join(FIXTURES, 'clean', PARTITION), directory, { recursive: true });
  const bytes = readFileSync(join(directory, file));
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  writeFileSync(join(directory, file), bytes);
  return directory;
}

await withKafka(() => {
  test("reads Kafka's own segments as the fixtures say", async () => {
    const wanted = segments('clean').filter(({ partition }) => partition === PARTITION);
    const found = await readBack(...wanted.map(({ path }) => path));
    expect(found.length).toBe(wanted.length);
    for (const [i, segment] of wanted.entries()) {
      const lines = expectedLines(segment);
      expect(found[i]?.batches).toEqual(lines.filter(({ type }) => type === 'batch'));
      expect(found[i]?.records).toEqual(lines.filter(({ type }) => type === 'record'));
    }
  });

  test('finds nothing wrong with a whole partition', async () => {
    const directory = scratchPartition();
    cpSync(join(FIXTURES, 'clean', PARTITION), directory, { recursive: true });
    const [answer] = await openWithKafka([{ dir: directory }]);
    expect(answer?.problems).toEqual([]);
    expect(answer?.segments.length).toBeGreaterThan(1);
  });

  test('calls a batch with a flipped bit invalid', async () => {
    const [first] = await readBack(join(damaged(`${FIRST}.log`, 100), `${FIRST}.log`));
    expect(first?.batches[0]).toMatchObject({ valid: false });
    expect(first?.batches[1]).toMatchObject({ valid: true });
  });

  test.each([
    ['an offset entry that names another offset', '.index', 3],
    ['an offset entry that points elsewhere', '.index', 7],
    ['a time entry with another time', '.timeindex', 7],
    ['a time entry with another offset', '.timeindex', 11],
  ])('names %s', async (_, extension, position) => {
    const [answer] = await openWithKafka([{ dir: damaged(`${FIRST}${extension}`, position) }]);
    expect(answer?.problems.length).toBeGreaterThan(0);
  });
});
