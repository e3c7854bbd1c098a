/**
 * Found by `npm run kill` (seed 24): a process that died while records were deleted left the log start where it was, and the
 * leader epochs of all records cut away: the log came up with records of which no follower could be told the epoch.
 */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, SeglogError } from '../../src/index.ts';

const DIRECTORY = '/logs/t-0';
const RECORDS = 6;

/** Deletes all records on files that take so many small files, and then none for good. @returns whether they took all */
async function deleteUpTo(smallFiles: number): Promise<{ memory: MemoryFileSystem; isWhole: boolean }> {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  const log = await Log.open(DIRECTORY, { fs: memory });
  await log.append(Array.from({ length: RECORDS }, (_, i) => ({ value: `${i}` })));
  let left = smallFiles;
  let isDead = false;
  const replace = memory.replaceSmall.bind(memory);
  memory.replaceSmall = (path, bytes) => {
    isDead ||= left-- <= 0;
    if (isDead) throw new SeglogError('IO', 'the process is dead', { file: path, errno: 'EIO' });
    replace(path, bytes);
  };
  await log.deleteRecordsBefore(RECORDS).catch((error: unknown) => expect(error).toBeInstanceOf(SeglogError));
  return { memory, isWhole: !isDead };
}

test('wherever deleting records stops, the records that are left have their epoch', async () => {
  const starts: number[] = [];
  for (let smallFiles = 0, isDone = false; !isDone; smallFiles++) {
    const { memory, isWhole } = await deleteUpTo(smallFiles);
    // As after a crash: on another object, since the first one holds its locks.
    const files = new MemoryFileSystem();
    files.makeDirectory(DIRECTORY);
    for (const directory of ['/logs', DIRECTORY]) {
      for (const name of memory.list(directory)) {
        const bytes =
          memory.stat(`${directory}/${name}`)?.isFile === true ? memory.readSmall(`${directory}/${name}`) : undefined;
        if (bytes !== undefined && name !== '.lock') files.replaceSmall(`${directory}/${name}`, bytes);
      }
    }
    const log = await Log.open(DIRECTORY, { fs: files, recovery: { recoveryPoint: RECORDS - 1 } });
    const { logStartOffset } = log;
    starts.push(logStartOffset);
    if (logStartOffset === 0) expect(log.leaderEpochs(), `${smallFiles}`).toEqual([{ epoch: 0, startOffset: 0 }]);
    await log.close();
    isDone = isWhole;
  }
  expect(starts[0]).toBe(0);
  expect(starts.at(-1)).toBe(RECORDS);
});
