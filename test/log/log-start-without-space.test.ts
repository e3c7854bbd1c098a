/** Row F16: a log start is moved on a full disk: who moved it knows whether a crash takes it back. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, type LogOptions, SeglogError } from '../../src/index.ts';
import { codeOf, readAll } from './fault-rows/partition.ts';

const DIRECTORY = '/logs/t-0';
/** Three records each. */
const ROLLING: LogOptions = { segmentBytes: 300, indexIntervalBytes: 50 };
const RECORDS = 12;

interface Disk {
  readonly memory: MemoryFileSystem;
  /** For small files of which it says so there is no space. */
  isFull: (path: string) => boolean;
}

function newDisk(): Disk {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  const disk: Disk = { memory, isFull: () => false };
  const replace = memory.replaceSmall.bind(memory);
  memory.replaceSmall = (path, bytes) => {
    if (disk.isFull(path)) throw new SeglogError('IO', 'no space', { file: path, errno: 'ENOSPC' });
    replace(path, bytes);
  };
  return disk;
}

/** Two epochs: 0 from 0 on, and 1 from 6 on. */
async function filled({ memory }: Disk, clock: ManualClock): Promise<Log> {
  const log = await Log.open(DIRECTORY, { fs: memory, clock, ...ROLLING });
  for (let n = 0; n < RECORDS; n++) {
    if (n === 6) log.becomeLeader(1);
    log.appendSync({ value: `record ${n}` });
  }
  await log.flush();
  return log;
}

/** The log as the next process finds it; the first one holds its locks. */
async function afterCrash({ memory }: Disk, next: Disk = newDisk()): Promise<Log> {
  const { memory: fs } = next;
  for (const directory of ['/logs', DIRECTORY]) {
    fs.makeDirectory(directory);
    for (const name of memory.list(directory)) {
      const path = `${directory}/${name}`;
      if (memory.stat(path)?.isFile === true && name !== '.lock') {
        fs.replaceSmall(path, memory.readSmall(path) as Uint8Array);
      }
    }
  }
  next.isFull = (path) => path.endsWith(EPOCHS);
  return Log.open(DIRECTORY, { fs, ...ROLLING });
}

const EPOCHS = 'leader-epoch-checkpoint';

describe('F16: records are deleted on a full disk', () => {
  test('from within a segment: they are gone, the call says that this may not last, and the next one makes it last', async () => {
    const disk = newDisk();
    const log = await filled(disk, new ManualClock(1000));
    const { sizeBytes } = log.status();
    disk.isFull = (path) => path.endsWith('checkpoint');
    for (let turn = 0; turn < 2; turn++) {
      await expect(log.deleteRecordsBefore(8)).rejects.toMatchObject({
        ...{ code: 'IO', errno: 'ENOSPC', file: DIRECTORY },
        found: expect.stringContaining('8 in memory alone') as string,
      });
      expect(log.logStartOffset).toBe(8);
      expect(readAll(log).values).toEqual(['record 8', 'record 9', 'record 10', 'record 11']);
      expect(log.status().sizeBytes).toBeLessThan(sizeBytes);
    }
    expect((await afterCrash(disk)).logStartOffset).toBe(6);
    disk.isFull = () => false;
    expect(await log.deleteRecordsBefore(8)).toBe(8);
    expect((await afterCrash(disk)).logStartOffset).toBe(8);
    await log.close();
  });

  test('up to where a segment begins: its name tells the log start', async () => {
    const disk = newDisk();
    const log = await filled(disk, new ManualClock(1000));
    disk.isFull = (path) => path.endsWith('checkpoint');
    expect(await codeOf(log.deleteRecordsBefore(9))).toBe('ok');
    expect((await afterCrash(disk)).logStartOffset).toBe(9);
  });
});

describe('F16: there is space for the log start, and for no other checkpoint', () => {
  test('records that are deleted from within a segment stay so, and the call says nothing else', async () => {
    const disk = newDisk();
    const log = await filled(disk, new ManualClock(1000));
    disk.isFull = (path) => path.endsWith('checkpoint') && !path.endsWith('log-start-offset-checkpoint');
    expect(await codeOf(log.deleteRecordsBefore(8))).toBe('ok');
    expect(log.logStartOffset).toBe(8);
    expect((await afterCrash(disk)).logStartOffset).toBe(8);
    disk.isFull = () => false;
    await log.close();
  });
});

describe('F16: leader epochs below the log start', () => {
  const BEFORE = [
    { epoch: 0, startOffset: 0 },
    { epoch: 1, startOffset: 6 },
  ];

  test('go with the next checkpoint, where there was no space to write them', async () => {
    const disk = newDisk();
    const clock = new ManualClock(1000);
    const log = await filled(disk, clock);
    disk.isFull = (path) => path.endsWith(EPOCHS);
    expect(await log.deleteRecordsBefore(8)).toBe(8);
    expect(log.leaderEpochs()).toEqual(BEFORE);
    disk.isFull = () => false;
    clock.advance(6000);
    await log.append({ value: 'more' });
    await log.flush();
    expect(log.leaderEpochs()).toEqual([{ epoch: 1, startOffset: 8 }]);
    await log.close();
  });

  test('stay as long as the log start is not on the disk: it may come up with them', async () => {
    const disk = newDisk();
    const log = await filled(disk, new ManualClock(1000));
    disk.isFull = (path) => path.endsWith('offset-checkpoint');
    expect(await codeOf(log.deleteRecordsBefore(2))).toBe('IO ENOSPC');
    const after = await afterCrash(disk);
    expect(after.logStartOffset).toBe(0);
    expect(after.leaderEpochs()).toEqual(BEFORE);
    await log.close().catch(() => undefined);
  });
});
