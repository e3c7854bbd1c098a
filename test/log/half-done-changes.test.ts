/** What fails in the middle of a change leaves no log that is half one thing and half another. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, type LogReader, type RecoveryProgress, SeglogError } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

const DIRECTORY = '/logs/t-0';

function disk(): { fs: FaultyFileSystem; memory: MemoryFileSystem } {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  return { fs: new FaultyFileSystem(memory), memory };
}

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (error) {
    return error instanceof SeglogError ? error.code : String(error);
  }
}

function offsetsOf(log: Log | LogReader): number[] {
  return [...log.readSync()].map(({ baseOffset }) => baseOffset);
}

describe('an append', () => {
  test('does not fail for an index that takes no entries, and all of it is there after close and after a crash', async () => {
    const { fs, memory } = disk();
    const log = await Log.open(DIRECTORY, { fs, indexIntervalBytes: 0, segmentBytes: 10_000_000 });
    const index = '00000000000000000000.index';
    const realOpen = memory.open.bind(memory);
    let isFull = false;
    memory.open = (path, mode) => {
      const file = realOpen(path, mode);
      const write = file.write.bind(file);
      file.write = (from, start, end, position) => {
        if (isFull && path.endsWith(index)) throw new SeglogError('IO', 'no space', { errno: 'ENOSPC' });
        write(from, start, end, position);
      };
      return file;
    };
    isFull = true;
    for (let number = 0; number < 1200; number++) log.appendSync({ value: `record ${number}` });
    expect(log.logEndOffset).toBe(1200);
    isFull = false;
    await log.close();
    memory.open = realOpen;
    const again = await Log.open(DIRECTORY, { fs });
    expect(again.status().recovery).toBeUndefined();
    expect(offsetsOf(again)).toHaveLength(1200);
    await again.close();
  });

  test('in the turn of a flush that rolls the segment is not what the flush waits for: the records before it are', async () => {
    const { fs, memory } = disk();
    const synced = new Set<string>();
    const realOpenAppend = memory.openAppend.bind(memory);
    memory.openAppend = (path, options) => {
      const file = realOpenAppend(path, options);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        synced.add(path);
        await sync();
      };
      return file;
    };
    const realOpen = memory.open.bind(memory);
    memory.open = (path, mode) => {
      const file = realOpen(path, mode);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        synced.add(path);
        await sync();
      };
      return file;
    };
    const log = await Log.open(DIRECTORY, { fs, segmentBytes: 100 });
    log.appendSync({ value: 'before the flush' });
    const flushed = log.flush();
    log.appendSync({ value: 'rolls the segment' });
    await flushed;
    expect(log.status().recoveryPoint).toBeGreaterThanOrEqual(1);
    expect([...synced].some((path) => path.endsWith('00000000000000000000.log'))).toBe(true);
    await log.close();
  });

  test('whose segment cannot roll fails, and the next one may go on', async () => {
    const { fs } = disk();
    const log = await Log.open(DIRECTORY, { fs, segmentBytes: 100 });
    log.appendSync({ value: 'fills the first segment' });
    fs.plan({ operation: 'open', call: 1, errno: 'EMFILE' });
    expect(await codeOf(() => log.appendSync({ value: 'needs a new one' }))).toBe('IO');
    fs.heal();
    expect(log.appendSync({ value: 'needs a new one' }).baseOffset).toBe(1);
    expect(offsetsOf(log)).toEqual([0, 1]);
    await log.close();
  });
});

describe('an abort', () => {
  const producer = { producerId: 7, producerEpoch: 0 };
  const aborting = { ...producer, result: 'abort' } as const;

  /** The values that a reader of committed records gets. */
  const committedOf = (log: Log): string[] =>
    [...log.readSync({ isolation: 'read_committed' })]
      .filter(({ isControl }) => !isControl)
      .flatMap((batch) => batch.records().map(({ value }) => `${value?.toString()}`));

  // It writes an entry of the transaction index, and the marker.
  test.each([1, 2])(
    'of which write %i fails is as if it had not been asked for, and can be asked for again',
    async (call) => {
      const { fs } = disk();
      const log = await Log.open(DIRECTORY, { fs });
      await log.append({ value: 'open' }, { producer: { ...producer, baseSequence: 0, isTransactional: true } });
      await log.append({ value: 'plain' });
      fs.plan({ operation: 'write', call, errno: 'ENOSPC' });
      expect(await codeOf(() => log.endTransaction(aborting))).toBe('IO');
      fs.heal();
      expect([log.logEndOffset, log.lastStableOffset]).toEqual([2, 0]);
      expect(offsetsOf(log)).toEqual([0, 1]);
      await log.endTransaction(aborting);
      expect([offsetsOf(log), committedOf(log)]).toEqual([[0, 1, 2], ['plain']]);
      await log.close();
      await using again = await Log.open(DIRECTORY, { fs, recovery: { clean: false, recoveryPoint: 0 } });
      expect([offsetsOf(again), committedOf(again)]).toEqual([[0, 1, 2], ['plain']]);
    },
  );
});

