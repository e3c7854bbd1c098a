/** What histories with crashes found (test/store/crash-histories.test.ts), each as short as it can be told. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, type LogOptions, type ReadIsolation } from '../../src/index.ts';
import { Random } from '../support/random.ts';
import { Disk } from '../simulate/disk/disk.ts';
import { DiskProcess } from '../simulate/disk/disk-process.ts';

const DIRECTORY = '/logs/t-0';
const DAY = 86_400_000;
const LOSSES = 40;
const TRANSACTION = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
const NUMBERED = { producerId: 8, producerEpoch: 0, baseSequence: 0 };

function newDisk(): Disk {
  const disk = new Disk();
  new DiskProcess(disk).makeDirectory('/logs');
  disk.settleAll();
  return disk;
}

function open(disk: Disk, options: LogOptions, fs: DiskProcess = new DiskProcess(disk)): Promise<Log> {
  return Log.open(DIRECTORY, { fs, ...options });
}

function offsetsOf(log: Log, isolation: ReadIsolation): number[] {
  return [...log.readSync({ isolation })].flatMap((batch) =>
    batch.isControl ? [] : batch.records().map(({ offset }) => offset),
  );
}

/** Whatever a power loss leaves: all names that were not synced or some, all bytes or some. */
function* losses(disk: Disk): Generator<Disk> {
  for (let seed = 1; seed <= LOSSES; seed++)
    yield disk.afterPowerLoss(new Random(seed), {
      names: (seed % 3) / 2,
      pages: (seed % 3) / 2,
      isOrdered: seed % 2 === 0,
    });
}

test('aborted records stay aborted when the power fails behind a flush and a roll', async () => {
  const disk = newDisk();
  const options = { clock: new ManualClock(1_000_000), segmentBytes: 250 };
  const process = new DiskProcess(disk);
  const log = await open(disk, options, process);
  await log.append({ value: 'aborted' }, { producer: TRANSACTION });
  await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
  options.clock.advance(6000);
  await log.flush();
  log.appendSync({ value: 'x'.repeat(100) });
  expect(log.segments()).toHaveLength(2);
  process.end();
  for (const left of losses(disk)) {
    const after = await open(left, options);
    expect(offsetsOf(after, 'read_uncommitted').slice(0, 1)).toEqual([0]);
    expect(offsetsOf(after, 'read_committed')).not.toContain(0);
  }
});

test('what is flushed stays, in a segment too that a process made which died', async () => {
  for (let step = 1; step <= 12; step++) {
    const disk = newDisk();
    const options = { clock: new ManualClock(1_000_000), segmentBytes: 250 };
    const process = new DiskProcess(disk);
    const first = await open(disk, options, process);
    first.appendSync({ value: 'x'.repeat(150) });
    options.clock.advance(6000);
    await first.flush();
    // It dies within a roll, or with the sync behind it.
    process.dieIn(step);
    expect(() => {
      first.appendSync({ value: 'y'.repeat(150) });
      process.end();
      process.live();
    }).toThrow(/died|dead/);
    const second = await open(disk, options);
    second.appendSync({ value: 'z'.repeat(150) });
    await second.flush();
    const end = second.logEndOffset;
    for (const left of losses(disk)) expect((await open(left, options)).logEndOffset).toBe(end);
  }
});

test('a torn append behind a truncation that a crash cut short is no damage', async () => {
  const disk = newDisk();
  const options = { clock: new ManualClock(1_000_000) };
  const first = await open(disk, options);
  for (let n = 0; n < 3; n++) first.appendSync({ value: 'x'.repeat(20) });
  options.clock.advance(6000);
  await first.flush();
  // A truncation dies when the file is cut, and the checkpoint is not lowered yet.
  const file = disk.find(`${DIRECTORY}/00000000000000000000.log`);
  if (file?.isDirectory !== false) throw new Error('no log');
  file.change({ sizeBytes: file.bytes.length / 3 });
  const second = await open(disk, options);
  expect(second.logEndOffset).toBe(1);
  await second.flush();
  second.appendSync({ value: 'y'.repeat(40) });
  second.appendSync({ value: 'z'.repeat(40) });
  for (const left of losses(disk)) {
    const after = await open(left, options);
    expect(after.status().corruption).toBeUndefined();
    await after.append({ value: 'goes on' });
  }
});

