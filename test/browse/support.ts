/** What the browser's tests share: tasks run to their end, partitions of the fixtures, files that count what is read. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Opened, Place, Row, Task } from '../../src/browse/contract.ts';
import { END_PLACE, START_PLACE } from '../../src/browse/contract.ts';
import { PartitionSource } from '../../src/browse/source/partition.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import type { File, FileSystem } from '../../src/fs/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';

export const ALL_OPEN: Opened = { all: true, named: new Set() };
export const ALL_CLOSED: Opened = { all: false, named: new Set() };

/** What a task comes to; `turns` counts how often it let others have a turn. */
export function finish<T>(task: Task<T>, count: { turns: number } = { turns: 0 }): T {
  for (;;) {
    const step = task.next();
    if (step.done === true) return step.value;
    count.turns += 1;
  }
}

/** A source that is closed when the test ends. */
export function sourceOf(directory: string, fs: FileSystem = nodeFileSystem): PartitionSource {
  const source = new PartitionSource(defaultEngine(), fs, directory);
  onTestFinished(() => source.close());
  return source;
}

/** A copy of a fixture's partition, with or without its indexes. */
export function copyOf(set: string, partition: string, withIndexes = true): string {
  const directory = join(scratch(), partition);
  cpSync(join(FIXTURES, set, partition), directory, { recursive: true });
  if (!withIndexes) {
    for (const name of nodeFileSystem.list(directory)) {
      if (/\.(?:index|timeindex)$/.test(name)) rmSync(join(directory, name));
    }
  }
  return directory;
}

/** All rows, from the first one on. */
export function rowsForward(source: PartitionSource, opened: Opened): readonly Row[] {
  return finish(source.window(START_PLACE, 0, 1_000_000, opened)).rows;
}

/** All rows, from the last one back. */
export function rowsBackward(source: PartitionSource, opened: Opened): readonly Row[] {
  return finish(source.window(END_PLACE, 999_999, 1_000_000, opened)).rows;
}

/** A place as text, to compare. */
export function placeText({ base, position, record }: Place): string {
  return `${base}:${position}:${record}`;
}

/** A file system that counts the bytes that are read from .log files. */
export function countingFs(): { readonly fs: FileSystem; readonly read: { bytes: number } } {
  const read = { bytes: 0 };
  const counted = (file: File): File => ({
    path: file.path,
    // Native code reads through this too.
    fd: undefined,
    sizeBytes: () => file.sizeBytes(),
    read(into, start, length, position) {
      const filled = file.read(into, start, length, position);
      if (file.path.endsWith('.log')) read.bytes += filled;
      return filled;
    },
    readAsync: (...asked) => file.readAsync(...asked),
    write: (...asked) => file.write(...asked),
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    syncSync: () => file.syncSync(),
    close: () => file.close(),
  });
  return { fs: { ...nodeFileSystem, open: (path, mode) => counted(nodeFileSystem.open(path, mode)) }, read };
}