describe('a truncation that fails half-way', () => {
  /** Fails the `call`th such operation of a truncation: what it and the next append say; undefined when there are not so many. */
  async function failedAt(operation: 'rename' | 'open' | 'truncate', call: number): Promise<string | undefined> {
    const { fs } = disk();
    const log = await Log.open(DIRECTORY, { fs, segmentBytes: 100 });
    for (let number = 0; number < 6; number++) log.appendSync({ value: `a record of number ${number}` });
    await log.flush();
    fs.plan({ operation, call, errno: 'EIO' });
    const code = await codeOf(() => log.truncateTo(2));
    fs.heal();
    const next = code === 'ok' ? undefined : await codeOf(() => log.append({ value: 'x' }));
    if (next === 'ok') expect(log.logEndOffset).toBe(7);
    await log.close();
    const again = await Log.open(DIRECTORY, { fs, segmentBytes: 100 });
    const offsets = offsetsOf(again);
    expect(offsets).toEqual(Array.from({ length: again.logEndOffset }, (_, at) => at));
    expect(again.logEndOffset).toBeGreaterThanOrEqual(2);
    await again.close();
    return next === undefined ? undefined : `${code}, ${next}`;
  }

  test.each(['rename', 'open', 'truncate'] as const)(
    '(%s) leaves the log as it was or takes it offline, and opening it again tells what is there',
    async (operation) => {
      const found: string[] = [];
      for (
        let call = 1, said = await failedAt(operation, 1);
        said !== undefined;
        said = await failedAt(operation, ++call)
      )
        found.push(said);
      // Before the cut all is as it was; from its first change on nobody knows.
      const untouched = found.filter((said) => said === 'IO, ok');
      const cut = found.filter((said) => said === 'IO, LOG_OFFLINE');
      expect(found).toEqual([...untouched, ...cut]);
      expect(cut.length).toBeGreaterThan(0);
    },
  );

  test('a read and a tail that began before a truncation end with an error of their own', async () => {
    const log = await Log.open(scratchPartition(), { segmentBytes: 200 });
    for (let number = 0; number < 20; number++) log.appendSync({ value: `record ${number}` });
    await log.flush();
    const reading = log.read();
    expect((await reading.next()).value).toMatchObject({ baseOffset: 0 });
    const tailing = log.tail({ from: 20 });
    const tailed = codeOf(() => tailing.next());
    await log.truncateTo(3);
    for (let number = 0; number < 30; number++) log.appendSync({ value: `another ${number}` });
    await log.flush();
    const rest = async (): Promise<void> => {
      for await (const batch of reading) void batch;
    };
    expect(await codeOf(rest)).toBe('OFFSET_OUT_OF_RANGE');
    expect(await tailed).toBe('OFFSET_OUT_OF_RANGE');
    expect(log.status().corruption).toBeUndefined();
    await log.close();
  });
});

describe('the lock of a log directory', () => {
  test('is held by a log that is opened while the last one of its neighbours closes', async () => {
    const { fs } = disk();
    for (let turns = 0; turns < 40; turns++) {
      const first = await Log.open('/logs/a-0', { fs });
      const closing = first.close();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const second = await Log.open('/logs/b-0', { fs });
      await closing;
      expect(await codeOf(() => Log.open('/logs/b-0', { fs }))).toBe('LOG_LOCKED');
      await second.close();
    }
  });
});

describe('what a log is opened with', () => {
  test('recovery.onProgress tells of every byte, up to the last', async () => {
    const { fs } = disk();
    const log = await Log.open(DIRECTORY, { fs, segmentBytes: 100 });
    for (let number = 0; number < 6; number++) log.appendSync({ value: `a record of number ${number}` });
    const { sizeBytes } = log.status();
    await log.close();
    const told: RecoveryProgress[] = [];
    const recovery = { clean: false, onProgress: (progress: RecoveryProgress) => told.push(progress) };
    await (await Log.open(DIRECTORY, { fs, recovery: { ...recovery, recoveryPoint: 0 } })).close();
    expect(told.at(-1)).toEqual({ scannedBytes: sizeBytes, totalBytes: sizeBytes, remainingMs: 0 });
  });

  test('producerIdExpirationMs says when an idle producer is forgotten', async () => {
    const { fs } = disk();
    const clock = new ManualClock(1_000_000);
    const options = { fs, clock, producerIdExpirationMs: 5000 };
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0 };
    const log = await Log.open(DIRECTORY, options);
    log.appendSync({ value: 'x' }, { producer });
    await log.close();
    clock.advance(4999);
    const soon = await Log.open(DIRECTORY, options);
    expect(soon.producers()).toHaveLength(1);
    await soon.close();
    clock.advance(1);
    const late = await Log.open(DIRECTORY, options);
    expect(late.producers()).toEqual([]);
    await late.close();
  });

  test('leaderEpoch stamps what is appended', async () => {
    const { fs } = disk();
    const log = await Log.open(DIRECTORY, { fs, leaderEpoch: 7 });
    log.appendSync({ value: 'x' });
    expect([...log.readSync()][0]?.partitionLeaderEpoch).toBe(7);
    expect(log.leaderEpochs()).toEqual([{ epoch: 7, startOffset: 0 }]);
    await log.close();
    expect(await codeOf(() => Log.open(DIRECTORY, { fs, leaderEpoch: -2 }))).toBe('INVALID_ARGUMENT');
  });

  test('a batch from a leader whose epoch cannot be is refused', async () => {
    const { fs } = disk();
    const log = await Log.open(DIRECTORY, { fs });
    log.appendSync({ value: 'x' });
    const bytes = Buffer.from([...log.readSync()][0]?.bytes ?? []);
    bytes.writeBigInt64BE(1n, 0);
    bytes.writeInt32BE(-5, 12);
    expect(await codeOf(() => log.appendEncoded(bytes, 'given'))).toBe('INVALID_RECORD');
    expect(log.logEndOffset).toBe(1);
    await log.close();
  });
});