test('a transaction that has ended does not begin again with a truncation, when its producer was forgotten', async () => {
  const disk = newDisk();
  const options = { clock: new ManualClock(1_000_000), segmentBytes: 150 };
  const first = await open(disk, options);
  await first.append({ value: 'x'.repeat(70) }, { producer: TRANSACTION });
  await first.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
  await first.append({ value: 'next' });
  expect(first.segments()).toHaveLength(2);
  await first.close();
  options.clock.advance(DAY + 1);
  const second = await open(disk, options);
  expect(second.producers()).toEqual([]);
  await second.truncateTo(2);
  expect(second.lastStableOffset).toBe(2);
});

test('what a snapshot below the first segment says is not believed: its transactions may have ended in what was deleted', async () => {
  const disk = newDisk();
  const options = { clock: new ManualClock(1_000_000), segmentBytes: 400 };
  const process = new DiskProcess(disk);
  const first = await open(disk, options, process);
  await first.append({ value: 'committed' }, { producer: TRANSACTION });
  await first.append({ value: 'numbered' }, { producer: NUMBERED });
  await first.append({ value: 'aborted' }, { producer: { ...TRANSACTION, producerId: 9 } });
  await first.flush();
  process.end();
  const next = new DiskProcess(disk);
  // Coming up leaves a snapshot at 3, where no segment begins: it stays when the segment goes.
  const second = await open(disk, options, next);
  disk.settleAll();
  await second.endTransaction({ producerId: 7, producerEpoch: 0, result: 'commit' });
  await second.append({ value: 'numbered' }, { producer: { ...NUMBERED, baseSequence: 1 } });
  await second.append({ value: 'x'.repeat(70) });
  await second.deleteRecordsBefore(5);
  expect(second.segments().map(({ baseOffset }) => baseOffset)).toEqual([5]);
  await second.append({ value: 'aborted' }, { producer: { ...TRANSACTION, producerId: 9, baseSequence: 1 } });
  await second.endTransaction({ producerId: 9, producerEpoch: 0, result: 'abort' });
  await second.flush();
  next.end();
  for (const left of losses(disk)) {
    const after = await open(left, options);
    expect([after.logStartOffset, after.lastStableOffset, after.logEndOffset]).toEqual([5, 8, 8]);
    expect(offsetsOf(after, 'read_committed')).toEqual([5]);
    // A producer of which too little is known could not go on.
    await after.append({ value: 'numbered' }, { producer: { ...NUMBERED, baseSequence: 2 } });
  }
});

test.each(['commit', 'abort'] as const)(
  'a transaction whose %s is cut off is open again, when its producer was forgotten',
  async (result) => {
    const options = { clock: new ManualClock(1_000_000) };
    const disk = newDisk();
    const first = await open(disk, options);
    await first.append({ value: 'undecided' }, { producer: TRANSACTION });
    await first.endTransaction({ producerId: 7, producerEpoch: 0, result });
    await first.close();
    options.clock.advance(DAY + 1);
    const second = await open(disk, options);
    expect(second.producers()).toEqual([]);
    await second.truncateTo(1);
    expect(second.lastStableOffset).toBe(0);
    expect(offsetsOf(second, 'read_committed')).toEqual([]);
    await second.endTransaction({ producerId: 7, producerEpoch: 0, result });
    expect(offsetsOf(second, 'read_committed')).toEqual(result === 'commit' ? [0] : []);
  },
);

test('of segments that a truncation takes none comes back behind one that is gone, whenever the power fails', async () => {
  const all = [0, 1, 2, 3, 4];
  for (let step = 1, isWhole = false; !isWhole; step++) {
    const disk = newDisk();
    const options = { clock: new ManualClock(1_000_000), segmentBytes: 250 };
    const process = new DiskProcess(disk);
    const log = await open(disk, options, process);
    for (const _ of all) log.appendSync({ value: 'x'.repeat(150) });
    await log.flush();
    disk.settleAll();
    process.dieIn(step);
    const cutting = log.truncateTo(1);
    isWhole = await cutting.then(
      () => true,
      () => false,
    );
    process.end();
    for (const left of losses(disk)) {
      const found = offsetsOf(await open(left, options), 'read_uncommitted');
      expect(found).toEqual(all.slice(0, found.length));
    }
  }
});
